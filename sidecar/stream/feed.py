"""The feed of one task: read from the table once, however many listen to it in this process."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from resources.database.engine import Database
from resources.database.repositories.events import Standing, read_log, standing
from resources.vocabulary import EventKind
from sidecar.stream.schemas import of_fact
from sidecar.stream.terms import Terms

_READ_SECONDS = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is sent; `text` is the JSON of a StreamEvent, made once for all who listen."""

    seq: int
    kind: EventKind
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found: where the task stands, and facts behind a number, in order (not always all of them)."""

    standing: Standing
    facts: Sequence[Message]


def look(database: Database, tenant: str, task_id: UUID, after: int, most: int) -> Look | None:
    """One look, as the tenant, in a short transaction; None when there is no such task.

    The standing is read first: so the facts hold at least all up to its `last_event`, or `most` of them.
    """
    with database.transaction(tenant, read_only=True, seconds=_READ_SECONDS) as session:
        found = standing(session, task_id)
        if found is None:
            return None
        facts = read_log(session, task_id, after, most) if found.last_event > after else []
    return Look(found, [Message(fact.seq, fact.kind, of_fact(task_id, fact).model_dump_json()) for fact in facts])


Reader = Callable[[int], Awaitable[Look | None]]
"""A look behind a number, off the event loop."""


class Feed:
    """What is known of a task now, for all who listen to it in one event loop.

    The last facts are held in memory. Who is further behind (it connects again, or its connection is slow) reads them
    from the table by itself; nothing is queued for anybody.
    """

    def __init__(self, read: Reader, terms: Terms, deaf: Callable[[], bool], first: Look) -> None:
        self._read = read
        self._terms = terms
        self._deaf = deaf
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._facts: deque[Message] = deque(first.facts, maxlen=terms.kept)
        self._last = first.facts[-1].seq if first.facts else first.standing.last_event
        self.standing: Standing | None = first.standing  # None: the task was deleted
        self.changed = asyncio.Event()  # set once; take the next one before looking at what is known

    def wake(self) -> None:
        """There may be something to read. From any thread."""
        with contextlib.suppress(RuntimeError):  # a loop that was closed meanwhile has nobody to wake
            self._loop.call_soon_threadsafe(self._wake.set)

    async def behind(self, after: int) -> Sequence[Message]:
        """Facts behind a number, in order; empty when there are none yet. At most a page where they must be read."""
        first = self._facts[0].seq if self._facts else self._last + 1
        if after + 1 >= first:
            return [fact for fact in self._facts if fact.seq > after]
        found = await self._read(after)
        return () if found is None else found.facts

    async def run(self) -> None:
        """Read what comes, until cancelled."""
        more = True  # of a long log the first look found only a page
        while self.standing is not None:
            pause = self._terms.while_busy if more else self._poll_seconds()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
            self._wake.clear()
            try:
                found = await self._read(self._last)
            except Exception as error:  # the database is away, say: it is read when it is back
                _log.warning("events_not_read", error=type(error).__name__)
                more = False
                await asyncio.sleep(self._terms.poll_deaf)
                continue
            more = self._take(found)
            await asyncio.sleep(self._terms.apart)

    def _poll_seconds(self) -> float:
        return self._terms.poll_deaf if self._deaf() else self._terms.poll

    def _take(self, found: Look | None) -> bool:
        """Keep what was found and wake who waits for it; gives whether there were facts."""
        facts = found.facts if found else ()
        standing = found.standing if found else None
        if not facts and standing == self.standing:
            return False
        self._facts.extend(facts)
        if facts:
            self._last = facts[-1].seq
        self.standing = standing
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()
        return bool(facts)
