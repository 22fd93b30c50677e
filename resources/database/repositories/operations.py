"""What an operator looks at: whether the database is there, how much work waits, what is broken, what lies where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import Database, TenantSession, make_engine
from resources.database.server import Addresses
from resources.database.tables import (
    document_texts,
    documents,
    exports,
    lanes,
    passages,
    provider_batches,
    tasks,
    vectors,
)
from resources.models.decisions.lane import from_json
from resources.vocabulary import BatchStatus, DocumentStatus, TaskKind, TaskStatus

PENDING_SECONDS = 60.0
"""A task that waits longer than this for its run is stuck: runs start within seconds."""
SILENT_SECONDS = 900.0
"""A running task that wrote nothing for so long is stuck; one that waits for a provider batch is not."""

_WAITING = sa.exists().where(
    provider_batches.c.task_id == tasks.c.id,
    provider_batches.c.status.in_([BatchStatus.PREPARED.value, BatchStatus.SUBMITTED.value]),
)
_QUIET = sa.extract("epoch", sa.func.now() - tasks.c.updated_at)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the database found: its version, and the revision of the tables (None: there are none)."""

    version: str
    revision: str | None


class DatabaseSilentError(RuntimeError):
    """The database gave no answer; the message says what happened, for the log."""


def look_at(addresses: Addresses, seconds: int) -> Found:
    """Ask the database on a connection of its own, so that a full pool does not answer for it.

    Raises DatabaseSilentError, at most about twice `seconds` later.
    """
    url = addresses.app.update_query_dict({"connect_timeout": str(seconds)})
    engine = make_engine(url, poolclass=sa.NullPool)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{seconds}s'")
            version = connection.scalar(sa.text("SHOW server_version"))
            there = connection.scalar(sa.text("SELECT to_regclass('public.alembic_version') IS NOT NULL"))
            revision = connection.scalar(sa.text("SELECT version_num FROM alembic_version")) if there else None
    except sa.exc.DBAPIError as error:
        raise DatabaseSilentError(str(error.orig)) from error
    return Found(str(version), revision)


@dataclass(frozen=True, slots=True)
class Work:
    """Tasks of all tenants in one state."""

    status: TaskStatus
    tasks: int
    oldest_seconds: float  # since the one that changed longest ago did
    stuck: int


def work_of_all(database: Database) -> list[Work]:
    """How much work there is, of all tenants together."""
    query = sa.text(
        "SELECT status, sum(tasks)::bigint, extract(epoch FROM now() - min(since))::double precision, "
        "sum(stuck)::bigint FROM work_of_all(:pending, :silent) GROUP BY status"
    )
    with database.connect() as connection, connection.begin():
        rows = connection.execute(query, {"pending": PENDING_SECONDS, "silent": SILENT_SECONDS}).all()
    return [Work(TaskStatus(row[0]), row[1], row[2], row[3]) for row in rows]


@dataclass(frozen=True, slots=True)
class BreakerState:
    """The breaker of one account with a provider and model; `model` is 'provider:model'."""

    model: str
    phase: str
    failures: int
    open_seconds: float  # until it lets a probe through
    reason: str


def breaker_states(database: Database) -> list[BreakerState]:
    """All breakers, which the tenants of an installation share."""
    clock = sa.func.extract("epoch", sa.func.clock_timestamp())
    with database.connect() as connection, connection.begin():
        rows = connection.execute(sa.select(lanes, clock.label("now")).order_by(lanes.c.lane)).all()
    found = []
    for row in rows:
        breaker = from_json(row.breaker, row.limits).breaker
        left = max(0.0, breaker.open_until - float(row.now))
        model = row.lane.rpartition("@")[0] or row.lane
        found.append(BreakerState(model, breaker.phase.value, len(breaker.failures), left, breaker.reason))
    return found


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that waits or runs, and how long nothing was heard of it."""

    id: UUID
    project_id: str
    kind: TaskKind
    status: TaskStatus
    quiet_seconds: float
    asked_at: datetime
    run_id: str | None
    waits_for_batches: bool
    by_command: bool


def tasks_in_work(session: TenantSession) -> list[OpenTask]:
    """Tasks that are PENDING or RUNNING, the quietest first."""
    rows = session.execute(
        sa.select(
            tasks.c.id,
            tasks.c.project_id,
            tasks.c.kind,
            tasks.c.status,
            _QUIET.label("quiet"),
            tasks.c.created_at,
            tasks.c.run_id,
            _WAITING.label("waits"),
            (sa.func.coalesce(tasks.c.parameters["driver"].astext, "") == "cli").label("by_command"),
        )
        .where(tasks.c.status.in_([TaskStatus.PENDING.value, TaskStatus.RUNNING.value]))
        .order_by(tasks.c.updated_at, tasks.c.id)
    )
    return [
        OpenTask(
            r.id,
            r.project_id,
            TaskKind(r.kind),
            TaskStatus(r.status),
            float(r.quiet),
            r.created_at,
            r.run_id,
            r.waits,
            r.by_command,
        )
        for r in rows
    ]


def failed_documents(session: TenantSession) -> Mapping[str, int]:
    """Current documents that could not be read, by reason."""
    rows = session.execute(
        sa.select(documents.c.error_reason, sa.func.count())
        .where(documents.c.status == DocumentStatus.FAILED.value, documents.c.current)
        .group_by(documents.c.error_reason)
        .order_by(documents.c.error_reason)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """Passages and vectors of a tenant, and which of them do not fit together."""

    passages: int
    vectors: int
    without_vector: int  # passages of current documents that the installation's model has no vector of
    other_models: int  # vectors of another model or of another version of it
    wrong_dimension: int  # vectors under the installation's model with another length
    orphans: int  # vectors whose passage is not there
    superseded: int  # vectors of documents that are no longer current


def index_health(session: TenantSession, model: str, dimension: int) -> IndexHealth:
    """Count what does not fit. `model` is how the fingerprints of the installation's model begin."""
    ours = vectors.c.model.startswith(model, autoescape=True)
    same_place = (vectors.c.document_id == passages.c.document_id) & (vectors.c.passage_index == passages.c.index)
    current = sa.select(documents.c.id).where(documents.c.current)
    counts = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count().filter(~ours),
            sa.func.count().filter(ours, vectors.c.dimension != dimension),
            sa.func.count().filter(~sa.exists().where(same_place)),
            sa.func.count().filter(vectors.c.document_id.not_in(current)),
        ).select_from(vectors)
    ).one()
    number = session.scalar(sa.select(sa.func.count()).select_from(passages)) or 0
    bare = session.scalar(
        sa.select(sa.func.count())
        .select_from(passages)
        .where(passages.c.document_id.in_(current), ~sa.exists().where(same_place, ours))
    )
    return IndexHealth(number, counts[0], bare or 0, *counts[1:])


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes that a tenant's data take; of texts and vectors as the database stores them."""

    documents: int
    texts: int
    vectors: int
    exports: int


def storage(session: TenantSession) -> Storage:
    """Bytes by kind."""

    def total(size: sa.ColumnElement[int]) -> int:
        return int(session.scalar(sa.select(sa.func.coalesce(sa.func.sum(size), 0))) or 0)

    return Storage(
        total(documents.c.size_bytes),
        total(sa.func.pg_column_size(document_texts.c.text)),
        total(sa.func.pg_column_size(vectors.c.embedding)),
        total(exports.c.size_bytes),
    )
