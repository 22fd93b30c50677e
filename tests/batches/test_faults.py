"""What providers do to batches: items that fail, expire or are refused go live, and nothing is lost or paid twice."""

import pytest

from resources.models.batches.service import Limits
from resources.vocabulary import BatchItemStatus, BatchStatus, TaskStatus
from tests.batches.desk import Desk, documents
from tests.batches.proxy import LosingProxy
from tests.batches.test_round_trip import SCOUTS
from tests.model_server import ModelServer

FAILED = BatchItemStatus.FAILED.value


@pytest.mark.parametrize("fault", ["error", "expire", "invalid_request", "refusal"])
def test_items_without_an_answer_are_asked_live_and_only_those(
    desk: Desk, model_server: ModelServer, fault: str
) -> None:
    model_server.configure(batch_item_faults={fault: 0.4}, seed=3)
    asked = documents(40, fault)
    desk.run(asked)
    desk.look_until_ended()
    (batch,) = desk.batches()
    assert batch.status is BatchStatus.INGESTED
    failed = [item for item in desk.items().values() if item.status == FAILED]
    assert 5 < len(failed) < 30
    assert all(item.error for item in failed)
    logged = [row for row in desk.failed_tries() if row.call_key in {item.call_key for item in failed}]
    assert sorted(row.call_key for row in logged) == sorted(item.call_key for item in failed)
    model_server.configure(batch_item_faults={})
    seen = desk.run(asked, attempt=1)
    assert not seen.deferred
    assert not seen.failed
    assert len(seen.answers) == 40
    assert sum(call.paid for call in seen.answers.values()) == len(failed)
    stats = model_server.stats()
    assert stats.live_calls == len(failed) + SCOUTS[desk.provider]
    assert stats.questions_again == 0


def test_answers_that_were_cut_off_or_are_no_json_reach_the_ledger_like_live_ones(
    desk: Desk, model_server: ModelServer
) -> None:
    model_server.configure(batch_item_faults={"truncated": 0.3, "invalid_json": 0.3}, seed=5)
    asked = documents(40, "Cut")
    desk.run(asked)
    desk.look_until_ended()
    seen = desk.run(asked, attempt=1)
    assert len(seen.answers) == 40
    assert not any(call.paid for call in seen.answers.values())
    assert sum(call.reply.finish_reason == "length" for call in seen.answers.values()) > 4


def test_the_end_of_a_batch_that_expires_is_asked_live(desk: Desk, model_server: ModelServer) -> None:
    model_server.configure(batch_expire_share=0.5)
    asked = documents(20, "Expired")
    desk.run(asked)
    desk.look_until_ended()
    failed = [item for item in desk.items().values() if item.status == FAILED]
    assert len(failed) == 10
    assert "expired" in failed[0].error
    assert len(desk.run(asked, attempt=1).answers) == 20
    assert model_server.stats().questions_again == 0


def test_a_batch_that_is_refused_as_a_whole_is_asked_live_and_says_why(desk: Desk, model_server: ModelServer) -> None:
    model_server.configure(batch_fail=True)
    asked = documents(12, "Refused")
    desk.run(asked)
    desk.look_until_ended()
    (batch,) = desk.batches()
    assert batch.status is BatchStatus.FAILED
    assert batch.message
    assert {item.error for item in desk.items().values()} == {batch.message}
    seen = desk.run(asked, attempt=1)
    assert len(seen.answers) == 12
    assert model_server.stats().batch_items == 0


