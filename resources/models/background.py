"""Work that nobody waits for, of which no failure is lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """Tasks of one event loop, of each kind one at a time."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._trouble: BaseException | None = None

    def check(self) -> None:
        """Raise what ended a task, if anything did."""
        if self._trouble is not None:
            raise self._trouble

    def start(self, kind: str, work: Coroutine[Any, Any, None]) -> None:
        """Start `work`, unless work of that kind is under way.

        What has come to its end is not under way, even before the event loop has told so: it would not see anything
        that happened since.
        """
        if kind in self._tasks and not self._tasks[kind].done():
            work.close()
            return
        task = self._tasks[kind] = asyncio.create_task(work)

        def done(task: asyncio.Task[None]) -> None:
            if self._tasks.get(kind) is task:
                del self._tasks[kind]
            if not task.cancelled() and task.exception() is not None:
                self._trouble = task.exception()

        task.add_done_callback(done)

    async def close(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
