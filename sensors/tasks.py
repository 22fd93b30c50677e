"""The task sensor: turns tasks into runs, one step after the other, and keeps their state true."""

from collections.abc import Iterator

import dagster as dg

from crucible_assets.partitions import ProjectKey
from jobs.jobs import ALL_JOBS
from jobs.steps import Step, Wish, run_tags, step_run
from resources.database.repositories.tasks import Task, log, open_tasks, update_task
from resources.installation import Installation
from resources.vocabulary import TaskStatus

_ENDED_BADLY = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@dg.sensor(
    jobs=ALL_JOBS,
    minimum_interval_seconds=2,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the runs of tasks that are pending, in order; a run key per step makes each start once.",
)
def task_sensor(
    context: dg.SensorEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """Move every open task of every tenant one step on."""
    for tenant in installation.database.tenants():
        with installation.database.transaction(tenant) as session:
            tasks = [task for task in open_tasks(session) if task.parameters.get("driver") != "cli"]
        for task in tasks:
            request = advance(context.instance, installation, tenant, task)
            if request is not None:
                yield request


def advance(
    instance: dg.DagsterInstance, installation: Installation, tenant: str, task: Task
) -> dg.RunRequest | None:
    """Look at the run of the task's step; finish the task, or give the request for the run it needs now."""
    step = task.step
    run = step_run(instance, task.id, step)
    if run is not None and run.status is dg.DagsterRunStatus.SUCCESS:
        step += 1
        run = step_run(instance, task.id, step) if step < len(task.steps) else None
    with installation.database.transaction(tenant) as session:
        if step >= len(task.steps):
            update_task(session, task.id, status=TaskStatus.COMPLETED, step=step)
            log(session, "completed", "all steps done", task.id)
            return None
        if run is not None:
            if run.status in _ENDED_BADLY and run.tags.get("dagster/will_retry") != "true":
                message = f"run {run.run_id} of step {task.steps[step]['job']} ended as {run.status.value}"
                update_task(session, task.id, status=TaskStatus.FAILED, message=message, step=step)
                log(session, "failed", message, task.id)
            elif step != task.step or run.run_id != task.run_id:
                update_task(session, task.id, step=step, run_id=run.run_id)
            return None
        update_task(session, task.id, status=TaskStatus.RUNNING, step=step)
    project = ProjectKey(tenant, task.project_id)
    wanted = Step.from_json(task.steps[step])
    return dg.RunRequest(
        run_key=f"{task.id}/{step}",
        job_name=wanted.job,
        partition_key=wanted.partition_key,
        tags=run_tags(project, task.id, task.kind, step, Wish.from_json(task.parameters)) | wanted.range_tags,
    )
