"""What processes share of a model over real sockets and a real database: breaker, limits, pauses."""

import asyncio
import itertools
import time
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from resources.database.tables import lanes
from resources.models.decisions import breaker
from resources.models.decisions.breaker import PROBES_TO_CLOSE
from resources.models.decisions.limit_rules import LimitRule, parse_limits
from resources.models.errors import GatewayStoppedError, RateLimitedError, ServerFaultError
from resources.models.gateway import Gateway
from resources.models.ledger import Call, Ledger
from resources.models.request import ModelReply, ModelRequest, Provider, Usage
from tests.gateway.asking import Desk, anthropic_provider, ask, make_request, openai_provider
from tests.gateway.test_limit_decisions import most_in_a_minute
from tests.model_server import Fault, FaultPlan, ModelServer


def failing(first: int, fault: Fault = Fault.SERVER_ERROR) -> FaultPlan:
    """The first calls fail."""
    return FaultPlan(script=dict.fromkeys(range(1, first + 1), fault))


def both(server: ModelServer) -> list[Provider]:
    return [openai_provider(server), anthropic_provider(server)]


def requests_of(text: str, number: int) -> list[ModelRequest]:
    return [make_request(document=text, question=f"Question {index}") for index in range(number)]


async def ask_all(gateway: Gateway, desk: Desk, requests: list[ModelRequest]) -> list[Call]:
    return await asyncio.gather(*(ask(gateway, request, desk.context()) for request in requests))


def lane_rows(desk: Desk, server: ModelServer) -> list[Any]:
    """What is stored of the lanes of one server."""
    address = server.openai_url.split("/")[2]
    with desk.database.transaction(desk.tenant) as session:
        return list(session.execute(sa.select(lanes).where(lanes.c.lane.contains(address))))


