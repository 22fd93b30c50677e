"""What goes wrong while a question is answered: it ends with a reason that helps, and nothing is paid twice."""

import asyncio
from uuid import uuid4

import pytest

from crucible_assets.answers import calling
from crucible_assets.answers.engine import answer_question
from crucible_assets.answers.events import Event, Finished, Stated
from resources.database.repositories.answers import ConversationGoneError
from resources.database.repositories.conversations import delete_conversation
from resources.database.repositories.deletion import delete_documents
from resources.statements import AnswerStatus, Support
from tests.answers.conftest import MakeStudy
from tests.answers.study import Study
from tests.model_server import Fault, FaultPlan, Finish, ModelServer, Reply
from tests.model_server.cited import Asked, CitedAnswers

GRANT = "The heat pump grant for Elm Street was paid on 3 April 2024. It came to 7,500 euros."
QUESTION = "When was the heat pump grant for Elm Street paid?"
LONG = "It came to 7,500 euros. [1]\n" + "The heat pump grant for Elm Street was paid on 3 April 2024. [1]\n" * 8


def copied(asked: Asked) -> str:
    return f"It came to 7,500 euros. [{asked.label('Elm Street')}]"


@pytest.fixture
def grants(study: Study, model_server: ModelServer) -> Study:
    study.add("letter.pdf", GRANT)
    model_server.answer_with(CitedAnswers(copied))
    return study


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "LONGEST_SECONDS", 0.5)


FAULTS = {
    Fault.UNAUTHORIZED: "does not accept the installation's key",
    Fault.QUOTA: "no credit left",
    Fault.NOT_FOUND: "is not there",
    Fault.REFUSAL: "declined to answer",
    Fault.BAD_REQUEST: "did not accept the request",
    Fault.EMPTY: "wrote nothing",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("model", ["openai:test", "anthropic:claude-test"])
def test_a_model_that_does_not_answer_fails_it_with_a_reason_that_helps(
    make_study: MakeStudy, model_server: ModelServer, model: str, fault: Fault
) -> None:
    study = make_study((model,))
    study.add("letter.pdf", GRANT)
    model_server.answer_with(CitedAnswers(copied))
    model_server.configure(faults=FaultPlan(probabilities={fault: 1.0}))
    outcome = study.ask(QUESTION)
    assert outcome.answer.status is AnswerStatus.FAILED
    assert FAULTS[fault] in (outcome.answer.reason or "")
    assert outcome.statements == ()


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.SERVER_ERROR, Fault.RATE_LIMIT])
def test_a_model_that_is_down_fails_it_and_later_it_is_answered(
    grants: Study, model_server: ModelServer, impatient: None, fault: Fault
) -> None:
    model_server.configure(faults=FaultPlan(probabilities={fault: 1.0}), retry_after_s=0.3)
    outcome = grants.ask(QUESTION)
    assert outcome.answer.status is AnswerStatus.FAILED
    assert "Ask again later" in (outcome.answer.reason or "")
    model_server.configure(faults=FaultPlan())
    assert grants.ask(QUESTION).answer.status is AnswerStatus.ANSWERED


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.STREAM_ERROR])
def test_a_stream_that_breaks_keeps_what_was_checked_and_is_asked_anew(
    grants: Study, model_server: ModelServer, fault: Fault
) -> None:
    model_server.answer_with(CitedAnswers(LONG))
    model_server.configure(faults=FaultPlan(script={1: fault}))
    outcome = grants.ask(QUESTION)
    assert outcome.answer.status is AnswerStatus.FAILED
    assert outcome.statements
    assert set(outcome.supports) == {Support.SUPPORTED}
    assert grants.calls() == []  # what broke off is no finished call
    assert grants.ask(QUESTION).answer.status is AnswerStatus.ANSWERED


def test_an_answer_that_is_cut_off_is_not_trusted_beyond_its_last_sentence(
    grants: Study, model_server: ModelServer
) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(f"{copied(asked)}\nThe heat pump grant for Elm Str", Finish.LENGTH)

    model_server.answer_with(CitedAnswers(answer))
    outcome = grants.ask(QUESTION)
    assert outcome.supports == [Support.SUPPORTED, Support.UNSUPPORTED]


