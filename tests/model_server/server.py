"""The server in a thread of the test's own process."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from tests.model_server import control
from tests.model_server.app import Application
from tests.model_server.config import ServerConfig
from tests.model_server.http import Connection
from tests.model_server.noise import NoiseRecord
from tests.model_server.record import Call, Stats, stats
from tests.model_server.view import Answerer

T = TypeVar("T")


class AnswererError(AssertionError):
    """The answerer raised while the server ran; the first error is the cause."""


class CallsMissingError(AssertionError):
    """Fewer calls came in time than were waited for."""


async def listen(app: Application, host: str, port: int) -> "Listening":
    """Serve an application on a port (0: any free one)."""
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(lambda request: control.serve(app, request), app.gate, connections),
        host,
        port,
        backlog=1024,
    )
    return Listening(server, connections, host, server.sockets[0].getsockname()[1])


class Listening:
    """An open port and the connections on it."""

    def __init__(self, server: asyncio.AbstractServer, connections: set[Connection], host: str, port: int) -> None:
        self._server = server
        self._connections = connections
        self.url = f"http://{host}:{port}"

    async def close(self) -> None:
        """Close the port and all connections, answers under way included."""
        self._server.close()
        connections = list(self._connections)
        for connection in connections:
            connection.close()
        await asyncio.gather(*(connection.closed for connection in connections))
        await self._server.wait_closed()


class ModelServer:
    """A model server on 127.0.0.1 for the time of a `with` block.

    with ModelServer(GoldAnswers(gold), ServerConfig(latency_s=0.05)) as server:
        client = AsyncOpenAI(base_url=server.openai_url, api_key="any", max_retries=0)

    Leaving the block raises AnswererError when the answerer raised, unless another error is on its way.
    """

    def __init__(self, answerer: Answerer | None = None, config: ServerConfig | None = None) -> None:
        self.app = Application(answerer, config or ServerConfig())
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self.url = ""

    @property
    def openai_url(self) -> str:
        """Base URL for OpenAI clients."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """Base URL for Anthropic clients."""
        return self.url

    def __enter__(self) -> Self:
        ready: Future[str] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="model-server", daemon=True)
        self._thread.start()
        self.url = ready.result(timeout=30)
        return self

    def _run(self, ready: "Future[str]") -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._stop = asyncio.Event()
            listening = await listen(self.app, "127.0.0.1", 0)
            ready.set_result(listening.url)
            await self._stop.wait()
            await listening.close()

        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(main())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(timeout=30)
        if kind is None and self.app.failures:
            failures = self.app.failures
            raise AnswererError(f"the answerer raised {len(failures)} times, first: {failures[0]!r}") from failures[0]

    def _in_loop(self, function: Callable[[], T]) -> T:
        """Run a function in the server's thread and wait for its result."""
        if self._loop is None:
            return function()
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(function())
            except BaseException as error:
                result.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return result.result(timeout=30)

    @property
    def calls(self) -> tuple[Call, ...]:
        """All requests to model endpoints since the start or the last reset, in order of arrival."""
        return tuple(self.app.calls)

    def stats(self) -> Stats:
        """Totals over the calls."""
        return self._in_loop(lambda: stats(self.app.calls, self.app.batches.made, self.app.gate.waiting))

    def noise(self) -> tuple[NoiseRecord, ...]:
        """What a noisy answerer did since the start or the last reset."""
        return self._in_loop(lambda: control.noise_of(self.app))

    def reset(self) -> None:
        """Forget all calls, caches and limits."""
        self._in_loop(self.app.reset)

    def configure(self, **settings: Any) -> None:
        """Change settings by name, from the next request on; raises ConfigError. See `control.configure`."""
        self._in_loop(lambda: control.configure(self.app, settings))

    def answer_with(self, answerer: Answerer) -> None:
        """Use another answerer from the next request on."""

        def use() -> None:
            self.app.answerer = answerer

        self._in_loop(use)

    def hold(self) -> None:
        """Hold all answers back, so that requests stay in flight until `release`."""
        self._in_loop(self.app.gate.hold)

    def release(self) -> None:
        """Let held answers go."""
        self._in_loop(self.app.gate.release)

    def wait_for_calls(self, count: int, timeout_s: float = 10.0) -> tuple[Call, ...]:
        """The calls, once there are `count` of them; raises CallsMissingError."""
        return wait_for_calls(lambda: self.calls, count, timeout_s)


def wait_for_calls(calls: Callable[[], Sequence[Call]], count: int, timeout_s: float) -> tuple[Call, ...]:
    """The calls, once there are `count` of them; raises CallsMissingError."""
    deadline = time.monotonic() + timeout_s
    while len(found := tuple(calls())) < count:
        if time.monotonic() > deadline:
            raise CallsMissingError(f"waited {timeout_s} s for {count} calls, {len(found)} came")
        time.sleep(0.005)
    return found
