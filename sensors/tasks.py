"""The task sensor: turns tasks into runs, one step after the other, and keeps their state true."""

from collections.abc import Iterator

import dagster as dg

from crucible_assets.partitions import ProjectKey
from jobs.jobs import ALL_JOBS
from jobs.steps import Step, Wish, run_tags, step_run
from jobs.vanished import release_vanished
from resources.database.repositories.events import log
from resources.database.repositories.provider_batches import batches_of_attempt
from resources.database.repositories.tasks import Task, lock_task, open_tasks, update_task
from resources.installation import Installation
from resources.vocabulary import EventKind, TaskStatus

_OPEN = (TaskStatus.PENDING, TaskStatus.RUNNING)
_ENDED_BADLY = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@dg.sensor(
    jobs=ALL_JOBS,
    minimum_interval_seconds=2,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the runs of tasks that are pending, in order; a run key per step and attempt makes each "
    "start once. Ends tasks whose command is gone. What goes wrong with one task does not stop the others.",
)
def task_sensor(
    context: dg.SensorEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """Move every open task of every tenant one step on."""
    for tenant in installation.database.tenants():
        try:
            with installation.database.transaction(tenant) as session:
                tasks = open_tasks(session)
        except Exception:
            context.log.exception(f"The tasks of tenant {tenant} cannot be read; they are looked at again")
            continue
        for task in tasks:
            try:
                request = _look_after(context, installation, tenant, task)
            except Exception:
                context.log.exception(f"Task {task.id} of {tenant}/{task.project_id} cannot be moved on")
                continue
            if request is not None:
                yield request


def _look_after(
    context: dg.SensorEvaluationContext, installation: Installation, tenant: str, task: Task
) -> dg.RunRequest | None:
    if task.parameters.get("driver") != "cli":
        return advance(context.instance, installation, tenant, task)
    with installation.database.transaction(tenant) as session:
        said = release_vanished(session, context.instance, task.project_id, _OPEN)
    if said:
        context.log.warning(f"{tenant}/{task.project_id}: {said}")
    return None


def advance(
    instance: dg.DagsterInstance, installation: Installation, tenant: str, task: Task
) -> dg.RunRequest | None:
    """Look at the run of the task's step; finish the task, or give the request for the run it needs now.

    A task that is PENDING although a run of its step has ended was paused and is wanted again: the step is started
    anew, under the number of the next attempt. So is one whose run left documents undone because their requests are
    in provider batches, as soon as all of these have ended.
    """
    with installation.database.transaction(tenant) as session:
        now = lock_task(session, task.id)
        if now is None or now.status not in _OPEN:
            return None  # somebody paused or ended it since it was listed
        attempt, step = int(now.parameters.get("attempt", 0)), now.step
        run = step_run(instance, task.id, step, attempt)
        if run is not None and run.status is dg.DagsterRunStatus.SUCCESS:
            handed_over = batches_of_attempt(session, task.id, step, attempt)
            if any(batch.open for batch in handed_over):
                return None
            step, attempt = (step, attempt + 1) if handed_over else (step + 1, attempt)
            run = step_run(instance, task.id, step, attempt) if step < len(now.steps) else None
        if step >= len(now.steps):
            update_task(session, task.id, status=TaskStatus.COMPLETED, step=step)
            log(session, EventKind.JOB_COMPLETED, "all steps done", task.id)
            return None
        if run is not None:
            if run.status not in _ENDED_BADLY or run.tags.get("dagster/will_retry") == "true":
                if step != now.step or run.run_id != now.run_id:
                    update_task(session, task.id, step=step, run_id=run.run_id)
                return None
            if now.status is TaskStatus.RUNNING:
                message = f"run {run.run_id} of step {now.steps[step]['job']} ended as {run.status.value}"
                update_task(session, task.id, status=TaskStatus.FAILED, message=message, step=step)
                log(session, EventKind.JOB_FAILED, message, task.id)
                return None
            attempt += 1
        update_task(
            session, task.id, status=TaskStatus.RUNNING, step=step, parameters={**now.parameters, "attempt": attempt}
        )
    project = ProjectKey(tenant, now.project_id)
    wanted = Step.from_json(now.steps[step])
    return dg.RunRequest(
        run_key=f"{now.id}/{step}/{attempt}",
        job_name=wanted.job,
        partition_key=wanted.partition_key,
        tags=run_tags(project, now.id, now.kind, step, Wish.from_json(now.parameters), attempt) | wanted.range_tags,
    )
