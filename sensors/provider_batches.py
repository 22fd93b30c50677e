"""The sensor of provider batches: asks how they stand, and starts a run where something is to be done."""

import asyncio
from collections.abc import Iterator

import dagster as dg

from jobs.provider_batches import poll_seconds, provider_batches
from resources.installation import Installation
from resources.models.batches.connect import FromEnvironment
from resources.models.batches.look import is_due

_TENANT = "crucible/tenant"
_MOST_SECONDS = 40  # Dagster gives a tick sixty
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.sensor(
    job=provider_batches,
    minimum_interval_seconds=poll_seconds(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks providers how their batches stand. Where one is to be sent, has ended or was lost sight of, it "
    "starts a run, one at a time for each tenant; a run that dies is followed by another.",
)
def provider_batch_sensor(
    context: dg.SensorEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """A run for every tenant whose batches need one. Runs have no key: what one did, the next finds done."""
    for tenant in installation.database.tenants():
        try:
            if not _at_work(context.instance, tenant) and asyncio.run(_due(installation, tenant)):
                yield dg.RunRequest(tags={_TENANT: tenant})
        except Exception:
            context.log.exception(f"The provider batches of tenant {tenant} cannot be looked at")


def _at_work(instance: dg.DagsterInstance, tenant: str) -> bool:
    filters = dg.RunsFilter(job_name=provider_batches.name, tags={_TENANT: tenant}, statuses=_UNFINISHED)
    return bool(instance.get_run_ids(filters, limit=1))


async def _due(installation: Installation, tenant: str) -> bool:
    async with asyncio.timeout(_MOST_SECONDS), FromEnvironment() as connections:
        return await is_due(installation.database, tenant, connections)
