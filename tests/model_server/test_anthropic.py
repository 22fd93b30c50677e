"""The Anthropic side, asked through the real SDK over real sockets."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anthropic
import pytest
from anthropic.types.message_create_params import MessageCreateParamsStreaming

from tests.model_server import Fault, FaultPlan, ModelServer, ServerConfig
from tests.model_server.anthropic_checks import PARAMETERS
from tests.model_server.prompts import answer_schema, closed, fenced

T = TypeVar("T")
MARK = {"type": "ephemeral"}
DOCUMENT = "Loan agreement\nAmount: 1,234.50 EUR\nBorrower: Acme GmbH"
SCHEMA = answer_schema({"amount": "number", "lender": "string"})


def ask(server: ModelServer, question: Callable[[anthropic.AsyncAnthropic], Awaitable[T]], key: str = "key") -> T:
    async def run() -> T:
        async with anthropic.AsyncAnthropic(
            base_url=server.anthropic_url, api_key=key, max_retries=0, timeout=60
        ) as client:
            return await question(client)

    return asyncio.run(run())


def arguments(**changes: Any) -> dict[str, Any]:
    blocks = [
        {"type": "text", "text": fenced(DOCUMENT), "cache_control": MARK},
        {"type": "text", "text": "Which amount?"},
    ]
    return {
        "model": "claude-haiku-5-5",
        "max_tokens": 500,
        "system": [{"type": "text", "text": "You extract values."}],
        "messages": [{"role": "user", "content": blocks}],
    } | changes


def message(server: ModelServer, **changes: Any) -> Any:
    return ask(server, lambda client: client.messages.create(**arguments(**changes)))


def test_a_structured_answer_quotes_the_document(model_server: ModelServer) -> None:
    found = message(model_server, output_config={"format": {"type": "json_schema", "schema": SCHEMA}})
    answer = json.loads(found.content[0].text)
    assert answer["amount"]["value"] == 1234.5
    assert answer["amount"]["source_text"] == "Amount: 1,234.50 EUR"
    assert answer["lender"]["found"] is False
    assert found.stop_reason == "end_turn"


def test_a_forced_tool_is_used(model_server: ModelServer) -> None:
    found = message(
        model_server,
        tools=[{"name": "record", "input_schema": SCHEMA}],
        tool_choice={"type": "tool", "name": "record"},
    )
    (block,) = found.content
    assert (block.type, block.name, block.input["amount"]["value"]) == ("tool_use", "record", 1234.5)
    assert found.stop_reason == "tool_use"


@pytest.mark.parametrize("by_tool", [False, True])
def test_a_stream_gives_the_same_message_as_one_answer(model_server: ModelServer, by_tool: bool) -> None:
    how: dict[str, Any] = {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}
    if by_tool:
        tool = {"name": "record", "input_schema": SCHEMA}
        how = {"tools": [tool], "tool_choice": {"type": "tool", "name": "record"}}

    async def stream(client: anthropic.AsyncAnthropic) -> tuple[list[str], Any]:
        async with client.messages.stream(**arguments(**how)) as events:
            kinds = [str(event.type) async for event in events]
            return kinds, await events.get_final_message()

    whole = message(model_server, **how)
    kinds, streamed = ask(model_server, stream)
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"
    assert streamed.stop_reason == whole.stop_reason
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    if by_tool:
        assert streamed.content[0].input == whole.content[0].input
    else:
        assert streamed.content[0].text == whole.content[0].text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "system", "content": "x"}]}, 'Unexpected role "system"'),
        ({"messages": [{"role": "user", "content": ""}]}, "non-empty content"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "non-empty"),
        ({"extra_body": {"temperature": 0.1}}, "temperature"),
        ({"extra_body": {"temperature": 2}, "model": "claude-3-haiku-20240307"}, "range: 0..1"),
        ({"extra_body": {"frequency": 1}}, "frequency: Extra inputs are not permitted"),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
            "additionalProperties",
        ),
        ({"tools": [{"name": "a", "input_schema": SCHEMA}], "tool_choice": {"type": "tool", "name": "b"}}, "'b'"),
        ({"system": [{"type": "text", "text": str(n), "cache_control": MARK} for n in range(5)]}, "maximum of 4"),
    ],
)
def test_a_wrong_request_is_refused_in_anthropics_words(
    model_server: ModelServer, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=words) as caught:
        message(model_server, **changes)
    assert caught.value.type == "invalid_request_error"
    assert caught.value.request_id is not None
    assert model_server.stats().answered == 0


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "number", "minimum": 0}, "For 'number' type, property minimum not supported"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 3}, "maxItems"),
        ({"type": "string", "maxLength": 3}, "maxLength"),
    ],
)
def test_schemas_that_anthropic_refuses_are_refused(
    model_server: ModelServer, part: dict[str, Any], words: str
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=words):
        message(model_server, output_config={"format": {"type": "json_schema", "schema": closed({"a": part})}})


def test_more_than_sixteen_unions_are_refused(model_server: ModelServer) -> None:
    many = answer_schema({f"variable_{number}": "string" for number in range(9)})  # two unions each
    with pytest.raises(anthropic.BadRequestError, match="too many parameters with union types"):
        message(model_server, output_config={"format": {"type": "json_schema", "schema": many}})


def test_missing_max_tokens_and_a_missing_version_are_refused(model_server: ModelServer) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    with pytest.raises(anthropic.BadRequestError, match="max_tokens: Field required"):
        ask(model_server, lambda client: client.post("/v1/messages", body=body, cast_to=object))


def test_a_wrong_key_is_refused() -> None:
    with ModelServer(config=ServerConfig(api_keys=("right",))) as server:
        with pytest.raises(anthropic.AuthenticationError) as caught:
            message(server)
        assert caught.value.type == "authentication_error"
        assert [call.status for call in server.calls] == [401]


def test_a_marked_prefix_is_written_once_and_read_again(model_server: ModelServer) -> None:
    document = {"type": "text", "text": fenced("word " * 2000), "cache_control": MARK}

    def usage(question: str, **changes: Any) -> tuple[int, int, int]:
        content = [document, {"type": "text", "text": question}]
        found = message(model_server, messages=[{"role": "user", "content": content}], **changes).usage
        return found.cache_creation_input_tokens, found.cache_read_input_tokens, found.input_tokens

    written, read, rest = usage("Which amount?")
    assert (written > 2400, read, rest < 20) == (True, 0, True)
    assert usage("Which date?")[:2] == (0, written)
    other = {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert usage("Which date?", output_config=other)[1] == 0  # another answer schema is another prefix


def test_overload_and_errors_have_anthropics_shape() -> None:
    script = {1: Fault.OVERLOADED, 2: Fault.RATE_LIMIT, 3: Fault.SERVER_ERROR, 4: Fault.QUOTA}
    with ModelServer(config=ServerConfig(faults=FaultPlan(script=script), retry_after_s=1.5)) as server:
        with pytest.raises(anthropic.OverloadedError) as overloaded:
            message(server)
        assert overloaded.value.type == "overloaded_error"
        with pytest.raises(anthropic.RateLimitError) as limited:
            message(server)
        assert limited.value.response.headers["retry-after"] == "2"
        assert limited.value.response.headers["retry-after-ms"] == "1500"
        with pytest.raises(anthropic.InternalServerError) as failed:
            message(server)
        assert failed.value.type == "api_error"
        with pytest.raises(anthropic.BadRequestError, match="credit balance"):
            message(server)
        assert message(server).content[0].text


def test_a_refusal_has_its_own_stop_reason() -> None:
    with ModelServer(config=ServerConfig(faults=FaultPlan(script={1: Fault.REFUSAL}))) as server:
        refused = message(server)
    assert refused.stop_reason == "refusal"
    assert refused.stop_details.type == "refusal"
    assert refused.content == []


def test_tokens_are_counted_and_models_listed(model_server: ModelServer) -> None:
    async def both(client: anthropic.AsyncAnthropic) -> tuple[int, list[str]]:
        counted = await client.messages.count_tokens(model="m", messages=[{"role": "user", "content": "x" * 400}])
        return counted.input_tokens, [model.id async for model in client.models.list()]

    tokens, names = ask(model_server, both)
    assert 100 <= tokens <= 105
    assert names == ["test-model"]


def test_request_ids_and_limits_are_in_the_headers(model_server: ModelServer) -> None:
    raw = ask(model_server, lambda client: client.messages.with_raw_response.create(**arguments()))
    assert raw.headers["request-id"].startswith("req_")
    assert int(raw.headers["anthropic-ratelimit-requests-limit"]) > 0
    assert raw.headers["anthropic-ratelimit-input-tokens-reset"].endswith("Z")


def test_the_known_parameters_are_those_of_the_sdk_and_sampling() -> None:
    sampling = {"temperature", "top_p", "top_k"}
    assert frozenset(MessageCreateParamsStreaming.__annotations__) | sampling == PARAMETERS
