"""The nearest vectors of a project, by one of two lanes: which one depends on how many vectors can be reached.

An HNSW index gives what is near in all of its rows, and what row-level security, project and filters do not let
through is dropped afterwards. One index over everybody's vectors therefore loses most results of small tenants, in
silence (benchmarks/search_scale.py measures it). Hence:
- few vectors are compared one by one: nothing is lost, and it takes about a microsecond each;
- a large tenant has a partition and an index of its own, which holds nobody else's vectors;
- where a project or filters narrow, that index looks wider and is scanned on until enough has come through (iterative
  scan of pgvector), and sorted by value; where they narrow much, what is left is compared one by one;
- fewer rows than asked for are never taken as an answer: the caller repeats exactly.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.eligible import Eligible
from resources.database.repositories.projects import tenant_of
from resources.database.vector_names import index_of, partition_of
from resources.search.checking import CHECKER, Checker

EXACT_MOST = 10_000
"""So many vectors are always compared one by one."""
SCAN_COST = 20
"""What a row costs that an index gives, in rows that are compared one by one (10 to 20 µs to about 1 µs)."""
_PATIENCE = 4.0  # an index is scanned so many times further than an even spread of what is let through would need
_MOST_EF = 1000  # pgvector's limit of hnsw.ef_search
_CHECK_SECONDS = 30


class Lane(StrEnum):
    """How vectors are compared."""

    EXACT = "exact"  # one by one
    OWN = "own"  # by the index of the tenant's own partition


@dataclass(frozen=True, slots=True)
class Reach:
    """What is looked for, and where."""

    project_id: str
    model: str
    vector: np.ndarray[Any, Any]  # of length 1
    candidates: int
    within: Eligible


@dataclass(frozen=True, slots=True)
class Terrain:
    """What a lane is chosen by."""

    reachable: int  # vectors in the documents that may answer; about
    indexed: int  # vectors in the tenant's own index; 0: there is none


def choose(terrain: Terrain, candidates: int) -> Lane:
    """The lane that looks at the fewest rows: all that are reachable, or those until enough of the index got through.

    Of an index every `indexed / reachable`-th row gets through when what is reachable lies evenly in it.
    """
    if not terrain.indexed or terrain.reachable <= EXACT_MOST:
        return Lane.EXACT
    if scanned(terrain, candidates) * SCAN_COST >= terrain.reachable:
        return Lane.EXACT
    return Lane.OWN


def scanned(terrain: Terrain, candidates: int) -> int:
    """Rows of the index that are looked at until `candidates` of them got through, on the average."""
    return math.ceil(candidates * max(1.0, terrain.indexed / max(terrain.reachable, 1)))


_LOOK = sa.text(
    "SELECT coalesce((SELECT passages FROM search_statistics WHERE project_id = :project), 0) AS reachable, "
    "coalesce((SELECT greatest(c.reltuples, 0) FROM pg_class c "
    "JOIN pg_index i ON i.indexrelid = c.oid AND i.indisvalid "
    "WHERE c.relname = :index AND c.relnamespace = 'public'::regnamespace), 0)::bigint AS indexed"
)
_SET = sa.text(
    "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', :ef, true), "
    "set_config('hnsw.max_scan_tuples', :most, true)"
)


def look(session: TenantSession, reach: Reach) -> Terrain:
    """How many vectors the search can reach, and through which index."""
    index = index_of(partition_of(tenant_of(session)), reach.model, len(reach.vector))
    found = session.execute(_LOOK, {"project": reach.project_id, "index": index}).one()
    terrain = Terrain(int(found.reachable), int(found.indexed))
    if not reach.within.narrowed or choose(terrain, reach.candidates) is Lane.EXACT:
        return terrain
    passages = session.scalar(
        sa.text(
            f"WITH {reach.within.expression} SELECT coalesce(sum(d.indexed_passages), 0) "
            "FROM documents d JOIN eligible ON eligible.id = d.id"
        ),
        reach.within.values,
    )
    return replace(terrain, reachable=min(terrain.reachable, int(passages or 0)))


def open_lane(session: TenantSession, reach: Reach) -> Lane:
    """Choose a lane, and tell pgvector for the rest of the transaction how far an index may be scanned."""
    terrain = look(session, reach)
    lane = choose(terrain, reach.candidates)
    if lane is not Lane.EXACT:
        needed = scanned(terrain, reach.candidates)
        # so wide that the first pass is likely to do; and wider in a large graph, where more ways lead astray: of
        # 1,000,000 vectors 100 find 0.953 of the nearest 20, and 1,000 find 0.989 in about the same time
        ef = min(max(100, needed, terrain.indexed // 1000), _MOST_EF)
        session.execute(_SET, {"ef": str(ef), "most": str(math.ceil(_PATIENCE * max(needed, ef)))})
    return lane


# `+ 0`: by value, not by an index. The tenant is named although the policy names it too: the planner then knows at
# once which partition is read.
_EXACT = """
near AS MATERIALIZED (
    SELECT v.document_id, v.passage_index AS passage, v.embedding <=> CAST(:vector AS halfvec) AS distance
    FROM vectors v
    WHERE v.tenant_id = :tenant AND v.project_id = :project AND v.model = :model AND v.dimension = :dimension
        AND {eligible}
    ORDER BY (v.embedding <=> CAST(:vector AS halfvec)) + 0, v.document_id, v.passage_index LIMIT :candidates
)"""
# The expression and the model's condition are those of the index, word for word. `IS TRUE`: what is eligible is a
# filter of the scan; as a join it would let the planner read everything and sort it.
_INDEXED = """
near AS MATERIALIZED (
    SELECT v.document_id, v.passage_index AS passage,
        (v.embedding::halfvec({dimension})) <=> CAST(:vector AS halfvec({dimension})) AS distance
    FROM vectors v
    WHERE v.tenant_id = :tenant AND v.project_id = :project AND v.model = :model AND v.dimension = :dimension
        AND ({eligible}) IS TRUE
    ORDER BY (v.embedding::halfvec({dimension})) <=> CAST(:vector AS halfvec({dimension})) LIMIT :candidates
)"""
_RANKED = """,
dense AS (
    SELECT *, row_number() OVER (ORDER BY distance, document_id, passage) AS rank FROM near
)"""
NO_LEG = """
dense AS (
    SELECT NULL::uuid AS document_id, NULL::int AS passage, NULL::float8 AS distance, NULL::bigint AS rank WHERE false
)"""


def leg(lane: Lane, reach: Reach) -> str:
    """The common table expressions `near` and `dense` (document_id, passage, distance, rank), beside `within`'s."""
    return (_EXACT if lane is Lane.EXACT else _INDEXED).format(
        dimension=len(reach.vector), eligible=reach.within.holds("v.document_id")
    ) + _RANKED


