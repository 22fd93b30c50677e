"""The task sensor: turns tasks into runs, one step after the other, and keeps their state true.

A tick does not look once and end: while nothing is to be started it goes on looking, several times a second, for some
seconds. So a task becomes a run at once, and Dagster writes down few ticks that did nothing.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import dagster as dg

from crucible_assets.partitions import ProjectKey, register
from jobs.jobs import ALL_JOBS
from jobs.plan import UnplannableError, plan
from jobs.reasons import why_it_ended
from jobs.rescue import end_if_lost
from jobs.steps import Step, Wish, run_tags, step_run
from jobs.vanished import release_vanished
from jobs.wish import carried_tags
from resources.database.engine import TenantSession
from resources.database.repositories.documents import batches_of
from resources.database.repositories.events import log
from resources.database.repositories.provider_batches import batches_of_attempt
from resources.database.repositories.tasks import (
    Task,
    lock_task,
    open_tasks,
    record_run,
    set_parameters,
    tenants_at_work,
    update_task,
)
from resources.installation import Installation
from resources.vocabulary import EventKind, TaskStatus

_OPEN = (TaskStatus.PENDING, TaskStatus.RUNNING)
_ENDED_BADLY = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
_WAIT_SECONDS = 8.0  # Dagster gives a tick sixty
_POLL_SECONDS = 0.4
_RUNNING_SECONDS = 2.0  # how often the run of a task is looked at; one that waits for a run, at every poll
_SETTLED_SECONDS = 10.0
"""How long after a failure it is waited for Dagster's word on whether the run is tried again: it says so in a tag of
its own, a moment after the failure."""


@dg.sensor(
    jobs=ALL_JOBS,
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the runs of tasks that are pending, in order; a run key per step and attempt makes each "
    "start once. Ends tasks whose command is gone. What goes wrong with one task does not stop the others.",
)
def task_sensor(
    context: dg.SensorEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """Move every open task of every tenant one step on, and wait a while for one that needs a run."""
    end = time.monotonic() + _WAIT_SECONDS
    seen: dict[UUID, float] = {}
    while True:
        requests = _look(context, installation, seen)
        if requests or time.monotonic() + _POLL_SECONDS >= end:
            break
        time.sleep(_POLL_SECONDS)
    yield from requests


def _look(
    context: dg.SensorEvaluationContext, installation: Installation, seen: dict[UUID, float]
) -> list[dg.RunRequest]:
    """One look at all open tasks; `seen` is when each that runs was last looked at."""
    requests = []
    for tenant in tenants_at_work(installation.database):
        try:
            with installation.database.transaction(tenant, read_only=True) as session:
                tasks = open_tasks(session)
        except Exception:
            context.log.exception(f"The tasks of tenant {tenant} cannot be read; they are looked at again")
            continue
        for task in tasks:
            now = time.monotonic()
            if task.status is TaskStatus.RUNNING and now - seen.get(task.id, -_RUNNING_SECONDS) < _RUNNING_SECONDS:
                continue
            seen[task.id] = now
            try:
                request = _look_after(context, installation, tenant, task)
            except Exception:
                context.log.exception(f"Task {task.id} of {tenant}/{task.project_id} cannot be moved on")
                continue
            if request is not None:
                requests.append(request)
    return requests


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

    A task without steps is planned first. A task that is PENDING although a run of its step has ended was paused and
    is wanted again: the step is started anew, under the number of the next attempt. So is one whose run left
    documents undone because their requests are in provider batches, as soon as all of these have ended.
    """
    project = ProjectKey(tenant, task.project_id)
    with installation.database.transaction(tenant) as session:
        now = lock_task(session, task.id)
        if now is None or now.status not in _OPEN:
            return None  # somebody paused or ended it since it was listed
        if not now.steps:
            planned = _planned(instance, session, project, now)
            if planned is None:
                return None
            now = planned
        attempt, step = int(now.parameters.get("attempt", 0)), now.step
        run = step_run(instance, task.id, step, attempt)
        if run is not None and run.status is dg.DagsterRunStatus.SUCCESS:
            record_run(session, task.id, step, run.run_id)
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
            if step != now.step or run.run_id != now.run_id:
                update_task(session, task.id, step=step)
                record_run(session, task.id, step, run.run_id)
            if end_if_lost(instance, run):
                return None  # what becomes of it is seen at the next look
            if run.status not in _ENDED_BADLY or _goes_on(instance, run):
                return None
            if now.status is TaskStatus.RUNNING:
                _fail(session, task.id, f"step {now.steps[step]['job']} failed: {why_it_ended(instance, run)}")
                return None
            attempt += 1
        wanted = Step.from_json(now.steps[step])
        if (unknown := _unknown_partition(instance, session, project, wanted)) is not None:
            _fail(session, task.id, f"step {wanted.job} is of {unknown}, which the project does not have; ask anew")
            return None
        update_task(session, task.id, status=TaskStatus.RUNNING, step=step)
        set_parameters(session, task.id, attempt=attempt)
    tags = run_tags(project, now.id, now.kind, step, Wish.from_json(now.parameters), attempt)
    return dg.RunRequest(
        run_key=f"{now.id}/{step}/{attempt}",
        job_name=wanted.job,
        partition_key=wanted.partition_key,
        tags={**carried_tags(now.parameters), **tags, **wanted.range_tags},
    )


def _unknown_partition(
    instance: dg.DagsterInstance, session: TenantSession, project: ProjectKey, wanted: Step
) -> str | None:
    """A partition of the step that is none: Dagster would refuse it, and with it all runs of the tick.

    Those of the project are registered: the task may be older than Dagster's own storage.
    """
    register(instance, project, batches_of(session, project.project))
    for key in (wanted.first, wanted.last or wanted.first):
        kind = "projects" if key == str(project) else "batches"
        if not instance.has_dynamic_partition(kind, key):
            return key
    return None


def _planned(instance: dg.DagsterInstance, session: TenantSession, project: ProjectKey, task: Task) -> Task | None:
    """The task with its steps, which are stored; None when there is nothing to work on, and then it has failed."""
    try:
        planned = plan(instance, session, project, task)
    except UnplannableError as error:
        _fail(session, task.id, str(error))
        return None
    steps = [step.as_json() for step in planned.steps]
    update_task(session, task.id, steps=steps)
    if planned.documents is not None:
        set_parameters(session, task.id, documents=[str(document) for document in planned.documents])
    return replace(task, steps=steps)


def _fail(session: TenantSession, task_id: UUID, message: str) -> None:
    update_task(session, task_id, status=TaskStatus.FAILED, message=message)
    log(session, EventKind.JOB_FAILED, message, task_id)


def _goes_on(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run that ended badly is tried again by Dagster, or it has not said yet."""
    will_retry = run.tags.get("dagster/will_retry")
    if will_retry is not None or run.status is not dg.DagsterRunStatus.FAILURE:
        return will_retry == "true"
    record = instance.get_run_record_by_id(run.run_id)
    return record is not None and time.time() - record.update_timestamp.timestamp() < _SETTLED_SECONDS
