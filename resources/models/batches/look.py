"""One look at a tenant's open batches: send what is ready, find what was lost, ask, cancel, ingest.

Any number of processes may look at the same time; each batch is worked on by one of them. Nothing is decided from
memory: a process may die between any two steps, and the next look goes on.
"""

from datetime import UTC, datetime
from uuid import UUID

from resources.database.engine import Database
from resources.database.repositories import provider_batch_items as item_store
from resources.database.repositories import provider_batches as store
from resources.database.repositories.events import log
from resources.database.repositories.provider_batches import ProviderBatch
from resources.database.repositories.tasks import get_task
from resources.models.batches.connect import Connections
from resources.models.batches.decide import Step, next_step
from resources.models.batches.ingest import ingest
from resources.models.batches.service import BatchService, Remote
from resources.models.batches.submit import find_lost, refuse, send
from resources.models.batches.transport import patiently
from resources.models.errors import ModelError, ModelMissingError
from resources.models.ledger import Ledger
from resources.vocabulary import BatchStatus, EventKind, TaskStatus

SETTLE_SECONDS = 60.0
"""How long a request that started a batch may still be on its way after its sender has heard nothing."""


async def look(
    database: Database,
    tenant: str,
    connections: Connections,
    *,
    task_id: UUID | None = None,
    settle_seconds: float = SETTLE_SECONDS,
) -> list[str]:
    """Do for every open batch (of one task) what can be done now. What went wrong, which is tried again next time."""
    with database.transaction(tenant) as session:
        batches = store.open_batches(session, task_id)
    troubles = []
    ledger = Ledger(database, tenant)
    try:
        for listed in batches:
            with store.lease(database, listed.id) as mine:
                batch = _open(database, tenant, listed.id) if mine else None
                if batch is None:
                    continue
                try:
                    step, remote = await _decided(database, tenant, batch, connections, settle_seconds)
                    await _do(step, database, ledger, batch, connections, remote)
                except ModelError as error:
                    troubles.append(f"batch {batch.id} of {batch.provider}:{batch.model}: {error}")
                    with database.transaction(tenant) as session:
                        store.set_batch(session, batch.id, message=str(error))
    finally:
        await ledger.close()
    return troubles


async def is_due(
    database: Database, tenant: str, connections: Connections, *, settle_seconds: float = SETTLE_SECONDS
) -> bool:
    """Whether a look would find something to do; changes nothing. A provider that does not answer is not due."""
    with database.transaction(tenant) as session:
        batches = store.open_batches(session)
    for batch in batches:
        try:
            step, _ = await _decided(database, tenant, batch, connections, settle_seconds, patient=False)
        except ModelError:
            continue
        if step is not Step.NOTHING:
            return True
    return False


async def submit_batch(database: Database, tenant: str, connections: Connections, batch_id: UUID) -> None:
    """Send one sealed batch now; does nothing when another process is at it or has done it."""
    with store.lease(database, batch_id) as mine:
        batch = _open(database, tenant, batch_id) if mine else None
        if batch is not None and batch.sealed and batch.status is BatchStatus.PREPARED:
            await _send(database, tenant, batch, connections)


def _open(database: Database, tenant: str, batch_id: UUID) -> ProviderBatch | None:
    """The batch as it is now, under its lease; None when nothing is left to do for it."""
    with database.transaction(tenant) as session:
        batch = store.get_batch(session, batch_id)
    return batch if batch is not None and batch.open else None


