"""Events of tasks: facts, numbered per task in the order of their commits, and where a task stands.

Who has read up to a number has missed nothing before it (a trigger counts under the lock of the task's row), so a
reader needs nothing but the last number it saw. `NOTIFY` only says that there is something to read: it is sent in the
transactions of those who write seldom (`log`), and by a run's reporter on behalf of the transactions that store
cells, because at commit it takes a lock of the whole database.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.bulk import insert_rows
from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import documents, events, tasks
from resources.vocabulary import EventKind, TaskStatus

CHANNEL = "crucible_events"
"""Of NOTIFY; the payload is a JSON object of `tenant`, `task` and `seq`."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact as stored. `document` is the name of the document it tells of; None also when that was deleted."""

    seq: int
    kind: EventKind
    message: str
    payload: Mapping[str, Any]
    created_at: datetime
    document_id: UUID | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """What became of one document; `kind` is DOCUMENT_COMPLETED or DOCUMENT_FAILED."""

    document_id: UUID
    kind: EventKind
    message: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands: what is read first, so that all facts up to `last_event` can be read after it."""

    status: TaskStatus
    last_event: int
    progress: Mapping[str, Any]
    updated_at: datetime


def log(session: TenantSession, kind: EventKind, message: str, task_id: UUID | None = None, **payload: Any) -> None:
    """Write one fact, never changed afterwards, and wake who listens to the task. Not for what happens often."""
    values = {"task_id": task_id, "kind": kind.value, "message": message, "payload": payload}
    made = sa.insert(events).values(tenant_id=tenant_of(session), **values).returning(events.c.seq)
    seq = session.execute(made).scalar_one()
    if task_id is not None:
        notify(session, task_id, seq)


def tell_of_documents(session: TenantSession, task_id: UUID, facts: Sequence[DocumentFact]) -> None:
    """Write what became of documents, in the transaction that stores their cells and at its end. Wakes nobody.

    What was told of a document in this task is not told again. From here on the task's row is held until commit.
    """
    held = sa.select(tasks.c.id).where(tasks.c.id == task_id).with_for_update(key_share=True)
    if session.execute(held).one_or_none() is None:
        return  # the task was deleted: nobody is left to be told
    ids = [fact.document_id for fact in facts]
    told = {
        (row.document_id, row.kind)
        for row in session.execute(
            sa.select(events.c.document_id, events.c.kind).where(
                events.c.task_id == task_id, events.c.document_id.in_(ids)
            )
        )
    }
    insert_rows(
        session,
        events,
        [
            {
                "task_id": task_id,
                "document_id": fact.document_id,
                "kind": fact.kind.value,
                "message": fact.message,
                "payload": dict(fact.payload),
            }
            for fact in facts
            if (fact.document_id, fact.kind) not in told
        ],
    )


def notify(session: TenantSession, task_id: UUID, seq: int) -> None:
    """Wake who listens to a task once this transaction has committed."""
    payload = json.dumps({"tenant": session.info["tenant"], "task": str(task_id), "seq": seq})
    session.execute(sa.select(sa.func.pg_notify(CHANNEL, payload)))


def read_log(session: TenantSession, task_id: UUID, after: int = 0, limit: int | None = None) -> list[Event]:
    """The facts of one task behind a number, in order; at most `limit`."""
    query = (
        sa.select(
            events.c.seq,
            events.c.kind,
            events.c.message,
            events.c.payload,
            events.c.created_at,
            events.c.document_id,
            documents.c.name,
        )
        .select_from(
            events.outerjoin(
                documents,
                sa.and_(documents.c.tenant_id == events.c.tenant_id, documents.c.id == events.c.document_id),
            )
        )
        .where(events.c.task_id == task_id, events.c.seq > after)
        .order_by(events.c.seq)
        .limit(limit)
    )
    return [Event(row.seq, EventKind(row.kind), *row[2:]) for row in session.execute(query)]


def standing(session: TenantSession, task_id: UUID) -> Standing | None:
    """Where a task stands; None when there is none."""
    row = session.execute(
        sa.select(tasks.c.status, tasks.c.last_event, tasks.c.progress, tasks.c.updated_at).where(
            tasks.c.id == task_id
        )
    ).one_or_none()
    return Standing(TaskStatus(row.status), *row[1:]) if row else None
