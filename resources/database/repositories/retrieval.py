"""Search in one statement: BM25 over postings and the nearest vectors, fused by reciprocal rank.

The legs are `lexical` and `nearest`; reciprocal rank fusion is Cormack, Clarke and Büttcher's (2009, k = 60). What a
leg does not find earns nothing from it. Row-level security keeps tenants apart in every table that is read.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.eligible import ALL, Filters, eligible
from resources.database.repositories.lexical import NO_LEXICAL_LEG, PAIR_BOOST, PHRASE_BOOST, lexical_leg
from resources.database.repositories.nearest import (
    NO_LEG,
    Lane,
    Reach,
    check_later,
    leg,
    leg_values,
    open_lane,
)
from resources.search.query import Query
from resources.search.tally import TALLY

__all__ = ["CANDIDATES", "Filters", "FoundPassage", "hybrid", "lane_of"]

CANDIDATES = 100
"""Passages that each leg proposes at least."""


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage with its places in both legs (from 1; None: that leg did not find it) and what they were made of.

    `score` is the fused one, `lexical_score` BM25's, `distance` the cosine distance of the vectors (0 to 2).
    """

    document_id: UUID
    document_name: str
    index: int
    chunk_index: int
    start: int
    end: int
    text: str
    tokens: int
    content_hash: str
    score: float
    lexical_rank: int | None
    lexical_score: float | None
    dense_rank: int | None
    distance: float | None


_FUSED = """
fused AS (
    SELECT document_id, passage,
        coalesce(1 / (60::float8 + l.rank), 0) + coalesce(1 / (60::float8 + v.rank), 0) AS score,
        l.rank AS lexical_rank, l.score AS lexical_score, v.rank AS dense_rank, v.distance
    FROM lexical l FULL JOIN dense v USING (document_id, passage)
    ORDER BY score DESC, document_id, passage LIMIT :k
)
SELECT f.document_id, d.name AS document_name, f.passage AS index, p.chunk_index, p.start, p."end", p.text, p.tokens,
    p.content_hash, f.score, f.lexical_rank, f.lexical_score, f.dense_rank, f.distance,
    (SELECT count(*) FROM dense) AS proposed
FROM fused f JOIN documents d ON d.id = f.document_id
JOIN passages p ON p.document_id = f.document_id AND p.index = f.passage
ORDER BY f.score DESC, f.document_id, f.passage"""


def hybrid(
    session: TenantSession,
    project_id: str,
    query: Query | None,
    model: str | None,
    vector: np.ndarray[Any, Any] | None,
    k: int,
    filters: Filters = ALL,
    *,
    pair_boost: float = PAIR_BOOST,
    phrase_boost: float = PHRASE_BOOST,
    lane: Lane | None = None,
) -> list[FoundPassage]:
    """The `k` best passages of a project. Without a query the vectors decide alone, without a vector the words do.

    `vector` is a unit vector of `model`. A passage that holds all phrases weighs 1 + `phrase_boost` times as much as
    one with the same words apart, one that holds all pairs of neighbouring words 1 + `pair_boost` times.
    `lane` is what `lane_of` gave in the same transaction; None: it is chosen here.
    """
    within, candidates = eligible(project_id, filters), _candidates(k)
    values = within.values | {"k": k, "candidates": candidates}
    reach = None
    if model is not None and vector is not None:
        reach = Reach(project_id, model, vector, candidates, within)
    words, said = NO_LEXICAL_LEG, dict[str, Any]()
    if query is not None and query.terms:
        words, said = lexical_leg(query, within, pair_boost, phrase_boost)
    values |= said
    if reach is None:
        return _run(session, [within.expression, words, NO_LEG, _FUSED], values)[0]
    values |= leg_values(session, reach)
    lane = lane or open_lane(session, reach)
    TALLY.searched(lane.value)
    found, proposed = _run(session, [within.expression, words, leg(lane, reach), _FUSED], values)
    if lane is not Lane.EXACT and proposed < candidates:  # an index may miss what is there
        exact, there = _run(session, [within.expression, words, leg(Lane.EXACT, reach), _FUSED], values)
        if there > proposed:
            TALLY.underfilled()
        return exact
    check_later(session, reach, lane)
    return found


def lane_of(session: TenantSession, project_id: str, model: str, dimension: int, k: int, filters: Filters) -> Lane:
    """The lane by which `hybrid` would compare vectors; given to it, it is not looked for again."""
    none = np.zeros(dimension, dtype=np.float32)
    return open_lane(session, Reach(project_id, model, none, _candidates(k), eligible(project_id, filters)))


def _candidates(k: int) -> int:
    """More than 100 of each leg change no figure of cli/commands_search.py; twice `k` leave fusion a choice."""
    return max(CANDIDATES, 2 * k)


def _run(session: TenantSession, parts: list[str], values: dict[str, Any]) -> tuple[list[FoundPassage], int]:
    """What the statement finds, and how many passages the vectors proposed (0 when nothing is found)."""
    rows = [dict(row._mapping) for row in session.execute(sa.text("WITH " + ",".join(parts)), values)]
    proposed = max((row.pop("proposed") for row in rows), default=0)
    return [FoundPassage(**row) for row in rows], proposed
