"""Runs a task's steps in this process, through Dagster, on the instance that its UI shows."""

import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import dagster as dg
import psutil
from rich.console import Console

from cli.progress import ProgressDisplay
from crucible_assets.partitions import ProjectKey
from jobs.steps import Step, Wish, run_tags
from resources.database.engine import TenantSession
from resources.database.repositories.tasks import (
    active_extraction,
    create_task,
    get_task,
    log,
    update_task,
)
from resources.installation import Installation
from resources.vocabulary import TaskKind, TaskStatus

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
PROCESS_TAG = "crucible/process"
SILENT_SECONDS = 120
"""A command on another host that has not touched its task for so long is taken for gone."""


class StepFailedError(RuntimeError):
    """A Dagster run failed; the message is its reason, `run_id` shows the rest in the UI."""

    def __init__(self, message: str, run_id: str) -> None:
        super().__init__(message)
        self.run_id = run_id


class InterruptedTaskError(RuntimeError):
    """The person stopped it, or the task was paused or cancelled; it can be resumed."""


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


def release_vanished(session: TenantSession, instance: dg.DagsterInstance, project_id: str) -> str | None:
    """If the project's active task belongs to a process that is gone, end it truthfully. Returns what was done."""
    task = active_extraction(session, project_id)
    if task is None or task.parameters.get("driver") != "cli":
        return None
    process = Process.parse(task.parameters["process"])
    silent = (datetime.now(UTC) - task.updated_at).total_seconds()
    if process.alive() and (process.host == socket.gethostname() or silent < SILENT_SECONDS):
        return None
    for run in instance.get_runs(
        filters=dg.RunsFilter(
            tags={"crucible/task": str(task.id)},
            statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING],
        )
    ):
        instance.report_run_failed(run, "The process of this run is gone.")
    message = "the process was killed; finished calls are kept and will not be paid for again"
    update_task(session, task.id, status=TaskStatus.FAILED, message=message)
    log(session, "failed", message, task.id)
    return f"Task {task.id} was interrupted before: {message}."


def run_task(
    installation: Installation,
    instance: dg.DagsterInstance,
    project: ProjectKey,
    kind: TaskKind,
    steps: Sequence[Step],
    wish: Wish,
    console: Console,
) -> UUID:
    """Create a task and do its steps in order. Raises TaskActiveError, StepFailedError, InterruptedTaskError."""
    process = str(Process.current())
    with installation.database.transaction(project.tenant) as session:
        parameters = {**wish.as_json(), "driver": "cli", "process": process}
        task_id = create_task(session, project.project, kind, parameters, [step.as_json() for step in steps])
        update_task(session, task_id, status=TaskStatus.RUNNING)
    status, message = TaskStatus.FAILED, "stopped by an error"
    try:
        with ProgressDisplay(installation, project.tenant, task_id, project.project, console) as display:
            for number, step in enumerate(steps):
                display.stage(step.job)
                tags = run_tags(project, task_id, kind, number, wish) | {PROCESS_TAG: process}
                run_id = _run_step(instance, step, tags)
                with installation.database.transaction(project.tenant) as session:
                    update_task(session, task_id, step=number + 1, run_id=run_id)
        status, message = TaskStatus.COMPLETED, "all steps done"
    except (KeyboardInterrupt, InterruptedTaskError):
        status, message = TaskStatus.CANCELLED, "interrupted; run it again to go on"
        raise InterruptedTaskError(message) from None
    except StepFailedError as error:
        message = str(error)
        raise
    finally:
        with installation.database.transaction(project.tenant) as session:
            task = get_task(session, task_id)
            if task is not None and task.status is TaskStatus.RUNNING:
                update_task(session, task_id, status=status, message=message)
            log(session, status.value.lower(), message, task_id)
    return task_id


def _run_step(instance: dg.DagsterInstance, step: Step, tags: dict[str, str]) -> str:
    from crucible_assets.definitions import defs  # loads every asset; commands that need none stay fast

    try:
        result = defs.resolve_job_def(step.job).execute_in_process(
            instance=instance,
            partition_key=step.partition_key,
            tags=tags | step.range_tags,
            run_config=_QUIET,
            raise_on_error=False,
        )
    except dg.DagsterExecutionInterruptedError:
        raise InterruptedTaskError("interrupted") from None
    if not result.success:
        raise _reason(result)
    return result.run_id


def _reason(result: dg.ExecuteInProcessResult) -> Exception:
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            if error is not None and error.cause is not None and error.cls_name != "Failure":
                error = error.cause  # Dagster's own wrapping round what was raised
            if error is not None:
                text = re.sub(r"^[\w.]+(Error|Failure): ", "", error.message.strip())
                if "RunStoppedError" in (error.cls_name or ""):
                    return InterruptedTaskError(text)
                if "Interrupt" in (error.cls_name or ""):
                    return InterruptedTaskError("interrupted")
                return StepFailedError(text, result.run_id)
    failed = [e.message for e in result.all_events if e.is_failure]
    return StepFailedError("; ".join(m for m in failed if m) or "the run failed", result.run_id)
