"""One schedule over all documents of a run: bounded, without barriers between documents or batches.

Documents are loaded a few dozen at a time while others are in work, calls are limited by the gateway, finished
documents are stored together in small transactions (each document wholly or not at all, with the event that tells
of it), and a reporter says a few times a second how far it is. A task that is paused or cancelled stops new
documents; those in work finish.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import uvloop

from crucible_assets.extractions.document import Outcome, Planned, extract_document, plan_document
from crucible_assets.extractions.entity_rows import find_rows, first_keys
from crucible_assets.extractions.gateways import Gateways
from crucible_assets.extractions.load import Known, Loaded, load
from crucible_assets.extractions.means import Means
from crucible_assets.extractions.plan import Asked, Source
from crucible_assets.extractions.process import fewer_collections, interrupts
from crucible_assets.extractions.progress import Extracted, Progress
from crucible_assets.extractions.reporter import Reporter, document_facts
from crucible_assets.extractions.stored import failed_rows
from crucible_assets.learning.calibration import NO_CURVES, Curves
from resources.database.engine import Database
from resources.database.repositories import cells as cell_store
from resources.database.repositories.costs import cost_of_project
from resources.database.repositories.documents import DocumentRow
from resources.database.repositories.entities import save_entities
from resources.database.repositories.events import tell_of_documents
from resources.database.repositories.tasks import pause_itself
from resources.models.errors import (
    BudgetReachedError,
    CredentialError,
    DeferredError,
    GatewayStoppedError,
    ModelError,
    ModelMissingError,
)
from resources.project import LongDocuments, Project
from resources.vocabulary import CellState, DocumentStatus, UnitOfObservation

_LOADED_TOGETHER = 32  # documents per read of texts and ledger
_SAVED_TOGETHER = 64  # documents per write
_GATHER_SECONDS = 0.05  # how long a write waits for company
_MOST_LOST_IN_A_ROW = 10  # documents without a single answer after which a task pauses by itself


@dataclass(frozen=True, slots=True)
class _Pending:
    """A document that needs work, with the cells that are there; `plan` is None where rows must be found first."""

    document: DocumentRow
    source: Source
    known: Known
    plan: Planned | None = None


class RunStoppedError(RuntimeError):
    """The task was paused or cancelled while it ran; what was finished is stored."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one extraction run works on, and how. `query_vectors` and `curves` are those of `Means`."""

    database: Database
    tenant: str
    project: Project
    asked: Mapping[str, Asked]
    documents: Sequence[DocumentRow]
    task_id: UUID | None
    concurrency: int
    force: bool = False
    vector_model: str | None = None  # whose vectors rank the parts of long documents
    query_vectors: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    curves: Curves = NO_CURVES


def extract(run: Run, gateways: Callable[[], Gateways]) -> Extracted:
    """Fill the cells of `run.documents`. Blocking; `gateways` is called inside the run's own event loop.

    Raises ModelMissingError and CredentialError when no call can succeed, RunStoppedError when the task was
    paused or cancelled, also by itself: when its budget is reached, or nothing is answered any more.
    """
    with fewer_collections():
        return uvloop.run(_extract(run, gateways))


async def _extract(run: Run, gateways: Callable[[], Gateways]) -> Extracted:
    opened = gateways()
    schedule = _Schedule(run, opened)
    try:
        with interrupts(schedule.stop):
            return await schedule.finish()
    finally:
        await opened.close()


