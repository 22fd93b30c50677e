"""What a batch needs now, as a pure function; and lines of JSON however they are cut."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.database.repositories.provider_batches import ProviderBatch
from resources.models.batches.collector import body_text, context_from_data, context_to_json
from resources.models.batches.decide import GIVEN_UP_AFTER, ROOM_AGAIN_AFTER, Step, next_step
from resources.models.batches.service import Remote
from resources.models.batches.transport import json_lines
from resources.models.errors import ConnectionLostError
from resources.models.ledger import CallContext
from resources.vocabulary import BatchStatus, CallPurpose, TaskStatus

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
READY = ProviderBatch(
    id=UUID(int=1),
    project_id="p",
    task_id=UUID(int=2),
    step=0,
    attempt=0,
    provider="openai",
    model="m",
    remote_id=None,
    status=BatchStatus.PREPARED,
    sealed=True,
    items=3,
    size_bytes=100,
    worst_usd=Decimal(0),
    message=None,
    created_at=NOW - timedelta(minutes=1),
    submitted_at=None,
    taken_at=None,
    cancel_requested_at=None,
)
OUT = replace(READY, status=BatchStatus.SUBMITTED, remote_id="r", submitted_at=NOW - timedelta(minutes=1))
WORKING = Remote("r", NOW, ended=False, taken=True, cancelling=False, requests=3, answered=0)
RUNNING, PAUSED, GONE = TaskStatus.RUNNING, TaskStatus.PAUSED, None


def step(
    batch: ProviderBatch, task: TaskStatus | None = RUNNING, remote: Remote | None = None, others: bool = False
) -> Step:
    return next_step(batch, task, remote, NOW, others_out=others, settle_seconds=60)


def test_before_it_is_sent() -> None:
    assert step(READY) is Step.SEND
    assert step(replace(READY, sealed=False)) is Step.NOTHING
    for task in (PAUSED, GONE, TaskStatus.CANCELLED, TaskStatus.FAILED, TaskStatus.COMPLETED):
        assert step(READY, task) is Step.DROP
        assert step(replace(READY, sealed=False), task) is Step.DROP


def test_one_without_room_waits_until_the_others_have_ended_or_a_while_has_passed() -> None:
    waiting = replace(READY, submitted_at=NOW - timedelta(minutes=1))
    assert step(waiting, others=True) is Step.NOTHING
    assert step(waiting, others=False) is Step.SEND
    assert step(replace(waiting, submitted_at=NOW - ROOM_AGAIN_AFTER), others=True) is Step.SEND


def test_one_whose_start_was_not_answered_is_looked_for_once_it_must_have_arrived() -> None:
    lost = replace(OUT, remote_id=None)
    assert step(replace(lost, submitted_at=NOW - timedelta(seconds=59))) is Step.NOTHING
    assert step(replace(lost, submitted_at=NOW - timedelta(seconds=60))) is Step.FIND
    assert step(lost, PAUSED) is Step.FIND


def test_while_it_is_out() -> None:
    assert step(OUT) is Step.NOTHING
    assert step(OUT, remote=WORKING) is Step.FORGET_BODIES
    assert step(replace(OUT, taken_at=NOW), remote=WORKING) is Step.NOTHING
    assert step(OUT, remote=replace(WORKING, ended=True)) is Step.INGEST
    assert step(OUT, PAUSED, replace(WORKING, ended=True)) is Step.INGEST
    assert step(OUT, TaskStatus.FAILED, WORKING) is Step.FORGET_BODIES  # paid for, and wanted by the next task
    assert step(OUT, PAUSED, WORKING) is Step.CANCEL
    assert step(OUT, GONE, WORKING) is Step.CANCEL
    asked = replace(OUT, cancel_requested_at=NOW)
    assert step(asked, PAUSED, WORKING) is Step.CANCEL  # the provider did not hear it
    assert step(asked, PAUSED, replace(WORKING, cancelling=True)) is Step.FORGET_BODIES


def test_refused_as_a_whole() -> None:
    refused = replace(WORKING, ended=True, taken=False, refused="no")
    assert step(OUT, remote=refused) is Step.REFUSE
    assert step(OUT, remote=replace(refused, no_room=True), others=True) is Step.WAIT_FOR_ROOM
    assert step(OUT, remote=replace(refused, no_room=True), others=False) is Step.REFUSE
    assert step(replace(OUT, taken_at=NOW), remote=replace(refused, no_room=True), others=True) is Step.REFUSE


@given(
    status=st.sampled_from([BatchStatus.PREPARED, BatchStatus.SUBMITTED]),
    task=st.sampled_from([None, *TaskStatus]),
    remote=st.none() | st.builds(replace, st.just(WORKING), ended=st.booleans(), cancelling=st.booleans()),
    known=st.booleans(),
    others=st.booleans(),
)
def test_nothing_waits_for_ever(
    status: BatchStatus, task: TaskStatus | None, remote: Remote | None, known: bool, others: bool
) -> None:
    old = NOW - GIVEN_UP_AFTER - timedelta(seconds=1)
    batch = replace(READY, status=status, created_at=old, submitted_at=old, remote_id="r" if known else None)
    decided = next_step(batch, task, remote, NOW, others_out=others, settle_seconds=60)
    assert decided in (Step.GIVE_UP, Step.DROP)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


async def read(data: bytes, cuts: list[int]) -> list[Any]:
    async def chunks() -> AsyncIterator[bytes]:
        start = 0
        for cut in sorted(cut % (len(data) + 1) for cut in cuts):
            yield data[start:cut]
            start = max(start, cut)
        yield data[start:]

    return [value async for value in json_lines("openai", chunks())]


@given(st.lists(VALUES, max_size=5), st.lists(st.integers(0, 10_000), max_size=5), st.booleans(), st.booleans())
def test_lines_are_read_however_they_are_cut(values: list[Any], cuts: list[int], ascii_: bool, ended: bool) -> None:
    lines = "\n".join(json.dumps(value, ensure_ascii=ascii_) for value in values) + ("\n" if ended else "")
    assert asyncio.run(read(lines.encode(), cuts)) == values


def test_a_line_that_breaks_off_is_a_lost_connection() -> None:
    with pytest.raises(ConnectionLostError):
        asyncio.run(read(b'{"a": 1}\n{"b": ', []))


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_a_body_keeps_the_order_of_its_keys_and_can_be_stored(body: dict[str, Any]) -> None:
    text = body_text(body)
    assert "\x00" not in text
    assert list(json.loads(text).items()) == list(body.items())


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert json.loads(body_text({"a": "x\ud800y"})) == {"a": "x\ufffdy"}


@given(
    context=st.builds(
        CallContext,
        project_id=st.text(),
        document_id=st.none() | st.uuids(),
        task_id=st.none() | st.uuids(),
        variables=st.lists(st.text(), max_size=3).map(tuple),
        purpose=st.sampled_from(list(CallPurpose)),
        row_key=st.text(),
        span=st.none() | st.tuples(st.integers(0), st.integers(0)),
    ),
    arm=st.none() | st.text(),
)
def test_what_a_call_is_for_comes_back(context: CallContext, arm: str | None) -> None:
    assert context_from_data(json.loads(context_to_json(context, arm))) == (context, arm)