def test_a_budget_that_is_reached_says_so_and_sends_nothing(make_study: MakeStudy, model_server: ModelServer) -> None:
    study = make_study(("openai:gpt-4.1-mini",), budget_usd=0.000001)
    study.add("letter.pdf", GRANT)
    outcome = study.ask(QUESTION)
    assert outcome.answer.status is AnswerStatus.FAILED
    assert "budget_usd" in (outcome.answer.reason or "")
    assert model_server.calls == ()


def test_what_was_paid_is_told(make_study: MakeStudy, model_server: ModelServer) -> None:
    study = make_study(("openai:gpt-4.1-mini",), budget_usd=1.0)
    study.add("letter.pdf", GRANT)
    model_server.answer_with(CitedAnswers(copied))
    first, again = study.ask(QUESTION), study.ask(QUESTION)
    assert first.answer.cost_usd is not None
    assert first.answer.cost_usd > 0
    assert again.answer.cost_usd == 0


def test_a_model_that_reads_less_than_thought_is_shown_fewer_sources(
    make_study: MakeStudy, model_server: ModelServer
) -> None:
    study = make_study()
    for number in range(12):
        study.add(
            f"letter{number}.pdf", f"The heat pump grant for Elm Street {number} was paid. " + f"w{number} " * 300
        )
    script = CitedAnswers("NO ANSWER: nothing.")
    model_server.answer_with(script)
    model_server.configure(context_tokens=2_500)
    outcome = study.ask(QUESTION)
    assert outcome.answer.status is AnswerStatus.ABSTAINED
    assert len(script.asked[-1].sources) in range(1, 10)


def test_a_question_of_more_than_the_model_reads_fails_with_that_reason(
    grants: Study, model_server: ModelServer
) -> None:
    outcome = grants.ask("why " * 20_000)
    assert outcome.answer.status is AnswerStatus.FAILED
    assert "longer than the model reads" in (outcome.answer.reason or "")
    assert model_server.calls == ()


async def until_stated(study: Study, answer_id) -> None:
    """Listen until the first sentence has come, then go away."""
    events = answer_question(study.installation, study.tenant, answer_id, embedder=study.embedder)
    async for event in events:
        if isinstance(event, Stated):
            break
    await events.aclose()


def test_whoever_goes_away_stops_it_and_its_row_is_ended(grants: Study, model_server: ModelServer) -> None:
    model_server.answer_with(CitedAnswers(LONG))
    model_server.configure(token_s=0.005)
    answer_id = grants.begin(QUESTION)
    asyncio.run(until_stated(grants, answer_id))
    answer, statements = grants.stored(answer_id)
    assert answer is not None
    assert answer.status is AnswerStatus.FAILED
    assert "stopped" in (answer.reason or "")
    assert len(statements) == 1


