"""Routes of a gateway: arms, what the ledger gives to which arm, and requests that wait for a batch."""

from typing import Any
from uuid import uuid4

import pytest

from resources.models.errors import DeferredError
from resources.models.gateway import Gateway
from resources.models.ledger import Call, CallContext
from resources.models.reader import Reader
from resources.models.request import ModelRequest, Provider
from tests.gateway.asking import Desk, anthropic_provider, ask, make_request, openai_provider
from tests.model_server import Fault, FaultPlan, ModelServer

OPENAI, ANTHROPIC = "openai:gpt-4.1-mini", "anthropic:claude-haiku-4-5"
HALVES = {OPENAI: 1.0, ANTHROPIC: 1.0}


def both(server: ModelServer) -> list[Provider]:
    return [openai_provider(server), anthropic_provider(server)]


def unit_of(gateway: Gateway, arm: str) -> Any:
    """A document whose arm this is."""
    return next(unit for unit in (uuid4() for _ in range(1_000)) if gateway.route(str(unit)).arm == arm)


def test_without_routes_the_fallback_order_stands_and_there_is_no_arm(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    async def job(gateway: Gateway) -> Call:
        route = gateway.route("anything")
        assert route.arm is None
        assert [provider.name for provider in route.providers] == ["openai", "anthropic"]
        assert not route.reads_whole_documents
        return await ask(gateway, make_request(document=text), desk.context())

    call = desk.work(both(model_server), job)
    assert (call.arm, desk.calls([call.key])[0].arm) == (None, None)


def test_documents_are_shared_out_and_each_call_says_its_arm(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    async def job(gateway: Gateway) -> list[Call]:
        return [
            await ask(gateway, make_request(document=f"{text} {number}"), desk.context(document_id=None))
            if number == 0
            else await _ask_for(gateway, f"unit {number}", make_request(document=f"{text} {number}"), desk.context())
            for number in range(40)
        ]

    answered = desk.work(both(model_server), job, routes=HALVES)
    assert {call.arm for call in answered} == {OPENAI, ANTHROPIC}
    assert all(call.arm == f"{call.provider}:{call.model}" for call in answered)
    assert all(desk.calls([call.key])[0].arm == call.arm for call in answered)


async def _ask_for(gateway: Gateway, unit: str, request: ModelRequest, context: CallContext) -> Call:
    route = gateway.route(unit)
    return await route.ask(request, context, route.keys(request))


def test_another_model_may_stand_in_and_the_arm_stays(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(faults=FaultPlan(script={1: Fault.BAD_REQUEST}))

    async def job(gateway: Gateway) -> list[Call]:
        unit = str(unit_of(gateway, ANTHROPIC))
        return [await _ask_for(gateway, unit, make_request(document=text), desk.context()) for _ in range(2)]

    stood_in, again = desk.work(both(model_server), job, routes=HALVES)
    assert (stood_in.provider, stood_in.arm) == ("openai", ANTHROPIC)
    assert (again.key, again.arm, again.paid) == (stood_in.key, ANTHROPIC, False)


def test_an_arm_is_not_given_the_other_arms_answers(desk: Desk, text: str, model_server: ModelServer) -> None:
    async def job(gateway: Gateway) -> list[Call]:
        units = [str(unit_of(gateway, arm)) for arm in (OPENAI, ANTHROPIC)]
        return [await _ask_for(gateway, unit, make_request(document=text), desk.context()) for unit in units]

    one, other = desk.work(both(model_server), job, routes=HALVES)
    assert (one.provider, other.provider) == ("openai", "anthropic")
    assert one.paid
    assert other.paid


def test_what_was_answered_before_there_were_arms_counts_for_the_arm_of_that_model(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    (before,) = desk.ask([openai_provider(model_server)], make_request(document=text))

    async def job(gateway: Gateway) -> Call:
        return await _ask_for(gateway, str(unit_of(gateway, OPENAI)), make_request(document=text), desk.context())

    call = desk.work(both(model_server), job, routes=HALVES)
    assert (call.key, call.paid, call.arm) == (before.key, False, OPENAI)


def test_a_route_to_a_model_that_is_not_in_use_is_refused(desk: Desk, model_server: ModelServer) -> None:
    async def job(gateway: Gateway) -> None:
        """Never runs."""

    with pytest.raises(ValueError, match=r"none of the models in use: .*openai:gpt"):
        desk.work(both(model_server), job, routes={"openai:gpt-5": 1})


class Basket:
    """Takes what has not been taken yet."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[Provider, ModelRequest, CallContext]] = {}

    def takes(self, key: str) -> bool:
        return key not in self.taken

    async def add(self, key: str, provider: Provider, request: ModelRequest, context: CallContext) -> None:
        self.taken[key] = (provider, request, context)


def test_what_the_ledger_lacks_waits_for_a_batch_and_what_the_batch_lacks_is_asked_live(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    (known,) = desk.ask([openai_provider(model_server)], make_request(document=text))
    basket = Basket()

    async def job(gateway: Gateway) -> None:
        again = await ask(gateway, make_request(document=text), desk.context())
        assert (again.key, again.paid) == (known.key, False)
        request = make_request(document=text, question="And?")
        with pytest.raises(DeferredError, match=r"batch of openai:gpt-4\.1-mini"):
            await ask(gateway, request, desk.context())
        assert list(basket.taken) == [gateway.route("").keys(request)[0]]
        assert model_server.stats().calls == 1
        assert (await ask(gateway, request, desk.context())).paid

    desk.work([openai_provider(model_server)], job, collector=basket)
    ((provider, request, context),) = basket.taken.values()
    assert (provider.name, request.question, context.project_id) == ("openai", "And?", desk.project_id)


def test_models_that_run_here_read_whole_documents_whatever_the_arm(desk: Desk) -> None:
    async def job(gateway: Gateway) -> bool:
        return gateway.route("unit").reads_whole_documents

    assert desk.work([Reader()], job)
