"""What the server remembers and how it is steered: in the same process, over HTTP, and as a process of its own."""

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.model_server import (
    AnswererError,
    CallsMissingError,
    ConfigError,
    Fault,
    ModelServer,
    Script,
    ServerStartError,
    SubprocessModelServer,
)
from tests.model_server.prompts import answer_schema, messages

FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "a", "strict": True, "schema": answer_schema({"amount": "number"})},
}


def post(url: str, document: str, **changes: Any) -> httpx.Response:
    body = {"model": "m", "messages": messages(document), "response_format": FORMAT} | changes
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60)


def test_what_was_paid_twice_is_counted(model_server: ModelServer) -> None:
    for document in ("Amount: 1", "Amount: 2", "Amount: 1"):
        assert post(model_server.url, document).status_code == 200
    totals = model_server.stats()
    assert (totals.calls, totals.bodies, totals.useful_again, totals.questions_again) == (3, 2, 1, 1)
    post(model_server.url, "Amount: 2", temperature=0.5)  # the same question in another request
    assert (model_server.stats().useful_again, model_server.stats().questions_again) == (1, 2)


def test_a_retry_after_a_failure_is_not_paid_twice(model_server: ModelServer) -> None:
    model_server.configure(faults={"attempts": {1: "reset", 2: "truncated"}})
    with pytest.raises(httpx.TransportError):
        post(model_server.url, "Amount: 1")
    assert [post(model_server.url, "Amount: 1").status_code for _ in range(2)] == [200, 200]
    totals = model_server.stats()
    assert (totals.answered, totals.useful, totals.useful_again) == (3, 1, 0)
    assert totals.by_fault == {"reset": 1, "truncated": 1}


def test_held_answers_stay_in_flight_until_released(model_server: ModelServer) -> None:
    model_server.hold()
    clients = [threading.Thread(target=post, args=(model_server.url, f"Amount: {n}")) for n in range(3)]
    for client in clients:
        client.start()
    model_server.wait_for_calls(3)
    assert (model_server.stats().in_flight, model_server.stats().useful) == (3, 0)
    model_server.release()
    for client in clients:
        client.join()
    assert (model_server.stats().in_flight, model_server.stats().useful) == (0, 3)


def test_waiting_for_calls_that_do_not_come_fails(model_server: ModelServer) -> None:
    with pytest.raises(CallsMissingError, match="for 1 calls, 0 came"):
        model_server.wait_for_calls(1, timeout_s=0.02)


def test_reset_forgets_calls_attempts_and_caches(model_server: ModelServer) -> None:
    def cached() -> int:
        usage = post(model_server.url, "Amount: 1\n" + "word " * 2000).json()["usage"]
        found = usage["prompt_tokens_details"]["cached_tokens"]
        assert isinstance(found, int)
        return found

    assert cached() == 0
    assert cached() > 0
    model_server.reset()
    assert model_server.stats().calls == 0
    assert cached() == 0
    assert model_server.calls[0].attempt == 1


def test_an_answerer_that_raises_fails_the_test() -> None:
    with pytest.raises(AnswererError, match="1 times"), ModelServer(Script([])) as server:
        assert post(server.url, "x").status_code == 500


def test_a_script_gives_its_replies_in_order(model_server: ModelServer) -> None:
    model_server.answer_with(Script(["first", {"second": 2}], then=lambda view: "rest"))
    found = [post(model_server.url, "x").json()["choices"][0]["message"]["content"] for _ in range(3)]
    assert found == ["first", '{"second":2}', "rest"]


def test_unknown_settings_are_refused_and_change_nothing(model_server: ModelServer) -> None:
    with pytest.raises(ConfigError, match="unknown settings"):
        model_server.configure(latency=1)
    response = httpx.post(f"{model_server.url}/_config", json={"faults": {"probabilities": {"fire": 1}}})
    assert response.status_code == 400
    assert "fire" in response.json()["error"]
    assert httpx.get(f"{model_server.url}/_nothing").status_code == 404


def test_a_process_is_steered_like_a_thread(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({"doc": "one.txt", "marker": "Contract 1", "gold": {"amount": [70]}}) + "\n")
    with SubprocessModelServer(["--answers", str(gold)], seed=4) as server:
        document = "Contract 1\nThe price is 70 euros. It is due now."
        answer = json.loads(post(server.url, document).json()["choices"][0]["message"]["content"])
        assert answer["amount"]["value"] == 70
        assert answer["amount"]["source_text"] == "The price is 70 euros."
        server.configure(faults={"script": {"2": "rate_limit"}}, retry_after_s=0.5)
        assert post(server.url, document).headers["retry-after-ms"] == "500"
        assert [(call.status, call.fault) for call in server.calls] == [(200, None), (429, Fault.RATE_LIMIT)]
        assert server.calls[0].variables == ("amount",)
        server.configure(script=["scripted"])
        assert post(server.url, document).json()["choices"][0]["message"]["content"] == "scripted"
        assert (server.stats().calls, server.stats().useful, server.failures()) == (3, 2, ())
        server.reset()
        assert server.stats().calls == 0
        with pytest.raises(ConfigError, match="unknown settings"):
            server.configure(nothing=1)


def test_a_process_ends_with_the_one_that_started_it() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.model_server", "--with-stdin", "--fault-429", "0.5"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"http://127.0.0.1:")
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_bad_settings_of_a_process_are_told() -> None:
    with pytest.raises(ServerStartError, match="exit code 2: model server: unknown fault 'fire'"):
        SubprocessModelServer(["--permanent", "Contract 1=fire"]).__enter__()


def test_many_requests_at_once_are_all_recorded(model_server: ModelServer) -> None:
    async def run() -> list[int]:
        async with httpx.AsyncClient(timeout=30) as client:
            bodies = [{"model": "m", "messages": messages(f"Amount: {n}")} for n in range(200)]
            answers = await asyncio.gather(
                *(client.post(f"{model_server.url}/v1/chat/completions", json=body) for body in bodies)
            )
            return [answer.status_code for answer in answers]

    assert asyncio.run(run()) == [200] * 200
    totals = model_server.stats()
    assert (totals.calls, totals.bodies, totals.useful) == (200, 200, 200)
    assert [call.number for call in model_server.calls] == list(range(1, 201))
