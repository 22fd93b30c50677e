"""Provider batches: what waits to be sent, what is out, and what became of every request."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.bulk import insert_rows
from resources.database.engine import Database, TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import attempts, documents, provider_batch_items, provider_batches
from resources.vocabulary import BatchItemStatus, BatchStatus, CallStatus

_BATCHES, _ITEMS = provider_batches, provider_batch_items
_OPEN = _BATCHES.c.status.in_([BatchStatus.PREPARED.value, BatchStatus.SUBMITTED.value])
_QUEUED = _ITEMS.c.status == BatchItemStatus.QUEUED.value


@dataclass(frozen=True, slots=True)
class ProviderBatch:
    """One batch as stored."""

    id: UUID
    project_id: str
    task_id: UUID | None
    step: int
    attempt: int
    provider: str
    model: str
    remote_id: str | None
    status: BatchStatus
    sealed: bool
    items: int
    size_bytes: int
    message: str | None
    created_at: datetime
    submitted_at: datetime | None
    taken_at: datetime | None
    cancel_requested_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether something is still to be done for it."""
        return self.status in (BatchStatus.PREPARED, BatchStatus.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which run made a batch: the attempt at a step of a task, as in the tags of the run."""

    project_id: str
    task_id: UUID | None
    step: int = 0
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class NewItem:
    """A request to be added: its key in the ledger, its body and context as JSON."""

    key: str
    body: str
    context: str


@dataclass(frozen=True, slots=True)
class FailedItem:
    """A request that was not answered, for the log of failed tries."""

    key: str
    error: str
    project_id: str
    task_id: UUID | None


_COLUMNS = [_BATCHES.c[name] for name in ProviderBatch.__dataclass_fields__]


def _batch(row: Any) -> ProviderBatch:
    return ProviderBatch(**{**row._mapping, "status": BatchStatus(row.status)})


def get_batch(session: TenantSession, batch_id: UUID) -> ProviderBatch | None:
    """One batch."""
    row = session.execute(sa.select(*_COLUMNS).where(_BATCHES.c.id == batch_id)).one_or_none()
    return _batch(row) if row else None


def open_batches(session: TenantSession, task_id: UUID | None = None) -> list[ProviderBatch]:
    """Batches that are to be sent or are out, oldest first; of one task when it is given."""
    query = sa.select(*_COLUMNS).where(_OPEN).order_by(_BATCHES.c.created_at)
    if task_id is not None:
        query = query.where(_BATCHES.c.task_id == task_id)
    return [_batch(row) for row in session.execute(query)]


def batches_of_task(session: TenantSession, task_id: UUID) -> list[ProviderBatch]:
    """Every batch of a task, oldest first."""
    query = sa.select(*_COLUMNS).where(_BATCHES.c.task_id == task_id).order_by(_BATCHES.c.created_at)
    return [_batch(row) for row in session.execute(query)]


def batches_of_attempt(session: TenantSession, task_id: UUID, step: int, attempt: int) -> list[ProviderBatch]:
    """The batches for which an attempt at a task's step left documents undone."""
    return [b for b in batches_of_task(session, task_id) if (b.step, b.attempt) == (step, attempt)]


def rounds_before(session: TenantSession, by: Attempt) -> int:
    """How many attempts before this one had batches that were not cancelled."""
    return (
        session.scalar(
            sa.select(sa.func.count(sa.distinct(_BATCHES.c.attempt))).where(
                _BATCHES.c.task_id == by.task_id,
                _BATCHES.c.step == by.step,
                _BATCHES.c.attempt < by.attempt,
                _BATCHES.c.status != BatchStatus.CANCELLED.value,
            )
        )
        or 0
    )


def others_out(session: TenantSession, batch: ProviderBatch) -> bool:
    """Whether another batch for the same model is with the provider."""
    query = sa.select(sa.literal(1)).where(
        _BATCHES.c.provider == batch.provider,
        _BATCHES.c.model == batch.model,
        _BATCHES.c.status == BatchStatus.SUBMITTED.value,
        _BATCHES.c.id != batch.id,
    )
    return session.execute(query.limit(1)).first() is not None


def known_remote_ids(session: TenantSession, provider: str) -> set[str]:
    """The provider's names of this tenant's batches."""
    query = sa.select(_BATCHES.c.remote_id).where(_BATCHES.c.provider == provider, _BATCHES.c.remote_id.is_not(None))
    return {str(name) for name in session.scalars(query)}


def set_batch(session: TenantSession, batch_id: UUID, **fields: Any) -> None:
    """Change columns of a batch; `status` may be a BatchStatus."""
    if "status" in fields:
        fields["status"] = BatchStatus(fields["status"]).value
    session.execute(sa.update(_BATCHES).where(_BATCHES.c.id == batch_id).values(updated_at=sa.func.now(), **fields))


# filling


def batch_to_fill(session: TenantSession, by: Attempt, provider: str, model: str) -> ProviderBatch:
    """The batch that this attempt is filling, made if need be, and locked until the transaction ends."""
    row = session.execute(
        sa.select(*_COLUMNS)
        .where(
            _BATCHES.c.project_id == by.project_id,
            _BATCHES.c.task_id.is_not_distinct_from(by.task_id),
            _BATCHES.c.step == by.step,
            _BATCHES.c.attempt == by.attempt,
            _BATCHES.c.provider == provider,
            _BATCHES.c.model == model,
            _BATCHES.c.status == BatchStatus.PREPARED.value,
            ~_BATCHES.c.sealed,
        )
        .order_by(_BATCHES.c.created_at)
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if row is None:
        row = session.execute(
            sa.insert(_BATCHES)
            .values(
                tenant_id=tenant_of(session),
                id=uuid4(),
                project_id=by.project_id,
                task_id=by.task_id,
                step=by.step,
                attempt=by.attempt,
                provider=provider,
                model=model,
                status=BatchStatus.PREPARED.value,
            )
            .returning(*_COLUMNS)
        ).one()
    return _batch(row)


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
            updated_at=sa.func.now(),
        )
    )


