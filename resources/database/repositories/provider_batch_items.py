"""The requests of provider batches: their bodies until they are sent, and what became of each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.bulk import insert_rows
from resources.database.engine import TenantSession
from resources.database.repositories.budgets import BudgetRow, hold, let_go
from resources.database.repositories.projects import tenant_of
from resources.database.repositories.provider_batches import OPEN, ProviderBatch, set_batch
from resources.database.tables import attempts, documents, provider_batch_items, provider_batches
from resources.vocabulary import BatchItemStatus, BatchStatus, CallStatus

_BATCHES, _ITEMS = provider_batches, provider_batch_items
_QUEUED = _ITEMS.c.status == BatchItemStatus.QUEUED.value

HELD_SECONDS = 72 * 3600.0
"""Longer than any batch is open (`resources.models.batches.decide`)."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """A request to be added: its key in the ledger, its body and context as JSON."""

    key: str
    body: str
    context: str
    worst_usd: Decimal = Decimal(0)  # the most that it can cost; 0 where there is no budget


@dataclass(frozen=True, slots=True)
class FailedItem:
    """A request that was not answered, for the log of failed tries."""

    key: str
    error: str
    project_id: str
    task_id: UUID | None


_ADD = sa.text(
    "INSERT INTO provider_batch_items (tenant_id, batch_id, call_key, body, context, status) "
    "SELECT :tenant, :batch, key, body, CAST(context AS jsonb), 'QUEUED' FROM unnest("
    "CAST(:keys AS text[]), CAST(:bodies AS text[]), CAST(:contexts AS text[])) AS r(key, body, context) "
    "ON CONFLICT DO NOTHING RETURNING octet_length(body)"
)
"""Bodies travel as they are: as `jsonb` their keys would be sorted, and models answer in the order of the schema."""


def add_items(session: TenantSession, batch_id: UUID, items: Sequence[NewItem]) -> None:
    """Add requests to a batch that is locked by `batch_to_fill`; one that it has already is left as it is."""
    values = {
        "tenant": tenant_of(session),
        "batch": batch_id,
        "keys": [item.key for item in items],
        "bodies": [item.body for item in items],
        "contexts": [item.context for item in items],
    }
    sizes = session.scalars(_ADD, values).all()
    session.execute(
        sa.update(_BATCHES)
        .where(_BATCHES.c.id == batch_id)
        .values(
            items=_BATCHES.c["items"] + len(sizes),
            size_bytes=_BATCHES.c.size_bytes + sum(sizes),
            worst_usd=_BATCHES.c.worst_usd + sum((item.worst_usd for item in items), Decimal(0)),
            updated_at=sa.func.now(),
        )
    )


def tried(session: TenantSession, task_id: UUID) -> Iterator[str]:
    """Keys of a task's requests that a batch gave back unanswered; those of batches we cancelled do not count."""
    query = (
        sa.select(_ITEMS.c.call_key)
        .join(_BATCHES, _BATCHES.c.id == _ITEMS.c.batch_id)
        .where(
            _BATCHES.c.task_id == task_id,
            _BATCHES.c.status != BatchStatus.CANCELLED.value,
            _ITEMS.c.status == BatchItemStatus.FAILED.value,
        )
    )
    yield from session.scalars(query.execution_options(yield_per=5_000))


def queued(session: TenantSession, project_id: str) -> Iterator[tuple[str, UUID]]:
    """(key, batch) of all requests of a project that are to be sent or are out."""
    query = (
        sa.select(_ITEMS.c.call_key, _ITEMS.c.batch_id)
        .join(_BATCHES, _BATCHES.c.id == _ITEMS.c.batch_id)
        .where(_BATCHES.c.project_id == project_id, OPEN, _QUEUED)
    )
    for row in session.execute(query.execution_options(yield_per=5_000)):
        yield row.call_key, row.batch_id


def read_bodies(
    session: TenantSession, batch_id: UUID, after: str, most_items: int, most_bytes: int
) -> list[tuple[str, str]]:
    """(key, body) of the next requests of a batch in the order of their keys: as many as fit, at least one."""
    sizes = (
        sa.select(
            _ITEMS.c.call_key,
            sa.func.sum(sa.func.octet_length(_ITEMS.c.body)).over(order_by=_ITEMS.c.call_key).label("so_far"),
            sa.func.row_number().over(order_by=_ITEMS.c.call_key).label("number"),
        )
        .where(_ITEMS.c.batch_id == batch_id, _ITEMS.c.call_key > after, _QUEUED, _ITEMS.c.body.is_not(None))
        .order_by(_ITEMS.c.call_key)
        .limit(most_items)
        .subquery()
    )
    fitting = sa.select(sizes.c.call_key).where(sa.or_(sizes.c.so_far <= most_bytes, sizes.c.number == 1))
    query = (
        sa.select(_ITEMS.c.call_key, _ITEMS.c.body)
        .where(_ITEMS.c.batch_id == batch_id, _ITEMS.c.call_key.in_(fitting))
        .order_by(_ITEMS.c.call_key)
    )
    return [(row.call_key, row.body) for row in session.execute(query)]


