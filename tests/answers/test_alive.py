"""Signs of life: whoever works on an answer says so, for as long as it does."""

import threading
from datetime import datetime
from uuid import UUID

import pytest
import sqlalchemy as sa

from crucible_assets.answers import alive as module
from crucible_assets.answers.alive import alive
from resources.database.repositories.answers import ALIVE_EVERY, SILENT, Ended, end_answer
from resources.database.tables import answers
from resources.statements import Abstention, AnswerStatus
from tests.answers.study import Study, fall_silent
from tests.model_server import ModelServer
from tests.model_server.cited import CitedAnswers
from tests.sidecar.stream.conftest import wait_until


def said(study: Study, answer_id: UUID) -> datetime:
    with study.database.transaction(study.tenant) as session:
        at = session.scalar(sa.select(answers.c.alive_at).where(answers.c.id == answer_id))
        assert at is not None
        return at


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALIVE_EVERY", ALIVE_EVERY / 500)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "alive"]


def test_it_is_said_again_and_again_and_not_afterwards(study: Study, often: None) -> None:
    answer_id = study.begin("Who?")
    seen = {said(study, answer_id)}
    with alive(study.installation, study.tenant, answer_id):
        wait_until(lambda: len(seen) > 3 or seen.add(said(study, answer_id)))  # type: ignore[func-returns-value]
    wait_until(lambda: not threads())


def test_of_an_answer_that_has_ended_nothing_is_said(study: Study, often: None) -> None:
    answer_id = study.begin("Who?")
    with alive(study.installation, study.tenant, answer_id):
        with study.database.transaction(study.tenant) as session:
            end_answer(session, answer_id, Ended(AnswerStatus.ABSTAINED, Abstention.NOTHING_FOUND))
        wait_until(lambda: not threads())


def test_a_database_that_is_away_for_a_moment_ends_nothing(study: Study, often: None, monkeypatch) -> None:
    answer_id = study.begin("Who?")
    away = threading.Event()
    real = module.say_alive

    def say(*args):
        if not away.is_set():
            away.set()
            raise ConnectionError
        return real(*args)

    monkeypatch.setattr(module, "say_alive", say)
    with alive(study.installation, study.tenant, answer_id):
        wait_until(away.is_set)
        before = said(study, answer_id)
        wait_until(lambda: said(study, answer_id) > before)


def test_while_a_model_is_asked_its_answer_is_alive(study: Study, model_server: ModelServer, often: None) -> None:
    """As the engine is used, with a model that answers only when several signs of life were given meanwhile."""
    study.add("letter.pdf", "The grant came to 7,500 euros.")
    answer_id = study.begin("How much was the grant?")

    def slowly(asked):
        with study.database.transaction(study.tenant) as session:
            fall_silent(session, answer_id)
        before = said(study, answer_id)
        wait_until(lambda: said(study, answer_id) > before)
        return f"The grant came to 7,500 euros. [{asked.label('grant')}]"

    model_server.answer_with(CitedAnswers(slowly))
    assert study.finish(answer_id).answer.status is AnswerStatus.ANSWERED


def test_three_signs_may_be_lost() -> None:
    assert SILENT > 4 * ALIVE_EVERY
