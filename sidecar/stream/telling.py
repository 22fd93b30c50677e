"""What one client is told, in order: where the task stands, and every fact once."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

from resources.database.engine import Database
from resources.database.repositories.tasks import ACTIVE
from sidecar.security.authenticate import utc_now
from sidecar.stream.feed import Feed, Message
from sidecar.stream.schemas import of_progress
from sidecar.stream.streams import Streams
from sidecar.stream.viewer import Viewer


class Close(IntEnum):
    """How a stream ends; the close code of the WebSocket."""

    DONE = 1000  # the task has ended and all of it was told
    AGAIN = 4000  # connect again
    NOT_ALLOWED = 4401  # the token has expired or was withdrawn
    GONE = 4404  # the task was deleted


@dataclass(frozen=True, slots=True)
class End:
    """The last that is said; `reason` fits a WebSocket's close frame (123 bytes)."""

    code: Close
    reason: str


class Telling:
    """One stream. `at` is the number up to which everything was handed over."""

    def __init__(self, streams: Streams, database: Database, viewer: Viewer, task_id: UUID, after: int) -> None:
        self.at = after
        self.end = End(Close.AGAIN, "")
        self._streams = streams
        self._database = database
        self._viewer = viewer
        self._task_id = task_id
        self._said: dict[str, Any] | None = None
        self._over = self._again = math.inf

    async def events(self, feed: Feed) -> AsyncIterator[Message]:
        """Every message; `end` then says why there are no more. What is slow to take them misses only progress."""
        self._begin()
        while not await self._is_over():
            changed, standing = feed.changed, feed.standing
            if standing is None:
                self.end = End(Close.GONE, "the task was deleted")
                return
            told = standing.status not in ACTIVE and self.at >= standing.last_event
            progress = of_progress(self._task_id, self.at, standing)
            if progress.data != self._said and not (told and self._said is not None):  # the end is told last
                self._said = progress.data
                yield Message(self.at, progress.kind, progress.model_dump_json())
            facts = await feed.behind(self.at)
            for fact in facts:
                yield fact
                self.at = fact.seq
            if standing.status not in ACTIVE and self.at >= standing.last_event:
                self.end = End(Close.DONE, "the task has ended")
                return
            if not facts:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), self._patience())

    def _begin(self) -> None:
        terms, now = self._streams.terms, asyncio.get_running_loop().time()
        self._over = now + terms.life
        self._again = now + terms.look_again

    async def _is_over(self) -> bool:
        """Whether the stream's time or its listener's permission has ended; `end` then says which."""
        now = asyncio.get_running_loop().time()
        if self._expires_in() <= 0:
            self._finish(Close.NOT_ALLOWED, "the token has expired: connect again with a new one and")
        elif now >= self._again and not await self._may_still():
            self._finish(Close.NOT_ALLOWED, "the token is not good any more: log in, and connect again with")
        elif now >= self._over:
            self._finish(Close.AGAIN, "connect again with")
        else:
            if now >= self._again:
                self._again = now + self._streams.terms.look_again
            return False
        return True

    def _expires_in(self) -> float:
        """Seconds for which the token is still good."""
        if self._viewer.expires_at is None:
            return math.inf
        return (self._viewer.expires_at - utc_now()).total_seconds()

    def _patience(self) -> float:
        """Seconds after which `_is_over` is to be asked again, whatever happens."""
        now = asyncio.get_running_loop().time()
        return max(0.0, min(self._over - now, self._again - now, self._expires_in() + 0.005))

    async def _may_still(self) -> bool:
        try:
            return await self._streams.run(self._viewer.may_still, self._database)
        except Exception:  # the database is away: nothing can be told either; asked again at the next look
            return True

    def _finish(self, code: Close, what: str) -> None:
        self.end = End(code, f"{what} after={self.at}")