async def _decided(
    database: Database,
    tenant: str,
    batch: ProviderBatch,
    connections: Connections,
    settle_seconds: float,
    *,
    patient: bool = True,
) -> tuple[Step, Remote | None]:
    """The next step, and what the provider says of the batch if it has it."""
    with database.transaction(tenant) as session:
        task = get_task(session, batch.task_id) if batch.task_id is not None else None
        others = store.others_out(session, batch)
    status = task.status if task else None
    if batch.task_id is None:
        status = TaskStatus.RUNNING  # made without a task, so no task stops it
    now = datetime.now(UTC)

    def decide(remote: Remote | None) -> Step:
        return next_step(batch, status, remote, now, others_out=others, settle_seconds=settle_seconds)

    step = decide(None)
    if step is not Step.NOTHING or batch.remote_id is None or batch.status is not BatchStatus.SUBMITTED:
        return step, None
    service, remote_id = connections.service(batch.provider), batch.remote_id
    remote = await (patiently(lambda: service.get(remote_id)) if patient else service.get(remote_id))
    return decide(remote), remote


async def _do(
    step: Step,
    database: Database,
    ledger: Ledger,
    batch: ProviderBatch,
    connections: Connections,
    remote: Remote | None,
) -> None:
    tenant = ledger.tenant
    match step:
        case Step.NOTHING:
            pass
        case Step.DROP:
            _drop(database, tenant, batch)
        case Step.SEND:
            await _send(database, tenant, batch, connections)
        case Step.FIND:
            await find_lost(database, tenant, batch, connections.service(batch.provider))
        case Step.GIVE_UP:
            reason = f"it was out for too long; last: {batch.message or 'no answer yet'}"
            refuse(database, tenant, batch, reason)
        case _:
            assert remote is not None
            await _do_with(step, database, ledger, batch, connections, remote)


async def _do_with(
    step: Step, database: Database, ledger: Ledger, batch: ProviderBatch, connections: Connections, remote: Remote
) -> None:
    """The steps that follow from what the provider said."""
    tenant, service = ledger.tenant, connections.service(batch.provider)
    match step:
        case Step.INGEST:
            await ingest(database, ledger, batch, service, connections.model(batch.provider, batch.model), remote)
        case Step.WAIT_FOR_ROOM:
            _change(
                database,
                tenant,
                batch,
                status=BatchStatus.PREPARED,
                remote_id=None,
                message=f"waits for room: {remote.refused}",
            )
        case Step.REFUSE:
            refuse(database, tenant, batch, f"{batch.provider} refused the batch: {remote.refused}")
        case Step.CANCEL:
            await _cancel(database, tenant, batch, service, remote)
        case Step.FORGET_BODIES:
            with database.transaction(tenant) as session:
                item_store.drop_bodies(session, batch.id)
                store.set_batch(session, batch.id, taken_at=datetime.now(UTC), message=None)
        case _:
            raise AssertionError(step)


async def _send(database: Database, tenant: str, batch: ProviderBatch, connections: Connections) -> None:
    """Send a sealed batch; where there is no service for it, its requests are asked live."""
    try:
        service = connections.service(batch.provider)
    except ModelMissingError as error:
        refuse(database, tenant, batch, str(error))
    else:
        await send(database, tenant, batch, service)


def _drop(database: Database, tenant: str, batch: ProviderBatch) -> None:
    """Its requests are made again by the run that needs them."""
    reason = "never sent: its task had ended or stopped"
    with database.transaction(tenant) as session:
        item_store.fail_rest(session, batch.id, reason)
        item_store.end_batch(session, batch, BatchStatus.CANCELLED, reason)
        if batch.task_id is not None and get_task(session, batch.task_id) is not None:
            log(session, EventKind.LOG, f"batch of {batch.items} requests was {reason}", batch.task_id)


async def _cancel(
    database: Database, tenant: str, batch: ProviderBatch, service: BatchService, remote: Remote
) -> None:
    """Ask the provider to stop. Written down first: whoever ingests must know that it was us."""
    _change(database, tenant, batch, cancel_requested_at=batch.cancel_requested_at or datetime.now(UTC))
    if not remote.cancelling:
        await patiently(lambda: service.cancel(remote.id))


def _change(database: Database, tenant: str, batch: ProviderBatch, **fields: object) -> None:
    with database.transaction(tenant) as session:
        store.set_batch(session, batch.id, **fields)