def leg_values(session: TenantSession, reach: Reach) -> dict[str, Any]:
    """The values of `leg`."""
    return reach.within.values | {
        "tenant": tenant_of(session),
        "project": reach.project_id,
        "model": reach.model,
        "vector": literal(reach.vector),
        "dimension": len(reach.vector),
        "candidates": reach.candidates,
    }


def nearest(session: TenantSession, reach: Reach, lane: Lane) -> list[tuple[Any, int]]:
    """(document, passage) of the nearest vectors in order, by a lane that `open_lane` gave, or exactly."""
    statement = (
        f"WITH {reach.within.expression}, {leg(lane, reach)} SELECT document_id, passage FROM dense ORDER BY rank"
    )
    return [(row[0], row[1]) for row in session.execute(sa.text(statement), leg_values(session, reach))]


def check_later(session: TenantSession, reach: Reach, lane: Lane, checker: Checker = CHECKER) -> None:
    """Have a sample of searches by an index compared with exact search, in a transaction of its own, afterwards."""
    engine = session.get_bind()
    if lane is Lane.EXACT or not isinstance(engine, sa.Engine):
        return
    tenant = tenant_of(session)

    def check() -> float:
        local = {"transaction_read_only": "on", "statement_timeout": f"{_CHECK_SECONDS}s"}
        with TenantSession(engine, info={"tenant": tenant, "local": local}) as own, own.begin():
            return recall(own, reach, lane)

    checker.offer(f"{tenant}/{reach.project_id}/{literal(reach.vector)}", check)


def recall(session: TenantSession, reach: Reach, lane: Lane, depth: int = 20) -> float:
    """The share of the `depth` nearest that a lane finds among its own first `depth`; 1 when there are none."""
    exact = nearest(session, reach, Lane.EXACT)[:depth]
    found = nearest(session, reach, open_lane(session, reach) if lane is not Lane.EXACT else lane)[:depth]
    return len(set(exact) & set(found)) / len(exact) if exact else 1.0


def literal(vector: np.ndarray[Any, Any]) -> str:
    """A vector as PostgreSQL reads it."""
    return "[" + ",".join(f"{number:.6g}" for number in vector) + "]"