class _Schedule:
    def __init__(self, run: Run, gateways: Gateways) -> None:
        self.run = run
        self.gateways = gateways
        self.progress = Progress(documents=len(run.documents), paid_before_usd=_paid_before(run))
        sizes = Counter(document.batch for document in run.documents)
        self.by_batch = {batch: Progress(documents=size) for batch, size in sizes.items()}
        self._finished: asyncio.Queue[Outcome | None] = asyncio.Queue(maxsize=4 * _SAVED_TOGETHER)
        self._threads = ThreadPoolExecutor(3, thread_name_prefix="extract")
        self._hopeless: ModelError | None = None
        self._lost_in_a_row = 0
        self._pause_for: str | None = None
        self._reporter = self._make_reporter()
        self._entities = run.project.unit_of_observation is UnitOfObservation.ENTITY
        # More documents than calls: one whose values are being decided, or whose first question is out, asks nothing.
        self._places = asyncio.Semaphore(max(4, run.concurrency + run.concurrency // 2))
        self._means = Means(
            gateway=gateways.main,
            project=run.project,
            asked=run.asked,
            task_id=run.task_id,
            executor=self._threads,
            verifier=gateways.verifier,
            curves=run.curves,
            query_vectors=run.query_vectors,
        )

    async def finish(self) -> "Extracted":
        """Work through all documents and report."""
        saver = asyncio.create_task(self._save_finished())
        reporting = None if self._reporter is None else asyncio.create_task(self._reporter.run())
        error: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                saver_watch = group.create_task(_fail_with(saver))
                workers = await self._feed(group)
                for worker in workers:
                    await worker
                await self._finished.put(None)
                await saver_watch
            if not self._stopped():
                await self._hand_over()
        except BaseExceptionGroup as errors:
            error = _first(errors)
        finally:
            saver.cancel()
            await asyncio.gather(saver, return_exceptions=True)
            if self._reporter is not None and reporting is not None:
                reporting.cancel()
                await asyncio.gather(reporting, return_exceptions=True)
                await self._reporter.finish()
            if self._pause_for is not None and self.run.task_id is not None:
                await self._in_thread(self._pause_task, self._pause_for)
            self._threads.shutdown()
        if error is not None:
            raise error
        if self._hopeless is not None:
            raise self._hopeless
        if self.progress.stopped:
            raise RunStoppedError(self.progress.stopped)
        return Extracted(self.progress, self.by_batch)

    def stop(self, reason: str) -> None:
        """Start no further document or call."""
        self.progress.stopped = self.progress.stopped or reason
        self.gateways.stop()

    def pause(self, reason: str) -> None:
        """Stop, and let the task say that it waits for a person, and why."""
        self._pause_for = self._pause_for or reason
        self.stop(reason)

    def _stopped(self) -> bool:
        return self.progress.stopped is not None

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    async def _hand_over(self) -> None:
        try:
            await self.gateways.hand_over()
        except BudgetReachedError as error:
            self.pause(str(error))

    async def _feed(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Load documents while there is room, and start one worker for each that needs work."""
        workers: set[asyncio.Task[None]] = set()
        for at in range(0, len(self.run.documents), _LOADED_TOGETHER):
            if self._stopped():
                break
            some = self.run.documents[at : at + _LOADED_TOGETHER]
            for pending in await self._plan(some):
                await self._places.acquire()
                if self._stopped():
                    self._places.release()
                    break
                worker = group.create_task(self._work(pending))
                workers.add(worker)
                worker.add_done_callback(workers.discard)
        return list(workers)

    async def _plan(self, some: Sequence[DocumentRow]) -> list[_Pending]:
        loaded: Loaded = await self._in_thread(self._load, some)
        pending, keys = [], []
        for document in some:
            source = loaded.sources.get(document.id)
            if document.status is DocumentStatus.FAILED or source is None:
                await self._give_up(document, loaded.known)
                continue
            if self._entities:
                pending.append(_Pending(document, source, loaded.known))
                keys += first_keys(self._means, source)
                continue
            plan = plan_document(self._means, source, document.parser_version or "")
            states = self._unchanged(plan, loaded.known)
            if states is not None:
                self._count_unchanged(document, states)
            else:
                pending.append(_Pending(document, source, loaded.known, plan))
                keys += plan.keys
        await self.gateways.main.remember(keys)
        return pending

    def _load(self, some: Sequence[DocumentRow]) -> Loaded:
        project = self.run.project
        model = self.run.vector_model if project.settings.long_documents is LongDocuments.RETRIEVE else None
        with self.run.database.transaction(self.run.tenant) as session:
            return load(session, project.id, some, project.language, model, project.settings.retrieve_chunks)

    def _unchanged(self, plan: Planned, known: Known) -> list[str] | None:
        """The states of a row's cells when asking again would give the same, else None."""
        if self.run.force:
            return None
        states = []
        for name, fingerprint in plan.fingerprints.items():
            cell = known.get((plan.source.id, plan.row.key, name))
            if cell is None or cell[0] != fingerprint or cell[1] == CellState.FAILED.value:
                return None
            states.append(cell[1])
        return states

    async def _give_up(self, document: DocumentRow, known: Known) -> None:
        reason = f"document could not be read: {document.error_message or f'it is still {document.status.value}'}"
        made_from = f"unread {document.error_reason} {document.parser_version}"
        if all(known.get((document.id, "", name), ("",))[0] == made_from for name in self.run.asked):
            self._count_unchanged(document, [CellState.FAILED.value] * len(self.run.asked))
            return
        rows = failed_rows(document.id, self.run.asked, reason, made_from, self.run.task_id)
        await self._finished.put(Outcome(document.id, document.name, document.batch, rows, (), len(rows)))

    async def _work(self, pending: _Pending) -> None:
        try:
            if pending.plan is None:
                outcome = await self._entity_outcome(pending)
            else:
                outcome = await extract_document(self._means, pending.source, [pending.plan])
        except GatewayStoppedError:
            return  # the document is not finished; its finished calls are in the ledger
        except DeferredError:
            for progress in (self.progress, self.by_batch[pending.document.batch]):
                progress.documents_deferred += 1
            return
        except BudgetReachedError as error:
            self.pause(str(error))
            return
        except (CredentialError, ModelMissingError) as error:
            self._hopeless = self._hopeless or error  # no other call can succeed; those in flight still may
            self.stop(str(error))
            return
        finally:
            self._places.release()
        self._look_for_a_pattern(outcome)
        await self._finished.put(outcome)

    async def _entity_outcome(self, pending: _Pending) -> Outcome:
        """Find a document's rows, and fill those that are not up to date."""
        found = await find_rows(self._means, pending.source, pending.document.parser_version or "")
        states = {plan.row.key: self._unchanged(plan, pending.known) for plan in found.planned}
        stale = [plan for plan in found.planned if states[plan.row.key] is None]
        await self.gateways.main.remember([key for plan in stale for key in plan.keys])
        outcome = await extract_document(self._means, pending.source, stale)
        rows, lost = outcome.rows, outcome.lost
        if found.failure is not None:
            made_from = f"search failed {found.failure}"
            rows = rows + failed_rows(pending.source.id, self.run.asked, found.failure, made_from, self.run.task_id)
            lost = lost or (None if found.calls else found.failure)
        paid = {call.key: call for call in (*found.calls, *outcome.paid) if call.paid}
        return replace(
            outcome,
            rows=rows,
            paid=tuple(paid.values()),
            failed_cells=outcome.failed_cells + (len(self.run.asked) if found.failure else 0),
            lost=lost,
            search=found.searched,
            unchanged=tuple(state for some in states.values() if some is not None for state in some),
        )

    def _look_for_a_pattern(self, outcome: Outcome) -> None:
        """Pause when one document after the other comes to nothing: then something is wrong that costs money."""
        self._lost_in_a_row = self._lost_in_a_row + 1 if outcome.lost else 0
        if self._lost_in_a_row > _MOST_LOST_IN_A_ROW:
            self.pause(
                f"{self._lost_in_a_row} documents in a row got no answer; the last one because: {outcome.lost}"
            )

    async def _save_finished(self) -> None:
        while True:
            outcome = await self._finished.get()
            await asyncio.sleep(_GATHER_SECONDS)
            group: list[Outcome] = []
            while outcome is not None:
                group.append(outcome)
                if len(group) == _SAVED_TOGETHER or self._finished.empty():
                    break
                outcome = self._finished.get_nowait()
            if group:
                await self._in_thread(self._save, group)
                for item in group:
                    self._count(item)
                if self._reporter is not None:
                    self._reporter.news()
            if outcome is None:
                return

    def _save(self, group: list[Outcome]) -> None:
        with self.run.database.transaction(self.run.tenant) as session:
            for item in group:
                if item.search is not None:
                    save_entities(
                        session,
                        self.run.project.id,
                        item.document_id,
                        search=item.search.search,
                        found=item.search.entities,
                        compared=item.search.resolutions,
                    )
            cell_store.save_cells(session, self.run.project.id, [row for item in group for row in item.rows])
            if self.run.task_id is not None:
                tell_of_documents(session, self.run.task_id, document_facts(group, self.progress))

    def _count(self, outcome: Outcome) -> None:
        for progress in (self.progress, self.by_batch[outcome.batch]):
            progress.count(outcome)

    def _count_unchanged(self, document: DocumentRow, states: Sequence[str]) -> None:
        for progress in (self.progress, self.by_batch[document.batch]):
            progress.count_unchanged(states)

    def _pause_task(self, reason: str) -> None:
        assert self.run.task_id is not None
        with self.run.database.transaction(self.run.tenant) as session:
            pause_itself(session, self.run.task_id, reason)

    def _make_reporter(self) -> Reporter | None:
        if self.run.task_id is None:
            return None
        return Reporter(
            self.run.database,
            self.run.tenant,
            self.run.task_id,
            self.progress,
            calls_in_flight=lambda: self.gateways.calls_in_flight,
            stop=self.stop,
        )


def _paid_before(run: Run) -> Decimal:
    """What earlier runs of the same task paid, in USD."""
    if run.task_id is None:
        return Decimal(0)
    with run.database.transaction(run.tenant, read_only=True) as session:
        return cost_of_project(session, run.project.id, run.task_id).usd


async def _fail_with(task: asyncio.Task[None]) -> None:
    """Lets a task group end when a task outside of it fails."""
    await asyncio.shield(task)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
