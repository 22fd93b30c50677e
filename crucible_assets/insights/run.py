"""Working through documents or themes: some at a time, until the task is paused, cancelled or out of money.

Finished calls are in the ledger and finished summaries are stored one by one: a run that is stopped or killed has
lost only what was in work, and the next one pays for nothing twice.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import uvloop

from crucible_assets.extractions.process import interrupts
from crucible_assets.extractions.run import RunStoppedError
from crucible_assets.insights.asking import Asker
from resources.database.engine import Database
from resources.database.repositories.events import standing
from resources.database.repositories.insight_rows import ChangedMeanwhileError
from resources.database.repositories.tasks import pause_itself, update_task
from resources.models.errors import (
    BudgetReachedError,
    CredentialError,
    GatewayStoppedError,
    ModelError,
    ModelMissingError,
)
from resources.vocabulary import TaskStatus

T = TypeVar("T")

_LOOK_SECONDS = 0.5  # how often it is looked whether the task was paused
_MOST_LOST_IN_A_ROW = 10  # pieces without an answer after which a task pauses by itself


@dataclass(slots=True)
class Done:
    """What became of the pieces of work; those that failed with the reason, by their places."""

    pieces: int
    finished: int = 0
    failed: dict[int, str] = field(default_factory=dict)


def run_all(
    database: Database,
    tenant: str,
    task_id: UUID | None,
    open_asker: Callable[[], Asker | None],
    items: Sequence[T],
    work: Callable[[T, Asker | None], Awaitable[None]],
    *,
    concurrency: int,
    unit: str,
) -> tuple[Done, Asker | None]:
    """Do `work` with every item. Blocking; `open_asker` is called inside the event loop; None: no models are asked.

    What fails for one item is noted, and the others go on. Raises CredentialError and ModelMissingError when no call
    can succeed, RunStoppedError when the task was paused or cancelled, also by itself. `unit` names what is counted
    in the task's progress.
    """

    async def everything() -> tuple[Done, Asker | None]:
        asker = open_asker()
        schedule = _Schedule(database, tenant, task_id, asker, Done(len(items)), unit)
        try:
            with interrupts(schedule.stop):
                await schedule.over(items, work, concurrency)
        finally:
            if asker is not None:
                await asker.close()
        return schedule.done, asker

    return uvloop.run(everything())


class _Schedule:
    def __init__(
        self, database: Database, tenant: str, task_id: UUID | None, asker: Asker | None, done: Done, unit: str
    ) -> None:
        self._database, self._tenant, self._task_id = database, tenant, task_id
        self._asker = asker
        self._unit = unit
        self._stopped: str | None = None
        self._pause_for: str | None = None
        self._hopeless: ModelError | None = None
        self._lost_in_a_row = 0
        self._said: dict[str, Any] | None = None
        self.done = done

    def stop(self, reason: str) -> None:
        """Begin nothing further; calls in flight finish into the ledger."""
        self._stopped = self._stopped or reason
        if self._asker is not None:
            self._asker.stop()

    async def over(
        self, items: Sequence[T], work: Callable[[T, Asker | None], Awaitable[None]], concurrency: int
    ) -> None:
        """Work through the items and raise what ended it."""
        await asyncio.to_thread(self._look)  # a task that was cancelled before it began asks nothing
        watching = asyncio.create_task(self._watch())
        places = iter(enumerate(items))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, len(items))):
                    group.create_task(self._worker(places, work))
        except BaseExceptionGroup as errors:
            raise _first(errors) from errors
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await asyncio.to_thread(self._look)
        if self._pause_for is not None and self._task_id is not None:
            await asyncio.to_thread(self._pause_task, self._pause_for)
        if self._hopeless is not None:
            raise self._hopeless
        if self._stopped is not None:
            raise RunStoppedError(self._stopped)

    async def _worker(
        self, places: Iterator[tuple[int, T]], work: Callable[[T, Asker | None], Awaitable[None]]
    ) -> None:
        for place, item in places:
            if self._stopped is not None:
                return
            try:
                await work(item, self._asker)
            except GatewayStoppedError:
                return
            except BudgetReachedError as error:
                self._pause(str(error))
                return
            except (CredentialError, ModelMissingError) as error:
                self._hopeless = self._hopeless or error
                self.stop(str(error))
                return
            except ModelError as error:
                self.done.failed[place] = str(error)
                self._look_for_a_pattern(str(error))
                continue
            except ChangedMeanwhileError:
                self.done.failed[place] = "it was deleted or read anew meanwhile; the next run makes it"
                continue
            self.done.finished += 1
            self._lost_in_a_row = 0

    def _look_for_a_pattern(self, reason: str) -> None:
        self._lost_in_a_row += 1
        if self._lost_in_a_row > _MOST_LOST_IN_A_ROW:
            self._pause(f"{self._lost_in_a_row} {self._unit} in a row got no answer; the last one because: {reason}")

    def _pause(self, reason: str) -> None:
        self._pause_for = self._pause_for or reason
        self.stop(reason)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._look)

    def _look(self) -> None:
        """Tell how far it is, and stop when the task is not to go on."""
        if self._task_id is None:
            return
        spent = {} if self._asker is None else self._asker.spent.as_json()
        said = {
            self._unit: self.done.pieces,
            f"{self._unit}_done": self.done.finished,
            f"{self._unit}_failed": len(self.done.failed),
            **spent,
        }
        with self._database.transaction(self._tenant) as session:
            task = standing(session, self._task_id)
            if task is not None and said != self._said:
                update_task(session, self._task_id, progress=said)
        self._said = said
        if task is None:
            self.stop("the task was deleted")
        elif task.status in (TaskStatus.PAUSED, TaskStatus.CANCELLED):
            self.stop(f"the task is {task.status}")

    def _pause_task(self, reason: str) -> None:
        assert self._task_id is not None
        with self._database.transaction(self._tenant) as session:
            pause_itself(session, self._task_id, reason)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
