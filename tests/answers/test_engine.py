"""Questions over a real socket and the real database: what is told is checked, and how it ended is stored."""

import pytest

from crucible_assets.answers.events import Found, Judged, Stated, Understood
from resources.statements import AnswerStatus, Support
from tests.answers.conftest import MakeStudy
from tests.answers.study import Study
from tests.model_server import ModelServer
from tests.model_server.cited import Asked, CitedAnswers

GRANT = "The heat pump grant for Elm Street was paid on 3 April 2024. It came to 7,500 euros."
NOISE = "The committee met in the library. Minutes were taken by Ms Brandt."


def right(asked: Asked) -> str:
    return f"The grant for Elm Street was paid on 3 April 2024. [{asked.label('Elm Street')}]"


@pytest.fixture
def grants(study: Study) -> Study:
    study.add("letter.pdf", GRANT)
    study.add("minutes.pdf", NOISE)
    return study


QUESTION = "When was the heat pump grant for Elm Street paid?"


@pytest.mark.parametrize("model", ["openai:test", "anthropic:claude-test"])
def test_an_answer_is_streamed_sentence_by_sentence_checked_and_stored(
    make_study: MakeStudy, model_server: ModelServer, model: str
) -> None:
    study = make_study((model,))
    study.add("letter.pdf", GRANT)
    script = CitedAnswers(right)
    model_server.answer_with(script)
    outcome = study.ask(QUESTION)
    kinds = [type(event) for event in outcome.events]
    assert kinds[:3] == [Understood, Found, Stated]
    assert outcome.answer.status is AnswerStatus.ANSWERED
    assert outcome.answer.model == model
    assert outcome.answer.calls == 2
    assert [call.stream for call in model_server.calls] == [True, False]  # answered, then judged
    assert [event.support for event in outcome.of(Judged)] == [Support.SUPPORTED]
    (stated,) = outcome.statements
    assert stated.statement.support is Support.SUPPORTED
    (citation,) = stated.citations
    assert citation.document_name == "letter.pdf"
    assert GRANT[citation.citation.start : citation.citation.end].startswith("The heat pump grant for Elm Street")
