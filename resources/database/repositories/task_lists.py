"""Tasks as people look at them, in lists and one by one, and what a project has to offer a new task."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import cells, documents, projects, tasks, variables
from resources.vocabulary import CellState, DocumentStatus, TaskKind, TaskStatus

_ASKED = ("sample", "models", "formats", "export_options", "force", "variables", "calls", "budget_usd", "themes")


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task with all that is shown of it. `asked` is what was asked for, without the list of documents."""

    id: UUID
    project_id: str
    kind: TaskKind
    status: TaskStatus
    message: str | None
    asked: Mapping[str, Any]
    documents: int | None  # how many it is confined to; None: to none in particular
    steps: Sequence[Mapping[str, Any]]
    step: int
    progress: Mapping[str, Any]
    last_event: int
    created_by: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime


_COMPUTED = {
    "asked": sa.func.jsonb_build_object(*[part for name in _ASKED for part in (name, tasks.c.parameters[name])]),
    "documents": sa.case(
        (sa.func.jsonb_typeof(tasks.c.parameters["documents"]) == "array",
         sa.func.jsonb_array_length(tasks.c.parameters["documents"]))
    ),
}  # fmt: skip
_RECORD = [
    _COMPUTED[name].label(name) if name in _COMPUTED else tasks.c[name] for name in TaskRecord.__dataclass_fields__
]


def _record(row: Any) -> TaskRecord:
    return TaskRecord(**{**row._mapping, "kind": TaskKind(row.kind), "status": TaskStatus(row.status)})


def task_record(session: TenantSession, task_id: UUID) -> TaskRecord | None:
    """One task."""
    row = session.execute(sa.select(*_RECORD).where(tasks.c.id == task_id)).one_or_none()
    return _record(row) if row else None


def task_page(
    session: TenantSession,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
    project_id: str | None = None,
    status: TaskStatus | None = None,
    kind: TaskKind | None = None,
) -> list[TaskRecord]:
    """Tasks, newest first: at most `limit` of those made before the one with this time and id."""
    query = sa.select(*_RECORD).order_by(tasks.c.created_at.desc(), tasks.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(sa.tuple_(tasks.c.created_at, tasks.c.id) < sa.tuple_(*before))
    if project_id is not None:
        query = query.where(tasks.c.project_id == project_id)
    if status is not None:
        query = query.where(tasks.c.status == status.value)
    if kind is not None:
        query = query.where(tasks.c.kind == kind.value)
    return [_record(row) for row in session.execute(query)]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a project has for a task to work on."""

    archived: bool
    variables: frozenset[str]
    documents: int


def project_offer(session: TenantSession, project_id: str) -> Offer | None:
    """What there is to work on in a project; None when there is no such project."""
    archived = session.scalar(sa.select(projects.c.archived).where(projects.c.id == project_id))
    if archived is None:
        return None
    named = session.scalars(
        sa.select(variables.c.name).where(variables.c.project_id == project_id, variables.c.active)
    )
    counted = session.scalar(
        sa.select(sa.func.count())
        .select_from(documents)
        .where(documents.c.project_id == project_id, documents.c.current)
    )
    return Offer(archived, frozenset(named), counted or 0)


def known_documents(session: TenantSession, project_id: str, ids: Collection[UUID]) -> dict[UUID, int]:
    """Those of some documents that are current documents of the project, with the batch of each."""
    rows = session.execute(
        sa.select(documents.c.id, documents.c.batch).where(
            documents.c.project_id == project_id, documents.c.current, documents.c.id.in_(list(ids))
        )
    )
    return {row.id: row.batch for row in rows}


def failed_documents(session: TenantSession, project_id: str, limit: int | None = None) -> dict[UUID, int]:
    """Current documents that could not be read or hold a FAILED cell of an active variable, with their batches."""
    failed_cell = (
        sa.exists()
        .where(
            cells.c.project_id == project_id,
            cells.c.document_id == documents.c.id,
            cells.c.state == CellState.FAILED.value,
            variables.c.project_id == project_id,
            variables.c.name == cells.c.variable,
            variables.c.active,
        )
        .correlate(documents)
    )
    query = (
        sa.select(documents.c.id, documents.c.batch)
        .where(
            documents.c.project_id == project_id,
            documents.c.current,
            sa.or_(documents.c.status == DocumentStatus.FAILED.value, failed_cell),
        )
        .order_by(documents.c.batch, documents.c.id)
    )
    return {row.id: row.batch for row in session.execute(query if limit is None else query.limit(limit))}
