"""All answers that this process is giving: how many, for whom, and that they go on when nobody listens any more.

They are given in an event loop of their own, in another thread: comparing and checking words takes its time, and
other requests do not wait for it. It is one loop for all, so that two who ask the same ask the model once.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from uuid import UUID

from fastapi import FastAPI

from crucible_assets.answers.alive import alive
from crucible_assets.answers.engine import answer_question
from crucible_assets.answers.events import Finished
from resources.database.repositories.answers import Ended, end_answer
from resources.embedding.errors import EmbeddingError
from resources.installation import Installation
from resources.observe.logs import get_logger
from resources.statements import AnswerStatus
from sidecar.conversations.events import AnswerEvent, finished, shown
from sidecar.conversations.progress import Progress
from sidecar.problems import TooManyRequests, Unavailable
from sidecar.search.embedding import embedder_of

_log = get_logger("answers")
_AGAIN = "Ask again: calls that had finished are not paid for twice."
_STOPPED = f"The answer was stopped. {_AGAIN}"
_TOO_LONG = f"The answer took too long. {_AGAIN}"
_NO_EMBEDDER = "The embedding model cannot be used at the moment; the log of the service says why."
_BROKEN = "Something went wrong here; the log of the service says what it was."

Asker = tuple[str, str]
"""A tenant and one of its people."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How many answers at a time, and for how many seconds."""

    process: int = 8
    person: int = 3
    seconds: float = 600.0
    drain: float = 5.0  # for answers to end when the service stops


@dataclass(slots=True)
class _Work:
    """One answer under way."""

    asker: Asker
    conversation_id: UUID
    progress: Progress
    task: asyncio.Task[None] | None = None  # this and the next are touched in the loop of answers alone
    stopped: bool = False


class Place:
    """Room for one answer, for as long as it is being given."""

    def __init__(self, answering: "Answering", asker: Asker) -> None:
        self._answering = answering
        self._asker = asker
        self.used = False

    def start(self, conversation_id: UUID, answer_id: UUID) -> Progress:
        """Begin to answer a question that is stored as RUNNING, and committed."""
        self.used = True
        return self._answering.begin(_Work(self._asker, conversation_id, Progress(answer_id)))


class Answering:
    """`app.state.answering`."""

    def __init__(self, installation: Installation, terms: Terms | None = None) -> None:
        self.terms = terms or Terms()
        self._installation = installation
        self._lock = threading.Lock()
        self._places: Counter[Asker] = Counter()
        self._under_way: dict[UUID, _Work] = {}
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="answers", daemon=True)
        self._thread.start()

    @contextmanager
    def place(self, asker: Asker) -> Iterator[Place]:
        """Room for one answer; given back at the end unless one was started. Raises TooManyRequests, Unavailable."""
        with self._lock:
            if self._closed:
                raise Unavailable("The service is stopping; ask again in a moment.")
            if self._places[asker] >= self.terms.person:
                raise TooManyRequests(
                    f"{self.terms.person} questions of yours are being answered, which is the most; wait for one.",
                    retry_after=5,
                )
            if self._places.total() >= self.terms.process:
                raise TooManyRequests("Many questions are being answered at the moment; ask again.", retry_after=5)
            self._places[asker] += 1
        place = Place(self, asker)
        try:
            yield place
        finally:
            if not place.used:
                self._free(asker)

    def begin(self, work: _Work) -> Progress:
        """Answer, in the loop of answers. When the service stops, this answer fails as all that are under way."""
        with self._lock:
            self._under_way[work.progress.answer_id] = work
            closed = self._closed
        if closed:
            self._loop.call_soon_threadsafe(_cancel, work)
        asyncio.run_coroutine_threadsafe(self._work(work), self._loop)
        return work.progress

    def progress(self, answer_id: UUID) -> Progress | None:
        """Of an answer that this process is giving."""
        with self._lock:
            work = self._under_way.get(answer_id)
        return None if work is None else work.progress

    def stop(self, conversation_id: UUID) -> None:
        """Stop what is being answered in a conversation."""
        with self._lock:
            found = [work for work in self._under_way.values() if work.conversation_id == conversation_id]
        for work in found:
            self._loop.call_soon_threadsafe(_cancel, work)

    def close(self) -> None:
        """Stop all, and wait until they have ended, for a few seconds. Blocking."""
        with self._lock:
            self._closed = True
            found = list(self._under_way.values())
        until = time.monotonic() + self.terms.drain
        for work in found:
            self._loop.call_soon_threadsafe(_cancel, work)
        for work in found:
            work.progress.over.wait(max(0.0, until - time.monotonic()))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(self.terms.drain)
        if not self._thread.is_alive():
            self._loop.close()

    def _free(self, asker: Asker) -> None:
        with self._lock:
            self._places[asker] -= 1
            if not self._places[asker]:
                del self._places[asker]

    async def _work(self, work: _Work) -> None:
        """Whatever happens, the answer is ended, its place is free again, and who listens is told."""
        progress = work.progress
        reason = _BROKEN
        try:
            reason = await self._answered(work)
        except EmbeddingError as error:
            _log.error("embedder_unavailable", error=str(error))
            reason = _NO_EMBEDDER
        except Exception as error:
            _log.error("answer_failed", answer_id=str(progress.answer_id), exc_info=error)
        last: AnswerEvent | None = None
        try:
            last = await asyncio.to_thread(self._end, work, reason)
        except Exception as error:  # the database is away: housekeeping ends the answer
            _log.error("answer_not_ended", answer_id=str(progress.answer_id), error=type(error).__name__)
        with self._lock:
            del self._under_way[progress.answer_id]
        self._free(work.asker)
        if last is not None:
            progress.tell(last)
        progress.end()

    def _end(self, work: _Work, reason: str) -> AnswerEvent:
        """End the answer should it be RUNNING still, and give the last event."""
        tenant, answer_id = work.asker[0], work.progress.answer_id
        with self._installation.database.transaction(tenant) as session:
            end_answer(session, answer_id, Ended(AnswerStatus.FAILED, reason=reason))
        return finished(self._installation.database, tenant, answer_id)

    async def _answered(self, work: _Work) -> str:
        """Answer, and tell what happens but the end; gives the reason should it not have ended by itself."""
        work.task = asyncio.create_task(self._told(work))
        if work.stopped:
            work.task.cancel()
        done, _ = await asyncio.wait({work.task}, timeout=self.terms.seconds)
        if not done:
            work.task.cancel()
            await asyncio.wait({work.task})
        if not work.task.cancelled():
            work.task.result()
        return _STOPPED if done else _TOO_LONG

    async def _told(self, work: _Work) -> None:
        progress, tenant, database = work.progress, work.asker[0], self._installation.database
        with alive(self._installation, tenant, progress.answer_id):
            embedder = await asyncio.to_thread(embedder_of, self._installation)  # loading it takes a moment
        answer = answer_question(self._installation, tenant, progress.answer_id, embedder=embedder)
        async with aclosing(answer) as events:
            async for event in events:
                if isinstance(event, Finished):  # told when the place is free again
                    continue
                told = await asyncio.to_thread(shown, database, tenant, progress.answer_id, event)
                if told is not None:
                    progress.tell(told)


def _cancel(work: _Work) -> None:
    """In the loop of answers."""
    work.stopped = True
    if work.task is not None:
        work.task.cancel()


@asynccontextmanager
async def answering(app: FastAPI) -> AsyncIterator[None]:
    """While inside, questions are answered."""
    made = Answering(app.state.installation)
    app.state.answering = made
    try:
        yield
    finally:
        await asyncio.to_thread(made.close)
