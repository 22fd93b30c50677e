"""OpenAI's batches, and what both services' have in common, asked for through the real SDKs over real sockets."""

import json
import time
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.model_server import ConfigError, LabelledLines, ModelServer, SubprocessModelServer
from tests.model_server import openai_batches as openai_side
from tests.model_server.batching import (
    anthropic_client,
    chat_body,
    ended,
    line,
    message_batch,
    openai_client,
    output,
    params,
    submit,
    until,
    upload,
)


def test_a_batch_goes_through_its_states_and_answers_every_item(model_server: ModelServer) -> None:
    model_server.configure(batch_seconds=0.6)
    with openai_client(model_server) as client:
        batch = submit(client, [line(number) for number in range(40)], metadata={"run": "7"})
        assert (batch.status, batch.object, batch.metadata) == ("validating", "batch", {"run": "7"})
        seen = [batch.status]

        def look() -> Any:
            found = client.batches.retrieve(batch.id)
            seen.append(found.status)
            return found

        done = until(look, lambda found: found.status == "completed")
        assert list(dict.fromkeys(seen)) == ["validating", "in_progress", "finalizing", "completed"]
        assert done.request_counts.to_dict() == {"total": 40, "completed": 40, "failed": 0}
        assert done.error_file_id is None
        assert done.model == "m"
        found = output(client, done.output_file_id)
        assert len(found) == 40
        assert list(found) != [f"item-{number}" for number in range(40)]  # in no order that can be relied on
        answer = found["item-17"]
        assert answer["error"] is None
        assert answer["response"]["status_code"] == 200
        assert answer["response"]["request_id"].startswith("req_")
        body = openai.types.chat.ChatCompletion.model_validate(answer["response"]["body"])
        assert json.loads(body.choices[0].message.content or "")["amount"]["value"] == 17
        assert done.usage.total_tokens == sum(
            one["response"]["body"]["usage"]["total_tokens"] for one in found.values()
        )
        assert [one.id for one in client.batches.list()] == [batch.id]


def test_live_calls_and_items_are_counted_apart(quick: ModelServer) -> None:
    with openai_client(quick) as client:
        ended(client, submit(client, [line(1), line(2)]))
        client.chat.completions.create(**chat_body(2))
    totals = quick.stats()
    assert (totals.calls, totals.live_calls, totals.batch_items, totals.batches) == (3, 1, 2, 1)
    assert (totals.live_useful, totals.batch_useful, totals.useful_again) == (1, 2, 1)
    assert totals.batch_input_tokens + totals.live_input_tokens == totals.input_tokens
    assert totals.batch_output_tokens == 2 * totals.live_output_tokens
    assert (totals.in_flight, totals.max_in_flight) == (0, 1)
    assert [(call.custom_id, call.batch is None) for call in quick.calls] == [
        ("item-1", False),
        ("item-2", False),
        (None, True),
    ]


@pytest.mark.parametrize(
    ("lines", "code", "number"),
    [
        ([line(1), "{not json"], "invalid_json_line", 2),
        ([line(1), line(2), line(1)], "duplicate_custom_id", 3),
        ([{key: value for key, value in line(1).items() if key != "custom_id"}], "missing_required_parameter", 1),
        ([line(1, url="/v1/embeddings")], "invalid_url", 1),
        ([line(1, method="GET")], "invalid_method", 1),
        ([line(1), line(2, body=chat_body(2, model="other"))], "mismatched_model", 2),
        ([""], "empty_file", None),
    ],
)
def test_bad_input_fails_the_batch_as_a_whole(quick: ModelServer, lines: Any, code: str, number: int | None) -> None:
    with openai_client(quick) as client:
        done = ended(client, submit(client, lines))
    assert done.status == "failed"
    assert [(error.code, error.line) for error in done.errors.data] == [(code, number)]
    assert (done.output_file_id, done.error_file_id) == (None, None)
    assert quick.stats().batch_items == 0


