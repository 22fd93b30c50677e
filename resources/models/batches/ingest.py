"""Brings the results of an ended batch into the ledger, item by item, as calls like any other.

A group of answers is durable in the ledger before its items are marked, and both may be done twice without harm: a
process that dies in the middle has lost nothing, and the next one goes on with the items that still wait.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from resources.database.engine import Database
from resources.database.repositories import provider_batch_items as item_store
from resources.database.repositories.events import log
from resources.database.repositories.provider_batch_items import FailedItem
from resources.database.repositories.provider_batches import ProviderBatch
from resources.models.batches.collector import context_from_data
from resources.models.batches.service import BatchProvider, BatchService, ItemResult, Remote
from resources.models.errors import ModelError
from resources.models.ledger import Call, CallContext, Ledger
from resources.models.prices import cost_of
from resources.vocabulary import BatchItemStatus, BatchStatus, EventKind

_GROUP = 200  # items in memory at a time


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a batch's requests."""

    finished: int
    failed: int


async def ingest(
    database: Database,
    ledger: Ledger,
    batch: ProviderBatch,
    service: BatchService,
    model: BatchProvider,
    remote: Remote,
) -> Ingested:
    """Read all results of an ended batch. Call it under the batch's lease.

    Raises RetryableError when the stream of results broke: what came is kept, the rest is read at the next look.
    """
    today = datetime.now(UTC).date()
    async for group in _grouped(service.results(remote)):
        contexts = await asyncio.to_thread(_contexts, database, ledger.tenant, batch, [item.key for item in group])
        calls: list[tuple[Call, CallContext]] = []
        failed: list[FailedItem] = []
        for item in group:
            if item.key not in contexts:
                continue  # it came before, or never was ours
            context, arm = contexts[item.key]
            try:
                calls.append((_call(item, batch, model, arm, today), context))
            except ModelError as error:
                failed.append(FailedItem(item.key, str(error), context.project_id, context.task_id))
        await asyncio.gather(*(ledger.store(call, context, batch_id=batch.id) for call, context in calls))
        finished = [call.key for call, _ in calls]
        await asyncio.to_thread(_mark, database, ledger.tenant, batch, finished, failed)
    return await asyncio.to_thread(_end, database, ledger.tenant, batch, remote)


async def _grouped(results: AsyncIterator[ItemResult]) -> AsyncIterator[list[ItemResult]]:
    group: dict[str, ItemResult] = {}
    async for result in results:
        group[result.key] = result
        if len(group) == _GROUP:
            yield list(group.values())
            group = {}
    if group:
        yield list(group.values())


def _call(item: ItemResult, batch: ProviderBatch, model: BatchProvider, arm: str | None, today: date) -> Call:
    """The call of an answered item. Raises the ModelError that the item is."""
    if item.error is not None:
        raise ModelError(item.error)
    reply = model.reply(item.data)
    cost, version = cost_of(batch.provider, batch.model, reply.usage, today, batch=True)
    return Call(item.key, batch.provider, batch.model, reply, cost, version, 0.0, paid=True, arm=arm)


def _contexts(
    database: Database, tenant: str, batch: ProviderBatch, keys: list[str]
) -> dict[str, tuple[CallContext, str | None]]:
    """What each waiting item is for; without its document where that was deleted since: the call is paid anyway."""
    with database.transaction(tenant) as session:
        read = {k: context_from_data(data) for k, data in item_store.waiting_items(session, batch.id, keys).items()}
        ids = {context.document_id for context, _ in read.values() if context.document_id is not None}
        present = item_store.present_documents(session, ids)
    return {
        key: (context if context.document_id in present else replace(context, document_id=None), arm)
        for key, (context, arm) in read.items()
    }


def _mark(
    database: Database, tenant: str, batch: ProviderBatch, finished: list[str], failed: list[FailedItem]
) -> None:
    with database.transaction(tenant) as session:
        item_store.finish_items(session, batch.id, finished)
        item_store.fail_items(session, batch, failed)


def _end(database: Database, tenant: str, batch: ProviderBatch, remote: Remote) -> Ingested:
    """All results were read: what still waits was left without one."""
    cancelled = batch.cancel_requested_at is not None
    with database.transaction(tenant) as session:
        reason = "the batch was cancelled" if cancelled else "the provider gave no result for this request"
        item_store.fail_rest(session, batch.id, reason)
        counts = item_store.counts(session, batch.id)
        finished, failed = counts.get(BatchItemStatus.FINISHED, 0), counts.get(BatchItemStatus.FAILED, 0)
        status = BatchStatus.CANCELLED if cancelled and failed else BatchStatus.INGESTED
        item_store.end_batch(session, batch, status, None)
        if batch.task_id is not None:
            message = f"batch {remote.id} came back: {finished} answers, {failed} requests without one"
            log(session, EventKind.LOG, message, batch.task_id, batch=str(batch.id))
    return Ingested(finished, failed)