def drop_bodies(session: TenantSession, batch_id: UUID) -> None:
    """Forget what was sent: the provider has it, and answers are matched by key."""
    session.execute(
        sa.update(_ITEMS).where(_ITEMS.c.batch_id == batch_id, _ITEMS.c.body.is_not(None)).values(body=None)
    )


def waiting_items(session: TenantSession, batch_id: UUID, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The contexts of those among `keys` that wait for an answer from this batch."""
    rows = session.execute(
        sa.select(_ITEMS.c.call_key, _ITEMS.c.context).where(
            _ITEMS.c.batch_id == batch_id, _ITEMS.c.call_key == sa.any_(sa.literal(list(keys))), _QUEUED
        )
    )
    return {row.call_key: row.context for row in rows}


def present_documents(session: TenantSession, ids: Collection[UUID]) -> set[UUID]:
    """Those of the documents that still exist."""
    if not ids:
        return set()
    return set(session.scalars(sa.select(documents.c.id).where(documents.c.id.in_(list(ids)))))


def holds_item(session: TenantSession, batch_id: UUID, key: str) -> bool:
    """Whether a batch has a request with this key."""
    query = sa.select(sa.literal(1)).where(_ITEMS.c.batch_id == batch_id, _ITEMS.c.call_key == key)
    return session.execute(query).first() is not None


def finish_items(session: TenantSession, batch_id: UUID, keys: Sequence[str]) -> None:
    """Mark requests whose answers are in the ledger."""
    session.execute(
        sa.update(_ITEMS)
        .where(_ITEMS.c.batch_id == batch_id, _ITEMS.c.call_key == sa.any_(sa.literal(list(keys))))
        .values(status=BatchItemStatus.FINISHED.value, error=None)
    )


def fail_items(session: TenantSession, batch: ProviderBatch, failed: Sequence[FailedItem]) -> None:
    """Mark requests that were not answered, and write each into the log of failed tries."""
    if not failed:
        return
    session.execute(
        sa.text(
            "UPDATE provider_batch_items i SET status = 'FAILED', error = r.error "
            "FROM unnest(CAST(:keys AS text[]), CAST(:errors AS text[])) AS r(key, error) "
            "WHERE i.tenant_id = :tenant AND i.batch_id = :batch AND i.call_key = r.key"
        ),
        {
            "keys": [item.key for item in failed],
            "errors": [item.error.replace("\x00", "\ufffd") for item in failed],
            "tenant": tenant_of(session),
            "batch": batch.id,
        },
    )
    rows = [
        {
            "project_id": item.project_id,
            "task_id": item.task_id,
            "call_key": item.key,
            "attempt": 1,
            "provider": batch.provider,
            "model": batch.model,
            "status": CallStatus.FAILED.value,
            "error": item.error.replace("\x00", "\ufffd"),
            "seconds": 0.0,
        }
        for item in failed
    ]
    insert_rows(session, attempts, rows)


def fail_rest(session: TenantSession, batch_id: UUID, reason: str) -> int:
    """Mark every request that still waits as not answered; how many there were."""
    done = session.execute(
        sa.update(_ITEMS)
        .where(_ITEMS.c.batch_id == batch_id, _QUEUED)
        .values(status=BatchItemStatus.FAILED.value, error=reason.replace("\x00", "\ufffd"))
        .returning(sa.literal(1))
    )
    return len(done.all())


def counts(session: TenantSession, batch_id: UUID) -> Mapping[BatchItemStatus, int]:
    """How many requests of a batch are in each state."""
    rows = session.execute(
        sa.select(_ITEMS.c.status, sa.func.count()).where(_ITEMS.c.batch_id == batch_id).group_by(_ITEMS.c.status)
    )
    return {BatchItemStatus(row[0]): row[1] for row in rows}


def affordable(session: TenantSession, batch: ProviderBatch, items: Sequence[NewItem], scopes: Sequence[str]) -> int:
    """How many of the next items the budgets of these scopes allow; what they may cost is held from now on.

    It is held in the name of the batch, like what processes hold for calls in flight, until the batch has ended.
    """
    count = 0

    def decide(rows: list[BudgetRow]) -> Decimal:
        nonlocal count
        room = min(row.limit_usd - row.spent_usd - row.held_by_others_usd for row in rows)
        total = batch.worst_usd
        for item in items:
            if total + item.worst_usd > room:
                break
            total += item.worst_usd
            count += 1
        return total

    hold(session, batch.project_id, sorted(scopes), batch.id, HELD_SECONDS, decide)
    return count


def end_batch(session: TenantSession, batch: ProviderBatch, status: BatchStatus, message: str | None) -> None:
    """Nothing more is done for the batch: its bodies and what it held of budgets are let go."""
    drop_bodies(session, batch.id)
    let_go(session, batch.project_id, batch.id)
    set_batch(session, batch.id, status=status, message=message, ended_at=sa.func.clock_timestamp())
