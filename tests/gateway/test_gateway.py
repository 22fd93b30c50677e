"""The gateway with a real ledger: who is asked, how often, and what is written down."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal

import pytest

from resources.models.errors import (
    ContentRefusedError,
    ContextOverflowError,
    CredentialError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
    ServerFaultError,
)
from resources.models.gateway import RETRIES, Gateway
from resources.models.ledger import Call
from resources.models.request import Provider
from tests.gateway.asking import Desk, anthropic_provider, ask, make_request, openai_provider
from tests.model_server import Fault, FaultPlan, ModelServer


def script(faults: Mapping[int, Fault]) -> FaultPlan:
    return FaultPlan(script=faults)


def both(server: ModelServer) -> list[Provider]:
    """A fallback order."""
    return [openai_provider(server), anthropic_provider(server)]


def always(fault: Fault) -> FaultPlan:
    return FaultPlan(probabilities={fault: 1.0})


def test_a_finished_call_is_stored_before_it_is_given_out(desk: Desk, text: str, model_server: ModelServer) -> None:
    async def job(gateway: Gateway) -> tuple[Call, int]:
        call = await ask(gateway, make_request(document=text), desk.context())
        return call, len(desk.calls([call.key]))  # read from another connection, with the gateway still open

    call, stored = desk.work([openai_provider(model_server)], job)
    assert stored == 1
    (row,) = desk.calls([call.key])
    assert (row.reply, row.finish_reason, row.model) == (call.reply.text, "stop", "gpt-4.1-mini")
    assert (row.input_tokens, row.output_tokens) == (call.reply.usage.input_tokens, call.reply.usage.output_tokens)
    assert row.variables == ["borrower"]
    assert row.request_id == call.reply.request_id
    assert call.paid


def test_a_call_costs_what_its_tokens_cost(desk: Desk, text: str, model_server: ModelServer) -> None:
    (call,) = desk.ask([openai_provider(model_server)], make_request(document=text))
    usage = call.reply.usage
    expected = (usage.input_tokens * Decimal("0.40") + usage.output_tokens * Decimal("1.60")) / 1_000_000
    assert call.cost_usd == expected
    (row,) = desk.calls([call.key])
    assert row.cost_usd == expected
    assert row.price_version == call.price_version


def test_the_price_of_an_unknown_model_is_unknown_and_not_nothing(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    (call,) = desk.ask([openai_provider(model_server, "my-own-model")], make_request(document=text))
    assert desk.calls([call.key])[0].cost_usd is None


def test_another_run_finds_everything_in_the_ledger(desk: Desk, text: str, model_server: ModelServer) -> None:
    requests = [make_request(document=text, question=f"Question {number}") for number in range(20)]
    first = desk.ask([openai_provider(model_server)], *requests)
    assert model_server.stats().calls == 20

    async def planned(gateway: Gateway) -> list[Call]:
        route = gateway.route("")
        keys = [route.keys(request) for request in requests]
        await gateway.remember([key for some in keys for key in some])
        asked = zip(requests, keys, strict=True)
        return [await route.ask(request, desk.context(), some) for request, some in asked]

    again = desk.work([openai_provider(model_server)], planned)
    unplanned = desk.ask([openai_provider(model_server)], *requests)
    assert model_server.stats().calls == 20
    assert model_server.stats().useful_again == 0
    for one, two, three in zip(first, again, unplanned, strict=True):
        assert one.reply.text == two.reply.text == three.reply.text
        assert (one.paid, two.paid, three.paid) == (True, False, False)
        assert two.reply.usage == one.reply.usage


def test_the_same_request_in_flight_is_one_call_and_paid_once(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    async def job(gateway: Gateway) -> list[Call]:
        model_server.hold()
        asked = [asyncio.create_task(ask(gateway, make_request(document=text), desk.context())) for _ in range(5)]
        await asyncio.to_thread(model_server.wait_for_calls, 1)
        model_server.release()
        return await asyncio.gather(*asked)

    answers = desk.work([openai_provider(model_server)], job)
    assert model_server.stats().calls == 1
    assert len({call.reply.text for call in answers}) == 1
    assert [call.paid for call in answers].count(True) == 1


def test_the_same_request_later_in_the_same_run_is_one_call(desk: Desk, text: str, model_server: ModelServer) -> None:
    first, second, third = desk.ask([openai_provider(model_server)], *[make_request(document=text)] * 3)
    assert model_server.stats().calls == 1
    assert (first.paid, second.paid, third.paid) == (True, False, False)


def test_an_asker_that_is_cancelled_leaves_the_others_their_answer(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    async def job(gateway: Gateway) -> Call:
        model_server.hold()
        first, second = (
            asyncio.create_task(ask(gateway, make_request(document=text), desk.context())) for _ in range(2)
        )
        await asyncio.to_thread(model_server.wait_for_calls, 1)
        first.cancel()
        await asyncio.wait([first])
        model_server.release()
        return await second

    call = desk.work([openai_provider(model_server)], job)
    assert call.paid
    assert len(desk.calls([call.key])) == 1


def test_retry_after_is_honoured_and_the_failed_try_is_written_down(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(faults=script({1: Fault.RATE_LIMIT}), retry_after_s=7)
    (call,) = desk.ask([openai_provider(model_server)], make_request(document=text))
    (slept,) = desk.slept
    assert 7 <= slept <= 8
    (failed,) = desk.attempts()
    assert (failed.call_key, failed.attempt, failed.provider, failed.status) == (call.key, 1, "openai", "FAILED")
    assert "429" in failed.error


def test_a_wait_beyond_the_deadline_is_not_waited(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(faults=always(Fault.RATE_LIMIT), retry_after_s=3_600)
    with pytest.raises(RateLimitedError):
        desk.ask([openai_provider(model_server)], make_request(document=text))
    assert desk.slept == []
    assert model_server.stats().calls == 1


def test_retries_wait_longer_and_longer_and_end(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(faults=always(Fault.SERVER_ERROR))
    with pytest.raises(ServerFaultError):
        desk.ask([openai_provider(model_server)], make_request(document=text))
    assert model_server.stats().calls == RETRIES + 1 == 6
    assert [row.attempt for row in desk.attempts()] == [1, 2, 3, 4, 5, 6]
    *backoffs, breaker = desk.slept  # after the fifth failure the model is left alone for half a minute
    assert all(0 <= slept <= most for slept, most in zip(backoffs, (1, 2, 4, 8, 16), strict=True))
    assert 29 <= backoffs[-1] + breaker <= 30


@pytest.mark.parametrize(
    "faults",
    [
        {1: Fault.RATE_LIMIT, 2: Fault.SERVER_ERROR, 3: Fault.RESET, 4: Fault.OVERLOADED, 5: Fault.DISCONNECT},
        {1: Fault.BAD_GATEWAY},
    ],
)
def test_what_heals_is_answered_in_the_end(
    desk: Desk, text: str, model_server: ModelServer, faults: dict[int, Fault]
) -> None:
    model_server.configure(faults=script(faults))
    (call,) = desk.ask([anthropic_provider(model_server)], make_request(document=text))
    assert call.paid
    assert len(desk.attempts()) == len(faults)
    assert model_server.stats().calls == len(faults) + 1


def test_the_next_model_is_asked_when_the_first_gives_up(desk: Desk, text: str, model_server: ModelServer) -> None:
    providers: list[Provider] = [openai_provider(model_server), anthropic_provider(model_server)]
    model_server.configure(faults=script(dict.fromkeys(range(1, 6), Fault.UNAVAILABLE)), retry_after_s=0)
    (call,) = desk.ask(providers, make_request(document=text))
    assert (call.provider, call.model) == ("anthropic", "claude-haiku-4-5")
    assert [call.api for call in model_server.calls] == ["openai"] * 5 + ["anthropic"]  # the breaker opened
    assert {row.provider for row in desk.attempts()} == {"openai"}
    again: list[Provider] = [openai_provider(model_server), anthropic_provider(model_server)]
    desk.ask(again, make_request(document=text))
    assert model_server.stats().calls == 6  # the answer of the second model counts for the next run


def test_a_model_without_a_valid_key_is_asked_once_per_run(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(api_keys=["right"])
    providers: list[Provider] = [openai_provider(model_server), anthropic_provider(model_server, api_key="right")]
    requests = [make_request(document=text, question=f"Question {number}") for number in range(3)]
    answered = desk.ask(providers, *requests)
    assert {call.provider for call in answered} == {"anthropic"}
    assert [call.status for call in model_server.calls] == [401, 200, 200, 200]


def test_no_credit_is_not_tried_again_and_says_what_to_do(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(faults=always(Fault.QUOTA))
    with pytest.raises(QuotaExhaustedError, match="add credit") as caught:
        desk.ask([openai_provider(model_server)], make_request(document=text))
    assert isinstance(caught.value, CredentialError)  # which stops a run
    assert model_server.stats().calls == 1
    assert len(desk.attempts()) == 1


def test_a_refused_request_is_sent_once_to_each_model(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(faults=always(Fault.BAD_REQUEST))
    with pytest.raises(RequestRefusedError):
        desk.ask(both(model_server), make_request(document=text))
    assert [call.api for call in model_server.calls] == ["openai", "anthropic"]
    assert len(desk.attempts()) == 2


def test_what_one_model_declines_is_not_asked_of_another(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(faults=always(Fault.REFUSAL))
    with pytest.raises(ContentRefusedError):
        desk.ask(both(model_server), make_request(document=text))
    assert model_server.stats().calls == 1


def test_a_document_too_long_for_one_model_is_said_to_be_even_when_another_fails_otherwise(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.configure(faults=script({1: Fault.CONTEXT_LENGTH, 2: Fault.UNAUTHORIZED}))
    with pytest.raises(ContextOverflowError, match="maximum context length"):
        desk.ask(both(model_server), make_request(document=text))
    assert len(desk.attempts()) == 2


def test_a_model_that_lacks_a_parameter_learns_it_once_with_many_calls_in_flight(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    async def job(gateway: Gateway) -> list[Call]:
        requests = [make_request(document=text, question=f"Question {number}") for number in range(20)]
        return await asyncio.gather(*(ask(gateway, request, desk.context()) for request in requests))

    answered = desk.work([openai_provider(model_server, "gpt-5-mini")], job)
    assert len(answered) == 20
    assert model_server.stats().calls == 20 + len(desk.attempts())
    assert all("left out from now on" in row.error for row in desk.attempts())
    assert desk.slept == [] or max(desk.slept) == 0  # nothing has to pass before it can be asked again
    assert model_server.stats().answered == 20


def test_no_more_calls_are_in_flight_than_allowed(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.configure(latency_s=0.01)

    async def job(gateway: Gateway) -> list[Call]:
        requests = [make_request(document=text, question=f"Question {number}") for number in range(40)]
        return await asyncio.gather(*(ask(gateway, request, desk.context()) for request in requests))

    desk.work([openai_provider(model_server)], job)
    assert model_server.stats().max_in_flight == 8


def test_faults_at_random_cost_no_answer_and_no_second_payment(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    shares = {Fault.RATE_LIMIT: 0.1, Fault.SERVER_ERROR: 0.1, Fault.RESET: 0.05}
    model_server.configure(faults=FaultPlan(probabilities=shares, first_attempts=3))

    async def job(gateway: Gateway) -> list[Call]:
        requests = [make_request(document=text, question=f"Question {number}") for number in range(60)]
        return await asyncio.gather(*(ask(gateway, request, desk.context()) for request in requests))

    answered = desk.work([openai_provider(model_server)], job)
    stats = model_server.stats()
    assert len(desk.calls(call.key for call in answered)) == 60
    assert (stats.useful, stats.useful_again) == (60, 0)
    assert len(desk.attempts()) == stats.calls - 60 > 0
