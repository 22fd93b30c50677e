"""Both providers through their real SDKs over real sockets, against a server as strict as the real ones."""

import json
import time
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from crucible_assets.extractions.answer import parse_answer
from resources.models.errors import (
    ConnectionLostError,
    ContentRefusedError,
    ContextOverflowError,
    CredentialError,
    ModelError,
    ModelMissingError,
    QuotaExhaustedError,
    RateLimitedError,
    RequestRefusedError,
    ServerFaultError,
)
from resources.models.providers.openai import OpenAIProvider
from resources.models.request import Field, Provider
from resources.vocabulary import VariableType
from tests.gateway.asking import anthropic_provider, generate, make_request, openai_provider
from tests.model_server import Fault, FaultPlan, ModelServer, Reply

Maker = Callable[..., Provider]
BOTH = pytest.mark.parametrize("make", [openai_provider, anthropic_provider], ids=["openai", "anthropic"])

EVERY_TYPE = (
    Field("borrower", VariableType.TEXT, "Who borrows.", "borrower"),
    Field("amount", VariableType.NUMBER, "How much.", "amount", unit="EUR"),
    Field("signed", VariableType.DATE, "When.", "signed"),
    Field("secured", VariableType.BOOLEAN, "Whether.", "secured"),
    Field("kind", VariableType.CATEGORY, "Which.", "kind", categories=(("loan", "a loan"), ("grant", "a grant"))),
    Field("parties", VariableType.TEXT, "Who.", "parties", multiple=True),
    Field("rates", VariableType.NUMBER, "Which rates.", "rates", multiple=True, max_values=3),
)


@BOTH
def test_every_kind_of_variable_is_answered_in_the_form_of_the_contract(
    make: Maker, model_server: ModelServer
) -> None:
    request = make_request(*EVERY_TYPE)
    (reply,) = generate(make(model_server), request)
    jsonschema.validate(json.loads(reply.text), request.schema)
    answers = parse_answer(reply.text, EVERY_TYPE)
    assert answers["borrower"].items[0].value == "Acme GmbH"
    assert answers["borrower"].items[0].source_text == "Borrower: Acme GmbH"
    assert answers["secured"].items[0].value is True
    assert not answers["signed"].found
    assert reply.finish_reason == "stop"
    assert reply.request_id
    (call,) = model_server.calls
    assert call.variables == tuple(field.name for field in EVERY_TYPE)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (call.input_tokens, call.output_tokens)


@BOTH
def test_the_document_is_read_from_the_providers_cache_for_the_second_question(
    make: Maker, model_server: ModelServer
) -> None:
    document = "Borrower: Acme GmbH\n" + "and so on " * 2_500
    one, other = make_request(document=document), make_request(document=document, question="Who borrows?")
    first, second = generate(make(model_server), one, other)
    assert first.usage.cached_tokens == 0
    assert second.usage.cached_tokens == model_server.calls[1].cached_tokens >= 1_024
    assert second.usage.input_tokens >= second.usage.cached_tokens


def test_what_anthropic_writes_to_its_cache_is_told_and_part_of_the_input(model_server: ModelServer) -> None:
    (reply,) = generate(anthropic_provider(model_server), make_request(document="word " * 4_000))
    assert 1_024 <= reply.usage.cache_write_tokens <= reply.usage.input_tokens


def test_anthropics_newer_models_are_not_sent_a_temperature(model_server: ModelServer) -> None:
    generate(anthropic_provider(model_server, "claude-haiku-5-5"), make_request())
    generate(anthropic_provider(model_server, "claude-haiku-4-5"), make_request())
    new, old = (call.body or {} for call in model_server.calls)
    assert "temperature" not in new
    assert old["temperature"] == 0.2


@BOTH
def test_one_connection_serves_calls_that_follow_each_other_and_the_key_is_sent(
    make: Maker, model_server: ModelServer
) -> None:
    model_server.configure(api_keys=["the key"])
    assert len(generate(make(model_server, api_key="the key"), make_request(), make_request(question="And?"))) == 2


@BOTH
@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        (Fault.RATE_LIMIT, RateLimitedError, 429),
        (Fault.QUOTA, QuotaExhaustedError, None),
        (Fault.BAD_REQUEST, RequestRefusedError, 400),
        (Fault.CONTEXT_LENGTH, ContextOverflowError, 400),
        (Fault.UNAUTHORIZED, CredentialError, 401),
        (Fault.FORBIDDEN, CredentialError, 403),
        (Fault.NOT_FOUND, ModelMissingError, 404),
        (Fault.SERVER_ERROR, ServerFaultError, 500),
        (Fault.BAD_GATEWAY, ServerFaultError, 502),
        (Fault.UNAVAILABLE, ServerFaultError, 503),
        (Fault.OVERLOADED, ServerFaultError, None),
        (Fault.DISCONNECT, ConnectionLostError, None),
        (Fault.RESET, ConnectionLostError, None),
        (Fault.REFUSAL, ContentRefusedError, None),
    ],
)
def test_every_failure_has_its_type(
    make: Maker, model_server: ModelServer, fault: Fault, error: type[ModelError], status: int | None
) -> None:
    model_server.configure(faults=FaultPlan(script={1: fault}))
    with pytest.raises(ModelError) as caught:
        generate(make(model_server), make_request())
    assert type(caught.value) is error
    if status is not None:
        assert caught.value.status == status
    assert model_server.stats().calls == 1  # a provider has no retries of its own


