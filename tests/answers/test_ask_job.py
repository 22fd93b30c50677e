"""The job of an ASK task: a run answers a question once, and says what became of it."""

from __future__ import annotations

from uuid import UUID

import dagster as dg
import pytest

from crucible_assets.partitions import ProjectKey
from jobs.ask import ask
from jobs.housekeeping import keep_house
from jobs.plan import UnplannableError, plan
from jobs.wish import Wish
from resources.database.repositories.answers import answer_of_task, begin_answer, find_answer
from resources.database.repositories.conversations import add_conversation, find_conversation
from resources.database.repositories.tasks import create_task, get_task
from resources.statements import Abstention, AnswerStatus
from resources.vocabulary import TaskKind
from tests.answers.study import Study, fall_silent
from tests.model_server import Fault, FaultPlan, ModelServer
from tests.model_server.cited import Asked, CitedAnswers

GRANT = "The heat pump grant for Elm Street was paid on 3 April 2024. It came to 7,500 euros."
QUESTION = "How high was the heat pump grant for Elm Street?"


def copied(asked: Asked) -> str:
    return f"It came to 7,500 euros. [{asked.label('Elm Street')}]"


@pytest.fixture
def asked(study: Study, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Study:
    study.add("letter.pdf", GRANT)
    model_server.answer_with(CitedAnswers(copied))
    monkeypatch.setattr("jobs.ask.embedder_from_settings", lambda *_: study.embedder)
    return study


def make_task(study: Study, wish: Wish) -> UUID:
    with study.database.transaction(study.tenant) as session:
        return create_task(session, study.project, TaskKind.ASK, wish.as_json(), [], created_by="key:1")


def run(study: Study, task_id: UUID) -> dg.ExecuteInProcessResult:
    key = str(ProjectKey(study.tenant, study.project))
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("projects", [key])
        return ask.execute_in_process(
            instance=instance,
            partition_key=key,
            resources={"installation": study.installation},
            tags={"crucible/task": str(task_id), "crucible/tenant": study.tenant},
            raise_on_error=False,
        )


def answer_of(study: Study, task_id: UUID):
    with study.database.transaction(study.tenant) as session:
        return answer_of_task(session, task_id)


def test_a_run_answers_into_a_conversation_of_whoever_asked(asked: Study) -> None:
    task = make_task(asked, Wish(question=QUESTION, asked_by="user:ada"))
    result = run(asked, task)
    assert result.success
    answer = answer_of(asked, task)
    assert (answer.status, answer.question) == (AnswerStatus.ANSWERED, QUESTION)
    with asked.database.transaction(asked.tenant) as session:
        conversation = find_conversation(session, answer.conversation_id, "user:ada")
    assert conversation is not None
    assert conversation.title == QUESTION
    (handled,) = [event for event in result.all_events if event.event_type_value == "STEP_OUTPUT"]
    metadata = handled.event_specific_data.metadata  # type: ignore[union-attr] # of an output
    assert metadata["status"].value == "ANSWERED"
    assert metadata["statements SUPPORTED"].value == 1
    assert "It came to 7,500 euros." in metadata["answer"].value


def test_it_belongs_to_who_made_the_task_where_nobody_else_is_named(asked: Study) -> None:
    task = make_task(asked, Wish(question=QUESTION))
    assert run(asked, task).success
    with asked.database.transaction(asked.tenant) as session:
        assert find_conversation(session, answer_of_task(session, task).conversation_id, "key:1") is not None


def test_a_run_that_is_tried_again_after_the_answer_tells_it_once_more(
    asked: Study, model_server: ModelServer
) -> None:
    task = make_task(asked, Wish(question=QUESTION))
    assert run(asked, task).success
    first = answer_of(asked, task)
    assert run(asked, task).success
    assert answer_of(asked, task) == first
    assert len(model_server.calls) == 1


def test_what_a_run_left_behind_is_ended_and_answered_in_the_same_conversation(asked: Study) -> None:
    task = make_task(asked, Wish(question=QUESTION))
    with asked.database.transaction(asked.tenant) as session:
        conversation = add_conversation(session, asked.project, "key:1", QUESTION)
        left = begin_answer(session, conversation.id, QUESTION, {}, task)
    assert run(asked, task).success
    answer = answer_of(asked, task)
    assert (answer.conversation_id, answer.number) == (conversation.id, 2)
    with asked.database.transaction(asked.tenant) as session:
        assert find_answer(session, left.id).status is AnswerStatus.FAILED


def test_filters_of_the_task_narrow_the_search(asked: Study) -> None:
    task = make_task(asked, Wish(question=QUESTION, filters={"languages": ["de"]}))
    assert run(asked, task).success
    assert answer_of(asked, task).abstention is Abstention.NOTHING_FOUND


def test_a_run_fails_with_the_reason_when_the_answer_failed(asked: Study, model_server: ModelServer) -> None:
    model_server.configure(faults=FaultPlan(probabilities={Fault.UNAUTHORIZED: 1.0}))
    task = make_task(asked, Wish(question=QUESTION))
    result = run(asked, task)
    assert not result.success
    (failure,) = result.get_step_failure_events()
    assert "does not accept the installation's key" in str(failure.step_failure_data.error)


def test_a_question_about_no_documents_is_refused_when_it_is_planned(study: Study) -> None:
    task = make_task(study, Wish(question=QUESTION))
    key = ProjectKey(study.tenant, study.project)
    with (
        dg.DagsterInstance.ephemeral() as instance,
        study.database.transaction(study.tenant) as session,
        pytest.raises(UnplannableError, match="has no documents"),
    ):
        plan(instance, session, key, get_task(session, task))


def test_it_is_one_run_over_the_project(asked: Study) -> None:
    task = make_task(asked, Wish(question=QUESTION))
    key = ProjectKey(asked.tenant, asked.project)
    with dg.DagsterInstance.ephemeral() as instance, asked.database.transaction(asked.tenant) as session:
        (step,) = plan(instance, session, key, get_task(session, task)).steps
    assert (step.job, step.first, step.last) == ("ask", str(key), None)


def test_the_question_is_kept_with_the_task_and_not_in_tags() -> None:
    wish = Wish(export_options={}, question="Who?", filters={"languages": ["de"]}, asked_by="user:ada")
    assert Wish.from_json(wish.as_json()) == wish
    assert wish.tags == {}


def test_housekeeping_ends_what_nobody_works_on_any_more(asked: Study) -> None:
    answer_id = asked.begin(QUESTION)
    keep_house(asked.installation, lambda _: None)
    assert asked.stored(answer_id)[0].status is AnswerStatus.RUNNING
    with asked.database.transaction(asked.tenant) as session:
        fall_silent(session, answer_id)
    assert keep_house(asked.installation, lambda _: None).answers >= 1
    assert asked.stored(answer_id)[0].status is AnswerStatus.FAILED
