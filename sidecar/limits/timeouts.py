"""A request that takes too long is answered 503 rather than left to wait.

Time runs from the last of the request's body that came in until the answer begins; what streams may then go on. A
body that trickles in is given up as well. The database is given a shorter time for each statement
(transactions.py), so what is given up here has mostly ended there.
"""

import asyncio

import structlog
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sidecar.limits.settings import Bounds
from sidecar.problems import Unavailable, answer

_log = structlog.get_logger(__name__)


class TimeLimit:
    """Pure ASGI middleware; WebSockets are not timed."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        self._app = app
        self._bounds = bounds
        self._given_up: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._timed(scope, receive, send)

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        now = asyncio.get_running_loop().time
        upload = Headers(scope=scope).get("content-type", "").startswith("multipart/")
        seconds = self._bounds.upload_seconds if upload else self._bounds.request_seconds
        body_until = now() + max(self._bounds.upload_seconds, seconds)
        until = now() + seconds
        started = given_up = False

        async def receiving() -> Message:
            nonlocal until
            message = await receive()
            if message["type"] == "http.request":
                until = now() + seconds
                if message.get("more_body"):
                    until = min(until, body_until)
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            if given_up:
                return
            started = True
            await send(message)

        async def handling() -> None:
            await self._app(scope, receiving, sending)

        task = asyncio.create_task(handling())
        try:
            while not task.done() and not started and now() < until:
                await asyncio.wait({task}, timeout=until - now())
            if task.done() or started:
                await task
                return
        except asyncio.CancelledError:
            task.cancel()
            raise
        given_up = True
        self._give_up(task)
        _log.warning("request_timed_out", method=scope["method"], path=scope["path"], seconds=seconds)
        problem = Unavailable(
            f"This took longer than {seconds:g} s and was given up, though what was begun may still be done. Send a "
            "change again under the same Idempotency-Key; ask for less at once.",
            retry_after=seconds,
        )
        await answer(HTTPConnection(scope), problem)(scope, receive, send)

    def _give_up(self, task: asyncio.Task[None]) -> None:
        self._given_up.add(task)  # it ends when its thread does

        def ended(task: asyncio.Task[None]) -> None:
            self._given_up.discard(task)
            if not task.cancelled() and task.exception() is not None:
                _log.error("failed_after_time_out", exc_info=task.exception())

        task.add_done_callback(ended)
        task.cancel()
