"""What a run tells while it works: a fact per document, with its cells; and how far it is, a few times a second."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import structlog

from crucible_assets.extractions.document import Outcome
from crucible_assets.extractions.progress import Progress, came_to_nothing, states_of, usd
from resources.database.engine import Database
from resources.database.repositories.events import DocumentFact, notify, standing
from resources.database.repositories.tasks import update_task
from resources.vocabulary import EventKind, TaskStatus

_APART_SECONDS = 0.25  # at most four notifications a second: each takes a lock of the whole database
_LOOK_SECONDS = 0.5  # how often it is looked whether the task was paused
_TOUCH_SECONDS = 10.0  # a run in which nothing changes says so often that it is alive

_log = structlog.get_logger(__name__)


def document_facts(group: Sequence[Outcome], progress: Progress) -> list[DocumentFact]:
    """What became of the documents of a group that is not yet counted in `progress`."""
    cost = progress.task_cost_usd
    facts = []
    for outcome in group:
        cost += sum(call.cost_usd or 0 for call in outcome.paid)
        states = states_of(outcome)
        counted = Counter(states)
        payload = {"cells": dict(sorted(counted.items())), "cost_usd": usd(cost)}
        if came_to_nothing(states):
            reasons = [reason for row in outcome.rows for reason in row["reasons"]]
            message = reasons[0] if reasons else "all of its cells failed in an earlier run"
            facts.append(DocumentFact(outcome.document_id, EventKind.DOCUMENT_FAILED, message, payload))
        else:
            message = f"{len(states)} cells: " + ", ".join(f"{n} {state}" for state, n in sorted(counted.items()))
            facts.append(DocumentFact(outcome.document_id, EventKind.DOCUMENT_COMPLETED, message, payload))
    return facts


class Reporter:
    """Writes the progress of a run to its task, wakes who listens, and looks whether the task was paused.

    It has a thread of its own, so that what it says does not wait behind decisions about cells.
    """

    def __init__(
        self,
        database: Database,
        tenant: str,
        task_id: UUID,
        progress: Progress,
        *,
        calls_in_flight: Callable[[], int],
        stop: Callable[[str], None],
    ) -> None:
        """`stop` is called in the event loop, with the reason, when the task is to stop."""
        self._database = database
        self._tenant = tenant
        self._task_id = task_id
        self._progress = progress
        self._calls_in_flight = calls_in_flight
        self._stop = stop
        self._news = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._started = time.monotonic()
        self._written_at = 0.0
        self._written: dict[str, Any] | None = None

    def news(self) -> None:
        """Facts have been committed: say so as soon as may be."""
        self._news.set()

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), _LOOK_SECONDS)
            self._news.clear()
            await self.report()
            await asyncio.sleep(_APART_SECONDS)

    async def report(self) -> None:
        """Write the progress if it changed. A failure is logged and tried again: it must not stop the work."""
        counts = {**self._progress.as_json(), "calls_in_flight": self._calls_in_flight()}
        now = time.monotonic()
        due = counts != self._written or now - self._written_at >= _TOUCH_SECONDS
        said = {**counts, "seconds_left": self._progress.seconds_left(now - self._started)} if due else None
        loop = asyncio.get_running_loop()
        try:
            status = await loop.run_in_executor(self._thread, self._exchange, said)
        except Exception as error:
            _log.warning("progress_not_written", task_id=str(self._task_id), error=str(error))
            return
        if due:
            self._written, self._written_at = counts, now
        if status is None:
            self._stop("the task was deleted")
        elif status in {TaskStatus.PAUSED, TaskStatus.CANCELLED}:
            self._stop(f"the task is {status}")

    async def finish(self) -> None:
        """Write the last state."""
        await self.report()
        self._thread.shutdown()

    def _exchange(self, said: dict[str, Any] | None) -> TaskStatus | None:
        """Write what is to be said; gives the task's status, None when there is no such task."""
        with self._database.transaction(self._tenant, read_only=said is None) as session:
            task = standing(session, self._task_id)
            if task is not None and said is not None:
                update_task(session, self._task_id, progress=said)
                notify(session, self._task_id, task.last_event)
            return None if task is None else task.status
