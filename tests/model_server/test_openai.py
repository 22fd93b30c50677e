"""The OpenAI side, asked through the real SDK over real sockets."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import openai
import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

from tests.model_server import ModelServer, Reply, RequestView, ServerConfig
from tests.model_server.openai_checks import PARAMETERS
from tests.model_server.prompts import answer_schema, messages

T = TypeVar("T")
DOCUMENT = "Loan agreement\nAmount: 1,234.50 EUR\nBorrower: Acme GmbH\nSecured: yes"


def ask(server: ModelServer, question: Callable[[openai.AsyncOpenAI], Awaitable[T]], key: str = "key") -> T:
    async def run() -> T:
        async with openai.AsyncOpenAI(base_url=server.openai_url, api_key=key, max_retries=0, timeout=60) as client:
            return await question(client)

    return asyncio.run(run())


def chat(server: ModelServer, **changes: Any) -> Any:
    arguments: dict[str, Any] = {"model": "gpt-4.1-mini", "messages": messages(DOCUMENT)} | changes
    return ask(server, lambda client: client.chat.completions.create(**arguments))


def structured(schema: dict[str, Any], *, strict: bool = True) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": strict, "schema": schema}}


def test_a_structured_answer_quotes_the_document(model_server: ModelServer) -> None:
    schema = answer_schema({"amount": "number", "secured": "boolean", "lender": "string"})
    completion = chat(model_server, response_format=structured(schema))
    answer = json.loads(completion.choices[0].message.content)
    assert answer["amount"] == {
        "found": True,
        "value": 1234.5,
        "source_text": "Amount: 1,234.50 EUR",
        "confidence": 0.9,
    }
    assert answer["secured"]["value"] is True
    assert answer["lender"] == {"found": False, "value": None, "source_text": None, "confidence": 0.8}
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert model_server.calls[0].variables == ("amount", "secured", "lender")


def test_json_mode_gives_an_object(model_server: ModelServer) -> None:
    completion = chat(
        model_server,
        messages=messages(DOCUMENT, "Answer in JSON."),
        response_format={"type": "json_object"},
    )
    assert json.loads(completion.choices[0].message.content)["borrower"] == "Acme GmbH"


def test_a_forced_function_is_called(model_server: ModelServer) -> None:
    function = {
        "name": "send_output",
        "parameters": {"type": "object", "properties": {"borrower": {"type": "string"}}},
    }
    completion = chat(
        model_server,
        tools=[{"type": "function", "function": function}],
        tool_choice={"type": "function", "function": {"name": "send_output"}},
    )
    call = completion.choices[0].message.tool_calls[0].function
    assert (call.name, json.loads(call.arguments)) == ("send_output", {"borrower": "Acme GmbH"})


def test_a_stream_gives_the_same_text_and_usage_as_one_answer(model_server: ModelServer) -> None:
    schema = answer_schema({"amount": "number"})
    whole = chat(model_server, response_format=structured(schema))

    async def stream(client: openai.AsyncOpenAI) -> tuple[str, Any, Any]:
        text, finish, usage = "", None, None
        arguments: dict[str, Any] = {
            "model": "gpt-4.1-mini",
            "messages": messages(DOCUMENT),
            "response_format": structured(schema),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        async for event in await client.chat.completions.create(**arguments):
            usage = event.usage or usage
            for choice in event.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
        return text, finish, usage

    text, finish, usage = ask(model_server, stream)
    assert text == whole.choices[0].message.content
    assert finish == "stop"
    assert usage == whole.usage


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings_are_unit_vectors_near_for_shared_words(model_server: ModelServer, encoding: str) -> None:
    texts = ["the loan amount is high", "a high amount of the loan", "penguins swim in cold water"]

    async def embed(client: openai.AsyncOpenAI) -> Any:
        arguments: dict[str, Any] = {"encoding_format": encoding}
        return await client.embeddings.create(
            model="text-embedding-3-small", input=texts, dimensions=256, **arguments
        )

    response = ask(model_server, embed)
    first, second, third = [decoded(item.embedding) for item in response.data]
    assert len(first) == 256
    assert sum(x * x for x in first) == pytest.approx(1, abs=1e-5)
    assert dot(first, second) > 0.5 > dot(first, third)
    assert response.usage.prompt_tokens > 0


def decoded(embedding: Any) -> list[float]:
    if isinstance(embedding, str):
        import base64
        import struct

        data = base64.b64decode(embedding)
        return list(struct.unpack(f"<{len(data) // 4}f", data))
    return list(embedding)


def dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_an_empty_embedding_input_is_refused(model_server: ModelServer) -> None:
    with pytest.raises(openai.BadRequestError, match="input"):
        ask(model_server, lambda client: client.embeddings.create(model="m", input=""))


def test_models_are_listed() -> None:
    async def names(client: openai.AsyncOpenAI) -> list[str]:
        return [model.id async for model in client.models.list()]

    with ModelServer(config=ServerConfig(models=("small", "large"))) as server:
        assert ask(server, names) == ["small", "large"]
        assert ask(server, lambda client: client.models.retrieve("large")).id == "large"
        with pytest.raises(openai.NotFoundError):
            ask(server, lambda client: client.models.retrieve("medium"))
        with pytest.raises(openai.NotFoundError) as caught:
            chat(server, model="medium")
        assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": "hello"}, "messages", "invalid_type"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
        ({"temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({"extra_body": {"guided_json": {}}}, "guided_json", "unknown_parameter"),
        ({"model": "gpt-5", "max_tokens": 5}, "max_tokens", "unsupported_parameter"),
        ({"model": "o3", "temperature": 0.1}, "temperature", "unsupported_value"),
        ({"response_format": {"type": "yaml"}}, "response_format.type", "invalid_value"),
        ({"response_format": {"type": "json_object"}, "messages": messages("x")}, "messages", None),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
    ],
)
def test_a_wrong_request_is_refused_in_openais_words(
    model_server: ModelServer, changes: dict[str, Any], param: str, code: str | None
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        chat(model_server, **changes)
    assert (caught.value.param, caught.value.code, caught.value.type) == (param, code, "invalid_request_error")
    assert model_server.calls[0].status == 400
    assert model_server.stats().answered == 0


def test_missing_messages_are_refused(model_server: ModelServer) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(model_server, lambda client: client.post("/chat/completions", body={"model": "m"}, cast_to=object))
    assert caught.value.code == "missing_required_parameter"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": [], "additionalProperties": False},
        {"type": "array", "items": {"type": "string"}},
        {"anyOf": [{"type": "object", "properties": {}, "additionalProperties": False}]},
    ],
)
def test_strict_mode_refuses_schemas_that_openai_refuses(model_server: ModelServer, schema: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError, match="Invalid schema for response_format 'answer'"):
        chat(model_server, response_format=structured(schema))
    chat(model_server, response_format=structured(schema, strict=False))


def test_a_wrong_key_is_refused() -> None:
    with ModelServer(config=ServerConfig(api_keys=("right",))) as server:
        with pytest.raises(openai.AuthenticationError) as caught:
            ask(server, lambda client: client.models.list(), key="wrong")
        assert caught.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            chat(server)
        completion = ask(
            server,
            lambda client: client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}]),
            key="right",
        )
        assert completion.choices[0].message.content
        assert [(call.key, call.status) for call in server.calls] == [("key", 401), ("right", 200)]


def test_max_tokens_cut_the_answer_off() -> None:
    with ModelServer(lambda view: "x" * 100) as server:
        completion = chat(server, max_completion_tokens=5)
    assert completion.choices[0].message.content == "x" * 20
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage.completion_tokens == 5


def test_the_same_long_prefix_is_cached_and_another_schema_misses(model_server: ModelServer) -> None:
    document = "Amount: 5 EUR\n" + "word " * 2000
    one, other = (structured(answer_schema({name: "number"})) for name in ("amount", "interest"))

    def cached(wanted: dict[str, Any], question: str) -> int:
        completion = chat(model_server, messages=messages(document, question), response_format=wanted)
        found = completion.usage.prompt_tokens_details.cached_tokens
        assert isinstance(found, int)
        return found

    assert cached(one, "Which?") == 0
    assert cached(one, "How much?") >= 2048
    assert cached(other, "Which?") == 0
    model_server.configure(schema_in_prefix=False)
    assert cached(one, "Which?") == 0  # the cache knows prompts with their schemas only
    assert cached(other, "Which?") >= 2048


def test_request_ids_and_limits_are_in_the_headers(model_server: ModelServer) -> None:
    async def raw(client: openai.AsyncOpenAI) -> Any:
        return await client.chat.completions.with_raw_response.create(
            model="m", messages=[{"role": "user", "content": "x"}]
        )

    one, other = ask(model_server, raw), ask(model_server, raw)
    assert one.headers["x-request-id"].startswith("req_")
    assert one.headers["x-request-id"] != other.headers["x-request-id"]
    assert int(one.headers["x-ratelimit-remaining-requests"]) < int(one.headers["x-ratelimit-limit-requests"])


def test_an_answerer_sees_the_request(model_server: ModelServer) -> None:
    seen: list[RequestView] = []

    def answer(view: RequestView) -> Reply:
        seen.append(view)
        return Reply("fine", note="seen")

    model_server.answer_with(answer)
    chat(model_server, messages=messages(DOCUMENT, "Which amount?"), max_tokens=7)
    (view,) = seen
    assert view.document == DOCUMENT
    assert view.question == "Which amount?"
    assert (view.max_tokens, view.number, view.attempt) == (7, 1, 1)
    assert model_server.calls[0].note == "seen"


def test_the_known_parameters_are_those_of_the_sdk() -> None:
    assert frozenset(CompletionCreateParamsStreaming.__annotations__) == PARAMETERS
