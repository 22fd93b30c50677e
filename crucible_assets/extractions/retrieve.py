"""Which parts of a long document are asked first about a variable: ranked as search ranks, by words and vectors.

Words: BM25 over the document's chunks, their terms made as those of the index are. Vectors: all of the document's are
compared, a chunk is as near as its nearest passage. Fused by reciprocal rank. Rank alone never decides that something
is absent: what the first parts do not settle is asked of all others too, so retrieval saves calls and loses nothing.
"""

import numpy as np
import numpy.typing as npt

from crucible_assets.extractions.plan import Chunk, Source
from resources.search.analysis import terms
from resources.search.query import make_query
from resources.search.scoring import bm25, reciprocal
from resources.vocabulary import Variable

FIRST_ASKED = 3  # chunks on a second look; about 8,000 tokens


def query_of(variable: Variable) -> str:
    """What is searched for: the variable's name, its instructions and its categories."""
    return " ".join([variable.title, variable.instructions, *variable.classification_rules])


class Ranker:
    """Ranks the chunks of one document for any variable; the chunks are read once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._language = (source.language or "").partition("-")[0] or None  # 'en-GB' is stemmed as 'en'
        self._words: list[list[str]] | None = None

    def ranked(self, variable: Variable, query_vector: npt.NDArray[np.float32] | None) -> tuple[Chunk, ...]:
        """The chunks, the likeliest first. Without vectors the lexical rank decides alone."""
        chunks, source = self._source.chunks, self._source
        if self._words is None:
            self._words = [terms(source.text[c.start : c.end], self._language) for c in chunks]
        scores = reciprocal(bm25(self._words, make_query(query_of(variable), [self._language]).terms))
        if query_vector is not None and source.vectors is not None and len(source.vector_chunks):
            dense = np.full(len(chunks), -1.0)
            np.maximum.at(dense, np.asarray(source.vector_chunks), source.vectors @ query_vector)
            scores = scores + reciprocal(dense)
        order = sorted(range(len(chunks)), key=lambda index: (-scores[index], index))
        return tuple(chunks[index] for index in order)
