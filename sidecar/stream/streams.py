"""All streams of this process: their feeds, how many each principal has, and the connection that listens."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from fastapi import FastAPI

from resources.events import Listener
from resources.installation import Installation
from sidecar.problems import NotFound, TooManyRequests
from sidecar.stream.feed import Feed, Look, look
from sidecar.stream.terms import Terms

_THREADS = 4  # streams read with so many, so that they cannot take all connections of the pool

T = TypeVar("T")


class Streams:
    """`app.state.streams`. No stream holds a database connection while it waits."""

    def __init__(self, installation: Installation, terms: Terms) -> None:
        self.terms = terms
        self.listener = Listener(installation, self._heard, self._missed)
        self._installation = installation
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="stream")
        self._feeds: dict[tuple[asyncio.AbstractEventLoop, str, UUID], tuple[Feed, asyncio.Task[None]]] = {}
        self._listening: Counter[tuple[asyncio.AbstractEventLoop, str, UUID]] = Counter()
        self._places: Counter[tuple[str, str]] = Counter()

    @contextlib.contextmanager
    def place(self, tenant: str, subject: str) -> Iterator[None]:
        """One of the streams that a principal may have at a time. Raises TooManyRequests."""
        who = (tenant, subject)
        if self._places[who] >= self.terms.most:
            raise TooManyRequests(
                f"You have {self.terms.most} streams open, which is the most; close one of them.", retry_after=10
            )
        self._places[who] += 1
        try:
            yield
        finally:
            self._places[who] -= 1
            if not self._places[who]:
                del self._places[who]

    @contextlib.asynccontextmanager
    async def feed(self, tenant: str, task_id: UUID, after: int) -> AsyncIterator[Feed]:
        """The feed of a task, read for as long as somebody listens. Raises NotFound."""
        read = partial(self._look, tenant, task_id)
        first = await read(after)
        if first is None:
            raise NotFound(f"There is no task {task_id}.")
        key = (asyncio.get_running_loop(), tenant, task_id)
        if key not in self._feeds:
            made = Feed(read, self.terms, lambda: not self.listener.connected, first)
            self._feeds[key] = made, asyncio.create_task(made.run())
        feed, reading = self._feeds[key]
        self._listening[key] += 1
        try:
            yield feed
        finally:
            self._listening[key] -= 1
            if not self._listening[key]:
                del self._listening[key], self._feeds[key]
                reading.cancel()

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Do something that blocks in one of the threads of streams."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(function, *args))

    async def _look(self, tenant: str, task_id: UUID, after: int) -> Look | None:
        return await self.run(look, self._installation.database, tenant, task_id, after, self.terms.page)

    def _heard(self, tenant: str, task_id: UUID) -> None:
        for (_, of_tenant, of_task), (feed, _) in list(self._feeds.items()):
            if (of_tenant, of_task) == (tenant, task_id):
                feed.wake()

    def _missed(self) -> None:
        for feed, _ in list(self._feeds.values()):
            feed.wake()

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@contextlib.asynccontextmanager
async def streaming(app: FastAPI) -> AsyncIterator[None]:
    """While inside, streams are served."""
    streams = Streams(app.state.installation, Terms())
    app.state.streams = streams
    listening = asyncio.create_task(streams.listener.run())
    try:
        yield
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        streams.close()
