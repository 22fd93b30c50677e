"""Tasks: what a person asked for, how far it is, and what happened on the way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import events, tasks
from resources.vocabulary import EXTRACTIONS, TaskKind, TaskStatus

ACTIVE = (TaskStatus.PENDING, TaskStatus.RUNNING, TaskStatus.PAUSED)


class TaskActiveError(RuntimeError):
    """The project already has an extraction task that is not finished; `task_id` names it."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__(f"Task {task_id} of this project is still running; wait until it has ended.")
        self.task_id = task_id


@dataclass(frozen=True, slots=True)
class Task:
    """One task as stored. `steps` are the Dagster runs it needs, in order; `step` is the next one to start."""

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


_COLUMNS = [tasks.c[name] for name in Task.__dataclass_fields__]


def _task(row: Any) -> Task:
    return Task(**{**row._mapping, "kind": TaskKind(row.kind), "status": TaskStatus(row.status)})


def create_task(
    session: TenantSession,
    project_id: str,
    kind: TaskKind,
    parameters: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
) -> UUID:
    """Ask for something. Raises TaskActiveError when the project has an unfinished extraction task."""
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
                )
            )
    except sa.exc.IntegrityError as error:
        active = active_extraction(session, project_id)
        if active is None:
            raise
        raise TaskActiveError(active.id) from error
    log(session, "created", f"{kind.value} asked for", task_id)
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
    log(session, "paused", "a person paused it", task_id)
    return True


def cancel_task(session: TenantSession, task_id: UUID) -> bool:
    """End a task for good; its run finishes the calls in flight and ends. False when it has ended already."""
    task = lock_task(session, task_id)
    if task is None or task.status not in ACTIVE:
        return False
    update_task(session, task_id, status=TaskStatus.CANCELLED, message="a person cancelled it")
    log(session, "cancelled", "a person cancelled it", task_id)
    return True


def pause_itself(session: TenantSession, task_id: UUID, reason: str) -> None:
    """Pause a running task for a reason that a person must look at; the reason is its message."""
    task = lock_task(session, task_id)
    if task is not None and task.status is TaskStatus.RUNNING:
        update_task(session, task_id, status=TaskStatus.PAUSED, message=reason)
        log(session, "paused", reason, task_id)


def resume_task(session: TenantSession, task_id: UUID) -> bool:
    """Let a paused task go on: PENDING again, so that its step is started anew. False when it is not paused.

    From then on the task sensor drives it, even if a command began it: that command ended with the pause.
    """
    task = lock_task(session, task_id)
    if task is None or task.status is not TaskStatus.PAUSED:
        return False
    kept = {name: value for name, value in task.parameters.items() if name not in ("driver", "process")}
    update_task(session, task_id, status=TaskStatus.PENDING, parameters=kept)
    log(session, "resumed", "a person resumed it", task_id)
    return True


def log(session: TenantSession, kind: str, message: str, task_id: UUID | None = None, **payload: Any) -> None:
    """Write one line of the log; it is never changed."""
    session.execute(
        sa.insert(events).values(
            tenant_id=tenant_of(session), task_id=task_id, kind=kind, message=message, payload=payload
        )
    )


def read_log(session: TenantSession, task_id: UUID, after: int = 0) -> list[Any]:
    """The log of one task from a sequence number on."""
    return list(
        session.execute(
            sa.select(events).where(events.c.task_id == task_id, events.c.seq > after).order_by(events.c.seq)
        )
    )
