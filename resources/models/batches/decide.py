"""What a batch needs now: a pure function of what is stored, what the provider says, and the time."""

from datetime import datetime, timedelta
from enum import StrEnum

from resources.database.repositories.provider_batches import ProviderBatch
from resources.models.batches.service import Remote
from resources.vocabulary import BatchStatus, TaskStatus

GIVEN_UP_AFTER = timedelta(hours=48)
"""Both providers end a batch within a day; one of which nothing came of for two is asked live."""

ROOM_AGAIN_AFTER = timedelta(minutes=15)
"""How long a batch that found no room waits before it is uploaded again, unless the others have ended before."""

_GOES_ON = (TaskStatus.PENDING, TaskStatus.RUNNING)
_STOPPED = (None, TaskStatus.PAUSED, TaskStatus.CANCELLED)  # None: the task is gone


class Step(StrEnum):
    """What to do with a batch."""

    NOTHING = "nothing"  # wait
    DROP = "drop"  # nobody wants it and nobody has it
    SEND = "send"
    FIND = "find"  # the provider may have it: ask
    INGEST = "ingest"
    WAIT_FOR_ROOM = "wait for room"  # refused only because too much is waiting at the provider
    REFUSE = "refuse"  # the provider took none of it
    GIVE_UP = "give up"
    FORGET_BODIES = "forget bodies"  # the provider works on it
    CANCEL = "cancel"


def next_step(
    batch: ProviderBatch,
    task: TaskStatus | None,
    remote: Remote | None,
    now: datetime,
    *,
    others_out: bool,
    settle_seconds: float,
) -> Step:
    """The next step for an open batch.

    `task` is the status of the task that waits for it; `remote` what the provider says, None where it was not asked;
    `others_out` whether another of our batches for the same model is with the provider.
    """
    if batch.status is BatchStatus.PREPARED:
        return _before_it_is_sent(batch, task, now, others_out=others_out)
    if batch.submitted_at is None or now - batch.submitted_at > GIVEN_UP_AFTER:
        return Step.GIVE_UP
    if batch.remote_id is None:
        settled = now - batch.submitted_at >= timedelta(seconds=settle_seconds)
        return Step.FIND if settled else Step.NOTHING
    if remote is None:
        return Step.NOTHING
    if remote.refused is not None:
        room = remote.no_room and others_out and batch.taken_at is None
        return Step.WAIT_FOR_ROOM if room else Step.REFUSE
    if remote.ended:
        return Step.INGEST
    if task in _STOPPED and not (remote.cancelling and batch.cancel_requested_at is not None):
        return Step.CANCEL
    return Step.FORGET_BODIES if remote.taken and batch.taken_at is None else Step.NOTHING


def _before_it_is_sent(batch: ProviderBatch, task: TaskStatus | None, now: datetime, *, others_out: bool) -> Step:
    if task not in _GOES_ON:
        return Step.DROP
    if not batch.sealed:
        return Step.NOTHING  # the run is still filling it
    if now - batch.created_at > GIVEN_UP_AFTER:
        return Step.GIVE_UP
    if batch.submitted_at is not None and others_out and now - batch.submitted_at < ROOM_AGAIN_AFTER:
        return Step.NOTHING
    return Step.SEND
