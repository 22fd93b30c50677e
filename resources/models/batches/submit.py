"""Hands a sealed batch to its provider, so that it is paid for once, whenever the process dies.

The batch is SUBMITTED before the request that starts it is sent. If no answer arrives, nobody sends it again before
the provider's own list was asked for it: by our label (OpenAI), or by the items of batches that have as many
requests and are not known to us (Anthropic, whose batches show their items only when they have ended; until then we
wait). What remains: a request that reaches the provider later than `look.SETTLE_SECONDS` after it was sent, when its
sender is long gone, is not found, and its batch is sent twice. Two tenants of one account see each other's batches as
unknown: they wait for each other's end, but take nothing that is not theirs.
"""

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from typing import IO
from uuid import UUID

from resources.database.engine import Database
from resources.database.repositories import provider_batch_items as item_store
from resources.database.repositories import provider_batches as store
from resources.database.repositories.events import log
from resources.database.repositories.provider_batches import ProviderBatch
from resources.models.batches.service import BatchService, Remote
from resources.models.batches.transport import patiently
from resources.models.errors import ModelError, RateLimitedError, RetryableError
from resources.vocabulary import BatchStatus, EventKind

_CLOCKS = timedelta(minutes=10)  # how far the provider's clock and ours may be apart
_READ_ITEMS, _READ_BYTES = 1_000, 8 * 1024 * 1024
_IN_MEMORY = 8 * 1024 * 1024


class UndecidedError(Exception):
    """Whether the provider has the batch can be seen only when another one has ended."""


async def send(database: Database, tenant: str, batch: ProviderBatch, service: BatchService) -> None:
    """Send a sealed batch that was never sent. Call it under the batch's lease.

    A passing fault before the start leaves it PREPARED, one at the start leaves it SUBMITTED without a remote id; a
    refusal makes it FAILED with all its items, which are then asked live.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        try:
            await asyncio.to_thread(_spool, database, tenant, batch.id, service, file)
            uploaded = await patiently(lambda: service.upload(batch.id, file))
        except RetryableError as error:
            _set(database, tenant, batch.id, message=str(error))
            return
        except ModelError as error:
            refuse(database, tenant, batch, str(error))
            return
        _set(
            database,
            tenant,
            batch.id,
            status=BatchStatus.SUBMITTED,
            submitted_at=datetime.now(UTC),
            message=None,
        )
        try:
            remote = await patiently(lambda: service.create(batch.id, uploaded, file), RateLimitedError)
        except RateLimitedError as error:  # the one passing fault that says that nothing was started
            _set(database, tenant, batch.id, status=BatchStatus.PREPARED, message=str(error))
        except RetryableError as error:
            _set(database, tenant, batch.id, message=f"{error} Whether it was taken is asked at the next look.")
        except ModelError as error:
            refuse(database, tenant, batch, str(error))
        else:
            started(database, tenant, batch, remote)


def _spool(database: Database, tenant: str, batch_id: UUID, service: BatchService, file: IO[bytes]) -> None:
    """Write the requests as they are sent; a few megabytes of them are in memory at a time."""
    after, number = "", 0
    while True:
        with database.transaction(tenant) as session:
            some = item_store.read_bodies(session, batch_id, after, _READ_ITEMS, _READ_BYTES)
        if not some:
            break
        for key, body in some:
            service.write_line(file, number, key, body.encode())
            number += 1
        after = some[-1][0]
    service.write_end(file)


async def find_lost(database: Database, tenant: str, batch: ProviderBatch, service: BatchService) -> None:
    """Settle whether the provider has a batch whose start was not answered. Call it under the batch's lease."""
    try:
        remote = await _find(database, tenant, batch, service)
    except UndecidedError as undecided:
        _set(database, tenant, batch.id, message=str(undecided))
        return
    if remote is not None:
        started(database, tenant, batch, remote)
        return
    _set(database, tenant, batch.id, status=BatchStatus.PREPARED, submitted_at=None, message="it did not arrive")


async def _find(database: Database, tenant: str, batch: ProviderBatch, service: BatchService) -> Remote | None:
    assert batch.submitted_at is not None
    since = batch.submitted_at - _CLOCKS

    async def recent() -> list[Remote]:
        return [remote async for remote in service.since(since)]

    remotes = await patiently(recent)
    if service.keeps_labels:
        mine = [remote for remote in remotes if remote.label == str(batch.id) and not remote.refused]
        return mine[0] if mine else None
    with database.transaction(tenant) as session:
        known = store.known_remote_ids(session, batch.provider)
        waiting = sum(item_store.counts(session, batch.id).values())
    alike = [remote for remote in remotes if remote.id not in known and remote.requests == waiting]
    for remote in alike:
        if remote.ended and await _holds(database, tenant, batch, service, remote):
            return remote
    unended = [remote.id for remote in alike if not remote.ended]
    if unended:
        raise UndecidedError(
            f"its start was not answered; {', '.join(unended)} may be it, which shows when it has ended"
        )
    return None


async def _holds(
    database: Database, tenant: str, batch: ProviderBatch, service: BatchService, remote: Remote
) -> bool:
    """Whether the provider's batch is ours, by the first of its results."""

    async def first_key() -> str | None:
        async for result in service.results(remote):
            return result.key
        return None

    key = await patiently(first_key)
    with database.transaction(tenant) as session:
        return key is not None and item_store.holds_item(session, batch.id, key)


def started(database: Database, tenant: str, batch: ProviderBatch, remote: Remote) -> None:
    """The provider has the batch."""
    with database.transaction(tenant) as session:
        store.set_batch(session, batch.id, status=BatchStatus.SUBMITTED, remote_id=remote.id, message=None)
        if batch.task_id is not None:
            message = f"{batch.items} requests to {batch.provider}:{batch.model} are out as batch {remote.id}"
            log(session, EventKind.LOG, message, batch.task_id, batch=str(batch.id))


def refuse(database: Database, tenant: str, batch: ProviderBatch, reason: str) -> None:
    """The provider took none of the batch: its requests are asked live."""
    with database.transaction(tenant) as session:
        failed = item_store.fail_rest(session, batch.id, reason)
        item_store.end_batch(session, batch, BatchStatus.FAILED, reason)
        if batch.task_id is not None:
            message = f"batch of {failed} requests to {batch.provider}:{batch.model} was refused: {reason}"
            log(session, EventKind.LOG, message, batch.task_id, batch=str(batch.id))


def _set(database: Database, tenant: str, batch_id: UUID, **fields: object) -> None:
    with database.transaction(tenant) as session:
        store.set_batch(session, batch_id, **fields)
