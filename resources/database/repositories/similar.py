"""Exact search for passages like a query: every vector of the project is compared, none is missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from resources.database.engine import TenantSession


@dataclass(frozen=True, slots=True)
class SimilarPassage:
    """A passage with the cosine of its vector and the query's, and the pages it stands on (none without pages)."""

    document_id: UUID
    document_name: str
    index: int
    start: int
    end: int
    text: str
    score: float
    pages: list[int]


# `+ 0`: by value, not by an index, which would give some of the nearest only
_SEARCH = sa.text(
    "WITH nearest AS MATERIALIZED ("
    'SELECT d.id, d.name, p.index AS passage, p.start, p."end", p.text, '
    "v.embedding <=> CAST(:query AS halfvec) AS distance "
    "FROM vectors v JOIN documents d ON d.tenant_id = v.tenant_id AND d.id = v.document_id "
    "JOIN passages p ON p.tenant_id = v.tenant_id AND p.document_id = v.document_id AND p.index = v.passage_index "
    "WHERE d.project_id = :project AND v.model = :model AND v.dimension = :dimension "
    "AND (d.current OR NOT :current) "
    "AND (CAST(:documents AS uuid[]) IS NULL OR d.id = ANY(CAST(:documents AS uuid[]))) "
    "AND (CAST(:languages AS text[]) IS NULL OR d.language = ANY(CAST(:languages AS text[]))) "
    "ORDER BY (v.embedding <=> CAST(:query AS halfvec)) + 0, d.id, p.index LIMIT :k) "
    "SELECT n.*, ARRAY(SELECT DISTINCT CAST(s ->> 3 AS int) "
    "FROM document_texts t, jsonb_array_elements(t.segments) s "
    'WHERE t.document_id = n.id AND s ->> 3 IS NOT NULL AND CAST(s ->> 0 AS int) < n."end" '
    "AND CAST(s ->> 1 AS int) > n.start ORDER BY 1) AS pages FROM nearest n ORDER BY n.distance, n.id, n.passage"
)
_MODELS = sa.text(
    "SELECT DISTINCT v.model FROM vectors v JOIN documents d ON d.tenant_id = v.tenant_id AND d.id = v.document_id "
    "WHERE d.project_id = :project ORDER BY 1 LIMIT 20"
)


def similar_passages(
    session: TenantSession,
    project_id: str,
    model: str,
    query: np.ndarray[Any, Any],
    k: int,
    *,
    current: bool = True,
    documents: Sequence[UUID] | None = None,
    languages: Sequence[str] | None = None,
) -> list[SimilarPassage]:
    """The `k` passages of a project nearest to a unit vector of this model, the nearest first."""
    rows = session.execute(
        _SEARCH,
        {
            "query": "[" + ",".join(f"{number:.6g}" for number in query) + "]",
            "project": project_id,
            "model": model,
            "dimension": len(query),
            "k": k,
            "current": current,
            "documents": None if documents is None else list(documents),
            "languages": None if languages is None else list(languages),
        },
    )
    return [
        SimilarPassage(r.id, r.name, r.passage, r.start, r.end, r.text, 1 - float(r.distance), list(r.pages))
        for r in rows
    ]


def models_of_vectors(session: TenantSession, project_id: str) -> list[str]:
    """The models whose vectors the project holds."""
    return list(session.scalars(_MODELS, {"project": project_id}))
