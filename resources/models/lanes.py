"""The lanes of a gateway, one for each account with a provider and model."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from resources.models.decisions.limit_rules import LimitRule, limit_for
from resources.models.lane import Lane
from resources.models.lane_store import LaneStore
from resources.models.request import Provider


class Lanes:
    """The lanes of a gateway; models that run here have none."""

    def __init__(
        self,
        store: LaneStore,
        rules: Sequence[LimitRule],
        *,
        slots: asyncio.Semaphore,
        concurrency: int,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._store = store
        self._rules = tuple(rules)
        self._make = partial(Lane, store=store, slots=slots, concurrency=concurrency, now=now, sleep=sleep)
        self._lanes: dict[str, Lane] = {}

    def of(self, provider: Provider) -> Lane | None:
        """The lane of a model."""
        if provider.account is None:
            return None
        title = f"{provider.name}:{provider.model}"
        name = f"{title}@{provider.account}"
        if name not in self._lanes:
            limit = limit_for(self._rules, provider.name, provider.model)
            self._lanes[name] = self._make(name, title, limit)
        return self._lanes[name]

    async def close(self) -> None:
        """Wait for what is being written, and end."""
        for lane in self._lanes.values():
            await lane.close()
        self._store.close()
