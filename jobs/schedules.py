"""The schedule that keeps projects current when nobody asks."""

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg

from crucible_assets.partitions import RANGE_END, RANGE_START, BatchKey, ProjectKey, register, segments
from jobs.jobs import ingest
from jobs.staleness import Staleness, staleness
from jobs.steps import Wish, steps_of
from resources.database.engine import TenantSession
from resources.database.repositories.documents import batches_of
from resources.database.repositories.events import log
from resources.database.repositories.insight_rows import has_open_task, stale_insights
from resources.database.repositories.projects import load_project, project_ids
from resources.database.repositories.tasks import Task, active_extraction, create_task, last_completed
from resources.installation import Installation
from resources.vocabulary import EventKind, TaskKind


@dg.schedule(
    cron_schedule="0 3 * * *",
    job=ingest,
    description="Every night, for each project in which something is stale: one that was run in full before gets a "
    "FULL task like the last one, which asks only for cells that are missing, failed or made from something else; "
    "of the others, documents that are new or were read or cut by an older version are read again. Summaries and "
    "themes that were asked for before are made anew where documents came, went or changed. Off until somebody turns "
    "it on, because models cost money.",
)
def refresh(
    context: dg.ScheduleEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """Ask for what is stale; a project that cannot be looked at does not stop the others."""
    database = installation.database
    for tenant in database.tenants():
        try:
            with database.transaction(tenant) as session:
                projects = project_ids(session)
        except Exception:
            context.log.exception(f"The projects of tenant {tenant} cannot be read")
            continue
        for project_id in projects:
            key = ProjectKey(tenant, project_id)
            try:
                with database.transaction(tenant) as session:
                    requests = _refresh(context, session, key)
                    _refresh_insights(context, session, key)
            except Exception:
                context.log.exception(f"Project {key} cannot be refreshed")
                continue
            yield from requests


def _refresh(context: dg.ScheduleEvaluationContext, session: TenantSession, key: ProjectKey) -> list[dg.RunRequest]:
    """Create the task that the project needs, or give the runs that read its stale batches."""
    project = load_project(session, key.project)
    if project is None or active_extraction(session, key.project) is not None:
        return []
    stale = staleness(session, project)
    last_full = last_completed(session, key.project, TaskKind.FULL)
    if last_full is not None:
        if stale:
            _ask_for_all(context.instance, session, key, last_full, stale)
            context.log.info(f"{key}: {stale}")
        return []
    numbers = sorted({document.batch for document in stale.documents})
    if not numbers:
        return []
    register(context.instance, key, batches_of(session, key.project))
    wanted = [str(BatchKey(key.tenant, key.project, number)) for number in numbers]
    return [
        dg.RunRequest(
            run_key=f"{context.scheduled_execution_time}/{first}",
            job_name="ingest",
            tags={
                "crucible/tenant": key.tenant,
                "crucible/project": key.project,
                RANGE_START: first,
                RANGE_END: last,
            },
        )
        for first, last in segments(context.instance.get_dynamic_partitions("batches"), wanted)
    ]


def _refresh_insights(context: dg.ScheduleEvaluationContext, session: TenantSession, key: ProjectKey) -> None:
    """Ask again for the summaries and themes that somebody asked for before, where they are stale.

    A FULL task of the same night works beside it: what that reads anew is stale tomorrow.
    """
    stale = stale_insights(session, key.project)
    wanted = {
        TaskKind.SUMMARISE: bool(stale.summaries or stale.project),
        TaskKind.EXTRACT_THEMES: stale.themes,
    }
    for kind, is_stale in wanted.items():
        last = last_completed(session, key.project, kind) if is_stale else None
        if last is None or has_open_task(session, key.project, kind):
            continue
        wish = replace(Wish.from_json(last.parameters), force=False, documents=None)
        batch_keys = register(context.instance, key, batches_of(session, key.project))
        steps = steps_of(kind, key, batch_keys, context.instance.get_dynamic_partitions("batches"))
        create_task(session, key.project, kind, wish.as_json(), [step.as_json() for step in steps])
        context.log.info(f"{key}: {kind}, {stale}")


def _ask_for_all(
    instance: dg.DagsterInstance, session: TenantSession, key: ProjectKey, last: Task, stale: Staleness
) -> None:
    """A FULL task with the whole wish of the last one, but for `force`: that would pay for everything again."""
    wish = replace(Wish.from_json(last.parameters), force=False)
    batch_keys = register(instance, key, batches_of(session, key.project))
    steps = steps_of(TaskKind.FULL, key, batch_keys, instance.get_dynamic_partitions("batches"))
    task_id = create_task(session, key.project, TaskKind.FULL, wish.as_json(), [step.as_json() for step in steps])
    log(session, EventKind.LOG, str(stale), task_id)
