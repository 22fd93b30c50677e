"""The shared state of lanes in the database, read and changed off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from resources.database.engine import Database
from resources.database.repositories.lanes import Stored, change_lane, read_lane
from resources.models.decisions.lane import Event, LaneState, from_json, to_json

T = TypeVar("T")


class LaneStore:
    """One thread, so that a process sees its own changes in their order."""

    def __init__(self, database: Database, tenant: str) -> None:
        self._database = database
        self._tenant = tenant
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lanes")

    async def read(self, lane: str) -> tuple[LaneState, float]:
        """The state, and the database's clock in Unix seconds."""
        return await self._off_loop(lambda: self._read(lane))

    async def apply(self, lane: str, event: Event[T], now: float) -> tuple[LaneState, T]:
        """Let an event happen to the shared state; gives the state after it and the decision."""
        return await self._off_loop(lambda: self._apply(lane, event, now))

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _read(self, lane: str) -> tuple[LaneState, float]:
        with self._database.transaction(self._tenant) as session:
            stored, clock = read_lane(session, lane)
        return from_json(*stored), clock

    def _apply(self, lane: str, event: Event[T], now: float) -> tuple[LaneState, T]:
        def change(stored: Stored) -> tuple[Stored | None, tuple[LaneState, T]]:
            before = from_json(*stored)
            after, decision = event(before, now)
            return None if after == before else to_json(after), (after, decision)

        with self._database.transaction(self._tenant) as session:
            return change_lane(session, lane, change)