def test_a_task_that_is_cancelled_in_a_call_ends_the_row(grants: Study, model_server: ModelServer) -> None:
    answer_id = grants.begin(QUESTION)
    model_server.hold()

    async def cancelled() -> None:
        async def listen() -> None:
            async for _ in answer_question(grants.installation, grants.tenant, answer_id, embedder=grants.embedder):
                pass

        task = asyncio.create_task(listen())
        await asyncio.to_thread(model_server.wait_for_calls, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    try:
        asyncio.run(cancelled())
    finally:
        model_server.release()
    answer, _ = grants.stored(answer_id)
    assert answer is not None
    assert "stopped" in (answer.reason or "")


def test_after_an_end_between_calls_nothing_is_paid_twice(grants: Study, model_server: ModelServer) -> None:
    """The first try ends when the answer was written and before it was judged."""
    script = CitedAnswers(lambda asked: f"The money for Elm Street arrived in spring. [{asked.label('Elm Street')}]")
    model_server.answer_with(script)
    answer_id = grants.begin(QUESTION)
    model_server.configure(faults=FaultPlan(script={2: Fault.HANG}))

    async def killed() -> None:
        events = answer_question(grants.installation, grants.tenant, answer_id, embedder=grants.embedder)

        async def listen() -> None:
            async for _ in events:
                pass

        task = asyncio.create_task(listen())
        await asyncio.to_thread(model_server.wait_for_calls, 2)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(killed())
    outcome = grants.ask(QUESTION)
    assert outcome.answer.status is not AnswerStatus.FAILED
    assert script.purposes.count("answer") == 1
    assert [purpose for purpose, _ in grants.calls()] == ["ANSWER", "CHECK"]


def test_the_same_question_at_the_same_time_is_paid_once(grants: Study, model_server: ModelServer) -> None:
    ids = [grants.begin(QUESTION) for _ in range(4)]
    model_server.configure(latency_s=0.1)

    async def all_of_them() -> list[list[Event]]:
        async def one(answer_id) -> list[Event]:
            events = answer_question(grants.installation, grants.tenant, answer_id, embedder=grants.embedder)
            return [event async for event in events]

        return await asyncio.gather(*(one(answer_id) for answer_id in ids))

    outcomes = [grants.outcome(events) for events in asyncio.run(all_of_them())]
    assert [outcome.texts() for outcome in outcomes] == [["It came to 7,500 euros."]] * 4
    assert len(model_server.calls) == 1


def test_a_conversation_that_is_deleted_meanwhile_ends_quietly(grants: Study, model_server: ModelServer) -> None:
    conversation = grants.conversation()
    answer_id = grants.begin(QUESTION, conversation)

    def answer(asked: Asked) -> str:
        with grants.database.transaction(grants.tenant) as session:
            assert delete_conversation(session, conversation, "user:ada")
        return copied(asked)

    model_server.answer_with(CitedAnswers(answer))
    outcome = grants.finish(answer_id)
    assert outcome.answer.status is AnswerStatus.FAILED
    assert "deleted" in (outcome.answer.reason or "")
    assert grants.stored(answer_id) == (None, ())


def test_a_document_that_is_deleted_while_it_is_answered_leaves_nothing(
    study: Study, model_server: ModelServer
) -> None:
    document = study.add("letter.pdf", GRANT)
    study.add("minutes.pdf", "The heat pump grant was discussed in the library.")

    def answer(asked: Asked) -> str:
        with study.database.transaction(study.tenant) as session:
            delete_documents(session, [document])
        return (
            f"It came to 7,500 euros. [{asked.label('Elm Street')}]\n"
            f"The heat pump grant was discussed in the library. [{asked.label('library')}]"
        )

    model_server.answer_with(CitedAnswers(answer))
    outcome = study.ask(QUESTION)
    assert outcome.texts() == ["The heat pump grant was discussed in the library."]
    assert all("7,500" not in reply for _, reply in study.calls())
    assert outcome.answer.sources_deleted == 1


def test_a_source_that_changes_is_asked_about_anew(study: Study, model_server: ModelServer) -> None:
    document = study.add("letter.pdf", GRANT)
    model_server.answer_with(CitedAnswers("It came to 7,500 euros. [1]"))
    study.ask(QUESTION)
    with study.database.transaction(study.tenant) as session:
        delete_documents(session, [document])
    assert study.calls() == [("ANSWER", "")]
    study.add("letter.pdf", GRANT.replace("7,500", "7,700"))
    outcome = study.ask(QUESTION)
    assert len(model_server.calls) == 2
    assert outcome.supports == [Support.UNSUPPORTED]


def test_an_answer_that_has_ended_is_told_as_it_is(grants: Study, model_server: ModelServer) -> None:
    outcome = grants.ask(QUESTION)
    again = grants.finish(outcome.answer.id)
    assert [type(event) for event in again.events] == [Finished]
    assert again.answer == outcome.answer
    assert len(model_server.calls) == 1


def test_an_answer_that_never_was_is_an_error(study: Study) -> None:
    with pytest.raises(ConversationGoneError):
        study.finish(uuid4())


def test_nothing_is_open_in_the_database_while_a_model_is_asked(grants: Study, model_server: ModelServer) -> None:
    """All connections of the pool are free at the moment of each call."""
    out = []

    def answer(asked: Asked) -> str:
        out.append(grants.database.engine.pool.checkedout())  # type: ignore[attr-defined] # of the pool in use
        return copied(asked)

    model_server.answer_with(CitedAnswers(answer))
    grants.ask(QUESTION)
    assert out == [0]


def test_another_tenants_words_are_in_no_request(make_study: MakeStudy, model_server: ModelServer) -> None:
    mine, theirs = make_study(), make_study()
    mine.add("letter.pdf", GRANT)
    theirs.add("letter.pdf", GRANT.replace("7,500", "9,900"))
    model_server.answer_with(CitedAnswers(copied))
    assert mine.ask(QUESTION).texts() == ["It came to 7,500 euros."]
    assert theirs.ask(QUESTION).supports == [Support.UNSUPPORTED]
    first, *rest = [str(call.body) for call in model_server.calls]
    assert ("7,500" in first, "9,900" in first) == (True, False)
    assert all("7,500" not in body for body in rest)
