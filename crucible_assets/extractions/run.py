"""One schedule over all documents of a run: bounded, without barriers between documents or batches.

Documents are loaded a few dozen at a time while others are in work, calls are limited by the gateway, finished
documents are stored together in small transactions (each document wholly or not at all), and a progress line is
written a few times a second. A task that is paused or cancelled stops new documents; those in work finish.
"""

import asyncio
import gc
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import uvloop

from crucible_assets.extractions.document import (
    Outcome,
    Planned,
    extract_document,
    failed_rows,
    plan_document,
)
from crucible_assets.extractions.plan import Asked, Source
from resources.database.engine import Database
from resources.database.repositories import cells as cell_store
from resources.database.repositories.documents import DocumentRow, load_texts
from resources.database.repositories.passages import load_chunks
from resources.database.repositories.tasks import get_task, update_task
from resources.models.errors import CredentialError, GatewayStoppedError, ModelError, ModelMissingError
from resources.models.gateway import Gateway
from resources.models.ledger import Ledger
from resources.models.request import Provider
from resources.project import Project
from resources.vocabulary import CellState, DocumentStatus, TaskStatus

_LOADED_TOGETHER = 32  # documents per read of texts and ledger
_SAVED_TOGETHER = 64  # documents per write
_GATHER_SECONDS = 0.05  # how long a write waits for company
_PROGRESS_SECONDS = 0.5
INTERRUPTED = "interrupted"


@dataclass(slots=True)
class Progress:
    """Counts of one run, as shown to people and stored with the task."""

    documents: int = 0
    documents_done: int = 0
    documents_unchanged: int = 0
    documents_with_failures: int = 0
    calls: int = 0
    calls_from_ledger: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    unpriced_calls: int = 0
    states: dict[str, int] = field(default_factory=lambda: {state.value: 0 for state in CellState})
    stopped: str | None = None

    def count(self, outcome: Outcome) -> None:
        """Add a document that was worked on."""
        self.documents_with_failures += bool(outcome.failed_cells)
        for call in outcome.paid:
            self.calls += 1
            self.input_tokens += call.reply.usage.input_tokens
            self.cached_tokens += call.reply.usage.cached_tokens
            self.output_tokens += call.reply.usage.output_tokens
            self.cost_usd += call.cost_usd or Decimal(0)
            self.unpriced_calls += call.cost_usd is None
        asked = {key for row in outcome.rows for key in row["call_keys"]}
        self.calls_from_ledger += len(asked) - len(outcome.paid)
        self._count_done([row["state"] for row in outcome.rows])

    def count_unchanged(self, states: Sequence[str]) -> None:
        """Add a document whose cells were up to date."""
        self.documents_unchanged += 1
        self._count_done(states)

    def _count_done(self, states: Sequence[str]) -> None:
        self.documents_done += 1
        for state in states:
            self.states[state] += 1

    def as_json(self) -> dict[str, Any]:
        """For the task's row and Dagster's metadata."""
        return {**asdict(self), "cost_usd": str(self.cost_usd)}


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a run did, as a whole and batch by batch."""

    total: Progress
    by_batch: Mapping[int, Progress]


class RunStoppedError(RuntimeError):
    """The task was paused or cancelled while it ran; what was finished is stored."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one extraction run works with."""

    database: Database
    tenant: str
    project: Project
    asked: Mapping[str, Asked]
    documents: Sequence[DocumentRow]
    task_id: UUID | None
    concurrency: int
    force: bool = False


def extract(run: Run, providers: Callable[[], Sequence[Provider]]) -> Extracted:
    """Fill the cells of `run.documents`. Blocking; `providers` is called inside the run's own event loop.

    Raises ModelMissingError and CredentialError when no call can succeed, RunStoppedError when the task was
    paused or cancelled.
    """
    with _fewer_collections():
        return uvloop.run(_extract(run, providers))


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Collect garbage less often while inside: what is loaded stays, and calls make few cycles."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _extract(run: Run, providers: Callable[[], Sequence[Provider]]) -> Extracted:
    gateway = Gateway(providers(), Ledger(run.database, run.tenant), concurrency=run.concurrency)
    schedule = _Schedule(run, gateway)
    try:
        with _interrupts(schedule.stop):
            return await schedule.finish()
    finally:
        await gateway.close()


