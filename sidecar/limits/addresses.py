"""Requests of nobody known, counted by network address; and the RateLimit fields of every answer.

Each request to log in, refresh or bootstrap counts before it is handled, each other one when it is answered 401. An
address that has used up its share is refused before anything is looked at, unless the token shown was valid a moment
ago: colleagues behind one address are not locked out by one of them.
"""

import ipaddress

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sidecar.limits.rates import Decision, Rates
from sidecar.limits.settings import Zone
from sidecar.problems import TooManyRequests, answer

COUNTED_AT_ONCE = frozenset({"/v1/auth/bootstrap", "/v1/auth/token", "/v1/auth/refresh", "/v1/auth/logout"})
_UNMETERED = frozenset({"/health/live", "/health/ready", "/metrics"})
"""What the operator's own programs ask every few seconds."""


def address_of(scope: Scope) -> str:
    """The network address that asks; of IPv6 the first 64 bits, which one household or host has to itself."""
    host = scope["client"][0] if scope.get("client") else "local"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def bearer_of(scope: Scope) -> str | None:
    """The bearer token that is shown."""
    kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def refused(decision: Decision) -> TooManyRequests:
    """The problem to answer with."""
    per_minute = decision.zone.per_minute
    return TooManyRequests(
        f"More than {per_minute:,} requests a minute; wait for the seconds that Retry-After says.",
        retry_after=decision.retry_after,
        headers=decision.headers(),
    )


class AddressLimit:
    """Pure ASGI middleware."""

    def __init__(self, app: ASGIApp, rates: Rates, zone: Zone) -> None:
        self._app = app
        self._rates = rates
        self._zone = zone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in _UNMETERED:
            await self._app(scope, receive, send)
            return
        address = address_of(scope)
        at_once = scope["path"] in COUNTED_AT_ONCE
        decision = await run_sync(self._decide, scope, address, at_once)
        if decision is not None and not decision.admitted:
            await answer(HTTPConnection(scope), refused(decision))(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                if message["status"] == 401 and not at_once:
                    await run_sync(self._rates.take, self._zone, address)
                said: Decision | None = scope.get("state", {}).get("rate") or decision
                if said is not None:
                    headers = MutableHeaders(scope=message)
                    for name, value in said.headers().items():
                        headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sending)

    def _decide(self, scope: Scope, address: str, at_once: bool) -> Decision | None:
        if at_once:
            return self._rates.take(self._zone, address)
        refusal = self._rates.refusal(self._zone, address)
        if refusal is not None:
            token = bearer_of(scope)
            if token is not None and self._rates.was_valid(token):
                return None
        return refusal
