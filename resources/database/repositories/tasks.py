"""Tasks: what a person asked for, how far it is, and what happened on the way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from resources.database.engine import Database, TenantSession
from resources.database.repositories.events import log
from resources.database.repositories.projects import tenant_of
from resources.database.tables import tasks
from resources.vocabulary import EXTRACTIONS, EventKind, TaskKind, TaskStatus

ACTIVE = (TaskStatus.PENDING, TaskStatus.RUNNING, TaskStatus.PAUSED)


class TaskActiveError(RuntimeError):
    """The project already has an extraction task that is not finished; `task_id` names it."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__(f"Task {task_id} of this project is still running; wait until it has ended.")
        self.task_id = task_id


@dataclass(frozen=True, slots=True)
class Task:
    """One task as stored, without the list of its documents (`documents_of_task`), which may be long.

    `steps` are the Dagster runs it needs, in order; `step` is the next one to start. A task without steps is not
    planned yet: the task sensor does that when it first sees it.
    """

    id: UUID
    project_id: str
    kind: TaskKind
    status: TaskStatus
    parameters: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    step: int
    run_id: str | None
    progress: Mapping[str, Any]
    message: str | None
    updated_at: datetime


_DOCUMENTS = "documents"
_PARAMETERS = tasks.c.parameters.op("-", return_type=JSONB)(sa.cast(_DOCUMENTS, sa.Text)).label("parameters")
_COLUMNS = [_PARAMETERS if name == "parameters" else tasks.c[name] for name in Task.__dataclass_fields__]


def _task(row: Any) -> Task:
    return Task(**{**row._mapping, "kind": TaskKind(row.kind), "status": TaskStatus(row.status)})


def create_task(
    session: TenantSession,
    project_id: str,
    kind: TaskKind,
    parameters: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    created_by: str | None = None,
) -> UUID:
    """Ask for something. Raises TaskActiveError when the project has an unfinished extraction task.

    Without `steps` the task sensor plans it when it first sees it, over what the project holds then.
    """
    task_id = uuid4()
    try:
        with session.begin_nested():
            session.execute(
                sa.insert(tasks).values(
                    tenant_id=tenant_of(session),
                    id=task_id,
                    project_id=project_id,
                    kind=kind.value,
                    status=TaskStatus.PENDING.value,
                    parameters=dict(parameters),
                    steps=[dict(step) for step in steps],
                    created_by=created_by,
                )
            )
    except sa.exc.IntegrityError as error:
        active = active_extraction(session, project_id)
        if active is None:
            raise
        raise TaskActiveError(active.id) from error
    log(session, EventKind.JOB_CREATED, f"{kind.value} asked for", task_id)
    return task_id


def get_task(session: TenantSession, task_id: UUID) -> Task | None:
    """One task."""
    row = session.execute(sa.select(*_COLUMNS).where(tasks.c.id == task_id)).one_or_none()
    return _task(row) if row else None


def lock_task(session: TenantSession, task_id: UUID) -> Task | None:
    """One task as it is now, held against changes by others until the transaction ends."""
    row = session.execute(sa.select(*_COLUMNS).where(tasks.c.id == task_id).with_for_update()).one_or_none()
    return _task(row) if row else None


def active_extraction(session: TenantSession, project_id: str) -> Task | None:
    """The unfinished extraction task of a project; there is at most one."""
    row = session.execute(
        sa.select(*_COLUMNS).where(
            tasks.c.project_id == project_id,
            tasks.c.kind.in_([kind.value for kind in EXTRACTIONS]),
            tasks.c.status.in_([s.value for s in ACTIVE]),
        )
    ).one_or_none()
    return _task(row) if row else None


def tenants_at_work(database: Database) -> list[str]:
    """Tenants that have pending or running tasks: one question for all of them; for the scheduler only."""
    with database.connect() as connection:
        return list(connection.scalars(sa.text("SELECT tenants_at_work()")))


def documents_of_task(session: TenantSession, task_id: UUID) -> frozenset[UUID] | None:
    """The documents that a task is confined to; None when it is to none in particular."""
    listed = session.scalar(sa.select(tasks.c.parameters[_DOCUMENTS]).where(tasks.c.id == task_id))
    return None if listed is None else frozenset(UUID(document) for document in listed)


def set_parameters(session: TenantSession, task_id: UUID, without: Iterable[str] = (), **changes: Any) -> None:
    """Change some of a task's parameters, and take others away; what is not named stays."""
    kept = tasks.c.parameters.op("-", return_type=JSONB)(sa.cast(list(without), ARRAY(sa.Text)))
    session.execute(
        sa.update(tasks)
        .where(tasks.c.id == task_id)
        .values(parameters=kept.op("||", return_type=JSONB)(sa.cast(changes, JSONB)), updated_at=sa.func.now())
    )


