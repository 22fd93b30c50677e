"""Which sentences answer a question, from a few figures, and what a question asks for."""

from __future__ import annotations

import numpy as np
import pytest

from crucible_assets.answers.asking import Wanted, asked_words, holds, wanted
from crucible_assets.answers.nearness import BY_BOTH, BY_WORDS, Figures, model_for, standing_out
from crucible_assets.answers.text.tokens import tokens_of
from resources.search.query import make_query

WHOLE = Figures(covered=0.8, source_covered=1.0, missing_numbers=0, words=5, stands_out=2.5)


@pytest.mark.parametrize(
    "worse",
    [
        Figures(0.2, 1.0, 0, 5, 2.5),
        Figures(0.8, 0.8, 0, 5, 2.5),
        Figures(0.8, 1.0, 1, 5, 2.5),
        Figures(0.8, 1.0, 0, 1, 2.5),
        Figures(0.8, 1.0, 0, 5, 0.5),
    ],
    ids=["own words", "words of the source", "a number", "a short question", "meaning"],
)
def test_each_figure_counts(worse: Figures) -> None:
    assert BY_BOTH.log_odds(worse) < BY_BOTH.log_odds(WHOLE)


def test_a_sentence_that_holds_what_is_asked_is_told_and_one_that_shares_a_name_is_not() -> None:
    assert BY_BOTH.log_odds(WHOLE) > BY_BOTH.enough
    assert BY_BOTH.log_odds(Figures(0.3, 0.5, 0, 4, 1.5)) < BY_BOTH.enough
    assert BY_WORDS.log_odds(Figures(0.9, 1.0, 0, 5, None)) > BY_WORDS.enough
    assert BY_WORDS.log_odds(Figures(0.3, 0.5, 0, 4, None)) < BY_WORDS.enough


def test_without_vectors_the_coefficients_for_words_are_taken() -> None:
    assert model_for(WHOLE) is BY_BOTH
    assert model_for(Figures(1.0, 1.0, 0, 5, None)) is BY_WORDS


def test_standing_out_does_not_depend_on_where_the_cosines_of_a_model_lie() -> None:
    cosines = np.array([0.1, 0.2, 0.9, 0.3])
    moved = standing_out(cosines / 2 + 0.5)
    assert int(moved.argmax()) == 2
    assert np.allclose(moved, standing_out(cosines), atol=0.05)
    assert standing_out(np.full(9, 0.8)).tolist() == [0.0] * 9


@pytest.mark.parametrize(
    "question, kind",
    [
        ("In which year was the school founded?", Wanted.DAY),
        ("What percentage of the patients left?", Wanted.NUMBER),
        ("¿Cuántos puntos dio la defensa?", Wanted.NUMBER),
        ("¿En qué año se fundó?", Wanted.DAY),
        ("黑豹队的防守丢了多少分？", Wanted.NUMBER),
        ("这所大学是什么时候成立的？", Wanted.DAY),
        ("谁在2015年获胜？", None),
        ("What was decided when it was read?", None),
    ],
)
def test_what_a_question_asks_for_in_other_words_and_languages(question: str, kind: Wanted | None) -> None:
    assert wanted(question) is kind


@pytest.mark.parametrize(
    "kind, text, language, held",
    [
        (Wanted.DAY, "It was built in the 1990s.", "en", True),
        (Wanted.DAY, "Die Kirche stammt aus dem 12. Jahrhundert.", "de", True),
        (Wanted.DAY, "It cost 25 euros.", "en", False),
        (Wanted.NUMBER, "There were three of them.", "en", True),
        (Wanted.NUMBER, "There were many of them.", "en", False),
    ],
)
def test_whether_a_sentence_holds_it(kind: Wanted, text: str, language: str, held: bool) -> None:
    assert holds(kind, text, tokens_of(text, language)) is held


def test_words_that_only_make_a_chinese_question_are_not_asked_for() -> None:
    question = "黑豹队的防守丢了多少分？"
    asked = {form for one in asked_words(question, make_query(question, ["zh"]), {}) for form in one.forms}
    assert {"黑豹", "豹队", "防守"} <= asked
    assert not asked & {"多少", "队的", "少分", "了多"}


def test_a_word_that_no_passage_has_weighs_as_much_as_the_rarest() -> None:
    query = make_query("Who insulated the Kilmoragh lighthouse?", ["en"])
    weights = {term: 2.5 for term in query.terms if term.startswith("lighthous")}
    assert [one.weight for one in asked_words(query.text, query, weights)] == [2.5] * 3
