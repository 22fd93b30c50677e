"""Around every request: its id, its log entry, its numbers, and an answer even where the application failed."""

import asyncio
import re
import time
from contextlib import suppress
from typing import Any
from uuid import uuid4

import anyio
import structlog
from fastapi import FastAPI, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resources.observe.logs import get_logger
from resources.observe.traces import traceparent
from sidecar.observe.meters import Meters, method_of, route_of

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})
"""Asked every few seconds by machines: logged only when they fail, or at debug."""
_log = get_logger("http")


def request_id_of(headers: Headers) -> str:
    """The caller's id, if it can stand in logs and tags as it is, else one of ours."""
    given = headers.get(HEADER, "")
    return given if _SANE.fullmatch(given) else uuid4().hex


class Observing:
    """ASGI middleware, the outermost of ours."""

    def __init__(self, app: ASGIApp, application: FastAPI, meters: Meters) -> None:
        self._app = app
        self._application = application
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the application."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            await self._observe(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._meters.watch_pool()
        watch = asyncio.create_task(self._meters.watch_loop())
        try:
            await self._app(scope, receive, send)
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _observe(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {})
        request_id = state["request_id"] = request_id_of(Headers(scope=scope))
        state["traceparent"] = traceparent()
        answered = _Answer(scope, send, request_id, self._meters)
        began = time.perf_counter()
        self._meters.begun(scope)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, answered.send)
            except Exception as error:
                await self._failed(scope, receive, answered, error)
            finally:
                seconds = time.perf_counter() - began
                self._meters.ended(scope, answered.status, seconds)
                _tell(scope, answered.status, seconds)

    async def _failed(self, scope: Scope, receive: Receive, answered: "_Answer", error: Exception) -> None:
        """An error that no handler knows. It is logged and answered here, so that the answer has its headers."""
        if answered.begun and _went_away(error):
            return
        handler: Any = self._application.exception_handlers[Exception]
        if scope["type"] != "http" or answered.begun:
            _log.error("unhandled", exc_info=error)
            answered.status = 500
            raise error
        response = await handler(Request(scope), error)
        await response(scope, receive, answered.send)


def _went_away(error: BaseException) -> bool:
    """Whether all that failed is handing on the next event of a stream that its reader has left."""
    if isinstance(error, BaseExceptionGroup):
        return all(_went_away(one) for one in error.exceptions)
    return isinstance(error, anyio.BrokenResourceError)


class _Answer:
    """What is sent back: the id is added, the status remembered."""

    def __init__(self, scope: Scope, send: Send, request_id: str, meters: Meters) -> None:
        self.status = 499  # as long as nothing was sent: the client went away
        self.begun = False
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self._meters = meters

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind in ("http.response.start", "websocket.accept", "websocket.http.response.start"):
            self.begun = True
            self.status = message.get("status", 101)
            headers = MutableHeaders(scope=message) if "headers" in message else MutableHeaders(raw=[])
            headers[HEADER] = self._request_id
            message["headers"] = headers.raw
            if kind == "websocket.accept" or headers.get("content-type", "").startswith("text/event-stream"):
                self._meters.streams(self._scope)
        elif kind == "websocket.close" and not self.begun:
            self.status = 403  # a refused handshake is answered so
        await self._send(message)


def _tell(scope: Scope, status: int, seconds: float) -> None:
    state: dict[str, Any] = scope["state"]
    who = state.get("principal")
    task = state.get("task_id") or scope.get("path_params", {}).get("task_id")
    route = route_of(scope)
    level = "error" if status >= 500 else "debug" if route in _QUIET else "info"
    entry: dict[str, Any] = {
        "method": method_of(scope),
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "tenant": getattr(who, "tenant", None),
        "subject": getattr(who, "subject", None),
        "task_id": None if task is None else str(task)[:64],
    }
    getattr(_log, level)("request", **{name: value for name, value in entry.items() if value is not None})


def observe(app: FastAPI, meters: Meters) -> None:
    """Have every request of the application observed. Called last, so that nothing is outside."""
    app.add_middleware(Observing, application=app, meters=meters)
