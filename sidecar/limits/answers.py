"""Headers that every answer has, and problem details where a library answers in plain words."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sidecar.problems import MEDIA_TYPE, plain

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
_PAGE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)
_DOCS = "/docs"
"""The page for people, which loads scripts from here and nowhere else."""


class Answers:
    """Pure ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held: Message | None = None
        said = b""

        async def sending(message: Message) -> None:
            nonlocal held, said
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                _add(scope, headers)
                in_words = headers.get("content-type", "").startswith("text/plain")
                if message["status"] >= 400 and in_words:
                    held = message
                    return
            elif held is not None and message["type"] == "http.response.body":
                said += message.get("body", b"")
                if message.get("more_body"):
                    return
                body = bytes(plain(HTTPConnection(scope), held["status"], said.decode("utf-8", "replace")).body)
                headers = MutableHeaders(scope=held)
                headers["content-type"] = MEDIA_TYPE
                headers["content-length"] = str(len(body))
                start, held = held, None
                await send(start)
                message = {"type": "http.response.body", "body": body}
            await send(message)

        await self._app(scope, receive, sending)


def _add(scope: Scope, headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
    policy = _PAGE if scope["path"].startswith(_DOCS) else _NOTHING
    headers.setdefault("Content-Security-Policy", policy)
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
