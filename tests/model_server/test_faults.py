"""Faults, timing and limits, as a client meets them."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model_server import ConfigError, Fault, FaultPlan, ModelServer, Script, ServerConfig
from tests.model_server.faults import decide, draw, latency_s
from tests.model_server.limits import Bucket
from tests.model_server.prompts import answer_schema, messages

T = TypeVar("T")
SCHEMA = answer_schema({"amount": "number"})
FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}


def ask(server: ModelServer, question: Callable[[openai.AsyncOpenAI], Awaitable[T]], timeout_s: float = 10) -> T:
    async def run() -> T:
        async with openai.AsyncOpenAI(
            base_url=server.openai_url, api_key="key", max_retries=0, timeout=timeout_s
        ) as client:
            return await question(client)

    return asyncio.run(run())


def arguments(document: str = "Amount: 5 EUR", **changes: Any) -> dict[str, Any]:
    return {"model": "m", "messages": messages(document), "response_format": FORMAT} | changes


def chat(server: ModelServer, document: str = "Amount: 5 EUR", timeout_s: float = 10, **changes: Any) -> Any:
    return ask(
        server, lambda client: client.chat.completions.create(**arguments(document, **changes)), timeout_s=timeout_s
    )


def failing(*faults: Fault, **settings: Any) -> ModelServer:
    plan = FaultPlan(script=dict(enumerate(faults, 1)))
    return ModelServer(config=ServerConfig(faults=plan, **settings))


def test_statuses_come_as_scripted_and_then_the_answer() -> None:
    faults = (Fault.SERVER_ERROR, Fault.UNAVAILABLE, Fault.BAD_GATEWAY, Fault.FORBIDDEN, Fault.CONTEXT_LENGTH)
    with failing(*faults) as server:
        for status in (500, 503, 502, 403, 400):
            with pytest.raises(openai.APIStatusError) as caught:
                chat(server)
            assert caught.value.status_code == status
        assert json.loads(chat(server).choices[0].message.content)["amount"]["value"] == 5
        assert server.stats().by_status == {"500": 1, "503": 1, "502": 1, "403": 1, "400": 1, "200": 1}
        assert [call.attempt for call in server.calls] == [1, 2, 3, 4, 5, 6]
        assert len({call.body_hash for call in server.calls}) == 1


def test_a_rate_limit_says_when_to_come_back() -> None:
    with failing(Fault.RATE_LIMIT, retry_after_s=0.25) as server, pytest.raises(openai.RateLimitError) as caught:
        chat(server)
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "1"
    assert caught.value.response.headers["retry-after-ms"] == "250"


def test_a_hanging_request_runs_into_the_clients_time_out() -> None:
    with failing(Fault.HANG) as server:
        with pytest.raises(openai.APITimeoutError):
            chat(server, timeout_s=0.1)
        call = server.calls[0]
        assert (call.status, call.delivered) == (0, False)
        assert chat(server).choices


@pytest.mark.parametrize("stream", [False, True])
def test_a_reset_breaks_the_answer_in_the_middle(stream: bool) -> None:
    async def read(client: openai.AsyncOpenAI) -> None:
        answer = await client.chat.completions.create(**arguments(stream=stream))
        if stream:
            async for _ in answer:
                pass

    with failing(Fault.RESET) as server:
        with pytest.raises((openai.APIConnectionError, httpx2.TransportError)):
            ask(server, read)
        assert not server.calls[0].delivered
        assert server.calls[0].answered  # the provider did the work
        assert not server.calls[0].useful


def test_a_disconnect_comes_before_the_first_byte() -> None:
    with failing(Fault.DISCONNECT) as server:
        with pytest.raises(openai.APIConnectionError):
            chat(server)
        assert server.calls[0].status == 0


def test_a_stream_can_break_with_an_error_event() -> None:
    async def read(client: openai.AsyncOpenAI) -> None:
        async for _ in await client.chat.completions.create(**arguments(stream=True)):
            pass

    with failing(Fault.STREAM_ERROR) as server, pytest.raises(openai.APIError, match="server had an error"):
        ask(server, read)


def test_a_truncated_answer_says_so_and_cannot_be_parsed() -> None:
    with failing(Fault.TRUNCATED) as server:
        choice = chat(server).choices[0]
    assert choice.finish_reason == "length"
    with pytest.raises(ValueError, match=r"\(char \d+\)"):
        json.loads(choice.message.content)


def test_invalid_json_looks_finished() -> None:
    with failing(Fault.INVALID_JSON) as server:
        choice = chat(server).choices[0]
    assert choice.finish_reason == "stop"
    with pytest.raises(ValueError, match=r"\(char \d+\)"):
        json.loads(choice.message.content)


def test_a_wrong_type_is_json_that_the_schema_forbids() -> None:
    with failing(Fault.WRONG_TYPE) as server:
        answer = json.loads(chat(server).choices[0].message.content)
    assert not isinstance(answer["amount"], dict)


def test_empty_answers_and_refusals() -> None:
    with failing(Fault.EMPTY, Fault.REFUSAL) as server:
        assert chat(server).choices[0].message.content == ""
        refused = chat(server).choices[0].message
        assert (refused.content, bool(refused.refusal)) == (None, True)
        assert server.stats().useful == 0


def test_chosen_documents_fail_for_ever() -> None:
    plan = FaultPlan(permanent={"Contract 7": Fault.SERVER_ERROR})
    with ModelServer(config=ServerConfig(faults=plan)) as server:
        for _ in range(3):
            with pytest.raises(openai.InternalServerError):
                chat(server, "Contract 7\nAmount: 5")
        assert chat(server, "Contract 8\nAmount: 5").choices


def test_faults_by_attempt_heal() -> None:
    plan = FaultPlan(attempts={1: Fault.UNAVAILABLE})
    with ModelServer(config=ServerConfig(faults=plan)) as server:
        for document in ("Amount: 1", "Amount: 2"):
            with pytest.raises(openai.InternalServerError):
                chat(server, document)
            assert chat(server, document).choices


def test_latency_and_token_time_pass_before_the_answer() -> None:
    with ModelServer(Script(["x" * 40]), ServerConfig(latency_s=0.1, token_s=0.01)) as server:
        started = time.monotonic()
        chat(server)
        assert time.monotonic() - started > 0.19


def test_a_stream_comes_token_by_token() -> None:
    async def times(client: openai.AsyncOpenAI) -> list[float]:
        started = time.monotonic()
        return [
            time.monotonic() - started
            async for event in await client.chat.completions.create(**arguments(stream=True))
            if event.choices and event.choices[0].delta.content
        ]

    with ModelServer(Script(["x" * 160]), ServerConfig(token_s=0.03)) as server:
        arrived = ask(server, times)
    assert len(arrived) == 10
    assert arrived[-1] - arrived[0] > 0.4


def test_enforced_limits_refuse_and_tell_the_true_wait() -> None:
    with ModelServer(config=ServerConfig(requests_per_minute=2)) as server:
        assert chat(server).choices
        assert chat(server).choices
        with pytest.raises(openai.RateLimitError) as caught:
            chat(server)
        assert 25_000 < int(caught.value.response.headers["retry-after-ms"]) <= 30_000
        assert caught.value.response.headers["x-ratelimit-remaining-requests"] == "0"


def test_too_many_in_flight_are_refused() -> None:
    async def many(client: openai.AsyncOpenAI) -> list[Any]:
        calls = (client.chat.completions.create(**arguments(f"Amount: {n}")) for n in range(5))
        return await asyncio.gather(*calls, return_exceptions=True)

    with ModelServer(config=ServerConfig(latency_s=0.2, max_in_flight=3)) as server:
        results = ask(server, many)
        assert sum(isinstance(result, openai.RateLimitError) for result in results) == 2


def test_a_prompt_beyond_the_context_is_refused() -> None:
    with ModelServer(config=ServerConfig(context_tokens=100)) as server:
        assert chat(server).choices
        with pytest.raises(openai.BadRequestError) as caught:
            chat(server, "word " * 200)
        assert caught.value.code == "context_length_exceeded"


def test_the_same_requests_fail_at_any_concurrency() -> None:
    plan = FaultPlan(probabilities={Fault.SERVER_ERROR: 0.3})

    def statuses(width: int) -> dict[str, int]:
        async def run(client: openai.AsyncOpenAI) -> None:
            limit = asyncio.Semaphore(width)

            async def one(number: int) -> None:
                async with limit:
                    await client.chat.completions.create(**arguments(f"Amount: {number}"))

            await asyncio.gather(*map(one, range(40)), return_exceptions=True)

        with ModelServer(config=ServerConfig(faults=plan, seed=3)) as server:
            ask(server, run)
            return {call.body_hash: call.status for call in server.calls}

    one, other = statuses(1), statuses(16)
    assert one == other
    assert set(one.values()) == {200, 500}


@given(st.integers(0, 2**32), st.binary(max_size=40), st.integers(1, 50))
def test_draws_are_repeatable_shares(seed: int, digest: bytes, attempt: int) -> None:
    one = draw(seed, digest, attempt)
    assert one == draw(seed, digest, attempt)
    assert 0 <= one.fault < 1
    assert 0 <= one.time < 1
    assert one != draw(seed, digest, attempt + 1)


def test_probabilities_are_kept_over_many_requests() -> None:
    plan = FaultPlan(probabilities={Fault.RATE_LIMIT: 0.1, Fault.SERVER_ERROR: 0.05})
    hits = [decide(plan, n, 1, "", draw(1, n.to_bytes(4, "big"), 1).fault) for n in range(1, 4001)]
    assert 0.08 < hits.count(Fault.RATE_LIMIT) / 4000 < 0.12
    assert 0.035 < hits.count(Fault.SERVER_ERROR) / 4000 < 0.065
    assert decide(FaultPlan(probabilities=plan.probabilities, first_attempts=1), 1, 2, "", 0.0) is None


@given(st.floats(0, 10), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_jitter_stays_within_its_share(base: float, jitter: float, chance: float) -> None:
    found = latency_s(ServerConfig(latency_s=base, jitter=jitter), chance)
    assert base * (1 - jitter) - 1e-9 <= found <= base * (1 + jitter) + 1e-9


@given(st.integers(1, 1000), st.lists(st.tuples(st.floats(0, 30), st.integers(1, 50)), max_size=40))
def test_a_bucket_never_gives_more_than_its_rate(per_minute: int, asked: list[tuple[float, int]]) -> None:
    now, given_out, bucket = 0.0, 0, Bucket.full(per_minute, 0.0)
    for passed, cost in asked:
        now += passed
        bucket = bucket.refilled(now)
        if cost <= per_minute and bucket.wait_s(cost) == 0:
            bucket, given_out = bucket.spent(cost), given_out + cost
    assert given_out <= per_minute * (1 + now / 60) + 1e-6


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="at most 1"):
        FaultPlan(probabilities={Fault.HANG: 0.7, Fault.RESET: 0.7})
    with pytest.raises(ConfigError, match="jitter"):
        ServerConfig(jitter=2)
    with pytest.raises(ConfigError, match="unknown settings"):
        ServerConfig().changed({"latency": 1})
    with pytest.raises(ConfigError, match="unknown fault 'fire'"):
        ServerConfig().changed({"faults": {"probabilities": {"fire": 0.1}}})
