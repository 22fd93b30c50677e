"""Streams through both SDKs' clients: text as it comes, one stored call at the end, none when it breaks off."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from resources.models.errors import ConnectionLostError, ModelError, ServerFaultError
from resources.models.gateway import Gateway
from resources.models.ledger import Call
from resources.models.reader import Reader
from resources.models.request import ModelRequest, Provider
from tests.gateway.asking import Desk, anthropic_provider, ask, make_request, openai_provider
from tests.model_server import Fault, FaultPlan, ModelServer, Reply

BOTH = pytest.mark.parametrize("make", [openai_provider, anthropic_provider], ids=["openai", "anthropic"])
Maker = Callable[..., Provider]
PROSE = "The agreement was signed in Łódź, between two parties, and ends in spring. " * 6


def plain(text: str, **changes: Any) -> ModelRequest:
    """A question to be answered in prose."""
    return make_request(document=text, schema=None, fields=(), **changes)


async def streamed(gateway: Gateway, request: ModelRequest, desk: Desk) -> tuple[list[str], Call]:
    """The stretches of a stream and its call."""
    route = gateway.route("unit")
    *stretches, call = [part async for part in route.stream(request, desk.context(), route.keys(request))]
    assert isinstance(call, Call)
    assert all(isinstance(stretch, str) for stretch in stretches)
    return [str(stretch) for stretch in stretches], call


@BOTH
def test_stretches_come_as_they_are_written_and_the_call_is_stored(
    desk: Desk, text: str, model_server: ModelServer, make: Maker
) -> None:
    model_server.answer_with(lambda view: Reply(PROSE))
    model_server.configure(token_s=0.004)

    async def job(gateway: Gateway) -> tuple[list[float], str, Call]:
        times, whole, call, began = [], "", None, time.monotonic()
        route = gateway.route("unit")
        async for part in route.stream(plain(text), desk.context(), route.keys(plain(text))):
            if isinstance(part, Call):
                call = part
            else:
                times.append(time.monotonic() - began)
                whole += part
        assert call is not None
        return times, whole, call

    times, whole, call = desk.work([make(model_server)], job)
    assert whole == call.reply.text == PROSE
    assert len(times) > 10
    assert times[-1] - times[0] > 0.1  # the beginning was there long before the end
    (row,) = desk.calls([call.key])
    (served,) = model_server.calls
    assert served.stream
    assert (row.input_tokens, row.output_tokens) == (served.input_tokens, served.output_tokens)
    assert row.output_tokens > 0
    assert row.cost_usd == call.cost_usd > 0
    assert row.finish_reason == "stop"


@BOTH
def test_a_stream_and_a_call_have_the_same_answer_and_one_is_paid(
    desk: Desk, text: str, model_server: ModelServer, make: Maker
) -> None:
    async def job(gateway: Gateway) -> None:
        stretches, call = await streamed(gateway, make_request(document=text), desk)
        assert "".join(stretches) == call.reply.text
        again = await ask(gateway, make_request(document=text), desk.context())
        assert (again.key, again.reply.text, again.paid) == (call.key, call.reply.text, False)
        assert await streamed(gateway, make_request(document=text), desk) == ([again.reply.text], again)

    desk.work([make(model_server)], job)
    assert model_server.stats().calls == 1


@BOTH
@pytest.mark.parametrize("fault", [Fault.STREAM_ERROR, Fault.RESET])
def test_a_stream_that_breaks_off_is_raised_written_down_and_never_stored(
    desk: Desk, text: str, model_server: ModelServer, make: Maker, fault: Fault
) -> None:
    model_server.answer_with(lambda view: Reply(PROSE))
    model_server.configure(faults=FaultPlan(script={1: fault}))
    came: list[str] = []

    async def job(gateway: Gateway) -> tuple[str, ...]:
        route = gateway.route("unit")
        keys = route.keys(plain(text))
        with pytest.raises((ServerFaultError, ConnectionLostError)):
            async for part in route.stream(plain(text), desk.context(), keys):
                assert isinstance(part, str)
                came.append(part)
        return keys

    keys = desk.work([make(model_server)], job)
    assert 0 < len("".join(came)) < len(PROSE)
    assert desk.calls(keys) == []
    assert len(desk.attempts()) == 1
    assert model_server.stats().calls == 1  # what was given out cannot be taken back


@BOTH
def test_what_fails_before_the_first_stretch_is_tried_again(
    desk: Desk, text: str, model_server: ModelServer, make: Maker
) -> None:
    model_server.answer_with(lambda view: Reply(PROSE))
    model_server.configure(faults=FaultPlan(script={1: Fault.UNAVAILABLE, 2: Fault.RATE_LIMIT, 3: Fault.DISCONNECT}))
    stretches, call = desk.work([make(model_server)], lambda gateway: streamed(gateway, plain(text), desk))
    assert "".join(stretches) == PROSE
    assert call.paid
    assert len(desk.attempts()) == 3


def test_broken_streams_open_the_breaker(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.answer_with(lambda view: Reply(PROSE))
    model_server.configure(faults=FaultPlan(script=dict.fromkeys(range(1, 6), Fault.STREAM_ERROR)))

    async def job(gateway: Gateway) -> str:
        for number in range(5):
            with pytest.raises(ModelError):
                await streamed(gateway, plain(text, question=f"Question {number}"), desk)
        _, call = await streamed(gateway, plain(text, question="Question 6"), desk)
        return call.provider

    assert desk.work([openai_provider(model_server), anthropic_provider(model_server)], job) == "anthropic"


def test_two_listeners_to_one_question_are_one_call(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.answer_with(lambda view: Reply(PROSE))

    async def job(gateway: Gateway) -> list[tuple[list[str], Call]]:
        return await asyncio.gather(*(streamed(gateway, plain(text), desk) for _ in range(2)))

    heard = desk.work([openai_provider(model_server)], job)
    assert ["".join(stretches) for stretches, _ in heard] == [PROSE, PROSE]
    assert sorted(call.paid for _, call in heard) == [False, True]
    assert model_server.stats().calls == 1


def test_a_listener_that_goes_away_frees_its_place(desk: Desk, text: str, model_server: ModelServer) -> None:
    model_server.answer_with(lambda view: Reply(PROSE))
    model_server.configure(token_s=0.01)

    async def job(gateway: Gateway) -> Call:
        route = gateway.route("unit")
        stream = route.stream(plain(text), desk.context(), route.keys(plain(text)))
        async for _ in stream:
            break
        await stream.aclose()  # type: ignore[attr-defined]
        model_server.configure(token_s=0.0)
        return (await streamed(gateway, plain(text, question="Next"), desk))[1]

    assert desk.work([openai_provider(model_server)], job, concurrency=1).paid


def test_a_request_without_a_schema_or_a_document_is_only_its_question(
    desk: Desk, text: str, model_server: ModelServer
) -> None:
    model_server.answer_with(lambda view: Reply(PROSE))
    request = plain("", question=f"What is {text}?")
    for provider in (openai_provider(model_server), anthropic_provider(model_server)):
        (call,) = desk.ask([provider], request)
        assert call.reply.text == PROSE
    openai, anthropic = (call.body or {} for call in model_server.calls)
    assert "response_format" not in openai
    assert openai["messages"][-1] == {"role": "user", "content": request.question}
    assert "output_config" not in anthropic
    assert anthropic["messages"][0]["content"] == [{"type": "text", "text": request.question}]


def test_the_reader_answers_in_one_piece(desk: Desk, text: str) -> None:
    stretches, call = desk.work([Reader()], lambda gateway: streamed(gateway, make_request(document=text), desk))
    assert stretches == [call.reply.text]
    assert "Acme GmbH" in call.reply.text