def seal(session: TenantSession, batch_id: UUID) -> None:
    """Nothing is added to the batch from now on; it may be sent."""
    set_batch(session, batch_id, sealed=True)


def seal_all(session: TenantSession, by: Attempt) -> list[UUID]:
    """Seal what an attempt was filling; the ids of all its batches that are to be sent."""
    mine = (
        _BATCHES.c.project_id == by.project_id,
        _BATCHES.c.task_id.is_not_distinct_from(by.task_id),
        _BATCHES.c.step == by.step,
        _BATCHES.c.attempt == by.attempt,
        _BATCHES.c.status == BatchStatus.PREPARED.value,
    )
    session.execute(sa.update(_BATCHES).where(*mine).values(sealed=True, updated_at=sa.func.now()))
    return list(session.scalars(sa.select(_BATCHES.c.id).where(*mine).order_by(_BATCHES.c.created_at)))


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
        .where(_BATCHES.c.project_id == project_id, _OPEN, _QUEUED)
    )
    for row in session.execute(query.execution_options(yield_per=5_000)):
        yield row.call_key, row.batch_id


def take_over(session: TenantSession, batch_ids: Sequence[UUID], by: Attempt) -> None:
    """Let an attempt wait for batches that others made: what it needs is in them."""
    session.execute(
        sa.update(_BATCHES)
        .where(_BATCHES.c.id.in_(list(batch_ids)))
        .values(task_id=by.task_id, step=by.step, attempt=by.attempt, updated_at=sa.func.now())
    )


# sending and reading


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


@contextmanager
def lease(database: Database, batch_id: UUID) -> Iterator[bool]:
    """Whether this process alone may work on the batch; PostgreSQL frees it when the process is gone."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        number = {"n": int.from_bytes(batch_id.bytes[:8], "big", signed=True)}
        mine = bool(connection.scalar(sa.text("SELECT pg_try_advisory_lock(:n)"), number))
        try:
            yield mine
        finally:
            if mine:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:n)"), number)
