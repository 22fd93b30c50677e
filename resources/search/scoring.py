"""BM25 and reciprocal rank, as search has them, over texts that are in memory. Pure.

BM25 is Robertson and Zaragoza's (2009); reciprocal rank fusion is Cormack, Clarke and Büttcher's (2009). The lexical
leg computes the same in SQL (resources/database/repositories/lexical.py); tests hold both against the formula.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

K1, B = 1.2, 0.75
RRF = 60

Scores = npt.NDArray[np.float64]
"""(texts,)"""


def rarity(texts: float, holding: float) -> float:
    """How much a term tells texts apart that stands in `holding` of them: its inverse document frequency, above 0."""
    return math.log(1 + (max(texts, holding) - holding + 0.5) / (holding + 0.5))


def bm25(texts: Sequence[Sequence[str]], query: Collection[str]) -> Scores:
    """The score of each text, given as its terms (`analysis.terms`), for any of the query's terms."""
    counts = [Counter(text) for text in texts]
    lengths = np.array([len(text) for text in texts], dtype=float)
    mean = max(float(lengths.mean()), 1.0) if len(texts) else 1.0
    damping = K1 * (1 - B + B * lengths / mean)
    scores = np.zeros(len(texts))
    for term in dict.fromkeys(query):
        frequency = np.array([count[term] for count in counts], dtype=float)
        holding = int((frequency > 0).sum())
        if holding:
            scores += rarity(len(texts), holding) * frequency * (K1 + 1) / (frequency + damping)
    return scores


def reciprocal(scores: npt.NDArray[np.floating]) -> Scores:
    """1 / (60 + rank) for each score, the highest first; equal scores share the better rank."""
    order = np.argsort(-scores, kind="stable")
    result = np.zeros(len(scores))
    rank = 0
    for place, index in enumerate(order):
        if place == 0 or scores[index] < scores[order[place - 1]]:
            rank = place + 1
        result[index] = 1 / (RRF + rank)
    return result
