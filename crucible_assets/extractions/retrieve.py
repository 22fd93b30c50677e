"""Which parts of a long document are asked first about a variable: lexical and dense ranks, fused.

Lexical: BM25 (Robertson and Zaragoza 2009, k1 = 1.2, b = 0.75) of the variable's words over the document's chunks.
Dense: the best cosine of a chunk's passages with the variable's words. Fused by reciprocal rank (Cormack, Clarke and
Büttcher 2009, k = 60). Rank alone never decides that something is absent: what the first parts do not settle is asked
of all others too, so retrieval saves calls and loses nothing.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crucible_assets.extractions.grounding.folding import fold
from crucible_assets.extractions.plan import Chunk, Source
from resources.vocabulary import Variable

FIRST_ASKED = 3  # chunks on a second look; about 8,000 tokens
_K1, _B, _RRF = 1.2, 0.75, 60
_WORD = re.compile(r"\w+")
_SHORTEST_STEM = 4  # characters; longer words are compared by their first six, so that 'payment' finds 'payments'
_STEM = 6


def query_of(variable: Variable) -> str:
    """What is searched for: the variable's name, its instructions and its categories."""
    return " ".join([variable.title, variable.instructions, *variable.classification_rules])


class Ranker:
    """Ranks the chunks of one document for any variable; the chunks are read once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._words: list[list[str]] | None = None

    def ranked(self, variable: Variable, query_vector: npt.NDArray[np.float32] | None) -> tuple[Chunk, ...]:
        """The chunks, the likeliest first. Without vectors the lexical rank decides alone."""
        chunks, source = self._source.chunks, self._source
        if self._words is None:
            self._words = [_words(source.text[c.start : c.end]) for c in chunks]
        scores = _reciprocal(_bm25(self._words, _words(query_of(variable))))
        if query_vector is not None and source.vectors is not None and len(source.vector_chunks):
            dense = np.full(len(chunks), -1.0)
            np.maximum.at(dense, np.asarray(source.vector_chunks), source.vectors @ query_vector)
            scores = scores + _reciprocal(dense)
        order = sorted(range(len(chunks)), key=lambda index: (-scores[index], index))
        return tuple(chunks[index] for index in order)


def _words(text: str) -> list[str]:
    words = _WORD.findall(fold(text))
    return [word[:_STEM] if len(word) > _SHORTEST_STEM else word for word in words]


def _bm25(texts: Sequence[Sequence[str]], query: Sequence[str]) -> npt.NDArray[np.float64]:
    counts = [Counter(text) for text in texts]
    lengths = np.array([max(1, len(text)) for text in texts], dtype=float)
    usual = lengths.mean()
    scores = np.zeros(len(texts))
    for word in set(query):
        frequency = np.array([count[word] for count in counts], dtype=float)
        holding = int((frequency > 0).sum())
        if not holding:
            continue
        rarity = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
        scores += rarity * frequency * (_K1 + 1) / (frequency + _K1 * (1 - _B + _B * lengths / usual))
    return scores


def _reciprocal(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """1 / (k + rank) for each score; equal scores share the better rank, and nothing is given for the lowest zero."""
    order = np.argsort(-scores, kind="stable")
    result = np.zeros(len(scores))
    rank = 0
    for place, index in enumerate(order):
        if place == 0 or scores[index] < scores[order[place - 1]]:
            rank = place + 1
        result[index] = 1 / (_RRF + rank)
    return result
