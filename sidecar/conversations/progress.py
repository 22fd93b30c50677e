"""An answer that is being given, for those who listen: written by a thread of its own, read in any event loop."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from sidecar.conversations.events import AnswerEvent

Ear = tuple[asyncio.AbstractEventLoop, asyncio.Event]


class Progress:
    """What has happened so far of one answer. Nothing is queued for anybody: all read the same list."""

    def __init__(self, answer_id: UUID) -> None:
        self.answer_id = answer_id
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._events: list[AnswerEvent] = []
        self._ears: list[Ear] = []

    def tell(self, event: AnswerEvent) -> None:
        """One thing more has happened. From any thread."""
        with self._lock:
            self._events.append(event)
        self._wake()

    def end(self) -> None:
        """Nothing more will happen."""
        self.over.set()
        self._wake()

    async def events(self, quiet: float) -> AsyncGenerator[AnswerEvent | None]:
        """Everything from the beginning, in order; None whenever nothing has happened for `quiet` seconds."""
        seen = 0
        ear = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            self._ears.append(ear)
        try:
            while True:
                ear[1].clear()
                over = self.over.is_set()  # before looking: what was told before the end is seen
                news = self._behind(seen)
                for event in news:
                    yield event
                seen += len(news)
                if news:
                    continue
                if over:
                    return
                try:
                    await asyncio.wait_for(ear[1].wait(), quiet)
                except TimeoutError:
                    yield None
        finally:
            with self._lock:
                self._ears.remove(ear)

    def _behind(self, seen: int) -> Sequence[AnswerEvent]:
        with self._lock:
            return self._events[seen:]

    def _wake(self) -> None:
        with self._lock:
            ears = list(self._ears)
        for loop, heard in ears:
            try:
                loop.call_soon_threadsafe(heard.set)
            except RuntimeError:  # its loop was closed: nobody listens there any more
                continue
