"""Rate limits, their headers, and the refusals that agree with them."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.model_server import ModelServer, ServerConfig
from tests.model_server.openai_wire import _duration
from tests.model_server.prompts import messages

_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNIT = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def seconds(text: str) -> float:
    assert _PART.sub("", text) == ""
    return sum(float(number) * _UNIT[unit] for number, unit in _PART.findall(text))


def post(server: ModelServer, **changes: Any) -> httpx.Response:
    body = {"model": "m", "messages": messages("Amount: 1")} | changes
    return httpx.post(f"{server.openai_url}/chat/completions", json=body)


def message(server: ModelServer, **changes: Any) -> httpx.Response:
    body = {"model": "m", "max_tokens": 50, "messages": [{"role": "user", "content": "x" * 400}]} | changes
    headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
    return httpx.post(f"{server.anthropic_url}/v1/messages", json=body, headers=headers)


def test_openais_headers_count_down_and_say_when_all_is_back() -> None:
    with ModelServer(config=ServerConfig(requests_per_minute=6, tokens_per_minute=6000)) as server:
        first, second = post(server).headers, post(server).headers
    assert [(h["x-ratelimit-limit-requests"], h["x-ratelimit-limit-tokens"]) for h in (first, second)] == [
        ("6", "6000")
    ] * 2
    assert [h["x-ratelimit-remaining-requests"] for h in (first, second)] == ["5", "4"]
    assert 5900 < int(second["x-ratelimit-remaining-tokens"]) < int(first["x-ratelimit-remaining-tokens"]) < 6000
    assert seconds(first["x-ratelimit-reset-requests"]) == pytest.approx(10, abs=0.5)
    assert seconds(second["x-ratelimit-reset-requests"]) == pytest.approx(20, abs=0.5)
    assert 0 < seconds(second["x-ratelimit-reset-tokens"]) < 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0s"), (0.02, "20ms"), (0.00001, "1ms"), (1, "1s"), (8.64, "8.64s"), (360, "6m0s"), (90.5, "1m30.5s")],
)
def test_durations_are_written_as_openai_writes_them(value: float, text: str) -> None:
    assert _duration(value) == text


def test_anthropics_headers_have_four_limits_and_times_of_day() -> None:
    config = ServerConfig(requests_per_minute=6, tokens_per_minute=6000, output_tokens_per_minute=600)
    with ModelServer(lambda view: "y" * 400, config) as server:
        before = datetime.now(UTC)
        headers = message(server, max_tokens=300).headers
        after = datetime.now(UTC)
        later = message(server).headers
    prefix = "anthropic-ratelimit"
    limits = {name: headers[f"{prefix}-{name}-limit"] for name in ("requests", "input-tokens", "output-tokens")}
    assert limits == {"requests": "6", "input-tokens": "6000", "output-tokens": "600"}
    assert headers[f"{prefix}-requests-remaining"] == "5"
    assert headers[f"{prefix}-output-tokens-remaining"] == "500"
    assert headers[f"{prefix}-tokens-limit"] == "600"  # the one that is nearest to its end
    assert int(later[f"{prefix}-input-tokens-remaining"]) < int(headers[f"{prefix}-input-tokens-remaining"])
    reset = datetime.fromisoformat(headers[f"{prefix}-requests-reset"])
    assert before + timedelta(seconds=9) < reset < after + timedelta(seconds=11)
    assert headers[f"{prefix}-requests-reset"].endswith("Z")


def test_every_answer_has_the_headers() -> None:
    with ModelServer(config=ServerConfig(requests_per_minute=2, api_keys=("right",))) as server:
        key = {"authorization": "Bearer right"}
        url = f"{server.openai_url}/chat/completions"
        answers = [
            httpx.post(url, json={}),  # 401
            httpx.post(url, json={}, headers=key),  # 400
            *(httpx.post(url, json={"model": "m", "messages": messages("x")}, headers=key) for _ in range(3)),
            httpx.get(f"{server.openai_url}/models", headers=key),
            httpx.get(f"{server.openai_url}/batches", headers=key),
        ]
    assert [answer.status_code for answer in answers] == [401, 400, 200, 200, 429, 200, 200]
    remaining = [answer.headers["x-ratelimit-remaining-requests"] for answer in answers]
    assert remaining == ["2", "2", "1", "0", "0", "0", "0"]


@pytest.mark.parametrize("limit", [{"requests_per_minute": 120}, {"tokens_per_minute": 300_000}])
def test_who_waits_as_long_as_told_is_let_in(model_server: ModelServer, limit: dict[str, int]) -> None:
    model_server.configure(**limit)
    body = {"model": "m", "messages": [{"role": "user", "content": "word " * 2000}]}
    with httpx.Client() as client:

        def ask() -> httpx.Response:
            return client.post(f"{model_server.openai_url}/chat/completions", json=body)

        answers = [ask() for _ in range(119)]  # no more than one minute's worth
        assert {answer.status_code for answer in answers[:100]} == {200}
        while (refused := ask()).status_code == 200:
            answers.append(refused)
            assert len(answers) < 1000
        assert refused.status_code == 429
        wait_s = int(refused.headers["retry-after-ms"]) / 1000
        assert 0 < wait_s <= int(refused.headers["retry-after"])
        resets = [seconds(refused.headers[f"x-ratelimit-reset-{name}"]) for name in ("requests", "tokens")]
        assert wait_s <= max(resets)
        time.sleep(wait_s)
        assert ask().status_code == 200


def test_written_tokens_are_limited_too() -> None:
    with ModelServer(lambda view: "y" * 4000, ServerConfig(output_tokens_per_minute=900)) as server:
        client = anthropic.Anthropic(base_url=server.anthropic_url, api_key="k", max_retries=0)
        arguments: dict[str, Any] = {"model": "m", "max_tokens": 2000, "messages": [{"role": "user", "content": "x"}]}
        with client:
            assert client.messages.create(**arguments).usage.output_tokens == 1000
            with pytest.raises(anthropic.RateLimitError) as caught:
                client.messages.create(**arguments)
    headers = caught.value.response.headers
    assert headers["anthropic-ratelimit-output-tokens-remaining"] == "0"
    assert 5 <= int(headers["retry-after"]) <= 8  # 100 too many, at 15 a second, and one


def test_items_of_batches_are_not_charged_to_the_limits() -> None:
    with ModelServer(config=ServerConfig(requests_per_minute=1, batch_seconds=0)) as server:
        with openai.OpenAI(base_url=server.openai_url, api_key="k", max_retries=0) as client:
            line = '{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[]}}'
            file = client.files.create(file=("a.jsonl", line.encode()), purpose="batch")
            client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        assert post(server).status_code == 200