def test_batches_without_room_wait_for_those_that_are_out(make_desk, model_server: ModelServer) -> None:
    model_server.configure(batch_seconds=0.05, batch_hold=True)
    desk = make_desk(model_server.url, "openai")
    first, second = documents(6, "First"), documents(6, "Second")
    desk.run(first)
    model_server.configure(batch_fail=True)  # more is waiting at the provider than the account may have
    desk.run(second)
    desk.look()
    while [batch.status for batch in desk.batches()] != [BatchStatus.SUBMITTED, BatchStatus.PREPARED]:
        desk.look()
    assert "room" in desk.batches()[1].message
    made = model_server.stats().batches
    desk.look()
    assert model_server.stats().batches == made  # it is not sent again while nothing has changed
    model_server.configure(batch_hold=False, batch_fail=False)
    desk.look_until_ended()
    assert [batch.status for batch in desk.batches()] == [BatchStatus.INGESTED] * 2
    assert len(desk.run([*first, *second], attempt=1).answers) == 12
    assert model_server.stats().live_calls == 2  # the scouts of the two runs


def test_a_cancelled_task_stops_its_batch_and_keeps_what_was_answered(desk: Desk, model_server: ModelServer) -> None:
    model_server.configure(batch_seconds=3)
    asked = documents(60, "Cancelled")
    desk.run(asked)
    while model_server.stats().batch_items < 10:
        pass
    desk.set_task(TaskStatus.CANCELLED)
    desk.look_until_ended()
    (batch,) = desk.batches()
    assert batch.status is BatchStatus.CANCELLED
    finished = [item for item in desk.items().values() if item.status == BatchItemStatus.FINISHED.value]
    stats = model_server.stats()
    assert 10 <= len(finished) == stats.batch_useful < 60
    assert len(desk.calls()) == len(finished) + SCOUTS[desk.provider]
    # wanted again: what was not answered goes into a batch once more, what was is not asked
    model_server.configure(batch_seconds=0.05)
    desk.set_task(TaskStatus.RUNNING)
    again = desk.run(asked, attempt=1)
    assert len(again.answers) == len(finished) + SCOUTS[desk.provider]
    desk.look_until_ended()
    assert len(desk.run(asked, attempt=2).answers) == 60
    assert model_server.stats().questions_again == 0


def test_what_was_never_sent_is_dropped_with_its_task_and_asked_again_when_it_goes_on(
    desk: Desk, model_server: ModelServer
) -> None:
    asked = documents(6, "Dropped")
    desk.run(asked, submit=False)
    desk.set_task(TaskStatus.PAUSED)
    desk.look()
    (batch,) = desk.batches()
    assert batch.status is BatchStatus.CANCELLED
    assert model_server.stats().batches == 0
    desk.set_task(TaskStatus.RUNNING)
    desk.run(asked, attempt=1)
    desk.look_until_ended()
    assert len(desk.run(asked, attempt=2).answers) == 6


def test_a_task_that_failed_leaves_its_batch_to_the_next_one(desk: Desk, model_server: ModelServer) -> None:
    model_server.configure(batch_hold=True)
    asked = documents(10, "Failed")
    desk.run(asked)
    desk.set_task(TaskStatus.FAILED)
    desk.look()
    assert desk.batches()[0].cancel_requested_at is None  # it is paid for, and wanted by whoever runs next
    first = desk.task_id
    desk.task_id = desk.new_task()
    seen = desk.run([*asked, *documents(3, "New")])
    assert len(seen.deferred) == 13 - SCOUTS[desk.provider]
    assert {batch.task_id for batch in desk.batches()} == {desk.task_id} != {first}
    model_server.configure(batch_hold=False)
    desk.look_until_ended()
    assert len(desk.run([*asked, *documents(3, "New")], attempt=1).answers) == 13
    assert model_server.stats().questions_again == 0


def test_a_key_that_is_not_accepted_stops_the_run_with_that_reason(desk: Desk, model_server: ModelServer) -> None:
    model_server.configure(api_keys=["another"])
    asked = documents(4, "Locked")
    seen = desk.run(asked)
    if desk.provider == "anthropic":  # without a scout it shows when the batch is sent, and then in the live calls
        desk.look_until_ended()
        seen = desk.run(asked, attempt=1)
    assert any("401" in reason for reason in seen.failed.values())
    model_server.configure(api_keys=[])