def test_too_many_requests_fail_the_batch(quick: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert openai_side.MAX_REQUESTS == 50_000
    monkeypatch.setattr(openai_side, "MAX_REQUESTS", 3)
    with openai_client(quick) as client:
        assert ended(client, submit(client, [line(number) for number in range(3)])).status == "completed"
        done = ended(client, submit(client, [line(number) for number in range(4)]))
    assert (done.status, done.errors.data[0].code) == ("failed", "too_many_tasks")


def test_what_cannot_become_a_batch_is_refused_at_once(quick: ModelServer) -> None:
    with openai_client(quick) as client:
        with pytest.raises(openai.BadRequestError, match="jsonl"):
            client.files.create(file=("requests.txt", b"{}"), purpose="batch")
        with pytest.raises(openai.BadRequestError, match="input_file_id"):
            client.batches.create(
                input_file_id="file-unknown", endpoint="/v1/chat/completions", completion_window="24h"
            )
        with pytest.raises(openai.BadRequestError, match="24h"):
            submit(client, [line(1)], completion_window="1h")
        with pytest.raises(openai.BadRequestError, match="Supported values"):
            submit(client, [line(1)], endpoint="/v1/nothing")
        with pytest.raises(openai.NotFoundError, match="No batch found"):
            client.batches.retrieve("batch_unknown")
    quick.configure(api_keys=["another"])
    with openai_client(quick) as client, pytest.raises(openai.AuthenticationError):
        client.batches.list()


def test_files_are_kept_told_and_deleted(quick: ModelServer) -> None:
    with openai_client(quick) as client:
        file = upload(client, [line(1)])
        assert (file.filename, file.purpose, file.status) == ("requests.jsonl", "batch", "processed")
        assert client.files.retrieve(file.id) == file
        assert file.bytes == len(client.files.content(file.id).content)
        assert json.loads(client.files.content(file.id).text) == line(1)
        assert [one.id for one in client.files.list(purpose="batch")] == [file.id]
        assert client.files.delete(file.id).deleted
        with pytest.raises(openai.NotFoundError, match="No such File"):
            client.files.content(file.id)


def test_refused_items_are_in_the_error_file(quick: ModelServer) -> None:
    with openai_client(quick) as client:
        done = ended(client, submit(client, [line(1), line(2, body=chat_body(2, temperature=9))]))
        assert done.status == "completed"
        assert done.request_counts.to_dict() == {"total": 2, "completed": 1, "failed": 1}
        assert list(output(client, done.output_file_id)) == ["item-1"]
        (bad,) = output(client, done.error_file_id).values()
    assert (bad["custom_id"], bad["response"]["status_code"], bad["error"]) == ("item-2", 400, None)
    assert bad["response"]["body"]["error"]["code"] == "decimal_above_max_value"


def test_faults_of_items_happen_as_often_as_configured(quick: ModelServer) -> None:
    kinds = ("error", "expire", "invalid_request", "refusal", "truncated", "invalid_json")
    quick.configure(batch_item_faults=dict.fromkeys(kinds, 0.1))
    with openai_client(quick) as client:
        done = ended(client, submit(client, [line(number) for number in range(200)]))
        good, bad = output(client, done.output_file_id), output(client, done.error_file_id)
    assert done.status == "expired"
    assert len(good) + len(bad) == 200
    statuses = [one["response"] and one["response"]["status_code"] for one in bad.values()]
    assert {status: 8 < statuses.count(status) < 35 for status in (500, 400, None)} == dict.fromkeys(
        (500, 400, None), True
    )
    assert {one["error"]["code"] for one in bad.values() if one["error"]} == {"batch_expired"}
    choices = [one["response"]["body"]["choices"][0] for one in good.values()]
    assert any(choice["message"]["refusal"] for choice in choices)
    assert any(choice["finish_reason"] == "length" for choice in choices)
    spoilt = [choice for choice in choices if (choice["message"]["content"] or "").startswith("Here is")]
    assert 8 < len(spoilt) < 35
    totals = quick.stats()
    assert totals.batch_items == 200 - statuses.count(None)
    assert totals.batch_useful == len(good) - sum(totals.by_fault[kind] for kind in ("refusal", "truncated")) - len(
        spoilt
    )
    with pytest.raises(ConfigError, match="unknown batch item fault"):
        quick.configure(batch_item_faults={"fire": 1})


def test_the_faults_of_live_calls_hit_items_too(quick: ModelServer) -> None:
    quick.configure(faults={"permanent": {"Amount: 3": "rate_limit", "Amount: 4": "hang"}})
    with openai_client(quick) as client:
        done = ended(client, submit(client, [line(number) for number in range(6)]))
        bad = output(client, done.error_file_id)
    assert {name: one["response"]["status_code"] for name, one in bad.items()} == {"item-3": 429, "item-4": 500}


def test_held_batches_wait_for_their_release(quick: ModelServer) -> None:
    quick.configure(batch_hold=True)
    with openai_client(quick) as client:
        batch = submit(client, [line(1)])
        until(lambda: client.batches.retrieve(batch.id), lambda found: found.status == "in_progress")
        time.sleep(0.05)
        assert client.batches.retrieve(batch.id).status == "in_progress"
        assert quick.stats().batch_items == 0
        quick.configure(batch_hold=False)
        assert ended(client, batch).status == "completed"


def test_a_cancelled_batch_keeps_what_is_done(quick: ModelServer) -> None:
    quick.configure(batch_seconds=0.5)
    with openai_client(quick) as client:
        batch = submit(client, [line(number) for number in range(20)])
        until(lambda: client.batches.retrieve(batch.id), lambda found: found.request_counts.completed >= 3)
        assert client.batches.cancel(batch.id).status == "cancelling"
        done = ended(client, batch)
        good, bad = output(client, done.output_file_id), output(client, done.error_file_id)
        assert done.status == "cancelled"
        assert 3 <= len(good) < 20
        assert len(good) + len(bad) == 20
        assert {one["error"]["code"] for one in bad.values()} == {"batch_cancelled"}
        with pytest.raises(openai.ConflictError):
            client.batches.cancel(batch.id)
    assert quick.stats().batch_items == len(good)


def test_a_share_of_the_items_can_expire(quick: ModelServer) -> None:
    quick.configure(batch_expire_share=0.25)
    with openai_client(quick) as client:
        done = ended(client, submit(client, [line(number) for number in range(8)]))
        bad = output(client, done.error_file_id)
    assert (done.status, done.request_counts.completed) == ("expired", 6)
    assert sorted(bad) == ["item-6", "item-7"]
    assert bad["item-7"]["response"] is None


def test_validation_can_fail_as_configured(quick: ModelServer) -> None:
    quick.configure(batch_fail=True)
    with openai_client(quick) as client:
        done = ended(client, submit(client, [line(1)]))
    assert (done.status, done.errors.data[0].code) == ("failed", "token_limit_exceeded")
    with anthropic_client(quick) as client, pytest.raises(anthropic.BadRequestError):
        message_batch(client, 1)


def test_embeddings_can_be_a_batch(quick: ModelServer) -> None:
    with openai_client(quick) as client:
        body = {"model": "e", "input": ["one", "two"]}
        asked = {"custom_id": "a", "method": "POST", "url": "/v1/embeddings", "body": body}
        done = ended(client, submit(client, [asked], endpoint="/v1/embeddings"))
        found = output(client, done.output_file_id)["a"]["response"]["body"]
    assert [len(item["embedding"]) for item in found["data"]] == [384, 384]


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ([], "at least 1 item"),
        ([{"custom_id": "a b", "params": params(1)}], "should match pattern"),
        ([{"custom_id": "x" * 65, "params": params(1)}], "should match pattern"),
        ([{"custom_id": "a", "params": params(1)}] * 2, "unique"),
        ([{"custom_id": "a"}], "params: Field required"),
    ],
)
def test_a_wrong_message_batch_is_refused(quick: ModelServer, requests: Any, words: str) -> None:
    with anthropic_client(quick) as client, pytest.raises(anthropic.BadRequestError, match=words):
        client.messages.batches.create(requests=requests)
    assert quick.stats().batches == 0


