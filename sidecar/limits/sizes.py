"""Addresses and headers of bounded length. (Bodies: `max_body_size` of the application or of a route.)"""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from sidecar.limits.settings import Bounds
from sidecar.problems import BadRequest, answer


class SizeLimit:
    """Pure ASGI middleware."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        self._app = app
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        problem = self._problem(scope) if scope["type"] in ("http", "websocket") else None
        if problem is not None:
            await answer(HTTPConnection(scope), problem)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _problem(self, scope: Scope) -> BadRequest | None:
        target = len(scope.get("raw_path") or scope["path"].encode()) + len(scope.get("query_string", b""))
        if target > self._bounds.max_target:
            return BadRequest(f"The address is longer than {self._bounds.max_target:,} bytes.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self._bounds.max_headers:
            return BadRequest(f"The headers are longer than {self._bounds.max_headers:,} bytes.")
        return None