def test_a_key_that_fails_while_a_batch_is_out_loses_nothing(desk: Desk, model_server: ModelServer) -> None:
    asked = documents(9, "Rotated")
    desk.run(asked)
    model_server.configure(api_keys=["another"])
    (trouble,) = desk.look()
    assert "401" in trouble
    assert desk.batches()[0].status is BatchStatus.SUBMITTED
    model_server.configure(api_keys=[])
    desk.look_until_ended()
    assert len(desk.run(asked, attempt=1).answers) == 9
    assert model_server.stats().questions_again == 0


@pytest.mark.parametrize(
    ("provider", "started_by"), [("openai", "POST /v1/batches "), ("anthropic", "POST /v1/messages/batches ")]
)
@pytest.mark.parametrize("held", [True, False], ids=["not ended", "ended"])
def test_a_batch_whose_start_was_not_answered_is_found_and_not_sent_again(
    make_desk, model_server: ModelServer, provider: str, started_by: str, held: bool
) -> None:
    model_server.configure(batch_seconds=0.05, batch_hold=held)
    asked = documents(20, "Lost")
    with LosingProxy(model_server.url, started_by, hang=False) as proxy:
        desk = make_desk(proxy.url, provider)
        desk.run(asked)
        assert proxy.swallowed.is_set()
    (batch,) = desk.batches()
    assert (batch.status, batch.remote_id) == (BatchStatus.SUBMITTED, None)
    desk.env = make_desk(model_server.url, provider).env
    desk.look()
    if held and provider == "anthropic":  # whose batches show their items only when they have ended
        assert "may be it" in desk.batches()[0].message
    model_server.configure(batch_hold=False)
    desk.look_until_ended()
    assert model_server.stats().batches == 1
    assert len(desk.run(asked, attempt=1).answers) == 20
    assert model_server.stats().questions_again == 0


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_batch_that_did_not_arrive_is_sent_again(provider: str, make_desk, model_server: ModelServer) -> None:
    model_server.configure(batch_seconds=0.05)
    desk = make_desk(model_server.url, provider)
    asked = documents(10, "Gone")
    desk.run(asked, submit=False)
    desk.mark_as_sent()
    desk.look_until_ended()
    assert model_server.stats().batches == 1
    assert len(desk.run(asked, attempt=1).answers) == 10


def test_another_account_user_s_batch_is_not_taken_for_ours(make_desk, model_server: ModelServer) -> None:
    model_server.configure(batch_seconds=0.05)
    theirs = make_desk(model_server.url, "anthropic")
    theirs.run(documents(10, "Theirs"))
    ours = make_desk(model_server.url, "anthropic")
    asked = documents(10, "Ours")
    ours.run(asked, submit=False)
    ours.mark_as_sent()
    theirs.look_until_ended()
    ours.look_until_ended()
    assert len(ours.run(asked, attempt=1).answers) == 10
    assert model_server.stats().batches == 2


def test_results_that_break_off_are_read_to_the_end_at_the_next_look(desk: Desk, model_server: ModelServer) -> None:
    asked = documents(600, "Broken")
    results = {"openai": "GET /v1/files/", "anthropic": "GET /v1/messages/batches/msgbatch"}[desk.provider]
    desk.run(asked, limits=Limits(10**6, 10**9))
    direct = desk.env
    with LosingProxy(model_server.url, results, hang=False, let_through=250_000) as proxy:
        desk.env = {k: v.replace(model_server.url, proxy.url) for k, v in direct.items()}
        for _ in range(20):
            troubles = desk.look()
            if proxy.swallowed.is_set():
                break
        assert troubles
    assert desk.batches()[0].status is BatchStatus.SUBMITTED
    came = [item for item in desk.items().values() if item.status == BatchItemStatus.FINISHED.value]
    assert 0 < len(came) < 600
    desk.env = direct
    desk.look_until_ended()
    assert len(desk.run(asked, attempt=1).answers) == 600
    assert model_server.stats().questions_again == 0
