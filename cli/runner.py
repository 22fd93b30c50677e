"""Runs a task's steps in this process, through Dagster, on the instance that its UI shows."""

import re
from collections.abc import Sequence
from itertools import count
from uuid import UUID

import dagster as dg
from rich.console import Console

from cli.errors import InterruptedTaskError, StepFailedError
from cli.progress import ProgressDisplay
from crucible_assets.partitions import ProjectKey
from jobs.provider_batches import poll_seconds, wait_and_ingest
from jobs.steps import Step, Wish, run_tags
from jobs.vanished import NOT_RETRIED, PROCESS_TAG, Process, release_vanished
from resources.database.repositories.events import log
from resources.database.repositories.provider_batches import open_batches
from resources.database.repositories.tasks import create_task, get_task, record_run, update_task
from resources.installation import Installation
from resources.vocabulary import BatchStatus, EventKind, TaskKind, TaskStatus

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_ENDED_AS = {
    TaskStatus.COMPLETED: EventKind.JOB_COMPLETED,
    TaskStatus.FAILED: EventKind.JOB_FAILED,
    TaskStatus.CANCELLED: EventKind.JOB_CANCELLED,
}

__all__ = [
    "PROCESS_TAG",
    "InterruptedTaskError",
    "StepFailedError",
    "release_vanished",
    "run_step",
    "run_task",
]


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
    said: set[str] = set()

    def say(words: str) -> None:
        if words not in said:  # the same state is told once, not at every look
            said.add(words)
            console.print(words)

    try:
        with ProgressDisplay(installation, project.tenant, task_id, project.project, console) as display:
            for number, step in enumerate(steps):
                display.stage(step.job)
                for attempt in count():  # again for what waited for a provider batch
                    tags = run_tags(project, task_id, kind, number, wish, attempt)
                    run_id = run_step(instance, step, tags | NOT_RETRIED | {PROCESS_TAG: process})
                    if not wait_and_ingest(
                        installation, project.tenant, task_id, poll_seconds(), step=number, attempt=attempt, say=say
                    ):
                        break
                with installation.database.transaction(project.tenant) as session:
                    update_task(session, task_id, step=number + 1)
                    record_run(session, task_id, number, run_id)
        status, message = TaskStatus.COMPLETED, "all steps done"
    except (KeyboardInterrupt, InterruptedTaskError) as error:
        status, message = _interrupted(installation, project.tenant, task_id)
        said_of_it = message if status is TaskStatus.FAILED else str(error)
        raise InterruptedTaskError(said_of_it or "interrupted") from None
    except StepFailedError as error:
        message = str(error)
        raise
    finally:
        with installation.database.transaction(project.tenant) as session:
            task = get_task(session, task_id)
            mine = task is not None and task.parameters.get("process") == process  # else it was resumed elsewhere
            if task is not None and mine and task.status is TaskStatus.RUNNING:
                update_task(session, task_id, status=status, message=message)
                log(session, _ENDED_AS[status], message, task_id)
            elif task is not None:
                log(session, EventKind.LOG, f"the command that ran it has ended: {message}", task_id)
    return task_id


def _interrupted(installation: Installation, tenant: str, task_id: UUID) -> tuple[TaskStatus, str]:
    """How a task stands that was interrupted by Ctrl-C.

    What is out at a provider is paid for, and would be called back if the task were cancelled or paused. So the task
    is said to have failed: then the answers are still brought in, by whoever looks after provider batches next, and
    running it again finds them in the ledger.
    """
    with installation.database.transaction(tenant) as session:
        out = [batch for batch in open_batches(session, task_id) if batch.status is BatchStatus.SUBMITTED]
    if not out:
        return TaskStatus.CANCELLED, "interrupted; run it again to go on"
    requests = sum(batch.items for batch in out)
    return TaskStatus.FAILED, (
        f"interrupted while {requests} requests were out in {len(out)} provider batches; they are paid for and not "
        "called back: run it again to go on with their answers"
    )


def run_step(instance: dg.DagsterInstance, step: Step, tags: dict[str, str]) -> str:
    """Do one step as a run of its own; returns the run's id. Raises StepFailedError, InterruptedTaskError."""
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
    if any("interrupted" in (message or "") for message in failed):
        return InterruptedTaskError("interrupted")
    return StepFailedError("; ".join(m for m in failed if m) or "the run failed", result.run_id)
