"""How good rankings are, query by query, and whether one system is better than another.

A ranking is a list of ids, best first, without repetition; judgements say how relevant ids are (1 and more; what is
not named is not relevant). Every measure is 0 to 1 and needs at least one relevant id.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Judgements = Mapping[str, int]

MEASURES = ("nDCG@10", "recall@20", "recall@100", "MAP", "MRR")
_MOST_EXACT = 16  # differences whose signs are all tried
_AT_ONCE = 1000


def ndcg(ranking: Sequence[str], relevant: Judgements, k: int = 10, *, linear: bool = False) -> float:
    """Discounted cumulative gain of the first `k`, as a share of the best possible (Järvelin and Kekäläinen 2002).

    The gain of a judgement r is 2^r - 1 (Burges et al. 2005), or r itself when `linear`, as trec_eval has it.
    """
    best = _discounted(sorted(relevant.values(), reverse=True)[:k], linear)
    return _discounted([relevant.get(id_, 0) for id_ in ranking[:k]], linear) / best


def _discounted(grades: Sequence[int], linear: bool) -> float:
    gains = (grade if linear else 2**grade - 1 for grade in grades)
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))


def recall(ranking: Sequence[str], relevant: Judgements, k: int) -> float:
    """The share of what is relevant that the first `k` have."""
    return sum(id_ in relevant for id_ in ranking[:k]) / len(relevant)


def average_precision(ranking: Sequence[str], relevant: Judgements) -> float:
    """The mean of the precision at each relevant id; those that were not found count as 0."""
    found, total = 0, 0.0
    for place, id_ in enumerate(ranking, 1):
        if id_ in relevant:
            found += 1
            total += found / place
    return total / len(relevant)


def reciprocal_rank(ranking: Sequence[str], relevant: Judgements) -> float:
    """1 / the place of the first relevant id; 0 when there is none."""
    return next((1 / place for place, id_ in enumerate(ranking, 1) if id_ in relevant), 0.0)


def measure(ranking: Sequence[str], relevant: Judgements, *, linear: bool = False) -> dict[str, float]:
    """All `MEASURES` of one ranking."""
    values = (
        ndcg(ranking, relevant, linear=linear),
        recall(ranking, relevant, 20),
        recall(ranking, relevant, 100),
        average_precision(ranking, relevant),
        reciprocal_rank(ranking, relevant),
    )
    return dict(zip(MEASURES, values, strict=True))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The mean difference of two systems on the same queries, and how surely it is one.

    `p` is two-sided: the share of all ways to swap the two systems query by query whose mean difference is at least
    as large. `assignments` says how many were tried: all of them when `exact`, random ones else, and then `p` is
    (hits + 1) / (assignments + 1), which is never too small (Phipson and Smyth 2010).
    """

    queries: int
    better: int
    worse: int
    difference: float
    p: float
    assignments: int
    exact: bool


def compare(ours: Sequence[float], theirs: Sequence[float], assignments: int = 100_000, seed: int = 0) -> Comparison:
    """Fisher's paired randomisation test of the mean, for search as in Smucker, Allan and Carterette (2007).

    Both hold a value for each query, in the same order; with up to 16 that differ the test is exact. The same seed
    gives the same p.
    """
    differences = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    if len(ours) != len(theirs) or not len(ours):
        raise ValueError(f"the same queries are needed, at least one: {len(ours)} and {len(theirs)}")
    changed = differences[np.abs(differences) > 1e-12]
    observed = abs(changed.sum()) - 1e-9  # sums that are equal but for rounding are equal
    if len(changed) <= _MOST_EXACT:
        numbers = np.arange(2 ** len(changed))[:, None]
        hits = _hits(2.0 * (numbers >> np.arange(len(changed)) & 1) - 1, changed, observed)
        p, tried, exact = hits / len(numbers), len(numbers), True
    else:
        random, hits = np.random.default_rng(seed), 0
        for first in range(0, assignments, _AT_ONCE):
            size = (min(_AT_ONCE, assignments - first), len(changed))
            hits += _hits(2.0 * random.integers(0, 2, size) - 1, changed, observed)
        p, tried, exact = (hits + 1) / (assignments + 1), assignments, False
    return Comparison(
        queries=len(differences),
        better=int((changed > 0).sum()),
        worse=int((changed < 0).sum()),
        difference=float(differences.mean()),
        p=p,
        assignments=tried,
        exact=exact,
    )


def _hits(signs: npt.NDArray[np.floating], differences: npt.NDArray[np.floating], observed: float) -> int:
    return int((np.abs(signs @ differences) >= observed).sum())