def record_run(session: TenantSession, task_id: UUID, step: int, run_id: str) -> None:
    """Keep which Dagster run does, or did, a step of a task."""
    path = sa.cast([str(step), "run_id"], ARRAY(sa.Text))
    changed = sa.func.jsonb_set(tasks.c.steps, path, sa.cast(run_id, JSONB))
    session.execute(
        sa.update(tasks).where(tasks.c.id == task_id).values(run_id=run_id, steps=changed, updated_at=sa.func.now())
    )


def open_tasks(session: TenantSession) -> list[Task]:
    """Tasks that wait for a run or have one, oldest first."""
    rows = session.execute(
        sa.select(*_COLUMNS)
        .where(tasks.c.status.in_([TaskStatus.PENDING.value, TaskStatus.RUNNING.value]))
        .order_by(tasks.c.created_at)
    )
    return [_task(row) for row in rows]


def driven_by_commands(
    session: TenantSession, project_id: str, statuses: Iterable[TaskStatus] = ACTIVE
) -> list[Task]:
    """Unfinished tasks of every kind whose runs a command executes in its own process, oldest first."""
    rows = session.execute(
        sa.select(*_COLUMNS)
        .where(
            tasks.c.project_id == project_id,
            tasks.c.status.in_([status.value for status in statuses]),
            tasks.c.parameters["driver"].astext == "cli",
        )
        .order_by(tasks.c.created_at)
    )
    return [_task(row) for row in rows]


def latest_tasks(session: TenantSession, project_id: str, limit: int = 5) -> list[Task]:
    """The newest tasks of a project."""
    rows = session.execute(
        sa.select(*_COLUMNS).where(tasks.c.project_id == project_id).order_by(tasks.c.created_at.desc()).limit(limit)
    )
    return [_task(row) for row in rows]


def last_completed(session: TenantSession, project_id: str, kind: TaskKind) -> Task | None:
    """The newest completed task of a kind."""
    row = session.execute(
        sa.select(*_COLUMNS)
        .where(
            tasks.c.project_id == project_id,
            tasks.c.kind == kind.value,
            tasks.c.status == TaskStatus.COMPLETED.value,
        )
        .order_by(tasks.c.created_at.desc())
        .limit(1)
    ).one_or_none()
    return _task(row) if row else None


def update_task(session: TenantSession, task_id: UUID, **fields: Any) -> None:
    """Change columns of a task; `status` may be a TaskStatus. Sets started_at and finished_at by the status."""
    status = fields.get("status")
    if status is not None:
        fields["status"] = TaskStatus(status).value
        if status is TaskStatus.RUNNING:
            fields["started_at"] = sa.func.coalesce(tasks.c.started_at, sa.func.now())
        if status not in ACTIVE:
            fields["finished_at"] = sa.func.now()
    session.execute(sa.update(tasks).where(tasks.c.id == task_id).values(updated_at=sa.func.now(), **fields))


def pause_task(session: TenantSession, task_id: UUID) -> bool:
    """Ask a task to stop for now; its run finishes the calls in flight and ends. False when it is not open."""
    task = lock_task(session, task_id)
    if task is None or task.status not in (TaskStatus.PENDING, TaskStatus.RUNNING):
        return False
    update_task(session, task_id, status=TaskStatus.PAUSED)
    log(session, EventKind.JOB_PAUSED, "a person paused it", task_id)
    return True


def cancel_task(session: TenantSession, task_id: UUID) -> bool:
    """End a task for good; its run finishes the calls in flight and ends. False when it has ended already."""
    task = lock_task(session, task_id)
    if task is None or task.status not in ACTIVE:
        return False
    update_task(session, task_id, status=TaskStatus.CANCELLED, message="a person cancelled it")
    log(session, EventKind.JOB_CANCELLED, "a person cancelled it", task_id)
    return True


def pause_itself(session: TenantSession, task_id: UUID, reason: str) -> None:
    """Pause a running task for a reason that a person must look at; the reason is its message."""
    task = lock_task(session, task_id)
    if task is not None and task.status is TaskStatus.RUNNING:
        update_task(session, task_id, status=TaskStatus.PAUSED, message=reason)
        log(session, EventKind.JOB_PAUSED, reason, task_id)


def resume_task(session: TenantSession, task_id: UUID, budget_usd: str | None = None) -> bool:
    """Let a paused task go on: PENDING again, so that its step is started anew. False when it is not paused.

    From then on the task sensor drives it, even if a command began it: that command ended with the pause. A budget
    that is given takes the place of the old one.
    """
    task = lock_task(session, task_id)
    if task is None or task.status is not TaskStatus.PAUSED:
        return False
    changes = {} if budget_usd is None else {"budget_usd": budget_usd}
    set_parameters(session, task_id, without=("driver", "process"), **changes)
    update_task(session, task_id, status=TaskStatus.PENDING, message=None)
    log(session, EventKind.JOB_RESUMED, "a person resumed it", task_id)
    return True
