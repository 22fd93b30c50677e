"""Tasks that a command drove and left behind: a killed process cannot say that it ended, so others say it for it."""

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
import psutil

from resources.database.engine import TenantSession
from resources.database.repositories.events import log
from resources.database.repositories.tasks import ACTIVE, Task, driven_by_commands, lock_task, update_task
from resources.vocabulary import EventKind, TaskStatus

SILENT_SECONDS = 120
"""A command on another host that has not touched its task for so long is taken for gone."""

PROCESS_TAG = "crucible/process"
"""On runs that a command executes in its own process: which one that is."""

NOT_RETRIED = {"dagster/max_retries": "0"}
"""Tags of a command's runs: who started the command starts it again, not the daemon behind their back."""

_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_KILLED = "the process was killed; finished calls are kept and will not be paid for again"
_LEFT = "it was paused, and its command has ended; finished calls are kept and will not be paid for again"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that can be recognised again, even after its number was given to another."""

    host: str
    pid: int
    started: int

    @classmethod
    def current(cls) -> "Process":
        """This process."""
        return cls(socket.gethostname(), os.getpid(), int(psutil.Process().create_time()))

    def alive(self) -> bool:
        """Whether it still runs; of another host this cannot be seen, so it counts as running."""
        if self.host != socket.gethostname():
            return True
        try:
            return int(psutil.Process(self.pid).create_time()) == self.started
        except psutil.NoSuchProcess:
            return False

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}:{self.started}"

    @classmethod
    def parse(cls, text: str) -> "Process":
        """The inverse of `str`."""
        host, pid, started = text.rsplit(":", 2)
        return cls(host, int(pid), int(started))


def vanished(task: Task, now: datetime) -> bool:
    """Whether the command that drives the task is gone; of another host, whether it was silent for too long."""
    process = Process.parse(task.parameters["process"])
    if process.host == socket.gethostname():
        return not process.alive()
    return (now - task.updated_at).total_seconds() >= SILENT_SECONDS


def release_vanished(
    session: TenantSession,
    instance: dg.DagsterInstance,
    project_id: str,
    statuses: Iterable[TaskStatus] = ACTIVE,
) -> str | None:
    """End truthfully what vanished commands left open in a project: tasks of every kind, and their Dagster runs.

    Returns a sentence per task on what was done, None when there was nothing to do.
    """
    said = []
    for task in driven_by_commands(session, project_id, statuses):
        message = _release(session, instance, task)
        if message is not None:
            said.append(f"Task {task.id} ({task.kind.value}) was interrupted before: {message}.")
    return " ".join(said) or None


def _release(session: TenantSession, instance: dg.DagsterInstance, seen: Task) -> str | None:
    if not vanished(seen, datetime.now(UTC)):
        return None
    task = lock_task(session, seen.id)  # it may have ended its task, and then itself, since that was read
    if task is None or task.status is not seen.status or not vanished(task, datetime.now(UTC)):
        return None
    for run in instance.get_runs(dg.RunsFilter(tags={"crucible/task": str(task.id)}, statuses=_UNFINISHED)):
        instance.add_run_tags(run.run_id, NOT_RETRIED)
        instance.report_run_failed(run, "The process of this run is gone.")
    status, kind, message = TaskStatus.FAILED, EventKind.JOB_FAILED, _KILLED
    if task.status is TaskStatus.PAUSED:
        status, kind, message = TaskStatus.CANCELLED, EventKind.JOB_CANCELLED, _LEFT
    update_task(session, task.id, status=status, message=message)
    log(session, kind, message, task.id)
    return message
