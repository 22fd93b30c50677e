"""The schedule that keeps projects current when nobody asks."""

from collections.abc import Iterator

import dagster as dg

from crucible_assets.documents.parsed import PARSER_VERSION
from crucible_assets.partitions import RANGE_END, RANGE_START, BatchKey, ProjectKey, register, segments
from jobs.jobs import ingest
from jobs.steps import Wish, steps_of
from resources.database.repositories.documents import batches_of, list_documents
from resources.database.repositories.projects import project_ids
from resources.database.repositories.tasks import active_extraction, create_task, last_completed
from resources.installation import Installation
from resources.vocabulary import DocumentStatus, TaskKind


@dg.schedule(
    cron_schedule="0 3 * * *",
    job=ingest,
    description="Every night, for each project: documents that are new or were read by an older parser are read "
    "again; a project that was run in full before is brought up to date by a FULL task, which asks only for cells "
    "that are missing or stale. Off until somebody turns it on, because models cost money.",
)
def refresh(
    context: dg.ScheduleEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """Ask for what is stale."""
    database = installation.database
    for tenant in database.tenants():
        with database.transaction(tenant) as session:
            projects = project_ids(session)
        for project_id in projects:
            key = ProjectKey(tenant, project_id)
            with database.transaction(tenant) as session:
                if active_extraction(session, project_id) is not None:
                    continue
                numbers = batches_of(session, project_id)
                stale = {
                    row.batch
                    for row in list_documents(session, project_id)
                    if is_stale(row.parser_version, row.status)
                }
                last_full = last_completed(session, project_id, TaskKind.FULL)
            keys = register(context.instance, key, numbers)
            everything = context.instance.get_dynamic_partitions("batches")
            if last_full is not None:
                with database.transaction(tenant) as session:
                    steps = steps_of(TaskKind.FULL, key, keys, everything)
                    wish = Wish(models=Wish.from_json(last_full.parameters).models)
                    create_task(session, project_id, TaskKind.FULL, wish.as_json(), [s.as_json() for s in steps])
                continue
            wanted = [str(BatchKey(tenant, project_id, number)) for number in sorted(stale)]
            for first, last in segments(everything, wanted):
                yield dg.RunRequest(
                    run_key=f"{context.scheduled_execution_time}/{first}",
                    job_name="ingest",
                    tags={RANGE_START: first, RANGE_END: last},
                )


def is_stale(parser_version: str | None, status: DocumentStatus) -> bool:
    """Whether a document must be read (again)."""
    return status is DocumentStatus.UPLOADED or parser_version != PARSER_VERSION