@BOTH
@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.UNAVAILABLE])
def test_how_long_to_wait_is_taken_from_the_response(make: Maker, model_server: ModelServer, fault: Fault) -> None:
    model_server.configure(faults=FaultPlan(script={1: fault}), retry_after_s=2.5)
    with pytest.raises((RateLimitedError, ServerFaultError)) as caught:
        generate(make(model_server), make_request())
    assert caught.value.retry_after == 2.5


@BOTH
def test_a_server_that_says_nothing_is_given_up(make: Maker, model_server: ModelServer) -> None:
    model_server.configure(faults=FaultPlan(script={1: Fault.HANG}))
    began = time.monotonic()
    with pytest.raises(ConnectionLostError, match="imeout"):
        generate(make(model_server, timeout_seconds=0.2), make_request())
    assert time.monotonic() - began < 30


@BOTH
def test_a_server_that_is_not_there_is_a_lost_connection(make: Maker) -> None:
    with ModelServer() as gone:
        provider = make(gone)
    with pytest.raises(ConnectionLostError):
        generate(provider, make_request())


def test_an_address_that_is_none_says_so() -> None:
    provider = OpenAIProvider("m", api_key="key", base_url="ftp://nowhere/v1")
    with pytest.raises(ModelMissingError, match="ftp://nowhere"):
        generate(provider, make_request())


@BOTH
def test_an_answer_that_was_cut_off_says_length(make: Maker, model_server: ModelServer) -> None:
    model_server.configure(faults=FaultPlan(script={1: Fault.TRUNCATED}))
    cut, short = generate(make(model_server), make_request(), make_request(max_output_tokens=5))
    assert (cut.finish_reason, short.finish_reason) == ("length", "length")


@BOTH
def test_odd_characters_travel_whole_and_half_a_pair_as_one_replacement(
    make: Maker, model_server: ModelServer
) -> None:
    model_server.answer_with(lambda view: Reply(view.document))
    (reply,) = generate(make(model_server), make_request(document="Łódź \U0001f3e6 \x7f \ud83d lone"))
    assert reply.text == "Łódź \U0001f3e6 \x7f \ufffd lone"


def test_a_reasoning_model_is_asked_without_temperature_and_with_its_own_limit(model_server: ModelServer) -> None:
    provider = openai_provider(model_server, "gpt-5")
    first, second = generate(provider, make_request(), make_request(question="And?"))
    assert first.finish_reason == second.finish_reason == "stop"
    assert [call.status for call in model_server.calls] == [400, 400, 200, 200]  # learnt once
    body: Any = model_server.calls[-1].body
    assert "temperature" not in body
    assert body["max_completion_tokens"] == 2_000
    assert body["response_format"]["json_schema"]["strict"] is True


def test_a_schema_that_the_server_refuses_is_not_left_out_in_silence(model_server: ModelServer) -> None:
    request = make_request(schema={"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]})
    with pytest.raises(RequestRefusedError, match="Invalid schema"):
        generate(openai_provider(model_server), request)


def test_anthropic_answers_forty_variables_in_one_call(model_server: ModelServer) -> None:
    model_server.answer_with(lambda view: absent_but_one(view.properties))
    fields = tuple(
        Field(f"field_{number}", kind, "Say it.", f"field {number}", categories=(("a", "A"),))
        for number, kind in enumerate((VariableType.TEXT, VariableType.NUMBER, VariableType.CATEGORY) * 14)
    )[:40]
    request = make_request(*fields)
    (reply,) = generate(anthropic_provider(model_server), request)
    jsonschema.validate(json.loads(reply.text), request.schema)
    answers = parse_answer(reply.text, fields)
    assert [name for name, answer in answers.items() if answer.found] == ["field_3"]
    assert model_server.calls[0].variables == tuple(field.name for field in fields)


def absent_but_one(names: tuple[str, ...]) -> dict[str, Any]:
    """An answer as a model gives it that has no null: texts are empty where there is nothing."""
    nothing = {"found": False, "value": "", "source_text": "", "confidence": 0.9}
    said = {"found": True, "value": "words", "source_text": "the words", "confidence": 0.9}
    return {name: said if name == "field_3" else nothing for name in names}
