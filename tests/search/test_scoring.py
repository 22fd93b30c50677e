"""Scores over texts in memory are those of the index: both are held against the formula of tests/search/corpus.py."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.search.scoring import bm25, rarity, reciprocal
from tests.search.corpus import bm25 as formula

WORDS = st.sampled_from("abcdef")


@given(st.lists(st.lists(WORDS, min_size=1, max_size=12), min_size=1, max_size=8), st.lists(WORDS, max_size=5))
def test_bm25_is_that_of_the_index(texts, query):
    named = {str(place): text for place, text in enumerate(texts)}
    expected = formula(named, [[term] for term in dict.fromkeys(query)])
    assert bm25(texts, query) == pytest.approx([expected.get(name, 0.0) for name in named])


def test_texts_without_words_have_no_score():
    assert bm25([], ["a"]).tolist() == []
    assert bm25([[], []], ["a"]).tolist() == [0, 0]
    assert bm25([[], ["a"]], ["a"]).tolist()[0] == 0


def test_a_term_in_more_texts_tells_less_and_never_nothing():
    weights = [rarity(100, holding) for holding in (1, 50, 100, 120)]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] > 0


def test_equal_scores_share_the_better_rank():
    scores = np.array([0.5, 2.0, 0.5, -1.0])
    assert reciprocal(scores) == pytest.approx([1 / 62, 1 / 61, 1 / 62, 1 / 64])


def test_the_order_of_texts_does_not_matter():
    chance = random.Random(3)
    texts = [chance.choices("abcdef", k=9) for _ in range(7)]
    place = list(range(7))
    chance.shuffle(place)
    shuffled = bm25([texts[n] for n in place], ["a", "b"])
    assert shuffled == pytest.approx(bm25(texts, ["a", "b"])[place])
