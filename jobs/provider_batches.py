"""Work on provider batches: the job that does it under the daemon, and how a command does it in its own process."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from uuid import UUID

import dagster as dg

from resources.database.repositories.provider_batches import batches_of_attempt, open_batches
from resources.database.repositories.tasks import update_task
from resources.installation import Installation
from resources.models.batches.connect import FromEnvironment
from resources.models.batches.look import SETTLE_SECONDS, look
from resources.settings import SettingsError

POLL_SECONDS = 30


def poll_seconds(env: Mapping[str, str] | None = None) -> int:
    """How often providers are asked, CRUCIBLE_BATCH_POLL_SECONDS: at least 1. Raises SettingsError."""
    raw = (os.environ if env is None else env).get("CRUCIBLE_BATCH_POLL_SECONDS", "").strip()
    if not raw:
        return POLL_SECONDS
    if not raw.isdecimal() or int(raw) < 1:
        raise SettingsError(f"CRUCIBLE_BATCH_POLL_SECONDS={raw!r} is not a whole number of seconds of at least 1.")
    return int(raw)


@dg.op(description="Send, find, cancel and ingest the provider batches of one tenant, as each of them needs now.")
def look_after_batches(context: dg.OpExecutionContext, installation: dg.ResourceParam[Installation]) -> None:
    """One look at the batches of the tenant that the run's tags name."""
    for trouble in look_once(installation, context.run.tags["crucible/tenant"]):
        context.log.warning(f"{trouble} It is tried again at the next look.")


@dg.job(description="Provider batches of a tenant: what is ready is sent, what has ended is brought into the ledger.")
def provider_batches() -> None:
    """The sensor of the same name starts it where something is to be done."""
    look_after_batches()


def look_once(
    installation: Installation, tenant: str, task_id: UUID | None = None, settle_seconds: float = SETTLE_SECONDS
) -> list[str]:
    """One look at a tenant's batches, or at those of a task. Blocking; what went wrong is tried at the next one."""

    async def run() -> list[str]:
        async with FromEnvironment() as connections:
            return await look(
                installation.database, tenant, connections, task_id=task_id, settle_seconds=settle_seconds
            )

    return asyncio.run(run())


def wait_and_ingest(
    installation: Installation,
    tenant: str,
    task_id: UUID,
    poll_seconds: float,
    *,
    step: int,
    attempt: int,
    say: Callable[[str], None] = lambda _: None,
    settle_seconds: float = SETTLE_SECONDS,
) -> bool:
    """Wait until no batch of the task is out, ingesting each. True: the step is to be run again, as the next attempt.

    For a command that drives its own task; it may be interrupted and killed at any time. If the task is paused or
    cancelled meanwhile, the providers are asked to stop, and what they have finished is still waited for: it is paid.
    """
    while True:
        with installation.database.transaction(tenant) as session:
            update_task(session, task_id)  # a sign of life: commands that are silent for long are taken for gone
            waiting = open_batches(session, task_id)
            if not waiting:
                return bool(batches_of_attempt(session, task_id, step, attempt))
        say(f"{sum(batch.items for batch in waiting)} requests are out in {len(waiting)} provider batches")
        for trouble in look_once(installation, tenant, task_id, settle_seconds):
            say(trouble)
        with installation.database.transaction(tenant) as session:
            waiting = open_batches(session, task_id)
        if waiting:
            time.sleep(poll_seconds)