@contextmanager
def _interrupts(stop: Callable[[str], None]) -> Iterator[None]:
    """While inside, Ctrl-C and SIGTERM ask the schedule to stop, which finishes calls in flight into the ledger."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, stop, INTERRUPTED)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


class _Schedule:
    def __init__(self, run: Run, gateway: Gateway) -> None:
        self.run = run
        self.gateway = gateway
        self.progress = Progress(documents=len(run.documents))
        sizes = Counter(document.batch for document in run.documents)
        self.by_batch = {batch: Progress(documents=size) for batch, size in sizes.items()}
        self._finished: asyncio.Queue[Outcome | None] = asyncio.Queue(maxsize=4 * _SAVED_TOGETHER)
        self._threads = ThreadPoolExecutor(3, thread_name_prefix="extract")
        self._loop = asyncio.get_running_loop()
        self._hopeless: ModelError | None = None
        self._places = asyncio.Semaphore(max(4, run.concurrency))

    async def finish(self) -> "Extracted":
        """Work through all documents and report."""
        saver = asyncio.create_task(self._save_finished())
        reporter = asyncio.create_task(self._report_regularly())
        error: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                saver_watch = group.create_task(_fail_with(saver))
                workers = await self._feed(group)
                for worker in workers:
                    await worker
                await self._finished.put(None)
                await saver_watch
        except BaseExceptionGroup as errors:
            error = _first(errors)
        finally:
            saver.cancel()
            reporter.cancel()
            await asyncio.gather(saver, reporter, return_exceptions=True)
            await self._in_thread(self._report)
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
        self.progress.stopped = reason
        self.gateway.stop()

    def _stopped(self) -> bool:
        return self.progress.stopped is not None

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    async def _feed(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Load documents while there is room, and start one worker for each that needs work."""
        workers: set[asyncio.Task[None]] = set()
        for at in range(0, len(self.run.documents), _LOADED_TOGETHER):
            if self._stopped():
                break
            some = self.run.documents[at : at + _LOADED_TOGETHER]
            for planned in await self._plan(some):
                await self._places.acquire()
                if self._stopped():
                    self._places.release()
                    break
                worker = group.create_task(self._work(planned))
                workers.add(worker)
                worker.add_done_callback(workers.discard)
        return list(workers)

    async def _plan(self, some: Sequence[DocumentRow]) -> list[Planned]:
        texts, chunks, known = await self._in_thread(self._load, some)
        planned = []
        for document in some:
            if document.status is DocumentStatus.FAILED or document.id not in texts:
                await self._give_up(document, known)
                continue
            source = Source(
                id=document.id,
                name=document.name,
                batch=document.batch,
                text=texts[document.id].text,
                segments=texts[document.id].segments,
                language=document.language or self.run.project.language,
                chunks=tuple((start, end) for start, end, _ in chunks.get(document.id, ())),
            )
            plan = plan_document(
                self.gateway, self.run.project, self.run.asked, source, document.parser_version or ""
            )
            if self._unchanged(plan, known):
                self._count_unchanged(document, [known[document.id, name][1] for name in self.run.asked])
            else:
                planned.append(plan)
        await self.gateway.remember([key for plan in planned for key in plan.keys])
        return planned

    def _load(self, some: Sequence[DocumentRow]) -> tuple[Any, Any, Any]:
        ids = [document.id for document in some]
        with self.run.database.transaction(self.run.tenant) as session:
            return (
                load_texts(session, ids),
                load_chunks(session, ids),
                cell_store.fingerprints(session, self.run.project.id, ids),
            )

    def _unchanged(self, plan: Planned, known: Mapping[tuple[UUID, str], tuple[str, str]]) -> bool:
        if self.run.force:
            return False
        cells = [known.get((plan.source.id, name)) for name in self.run.asked]
        return all(
            cell is not None and cell[0] == plan.fingerprints[name] and cell[1] != CellState.FAILED.value
            for cell, name in zip(cells, self.run.asked, strict=True)
        )

    async def _give_up(self, document: DocumentRow, known: Mapping[tuple[UUID, str], tuple[str, str]]) -> None:
        reason = document.error_message or f"it is still {document.status.value}"
        made_from = f"unread {document.error_reason} {document.parser_version}"
        if all(known.get((document.id, name), ("",))[0] == made_from for name in self.run.asked):
            self._count_unchanged(document, [CellState.FAILED.value] * len(self.run.asked))
            return
        rows = failed_rows(document.id, self.run.asked, reason, made_from, self.run.task_id)
        await self._finished.put(Outcome(document.id, document.name, document.batch, rows, (), len(rows)))

    async def _work(self, planned: Planned) -> None:
        try:
            outcome = await extract_document(
                self.gateway, self.run.project, self.run.asked, planned, self.run.task_id, self._threads
            )
        except GatewayStoppedError:
            return  # the document is not finished; its finished calls are in the ledger
        except (CredentialError, ModelMissingError) as error:
            self._hopeless = self._hopeless or error  # no other call can succeed; those in flight still may
            self.stop(str(error))
            return
        finally:
            self._places.release()
        await self._finished.put(outcome)

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
            if outcome is None:
                return

    def _save(self, group: list[Outcome]) -> None:
        with self.run.database.transaction(self.run.tenant) as session:
            cell_store.save_cells(session, self.run.project.id, [row for item in group for row in item.rows])

    def _count(self, outcome: Outcome) -> None:
        for progress in (self.progress, self.by_batch[outcome.batch]):
            progress.count(outcome)

    def _count_unchanged(self, document: DocumentRow, states: Sequence[str]) -> None:
        for progress in (self.progress, self.by_batch[document.batch]):
            progress.count_unchanged(states)

    async def _report_regularly(self) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            await self._in_thread(self._report)

    def _report(self) -> None:
        """Write the progress, and look whether the task was paused or cancelled."""
        if self.run.task_id is None:
            return
        with self.run.database.transaction(self.run.tenant) as session:
            task = get_task(session, self.run.task_id)
            if task is None or task.status in {TaskStatus.PAUSED, TaskStatus.CANCELLED}:
                reason = "the task was deleted" if task is None else f"the task is {task.status}"
                self._loop.call_soon_threadsafe(self.stop, reason)
            if task is not None:
                update_task(session, self.run.task_id, progress=self.progress.as_json())


async def _fail_with(task: asyncio.Task[None]) -> None:
    """Lets a task group end when a task outside of it fails."""
    await asyncio.shield(task)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
