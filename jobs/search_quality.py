"""The job that measures search, and the schedule that starts it where passages changed."""

from collections.abc import Iterator

import dagster as dg

from crucible_assets.partitions import ProjectKey, projects, register
from crucible_assets.search_quality.asset import STATE
from resources.database.repositories.documents import batches_of
from resources.database.repositories.projects import project_ids
from resources.database.repositories.search_samples import state_of_search
from resources.installation import Installation

measure_search = dg.define_asset_job(
    "measure_search",
    selection=["search_quality"],
    partitions_def=projects,
    description="Measure how well a project's own passages are found.",
)


@dg.schedule(
    cron_schedule="0 5 * * *",
    job=measure_search,
    description="Every morning, for each project whose passages or vectors changed since search was last measured. "
    "Off until somebody turns it on.",
)
def search_watch(
    context: dg.ScheduleEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """Ask for what has changed; a project that cannot be looked at does not stop the others."""
    for tenant in installation.database.tenants():
        with installation.database.transaction(tenant, read_only=True) as session:
            known = project_ids(session)
        for project in known:
            key = ProjectKey(tenant, project)
            with installation.database.transaction(tenant, read_only=True) as session:
                state, batches = state_of_search(session, project), batches_of(session, project)
            if state and state != _measured(context.instance, key):
                register(context.instance, key, batches)
                yield dg.RunRequest(run_key=f"{context.scheduled_execution_time}/{key}", partition_key=str(key))


def _measured(instance: dg.DagsterInstance, key: ProjectKey) -> str | None:
    """The state in which search was last measured."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey("search_quality"), asset_partitions=[str(key)]), limit=1
    ).records
    for record in records:
        if record.asset_materialization is not None:
            return str(record.asset_materialization.metadata[STATE].value)
    return None
