"""Provider batches: which are filled, which wait to be sent, which are out, and who works on them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.engine import Database, TenantSession
from resources.database.repositories.budgets import let_go
from resources.database.repositories.projects import tenant_of
from resources.database.tables import provider_batches
from resources.vocabulary import BatchStatus

_BATCHES = provider_batches
OPEN = _BATCHES.c.status.in_([BatchStatus.PREPARED.value, BatchStatus.SUBMITTED.value])


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
    worst_usd: Decimal  # the most that it can cost; held of the budgets until it has ended
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


_COLUMNS = [_BATCHES.c[name] for name in ProviderBatch.__dataclass_fields__]


def _batch(row: Any) -> ProviderBatch:
    return ProviderBatch(**{**row._mapping, "status": BatchStatus(row.status)})


def get_batch(session: TenantSession, batch_id: UUID) -> ProviderBatch | None:
    """One batch."""
    row = session.execute(sa.select(*_COLUMNS).where(_BATCHES.c.id == batch_id)).one_or_none()
    return _batch(row) if row else None


def open_batches(session: TenantSession, task_id: UUID | None = None) -> list[ProviderBatch]:
    """Batches that are to be sent or are out, oldest first; of one task when it is given."""
    query = sa.select(*_COLUMNS).where(OPEN).order_by(_BATCHES.c.created_at)
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


def forget_empty(session: TenantSession, batch: ProviderBatch) -> None:
    """Delete a batch that no item was added to."""
    let_go(session, batch.project_id, batch.id)
    session.execute(sa.delete(_BATCHES).where(_BATCHES.c.id == batch.id, _BATCHES.c["items"] == 0))


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


def take_over(session: TenantSession, batch_ids: Sequence[UUID], by: Attempt) -> None:
    """Let an attempt wait for batches that others made: what it needs is in them."""
    session.execute(
        sa.update(_BATCHES)
        .where(_BATCHES.c.id.in_(list(batch_ids)))
        .values(task_id=by.task_id, step=by.step, attempt=by.attempt, updated_at=sa.func.now())
    )


@contextmanager
def lease(database: Database, batch_id: UUID) -> Iterator[bool]:
    """Whether this process alone may work on the batch; PostgreSQL frees it when the process is gone."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        number = {"n": int.from_bytes(batch_id.bytes[:8], "big", signed=True)}
        mine = bool(connection.scalar(sa.text("SELECT pg_try_advisory_lock(:n)"), number))
        try:
            yield mine
        finally:
            if mine:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:n)"), number)
