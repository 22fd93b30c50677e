"""The sensor of the search index: a run where an index or a partition is missing, broken or idle."""

from collections.abc import Iterator

import dagster as dg

from jobs.search_index import is_due, search_index
from resources.installation import Installation

SECONDS = 300
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.sensor(
    job=search_index,
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Every five minutes: starts a run when a tenant has grown large enough for a partition and an index "
    "of its own, an index is broken or idle, statistics are stale, or a former embedding model's vectors are left.",
)
def search_index_sensor(
    context: dg.SensorEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """One run at a time. Runs have no key: what one did, the next finds done."""
    filters = dg.RunsFilter(job_name=search_index.name, statuses=_UNFINISHED)
    if not context.instance.get_run_ids(filters, limit=1) and is_due(installation):
        yield dg.RunRequest()
