"""The sensor that keeps house: no run, only its own tick."""

import dagster as dg

from jobs.housekeeping import keep_house
from resources.installation import Installation

SECONDS = 300


@dg.sensor(
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Every five minutes: deletes expired idempotency keys, tickets, sessions that ended a month ago, "
    "searches of more than 90 days ago and stale rate buckets, and writes down outside of the database where each "
    "tenant's audit log ends.",
)
def housekeeping_sensor(
    context: dg.SensorEvaluationContext, installation: dg.ResourceParam[Installation]
) -> dg.SkipReason:
    """Always skips, and says what was done."""
    done = keep_house(installation, context.log.exception)
    if done.failed:
        raise RuntimeError(f"{done}; not for the tenants {', '.join(done.failed)}: the log says why.")
    return dg.SkipReason(str(done))
