"""Answers without a language model: sentences of the sources, word for word, or none."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crucible_assets.answers.asking import Wanted, wanted
from crucible_assets.answers.events import Found, Stated, Understood
from resources.database.tables import document_texts
from resources.embedding.errors import EndpointUnavailableError
from resources.statements import Abstention, AnswerStatus, CheckedBy, Support
from tests.answers.conftest import MakeStudy
from tests.answers.study import HashedWords, Outcome, Study
from tests.model_server import ModelServer

LETTER = (
    "Dear Ms Nolan, thank you for your patience. The heat pump grant for Elm Street was paid on 3 April 2024. "
    "It came to 7,500 euros. Please keep this letter."
)
ROOF = "The library got a new roof in 2021. The roof is made of slate."


class Silent(HashedWords):
    """An embedder whose server is down."""

    def embed_queries(self, texts):
        raise EndpointUnavailableError("nobody answers")


def studied(make_study: MakeStudy) -> Study:
    study = make_study(())
    study.add("letter.pdf", LETTER)
    study.add("roof.pdf", ROOF)
    return study


def is_verbatim(study: Study, outcome: Outcome) -> bool:
    with study.database.transaction(study.tenant) as session:
        texts = dict(session.execute(sa.select(document_texts.c.document_id, document_texts.c.text)).tuples().all())
    cited = [(one.statement.text, one.citations[0].citation) for one in outcome.statements]
    return all(texts[citation.document_id][citation.start : citation.end] == text for text, citation in cited)


def test_the_sentence_that_answers_is_copied_and_no_model_is_asked(
    make_study: MakeStudy, model_server: ModelServer
) -> None:
    study = studied(make_study)
    outcome = study.ask("When was the heat pump grant for Elm Street paid?")
    assert [type(event) for event in outcome.events][:3] == [Understood, Found, Stated]
    assert outcome.texts()[0] == "The heat pump grant for Elm Street was paid on 3 April 2024."
    assert {(one.statement.support, one.statement.checked_by) for one in outcome.statements} == {
        (Support.SUPPORTED, CheckedBy.COPY)
    }
    assert is_verbatim(study, outcome)
    answer = outcome.answer
    assert (answer.status, answer.model, answer.calls, answer.cost_usd) == (AnswerStatus.ANSWERED, None, 0, 0)
    assert model_server.calls == ()


def test_what_the_sources_do_not_speak_of_is_not_answered(make_study: MakeStudy) -> None:
    outcome = studied(make_study).ask("Who designed the nuclear power station in Hungary?")
    assert (outcome.answer.status, outcome.answer.abstention) == (AnswerStatus.ABSTAINED, Abstention.NOT_ENOUGH)
    assert outcome.statements == ()
    assert outcome.of(Found)[0].sources


def test_each_of_several_questions_has_its_sentences(make_study: MakeStudy) -> None:
    outcome = studied(make_study).ask(
        "When was the heat pump grant for Elm Street paid? When did the library get a new roof?"
    )
    said = {one.statement.question: one.statement.text for one in reversed(outcome.statements)}
    assert said == {
        0: "The heat pump grant for Elm Street was paid on 3 April 2024.",
        1: "The library got a new roof in 2021.",
    }


def test_a_follow_up_is_searched_with_the_words_of_the_question_before(make_study: MakeStudy) -> None:
    study = studied(make_study)
    study.embedder = Silent()
    conversation = study.conversation()
    study.ask("When did the library get a new roof?", conversation)
    outcome = study.ask("Is it made of slate?", conversation)
    assert outcome.answer.questions == ["Is it made of slate? (library new roof)"]
    assert "The roof is made of slate." in outcome.texts()


def test_without_vectors_words_decide(make_study: MakeStudy) -> None:
    study = studied(make_study)
    study.embedder = Silent()
    outcome = study.ask("When was the heat pump grant for Elm Street paid?")
    assert outcome.texts()[0] == "The heat pump grant for Elm Street was paid on 3 April 2024."


def test_the_same_sentence_in_two_documents_is_told_once(make_study: MakeStudy) -> None:
    study = studied(make_study)
    study.add("copy.pdf", f"Copy of a letter. {LETTER}")
    texts = study.ask("When was the heat pump grant for Elm Street paid?").texts()
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    "question, kind",
    [
        ("When was the grant paid?", Wanted.DAY),
        ("And since when does it run?", Wanted.DAY),
        ("Wann wurde der Antrag abgelehnt?", Wanted.DAY),
        ("How large was the grant?", Wanted.NUMBER),
        ("Wie viele Anträge gab es?", Wanted.NUMBER),
        ("Who decided when the roof was done?", None),
        ("Whenever it rains, who pays?", None),
    ],
)
def test_what_kind_of_thing_a_question_asks_for(question, kind):
    assert wanted(question) is kind
