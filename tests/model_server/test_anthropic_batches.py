"""Anthropic's message batches, asked for through the real SDK over real sockets."""

import json
from typing import Any

import anthropic
import pytest

from tests.model_server import ModelServer
from tests.model_server.batching import anthropic_client, message_batch, message_results, params


def test_a_message_batch_ends_with_a_result_for_every_item(quick: ModelServer) -> None:
    quick.configure(batch_seconds=0.3)
    with anthropic_client(quick) as client:
        batch = message_batch(client, 12)
        assert (batch.processing_status, batch.request_counts.processing) == ("in_progress", 12)
        assert batch.results_url is None
        with pytest.raises(anthropic.AnthropicError, match="results_url"):
            client.messages.batches.results(batch.id)
        with pytest.raises(anthropic.BadRequestError, match="still processing"):
            client.messages.batches.delete(batch.id)
        found = message_results(client, batch)
        assert sorted(found) == sorted(f"item-{number}" for number in range(12))
        assert list(found) != [f"item-{number}" for number in range(12)]
        answer = found["item-7"]
        assert answer.type == "succeeded"
        assert json.loads(answer.message.content[0].text)["amount"]["value"] == 7
        done = client.messages.batches.retrieve(batch.id)
        assert (done.request_counts.succeeded, done.request_counts.processing) == (12, 0)
        assert done.ended_at is not None
        assert done.created_at < done.ended_at
        assert client.messages.batches.delete(batch.id).type == "message_batch_deleted"
        with pytest.raises(anthropic.NotFoundError):
            client.messages.batches.retrieve(batch.id)
    assert quick.stats().batch_useful == 12


def test_items_of_a_message_batch_err_and_expire(quick: ModelServer) -> None:
    quick.configure(batch_expire_share=0.25, faults={"permanent": {"Amount: 1": "overloaded"}})
    requests: Any = [{"custom_id": str(number), "params": params(number)} for number in range(8)]
    requests[2]["params"]["messages"] = []
    with anthropic_client(quick) as client:
        batch = client.messages.batches.create(requests=requests)
        found = message_results(client, batch)
        counts = client.messages.batches.retrieve(batch.id).request_counts
    assert {name for name, result in found.items() if result.type == "expired"} == {"6", "7"}
    assert found["1"].error.error.type == "overloaded_error"
    assert found["2"].error.error.type == "invalid_request_error"
    assert (counts.succeeded, counts.errored, counts.expired, counts.canceled) == (4, 2, 2, 0)


def test_a_message_batch_can_be_cancelled(quick: ModelServer) -> None:
    quick.configure(batch_hold=True)
    with anthropic_client(quick) as client:
        batch = message_batch(client, 3)
        cancelled = client.messages.batches.cancel(batch.id)
        assert cancelled.processing_status == "canceling"
        assert cancelled.cancel_initiated_at is not None
        quick.configure(batch_hold=False)
        assert {result.type for result in message_results(client, batch).values()} == {"canceled"}
        assert client.messages.batches.retrieve(batch.id).request_counts.canceled == 3
