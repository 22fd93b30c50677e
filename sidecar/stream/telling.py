"""What one client is told, in order: where the task stands, and every fact once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

from resources.database.engine import Database
from resources.database.repositories.tasks import ACTIVE
from sidecar.stream.feed import Feed, Message
from sidecar.stream.permission import Permission
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
        self._permission = Permission(streams, database, viewer)
        self._task_id = task_id
        self._said: dict[str, Any] | None = None
        self._over = asyncio.get_running_loop().time() + streams.terms.life

    async def events(self, feed: Feed) -> AsyncIterator[Message]:
        """Every message; `end` then says why there are no more. What is slow to take them misses only progress."""
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

    async def _is_over(self) -> bool:
        """Whether the stream's time or its listener's permission has ended; `end` then says which."""
        if (why := await self._permission.refusal()) is not None:
            self.end = End(Close.NOT_ALLOWED, f"{why} and after={self.at}")
        elif asyncio.get_running_loop().time() >= self._over:
            self.end = End(Close.AGAIN, f"connect again with after={self.at}")
        else:
            return False
        return True

    def _patience(self) -> float:
        """Seconds after which `_is_over` is to be asked again, whatever happens."""
        return max(0.0, min(self._over - asyncio.get_running_loop().time(), self._permission.patience()))
