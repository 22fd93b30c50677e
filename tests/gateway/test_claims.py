"""The same requests by several processes: sent once, whoever waits, stops or is killed."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from resources.database.repositories.call_claims import claim, free, renew
from resources.database.tables import call_claims
from resources.models.errors import ContextOverflowError, GatewayStoppedError
from resources.models.gateway import Gateway
from resources.models.ledger import Call
from resources.models.reader import Reader
from tests.gateway.asker import Work, ended, go, questions, start, wait_until_ready
from tests.gateway.asking import Desk, ask, make_request, openai_provider
from tests.model_server import Fault, FaultPlan, ModelServer

COUNT = 200


def work_of(desk: Desk, server: ModelServer, text: str, own: str, held_seconds: float | None = None) -> Work:
    return Work(desk.tenant, desk.project_id, server.openai_url, text, COUNT, own, held_seconds=held_seconds)


@contextmanager
def processes(*works: Work) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ready to ask; none is left behind."""
    started: list[subprocess.Popen[str]] = []
    try:
        for work in works:
            started.append(start(work))
        for process in started:
            wait_until_ready(process)
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def claimed(desk: Desk, keys: list[str]) -> set[str]:
    with desk.database.transaction(desk.tenant) as session:
        return set(session.scalars(sa.select(call_claims.c.key).where(call_claims.c.key.in_(keys))))


def keys_of(desk: Desk, server: ModelServer, work: Work) -> list[str]:
    async def job(gateway: Gateway) -> list[str]:
        return [gateway.keys(request)[0] for request in questions(work)]

    return desk.work([openai_provider(server)], job)


def test_what_two_processes_ask_at_the_same_moment_is_sent_once(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(latency_s=0.02)
    works = [work_of(desk, model_server, text, own) for own in ("first", "second")]
    with processes(*works) as both:
        for process in both:
            go(process)
        ends = [ended(process) for process in both]
    assert [answers for answers, _ in ends] == [COUNT + 1] * 2
    assert sum(paid for _, paid in ends) == model_server.stats().calls == COUNT + 2
    keys = [key for work in works for key in keys_of(desk, model_server, work)]
    assert claimed(desk, keys) == set()


def test_what_another_process_is_asking_is_waited_for_and_all_else_is_asked(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    first, second = (work_of(desk, model_server, text, own) for own in ("first", "second"))
    model_server.hold()
    with processes(first, second) as (one, other):
        go(one)
        model_server.wait_for_calls(first.concurrency, 60)  # all that may be in flight: the others wait for a slot
        go(other)
        model_server.wait_for_calls(first.concurrency + 1, 60)  # its own question, though it is the last one
        assert claimed(desk, keys_of(desk, model_server, first)) == set(keys_of(desk, model_server, first))
        model_server.release()
        assert ended(one) == (COUNT + 1, COUNT + 1)
        assert ended(other) == (COUNT + 1, 1)
    assert model_server.stats().calls == COUNT + 2


def test_of_a_killed_process_only_what_was_in_flight_is_asked_again(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    first = work_of(desk, model_server, text, "first", held_seconds=3)
    second = work_of(desk, model_server, text, "second")
    keys, answered, sent = keys_of(desk, model_server, first), 120, 120 + first.concurrency
    model_server.configure(faults=FaultPlan(script={number + 1: Fault.HANG for number in range(answered, sent)}))
    with processes(first, second) as (one, other):
        go(one)
        model_server.wait_for_calls(sent, 60)  # from now on none of them is answered
        wait_until(lambda: len(desk.calls(keys)) == answered)
        go(other)
        model_server.wait_for_calls(sent + 1, 60)
        one.kill()
        assert ended(other) == (COUNT + 1, COUNT + 1 - answered)
    assert model_server.stats().calls == COUNT + 1 + first.concurrency
    assert len(desk.calls(keys)) == COUNT  # all but its own question, which it did not come to


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_stream_waits_for_another_process_and_gives_its_answer(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    async def job(gateway: Gateway) -> tuple[list[str | Call], Call]:
        (key,) = gateway.keys(make_request(document=text))
        claim_for(desk, key, uuid4(), 300)
        route = gateway.route("unit")

        async def stream() -> list[str | Call]:
            return [part async for part in route.stream(make_request(document=text), desk.context(), (key,))]

        streaming = asyncio.create_task(stream())
        other = await ask(gateway, make_request(document=text, question="Another?"), desk.context())
        assert not streaming.done()
        await gateway.ledger.store(replace(other, key=key), desk.context())  # as the other process does
        return await streaming, other

    (stretch, call), other = desk.work([openai_provider(model_server)], job)
    assert stretch == other.reply.text
    assert isinstance(call, Call)
    assert not call.paid
    assert model_server.stats().calls == 1
    assert claimed(desk, [call.key]) == set()


def test_who_waits_for_another_process_stops_with_the_run(desk: Desk, text: str, model_server: ModelServer) -> None:
    async def job(gateway: Gateway) -> None:
        (key,) = gateway.keys(make_request(document=text))
        claim_for(desk, key, uuid4(), 300)
        asking = asyncio.create_task(ask(gateway, make_request(document=text), desk.context()))
        await ask(gateway, make_request(document=text, question="Another?"), desk.context())
        gateway.stop()
        with pytest.raises(GatewayStoppedError):
            await asking

    desk.work([openai_provider(model_server)], job)
    assert model_server.stats().calls == 1


def test_a_request_that_failed_or_that_nobody_waits_for_any_more_is_free(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(faults=FaultPlan(script={1: Fault.CONTEXT_LENGTH, 2: Fault.HANG}))
    request = make_request(document=text)

    async def job(gateway: Gateway) -> Call:
        (key,) = gateway.keys(request)
        with pytest.raises(ContextOverflowError):
            await ask(gateway, request, desk.context())
        asking = asyncio.create_task(ask(gateway, request, desk.context()))
        await asyncio.to_thread(model_server.wait_for_calls, 2, 60)
        assert claimed(desk, [key]) == {key}
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        return await ask(gateway, request, desk.context())

    call = desk.work([openai_provider(model_server)], job)
    assert call.paid
    assert claimed(desk, [call.key]) == set()


def claim_for(desk: Desk, key: str, holder: UUID, seconds: float) -> bool:
    """Whether the holder gets it."""
    with desk.database.transaction(desk.tenant) as session:
        return claim(session, [key], holder, seconds) == {key}


def test_a_claim_is_its_holders_until_it_ends_it_or_was_not_heard_of(desk: Desk) -> None:
    key = uuid4().hex
    gone, holder, other = uuid4(), uuid4(), uuid4()
    assert claim_for(desk, key, gone, -1)
    assert claim_for(desk, key, holder, 300)
    with desk.database.transaction(desk.tenant) as session:
        renew(session, [key], gone, 300)
        free(session, [key], gone)
    assert not claim_for(desk, key, other, 300)
    with desk.database.transaction(desk.tenant) as session:
        renew(session, [key], holder, -1)
    assert claim_for(desk, key, other, 300)
    with desk.database.transaction(desk.tenant) as session:
        free(session, [key], other)
    assert claimed(desk, [key]) == set()


def test_a_model_that_runs_here_is_asked_without_a_claim(desk: Desk, text: str) -> None:
    async def job(gateway: Gateway) -> None:
        request = make_request(document=text)
        (key,) = gateway.keys(request)
        claim_for(desk, key, uuid4(), 300)
        assert (await ask(gateway, request, desk.context())).key == key

    desk.work([Reader()], job)
