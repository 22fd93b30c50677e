"""HTTP/1.1 on an asyncio protocol: requests in, timed writes out, in order, on one connection.

Framing (Content-Length, chunked, keep-alive, pipelining) is httptools' (llhttp). A request is answered by a
`Plan`: bytes with delays between them and the way it ends, so that latency, streams, hanging and resets are data.
Requests that were pipelined are answered one after the other.
"""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

import httptools

MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_BATCH_BYTES = 256 * 1024 * 1024
_BATCH_TARGETS = (b"/v1/files", b"/v1/messages/batches")
_MAX_PIPELINED = 64
_RESET_AFTER_S = 0.02  # lets the bytes written before a reset leave the socket's buffer


class Ending(StrEnum):
    """What happens to the connection after the last write."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    http_1_1: bool = True

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Step:
    """Bytes to write after a delay in seconds."""

    delay_s: float
    data: bytes


def _nothing() -> None:
    """Nobody wants to know that it begins."""


def _ignored(delivered: bool) -> None:
    """Nobody wants to know how it ended."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a request is answered.

    `began` is called when the first step is due, `done` is told whether everything was written while the client was
    there.
    """

    steps: tuple[Step, ...]
    ending: Ending = Ending.KEEP
    gated: bool = False  # waits while the gate is closed
    done: Callable[[bool], None] = field(default=_ignored)
    began: Callable[[], None] = field(default=_nothing)


class Gate:
    """Holds answers back while closed, so that a test can look at requests that are surely in flight."""

    def __init__(self) -> None:
        self._open = True
        self._waiting: list[Callable[[], None]] = []

    @property
    def waiting(self) -> int:
        """How many answers it holds back."""
        return len(self._waiting)

    def hold(self) -> None:
        """From now on answers wait."""
        self._open = False

    def release(self) -> None:
        """Let all waiting answers go."""
        self._open = True
        waiting, self._waiting = self._waiting, []
        for proceed in waiting:
            proceed()

    def enter(self, proceed: Callable[[], None]) -> None:
        """Call `proceed` now, or when the gate opens."""
        if self._open:
            proceed()
        else:
            self._waiting.append(proceed)


class Connection(asyncio.Protocol):
    """One client connection."""

    def __init__(self, serve: Callable[[HttpRequest], Plan], gate: Gate, open_connections: "set[Connection]") -> None:
        self._serve = serve
        self._gate = gate
        self._open_connections = open_connections
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._max_bytes = MAX_BODY_BYTES
        self._queue: deque[tuple[HttpRequest, bool]] = deque()
        self._plan: Plan | None = None
        self._keep_alive = True
        self._position = 0
        self._timer: asyncio.TimerHandle | None = None
        self.closed: asyncio.Future[None] = self._loop.create_future()

    # the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._open_connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_connections.discard(self)
        self._transport = None
        if not self.closed.done():
            self.closed.set_result(None)
        self._queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._plan is not None:
            plan, self._plan = self._plan, None
            plan.done(False)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(b"501 Not Implemented")  # no other protocol is spoken here
        except httptools.HttpParserError:
            self._refuse(b"400 Bad Request")

    def close(self) -> None:
        """Close without waiting for answers that are under way."""
        if self._transport is not None:
            self._transport.abort()

    # the parser's side

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers = {}
        self._body = []
        self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._max_bytes = MAX_BATCH_BYTES if self._target in _BATCH_TARGETS else MAX_BODY_BYTES
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._max_bytes:
            self._refuse(b"413 Content Too Large")
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        parser = self._parser
        request = HttpRequest(
            method=parser.get_method().decode("ascii"),
            target=self._target.decode("latin-1"),
            headers=self._headers,
            body=self._body[0] if len(self._body) == 1 else b"".join(self._body),
            http_1_1=parser.get_http_version() != "1.0",
        )
        self._queue.append((request, parser.should_keep_alive()))
        if len(self._queue) >= _MAX_PIPELINED and self._transport is not None:
            self._transport.pause_reading()
        if self._plan is None:
            self._next()

    # answering

    def _refuse(self, status: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status)
            self._transport.close()

    def _next(self) -> None:
        if not self._queue or self._transport is None or self._transport.is_closing():
            return
        request, self._keep_alive = self._queue.popleft()
        if len(self._queue) == _MAX_PIPELINED - 1:
            self._transport.resume_reading()
        self._plan = plan = self._serve(request)
        self._position = 0
        if plan.gated:
            self._gate.enter(self._advance)
        else:
            self._advance()

    def _advance(self) -> None:
        """Write everything that is due, then wait for the next step or finish."""
        self._timer = None
        plan = self._plan
        if plan is None or self._transport is None:
            return
        steps = plan.steps
        while self._position < len(steps):
            step = steps[self._position]
            if step.delay_s > 0:
                self._timer = self._loop.call_later(step.delay_s, self._write_due)
                return
            self._write(plan, step.data)
        self._finish(plan)

    def _write_due(self) -> None:
        plan = self._plan
        if plan is None or self._transport is None:
            return
        self._write(plan, plan.steps[self._position].data)
        self._advance()

    def _write(self, plan: Plan, data: bytes) -> None:
        if self._position == 0:
            plan.began()
        self._position += 1
        if data and self._transport is not None:
            self._transport.write(data)

    def _finish(self, plan: Plan) -> None:
        self._plan = None
        transport = self._transport
        plan.done(transport is not None and not transport.is_closing() and plan.ending is Ending.KEEP)
        if transport is None:
            return
        if plan.ending is Ending.RESET:
            self._timer = self._loop.call_later(_RESET_AFTER_S, self._reset)
        elif plan.ending is Ending.CLOSE or not self._keep_alive:
            transport.close()
        elif self._queue:
            self._loop.call_soon(self._next)

    def _reset(self) -> None:
        transport = self._transport
        if transport is None:
            return
        sock = transport.get_extra_info("socket")
        # linger of 0 seconds: the kernel answers with RST instead of FIN
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