def test_lists_are_paged_the_newest_first(quick: ModelServer) -> None:
    with anthropic_client(quick) as client:
        names = [message_batch(client, 1).id for _ in range(5)]
        assert [one.id for one in client.messages.batches.list(limit=2)] == names[::-1]
        assert [one.id for one in client.messages.batches.list(limit=2, before_id=names[0]).data] == names[2:0:-1]
    with openai_client(quick) as other:
        mine = [submit(other, [line(1)]).id for _ in range(3)]
        assert [one.id for one in other.batches.list(limit=2)] == mine[::-1]


def test_batches_survive_their_client() -> None:
    with SubprocessModelServer(batch_seconds=0.05) as server:
        with openai_client(server) as client:
            name = submit(client, [line(1)]).id
        with openai_client(server) as client:
            done = until(lambda: client.batches.retrieve(name), lambda found: found.status == "completed")
            assert len(output(client, done.output_file_id)) == 1
        assert (server.stats().batches, server.stats().batch_items) == (1, 1)
        assert server.calls[0].batch == name
        server.reset()
        assert httpx.get(f"{server.openai_url}/batches/{name}").status_code == 404


def test_live_calls_get_their_turn_while_a_batch_is_worked_on(model_server: ModelServer) -> None:
    def slow(view: Any) -> Any:
        time.sleep(0.002)
        return LabelledLines()(view)

    model_server.answer_with(slow)
    model_server.configure(batch_seconds=0)
    with openai_client(model_server) as client:
        batch = submit(client, [line(number) for number in range(300)])
        client.chat.completions.create(**chat_body(999))
        assert client.batches.retrieve(batch.id).status == "in_progress"
        assert ended(client, batch).request_counts.completed == 300


def test_a_form_that_is_none_is_refused(model_server: ModelServer) -> None:
    for headers in ({"content-type": "text/plain"}, {"content-type": "multipart/form-data; boundary=x"}):
        response = httpx.post(f"{model_server.openai_url}/files", content=b"nothing", headers=headers)
        assert response.status_code == 400
        assert "multipart" in response.json()["error"]["message"]