def test_what_one_gateway_learnt_of_a_model_another_knows(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(faults=failing(5))
    one, two = requests_of(text, 2)
    desk.ask(both(model_server), one)
    (call,) = desk.ask(both(model_server), two)  # a gateway of its own, as another process has
    assert call.provider == "anthropic"
    assert [call.api for call in model_server.calls] == ["openai"] * 5 + ["anthropic"] * 2
    (row,) = [row for row in lane_rows(desk, model_server) if row.breaker]
    assert row.lane.startswith("openai:gpt-4.1-mini@")
    assert row.breaker["phase"] == "open"


def test_a_gateway_at_work_sees_within_a_second_that_another_opened_the_breaker(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(faults=FaultPlan(script=dict.fromkeys(range(2, 7), Fault.SERVER_ERROR)))
    first, second = requests_of(text, 2)

    async def job(here: Gateway) -> None:
        there = Gateway(both(model_server), Ledger(desk.database, desk.tenant), concurrency=8)
        try:
            assert (await ask(there, first, desk.context())).provider == "openai"
            assert (await ask(here, second, desk.context())).provider == "anthropic"
            opened, seen = time.monotonic(), "openai"
            while seen == "openai":
                assert time.monotonic() < opened + 20
                await asyncio.sleep(0.2)
                seen = (await ask(there, make_request(document=text, question=uuid4().hex), desk.context())).provider
        finally:
            await there.close()

    desk.work(both(model_server), job)


def test_hundreds_wait_for_a_model_to_come_back_and_few_are_sent_to_see(
    desk: Desk, text: str, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "OPEN_SECONDS", 0.5)
    model_server.configure(faults=failing(8), latency_s=0.01)

    async def job(gateway: Gateway) -> list[Call]:
        return await ask_all(gateway, desk, requests_of(text, 100))

    answered = desk.work([openai_provider(model_server)], job, sleep=asyncio.sleep, now=time.monotonic)
    assert len(answered) == 100
    assert len(desk.attempts()) == 8
    assert model_server.stats().calls == 108
    asked = model_server.calls
    back = next(n for n in range(1, len(asked)) if asked[n].started_s > asked[n - 1].started_s + 0.4)
    assert back < 20  # what was sent before five failures were known, and then nothing for half a second
    third = sorted(call.ended_s or 0.0 for call in asked[back:])[PROBES_TO_CLOSE - 1]
    assert sum(call.started_s < third for call in asked[back:]) <= PROBES_TO_CLOSE
    assert lane_rows(desk, model_server)[0].breaker["phase"] == "closed"


def test_a_model_that_stays_away_ends_every_request_within_the_deadline(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(faults=FaultPlan(probabilities={Fault.UNAVAILABLE: 1.0}), retry_after_s=0)

    async def job(gateway: Gateway) -> list[Any]:
        asked = (ask(gateway, request, desk.context()) for request in requests_of(text, 20))
        return await asyncio.gather(*asked, return_exceptions=True)

    ends = desk.work([openai_provider(model_server)], job)
    assert all(isinstance(end, Exception) and "503" in str(end) for end in ends)
    assert model_server.stats().calls < 30  # and not six for each


def test_what_many_were_told_to_wait_all_wait(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(faults=failing(8, Fault.RATE_LIMIT), retry_after_s=2)

    async def job(gateway: Gateway) -> list[Call]:
        return await ask_all(gateway, desk, requests_of(text, 20))

    answered = desk.work([openai_provider(model_server)], job, concurrency=1, sleep=asyncio.sleep, now=time.monotonic)
    assert len(answered) == 20
    refused, others = model_server.calls[:8], model_server.calls[8:]
    assert refused[-1].ended_s is not None
    assert refused[-1].ended_s < refused[0].started_s + 2  # none of them stopped the next alone
    assert min(call.started_s for call in others) >= refused[-1].ended_s + 1.9


def test_one_that_is_refused_among_many_answers_waits_alone(desk: Desk, text: str, model_server: ModelServer) -> None:
    script = dict.fromkeys((20, 60, 61), Fault.RATE_LIMIT)
    model_server.configure(faults=FaultPlan(script=script), retry_after_s=1.0, latency_s=0.01)

    async def job(gateway: Gateway) -> list[Call]:
        return await ask_all(gateway, desk, requests_of(text, 100))

    desk.work([openai_provider(model_server)], job, sleep=asyncio.sleep, now=time.monotonic)
    *asked, first, second, third = model_server.calls
    assert max(b.started_s - a.started_s for a, b in itertools.pairwise(asked)) < 0.5
    refused = [call for call in model_server.calls if call.status == 429]
    assert len(refused) == 3
    for again in (first, second, third):
        assert again.started_s >= min(call.started_s for call in refused) + 1.0
    assert lane_rows(desk, model_server) == []  # and nobody else was told


def test_a_document_that_always_fails_is_given_up_without_leaving_the_model_alone(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(faults=FaultPlan(permanent={"hopeless": Fault.SERVER_ERROR}))
    hopeless = [make_request(document=f"{text} hopeless", question=f"Question {number}") for number in range(5)]

    async def job(gateway: Gateway) -> list[Any]:
        await ask(gateway, make_request(document=text), desk.context())
        one = desk.context(document_id=uuid4())
        return await asyncio.gather(*(ask(gateway, request, one) for request in hopeless), return_exceptions=True)

    ends = desk.work([openai_provider(model_server)], job)
    assert all(isinstance(end, ServerFaultError) for end in ends)
    assert model_server.stats().calls == 1 + 5 * 6
    assert max(desk.slept) <= 16  # the last backoff: nobody waited for a breaker
    (row,) = lane_rows(desk, model_server)
    assert row.breaker["phase"] == "closed"


def test_a_pause_longer_than_a_request_has_time_ends_it_unsent(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(faults=failing(100, Fault.RATE_LIMIT), retry_after_s=3_600)

    async def in_turn(gateway: Gateway, requests: list[ModelRequest]) -> None:
        for request in requests:
            with pytest.raises(RateLimitedError):
                await ask(gateway, request, desk.context())

    desk.work([openai_provider(model_server)], lambda gateway: in_turn(gateway, requests_of(text, 12)))
    desk.work([openai_provider(model_server)], lambda gateway: in_turn(gateway, requests_of(text + " ", 2)))
    assert model_server.stats().calls == len(desk.attempts()) == 8


def test_without_limits_nothing_is_waited_for_or_written(desk: Desk, text: str, model_server: ModelServer) -> None:
    desk.ask([openai_provider(model_server)], *requests_of(text, 30))
    assert desk.slept == []
    assert lane_rows(desk, model_server) == []


class Clocked:
    """A model that notes when it is asked."""

    name, model = "openai", "m"
    reads_whole_documents, caches_prefixes = False, False

    def __init__(self, account: str, now: Any, asked: list[tuple[float, int]]) -> None:
        self.account: str | None = account
        self._now = now
        self._asked = asked

    def schema(self, request: ModelRequest) -> dict[str, Any] | None:
        return request.schema

    def parameters(self, request: ModelRequest) -> dict[str, Any]:
        return {}

    async def generate(self, request: ModelRequest) -> ModelReply:
        self._asked.append((self._now(), 1))
        return ModelReply("{}", "stop", Usage(1_000, 0, 20), self.model)

    async def stream(self, request: ModelRequest, deliver: Any) -> ModelReply:
        return await self.generate(request)

    async def close(self) -> None:
        """Nothing is open."""


def crowd(desk: Desk, text: str, rules: tuple[LimitRule, ...], gateways: int, each: int) -> list[tuple[float, int]]:
    """When a model was asked by several gateways at once, on one clock that moves when all of them sleep."""
    asked: list[tuple[float, int]] = []
    account, numbers = uuid4().hex, itertools.count()
    clock = [time.time()]

    def now() -> float:
        return clock[0]

    async def sleep(seconds: float) -> None:
        until = clock[0] + seconds
        while clock[0] < until:
            clock[0] += min(0.05, until - clock[0])
            await asyncio.sleep(0.002)  # the database works in real time

    async def one() -> None:
        provider = Clocked(account, now, asked)
        gateway = Gateway(
            [provider], Ledger(desk.database, desk.tenant), concurrency=8, limits=rules, sleep=sleep, now=now
        )
        requests = [make_request(document=text, question=f"Question {next(numbers)}") for _ in range(each)]
        try:
            await ask_all(gateway, desk, requests)
        finally:
            await gateway.close()

    async def run() -> None:
        await asyncio.gather(*(one() for _ in range(gateways)))

    asyncio.run(run())
    return asked


@pytest.mark.parametrize("limits", ["openai:m=60rpm", "openai:*=60000tpm"])
def test_gateways_together_keep_a_limit_in_every_minute(desk: Desk, text: str, limits: str) -> None:
    asked = crowd(desk, text, parse_limits(limits), gateways=2, each=40)
    assert len(asked) == 80
    assert most_in_a_minute(sorted(asked)) <= 60
    assert asked[-1][0] - asked[0][0] < 60 * 3  # and use it: 80 calls need 80 seconds


def test_a_limit_that_the_provider_tells_is_kept_once_it_comes_near(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(requests_per_minute=60)
    desk.ask([openai_provider(model_server)], *requests_of(text, 25))
    assert desk.slept == []
    desk.ask([openai_provider(model_server)], *requests_of(text + " ", 15))
    assert desk.slept
    assert set(model_server.stats().by_status) == {"200"}
    assert lane_rows(desk, model_server)[0].limits["told"][0] == 60


def test_a_limit_counts_from_the_answer_on_that_tells_it_whatever_waits(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(requests_per_minute=60)

    async def job(gateway: Gateway) -> list[Call]:
        return await ask_all(gateway, desk, requests_of(text, 57))

    desk.work([openai_provider(model_server)], job)
    assert set(model_server.stats().by_status) == {"200"}
    assert sum(desk.slept) > 57 - 30 - 8 - 5  # half of it at once, what is in flight, and then one each second


def test_those_that_wait_for_a_limit_are_let_go_when_the_run_stops(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    async def job(gateway: Gateway) -> list[Any]:
        asked = [asyncio.create_task(ask(gateway, request, desk.context())) for request in requests_of(text, 5)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        gateway.stop()
        return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 30)

    rules = parse_limits("openai:*=1rpm")
    ends = desk.work([openai_provider(model_server)], job, limits=rules, sleep=asyncio.sleep, now=time.monotonic)
    assert [type(end) for end in ends].count(GatewayStoppedError) == 4
    assert model_server.stats().calls == 1
