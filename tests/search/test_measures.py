"""Measures and the test of a difference, against values worked out by hand."""

import itertools
import math
from operator import mul

import pytest

from resources.search.measures import (
    MEASURES,
    average_precision,
    compare,
    measure,
    ndcg,
    recall,
    reciprocal_rank,
)

RELEVANT = {"a": 3, "b": 1, "c": 2}
RANKING = ["b", "x", "a", "y"]


def test_ndcg_with_exponential_gain():
    # gains 1, 0, 7 at places 1, 2, 3; best 7, 3, 1
    found = 1 / 1 + 7 / 2
    best = 7 / 1 + 3 / math.log2(3) + 1 / 2
    assert ndcg(RANKING, RELEVANT) == pytest.approx(found / best)


def test_ndcg_with_linear_gain():
    best = 3 / 1 + 2 / math.log2(3) + 1 / 2
    assert ndcg(RANKING, RELEVANT, linear=True) == pytest.approx((1 / 1 + 3 / 2) / best)


def test_ndcg_looks_at_the_first_k_only_also_for_the_best_ranking():
    assert ndcg(["x", "a"], RELEVANT, k=1) == 0
    assert ndcg(["a", "x"], RELEVANT, k=1) == 1
    many = {f"d{number}": 1 for number in range(30)}
    assert ndcg(list(many), many, k=10) == pytest.approx(1)


def test_recall():
    assert recall(RANKING, RELEVANT, 1) == pytest.approx(1 / 3)
    assert recall(RANKING, RELEVANT, 3) == pytest.approx(2 / 3)
    assert recall([], RELEVANT, 3) == 0


def test_average_precision_counts_what_was_not_found():
    assert average_precision(RANKING, RELEVANT) == pytest.approx((1 / 1 + 2 / 3 + 0) / 3)
    assert average_precision(["a", "b", "c"], RELEVANT) == 1


def test_reciprocal_rank():
    assert reciprocal_rank(["x", "c", "a"], RELEVANT) == 1 / 2
    assert reciprocal_rank(["x"], RELEVANT) == 0


def test_all_measures_of_a_ranking_have_their_names():
    ranking = [f"x{number}" for number in range(25)] + ["a"]
    values = measure(ranking, RELEVANT)
    assert tuple(values) == MEASURES
    assert values == {
        "nDCG@10": 0, "recall@20": 0, "recall@100": pytest.approx(1 / 3),
        "MAP": pytest.approx(1 / 26 / 3), "MRR": pytest.approx(1 / 26),
    }  # fmt: skip


def test_a_small_difference_is_tested_with_every_assignment():
    ours, theirs = [0.9, 0.5, 0.7, 0.2, 0.4], [0.5, 0.4, 0.5, 0.3, 0.4]
    differences = [0.4, 0.1, 0.2, -0.1]  # the fifth query is the same in both
    sums = [abs(sum(map(mul, signs, differences))) for signs in itertools.product((1, -1), repeat=4)]
    found = compare(ours, theirs)
    assert found.exact
    assert (found.queries, found.better, found.worse, found.assignments) == (5, 3, 1, 16)
    assert found.difference == pytest.approx(0.6 / 5)
    # 0.8 twice, and 0.6 where one of the two 0.1 changes sides
    assert found.p == sum(value >= 0.6 - 1e-9 for value in sums) / 16 == 6 / 16


def test_equal_systems_do_not_differ():
    found = compare([0.1, 0.2], [0.1, 0.2])
    assert (found.difference, found.p, found.exact) == (0, 1, True)


def test_a_clear_difference_of_many_queries_is_unlikely_by_chance():
    found = compare([0.6] * 40, [0.5] * 40, assignments=2000)
    assert not found.exact
    assert found.p == 1 / 2001  # no random assignment is as far from 0
    assert compare([0.5] * 40, [0.6] * 40, assignments=2000).p == found.p


def test_the_random_test_is_near_the_exact_one_and_repeats_itself():
    differences = [0.05 * number * (-1) ** (number % 3 == 0) for number in range(1, 17)]
    exact = compare(differences, [0.0] * 16)
    more = [*differences, 1e-11]  # a seventeenth that changes nothing but the way of counting
    drawn = compare(more, [0.0] * 17, assignments=50_000)
    assert exact.exact
    assert not drawn.exact
    assert drawn.p == pytest.approx(exact.p, abs=0.01)
    assert compare(more, [0.0] * 17, assignments=50_000) == drawn


def test_other_numbers_of_queries_are_refused():
    with pytest.raises(ValueError, match="same queries"):
        compare([1.0], [1.0, 0.5])
    with pytest.raises(ValueError, match="at least one"):
        compare([], [])
