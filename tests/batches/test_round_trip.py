"""From requests to the ledger through a provider's batches, over real sockets."""

import json

import pytest

from resources.database.repositories.provider_batches import batches_of_attempt
from resources.models.batches.service import Limits
from resources.vocabulary import BatchItemStatus, BatchStatus
from tests.batches.desk import Desk, documents
from tests.model_server import ModelServer

SCOUTS = {"openai": 1, "anthropic": 0}  # live calls by which a run learns which parameters a model takes


def test_a_run_in_batches_ends_with_every_answer_in_the_ledger_at_half_the_price(
    desk: Desk, model_server: ModelServer
) -> None:
    asked = documents(60)
    first = desk.run(asked)
    assert sorted(first.deferred) == sorted(asked)
    assert not first.answers
    desk.look_until_ended()
    (batch,) = desk.batches()
    assert batch.status is BatchStatus.INGESTED
    assert batch.items == 60 - SCOUTS[desk.provider]
    second = desk.run(asked, attempt=1)
    assert not second.deferred
    assert not second.failed
    found = {text: json.loads(call.reply.text)["amount"]["value"] for text, call in second.answers.items()}
    assert found == {text: 1000 + number for number, text in enumerate(asked)}
    assert not any(call.paid for call in second.answers.values())
    with desk.database.transaction(desk.tenant) as session:
        assert batches_of_attempt(session, desk.task_id, 0, 1) == []  # nothing was left undone: the step is done
    stats = model_server.stats()
    assert stats.live_calls == SCOUTS[desk.provider]
    assert stats.batch_items == 60 - SCOUTS[desk.provider]
    assert (stats.useful_again, stats.questions_again) == (0, 0)
    rows = desk.calls()
    assert len(rows) == 60
    in_batch = [row for row in rows if row.batch_id == batch.id]
    assert len(in_batch) == batch.items
    assert all(row.price_version.endswith(" batch") for row in in_batch)
    by_tokens = {(row.input_tokens, row.output_tokens): row.cost_usd for row in in_batch}
    for row in rows:
        if row.batch_id is None and (half := by_tokens.get((row.input_tokens, row.output_tokens))):
            assert row.cost_usd == 2 * half
    assert {row.status for row in desk.items().values()} == {BatchItemStatus.FINISHED.value}
    assert {row.body for row in desk.items().values()} == {None}


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_batches_are_split_by_the_number_of_requests_and_by_their_size(
    provider: str, make_desk, model_server: ModelServer
) -> None:
    model_server.configure(batch_seconds=0.05)
    desk = make_desk(model_server.url, provider)
    asked = documents(30)
    desk.run(asked, limits=Limits(requests=7, size_bytes=10**9))
    assert max(batch.items for batch in desk.batches()) == 7
    assert sum(batch.items for batch in desk.batches()) == 30 - SCOUTS[provider]
    desk.look_until_ended()
    by_size = documents(30, "Rental")
    before = len(desk.batches())
    desk.run(by_size, attempt=1, limits=Limits(requests=10**6, size_bytes=6_000))
    made = desk.batches()[before:]
    assert len(made) > 3
    assert all(batch.size_bytes <= 6_000 for batch in made)
    desk.look_until_ended()
    seen = desk.run([*asked, *by_size], attempt=2)
    assert len(seen.answers) == 60
    assert model_server.stats().questions_again == 0


def test_one_request_asked_many_times_is_in_a_batch_once(desk: Desk, model_server: ModelServer) -> None:
    asked = documents(5) * 4
    desk.run(asked)
    desk.run(asked)  # the attempt is made again, as after a crash
    desk.look_until_ended()
    assert len(desk.run(documents(5), attempt=1).answers) == 5
    assert model_server.stats().useful == 5


def test_an_attempt_that_died_while_it_collected_goes_on_with_its_batch(desk: Desk) -> None:
    desk.run(documents(8), finish=False)
    assert not any(batch.sealed for batch in desk.batches())
    assert desk.look() == []  # a batch that is being filled is left alone
    desk.run(documents(12))
    assert sum(batch.items for batch in desk.batches()) == 12 - 2 * SCOUTS[desk.provider]  # one in each run
    desk.look_until_ended()
    assert len(desk.run(documents(12), attempt=1).answers) == 12


def test_after_three_rounds_requests_go_live(desk: Desk, model_server: ModelServer) -> None:
    for number in range(3):
        seen = desk.run(documents(4, f"Round{number}"), attempt=number)
        assert len(seen.deferred) == 4
        desk.look_until_ended()
    seen = desk.run(documents(4, "Late"), attempt=3)
    assert len(seen.answers) == 4
    assert not seen.deferred
    assert model_server.stats().batch_items == 12 - 3 * SCOUTS[desk.provider]


def test_answers_come_back_as_they_were_written(desk: Desk) -> None:
    text = "Läns 家 \u2028\u2029\x85\x0b 'q' \"d\" \\ \x00 end\nAmount: 7"
    desk.run([text, *documents(3)])
    desk.look_until_ended()
    assert len(desk.run([text, *documents(3)], attempt=1).answers) == 4


def test_a_model_that_refuses_a_parameter_still_goes_in_batches(make_desk, model_server: ModelServer) -> None:
    model_server.configure(batch_seconds=0.05)
    desk = make_desk(model_server.url, "openai")
    asked = documents(10)
    desk.run(asked, model="openai:o4-mini")
    desk.look_until_ended()
    seen = desk.run(asked, attempt=1, model="openai:o4-mini")
    assert len(seen.answers) == 10
    assert model_server.stats().batch_useful == 9
