"""Questions made of passages: always the same ones, of rare words, in another order."""

import pytest

from crucible_assets.search_quality.asking import ask, compared, means
from crucible_assets.search_quality.checks import worsened
from crucible_assets.search_quality.questions import KnownQuestion, QuestionKind, known_items
from resources.database.repositories.search_samples import SampledPassage

ENGLISH = "Hello there. The old harbour of Inishmoyle was dredged by the county authority after heavy storms."
CHINESE = "黑豹队的防守只丢了308分，在联赛中排名第六。他们还在进攻方面表现出色。"
COMMON = {"the": 0.1, "of": 0.2, "was": 0.2, "by": 0.3, "after": 0.5, "old": 0.9}


def weights(terms):
    return {term: COMMON.get(term, 5.0) for term in terms}


def sampled(text, language="en", content_hash="a" * 64):
    return SampledPassage(text, content_hash, language)


def test_a_known_item_asks_the_rarer_half_of_a_sentence_in_another_order():
    (question,) = known_items([sampled(ENGLISH)], weights)
    asked = question.text.split()
    sentence = ENGLISH.split(". ")[1].rstrip(".").split()
    assert len(asked) == len(set(sentence)) // 2
    assert set(asked) <= set(sentence)
    assert not {word.lower() for word in asked} & set(COMMON)
    assert asked != [word for word in sentence if word in asked]
    assert (question.passage, question.document, question.kind) == ("a" * 64, None, QuestionKind.KNOWN_ITEM)


def test_the_same_passage_gives_the_same_question_and_another_one_another_id():
    once, again = (known_items([sampled(ENGLISH)], weights)[0] for _ in range(2))
    (other,) = known_items([sampled(ENGLISH, content_hash="b" * 64)], weights)
    assert once == again
    assert once.id != other.id


def test_text_without_spaces_is_asked_in_parts():
    (question,) = known_items([sampled(CHINESE, "zh")], weights)
    assert len(question.text.split()) >= 3
    assert all(part in CHINESE for part in question.text.split())


@pytest.mark.parametrize("text", ["", "Too short. As well. And this.", "1 2 3"])
def test_passages_without_a_sentence_of_enough_words_make_no_question(text):
    assert known_items([sampled(text)], weights) == []


def made(number):
    return [KnownQuestion(f"q{i}", QuestionKind.KNOWN_ITEM, "x", f"p{i}") for i in range(number)]


def test_places_are_of_different_passages_and_end_at_the_tenth():
    questions = made(3)
    rankings = {
        "q0": ["p0"],
        "q1": ["p9", "p9", "p1"],  # the same passage twice takes one place
        "q2": [f"x{i}" for i in range(10)] + ["p2"],
    }
    places = ask(questions, lambda q: {"words": rankings[q.id], "vectors": [], "fused": rankings[q.id]})
    assert [places[q.id]["fused"] for q in questions] == [1, 1 / 2, 0]
    figures = {one.leg: one for one in means(questions, places)}
    assert figures["fused"].recall == pytest.approx(2 / 3)
    assert figures["fused"].mrr == pytest.approx(0.5)
    assert (figures["vectors"].recall, figures["vectors"].questions) == (0, 3)
    assert {one.kind for one in figures.values()} == {QuestionKind.KNOWN_ITEM}


def test_only_questions_that_were_asked_before_are_compared():
    before = {f"q{i}": {"fused": 1.0} for i in range(10)}
    now = {f"q{i}": {"fused": 0.5 if i < 8 else 1.0} for i in range(2, 20)}
    found = compared(now, before)
    assert found is not None
    assert (found.queries, found.worse, found.better) == (8, 6, 0)
    assert found.exact
    assert found.p == pytest.approx(2 / 2**6)
    assert worsened(found)
    assert compared({"new": {"fused": 1.0}}, before) is None


@pytest.mark.parametrize(("change", "worse"), [(-0.5, True), (0.0, False), (0.5, False)])
def test_better_and_equal_are_not_worse(change, worse):
    before = {f"q{i}": {"fused": 0.5} for i in range(10)}
    found = compared({id_: {"fused": 0.5 + change} for id_ in before}, before)
    assert found is not None
    assert worsened(found) is worse
