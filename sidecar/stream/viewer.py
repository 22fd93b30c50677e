"""Who listens: by header, by ticket, or, where a browser can send neither, by the WebSocket's subprotocol."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import jwt
from fastapi import Depends, Path, Query, Security
from fastapi.security import SecurityScopes
from starlette.requests import HTTPConnection

from resources.database.engine import Database
from resources.database.repositories.users import standing
from sidecar.fields import INT64_MAX
from sidecar.limits.settings import Bounds
from sidecar.problems import Forbidden, Unauthenticated
from sidecar.security.authenticate import utc_now
from sidecar.security.principal import Principal, authenticate, authorised, bearer
from sidecar.security.scopes import Scope
from sidecar.security.tickets import redeem
from sidecar.stream.streams import Streams

SUBPROTOCOL = "crucible.stream"
_TOKEN = "crucible.token."  # noqa: S105 - the prefix of a subprotocol that carries one
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

TaskId = Annotated[UUID, Path(description="The task to listen to", examples=["0f8b1c9e-6a0c-4a3c-9f55-4a1e4c1d7f10"])]
AfterSeq = Annotated[
    int, Query(ge=0, le=INT64_MAX, description="The last `seq` you have had; 0 for everything", examples=[17])
]
Ticket = Annotated[
    str | None,
    Query(max_length=200, description="From `POST /v1/auth/ticket`, in place of the header; good for one stream"),
]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who listens, until when their token is good, and the version of the user that it was given to."""

    who: Principal
    expires_at: datetime | None
    version: int | None

    def may_still(self, database: Database) -> bool:
        """Whether user, session or key stand as they did. Of users of a Supabase Auth only the expiry is known."""
        return self.version == _version(database, self.who)


def _viewer(
    needed: SecurityScopes,
    connection: HTTPConnection,
    header: Annotated[str | None, Depends(bearer)] = None,
    ticket: Ticket = None,
) -> Viewer:
    database: Database = connection.app.state.installation.database
    if connection.scope["type"] == "websocket":
        _check_origin(connection)
    token = header or _of_subprotocol(connection)
    if ticket is not None and token is None:
        who = connection.state.principal = redeem(database, ticket)
    else:
        who = authenticate(connection, token)
    authorised(needed, who)
    return viewer_of(database, who, token)


def viewer_of(database: Database, who: Principal, token: str | None) -> Viewer:
    """Who listens, with what was just found good: a token, or None for a ticket. Raises Unauthenticated.

    A token says of which version its user was when it was given. For keys and tickets, which do not, that is looked
    up: who was shut out in the moment between is refused here.
    """
    claims = _claims(token)
    expires_at = datetime.fromtimestamp(claims["exp"], UTC) if claims else None
    if who.user_id is None:
        return Viewer(who, expires_at, None)
    version = claims["ver"] if claims else _version(database, who)
    if version is None:
        raise Unauthenticated("The key or ticket is not good any more.")
    return Viewer(who, expires_at, version)


async def placed(
    connection: HTTPConnection, viewer: Annotated[Viewer, Security(_viewer, scopes=[Scope.READ.value])]
) -> AsyncIterator[Viewer]:
    """One of the connections that who listens may have open, for as long as it is. Raises TooManyRequests."""
    streams: Streams = connection.app.state.streams
    with streams.place(viewer.who.tenant, viewer.who.subject):
        yield viewer


Listening = Annotated[Viewer, Security(placed, scopes=[Scope.READ.value])]
"""Who listens, counted for as long as they do."""


def _check_origin(connection: HTTPConnection) -> None:
    """A page of another host may not open a WebSocket with what its visitor's browser holds. Raises Forbidden."""
    origin = connection.headers.get("origin")
    if origin is None:
        return  # no browser
    bounds: Bounds = connection.app.state.bounds
    if origin.lower() in (allowed.lower() for allowed in bounds.origins):
        return
    if _place(origin) != _place(f"{connection.url.scheme}://{connection.headers.get('host', '')}"):
        raise Forbidden("Pages of this origin may not listen here; CRUCIBLE_ORIGINS lists those that may.")


def _place(address: str) -> tuple[str | None, int | None]:
    """Host and port. A proxy that ends TLS leaves the host and hides the scheme: default ports count as one."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None, -1
    return parts.hostname, None if port in (None, *_DEFAULT_PORTS.values()) else port


def _of_subprotocol(connection: HTTPConnection) -> str | None:
    if connection.scope["type"] != "websocket":
        return None
    offered: list[str] = connection.scope.get("subprotocols", [])
    return next((part.removeprefix(_TOKEN) for part in offered if part.startswith(_TOKEN)), None)


def _claims(token: str | None) -> Mapping[str, Any]:
    """What a token that was just found good says; nothing for an API key, of which everything is looked up."""
    if token is None:
        return {}
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return {}
    return claims


def _version(database: Database, who: Principal) -> int | None:
    if who.user_id is None:
        return None
    key_id = who.subject.removeprefix("key:") if who.subject.startswith("key:") else None
    session_id = UUID(who.session_id) if who.session_id else None
    with database.transaction(who.tenant, read_only=True) as session:
        return standing(session, UUID(who.user_id), utc_now(), session_id=session_id, key_id=key_id)
