"""What of a project can be searched, and where in their files passages stand."""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.documents import segments_from_json
from resources.database.tables import documents, passages, postings, search_statistics, vectors
from resources.search.scoring import rarity
from resources.search.vocabulary import NothingFound
from resources.vocabulary import Segment

Stretch = tuple[UUID, int, int]
"""A document, and start and end in its text."""


def has_vectors(session: TenantSession, project_id: str, model: str | None = None) -> bool:
    """Whether the project has vectors: of this model, or of any."""
    found = sa.exists().where(vectors.c.project_id == project_id)
    if model is not None:
        found = found.where(vectors.c.model == model)
    return bool(session.scalar(sa.select(found)))


def models_of_vectors(session: TenantSession, project_id: str) -> list[str]:
    """The models whose vectors the project holds."""
    models = sa.select(vectors.c.model).where(vectors.c.project_id == project_id).distinct()
    return list(session.scalars(models.order_by(vectors.c.model).limit(20)))


def why_nothing(session: TenantSession, project_id: str) -> NothingFound:
    """Why a search of the project has no hits."""
    mine = sa.exists().where(documents.c.project_id == project_id)
    if not session.scalar(sa.select(mine)):
        return NothingFound.NO_DOCUMENTS
    cut = mine.where(passages.c.tenant_id == documents.c.tenant_id, passages.c.document_id == documents.c.id)
    return NothingFound.NO_MATCH if session.scalar(sa.select(cut)) else NothingFound.NOT_EMBEDDED


def weights_of(session: TenantSession, project_id: str, terms: Collection[str]) -> dict[str, float]:
    """How much each term tells passages of the project apart (BM25's inverse document frequency, > 0).

    Terms that no passage has are left out.
    """
    statistics = search_statistics.c.project_id == project_id
    number = session.scalar(sa.select(search_statistics.c.passages).where(statistics)) or 0
    frequency = sa.func.sum(sa.func.cardinality(postings.c.entries))
    found = session.execute(
        sa.select(postings.c.term, frequency)
        .where(postings.c.project_id == project_id, postings.c.term.in_(list(terms)))
        .group_by(postings.c.term)
    )
    return {term: rarity(number, float(df)) for term, df in found}


_SEGMENTS = sa.text(
    "SELECT h.n, s FROM unnest(CAST(:documents AS uuid[]), CAST(:starts AS int[]), CAST(:ends AS int[])) "
    'WITH ORDINALITY AS h(document_id, start, "end", n) '
    "JOIN document_texts t ON t.document_id = h.document_id "
    "CROSS JOIN LATERAL jsonb_array_elements(t.segments) WITH ORDINALITY AS p(s, place) "
    'WHERE CAST(s ->> 0 AS int) < h."end" AND CAST(s ->> 1 AS int) > h.start ORDER BY h.n, place'
)


def segments_of(session: TenantSession, stretches: Sequence[Stretch]) -> list[tuple[Segment, ...]]:
    """For each stretch the segments that it touches, in the order of the text."""
    if not stretches:
        return []
    found: list[list[list[object]]] = [[] for _ in stretches]
    ids, starts, ends = (list(part) for part in zip(*stretches, strict=True))
    for number, segment in session.execute(_SEGMENTS, {"documents": ids, "starts": starts, "ends": ends}):
        found[number - 1].append(segment)
    return [segments_from_json(segments) for segments in found]


_HEADINGS = sa.text(
    "SELECT t.document_id, CAST(s ->> 0 AS int), CAST(s ->> 6 AS int), "
    "substr(t.text, CAST(s ->> 0 AS int) + 1, least(CAST(s ->> 1 AS int) - CAST(s ->> 0 AS int), :longest)) "
    "FROM document_texts t CROSS JOIN LATERAL jsonb_array_elements(t.segments) WITH ORDINALITY AS p(s, place) "
    "WHERE t.document_id = ANY(CAST(:documents AS uuid[])) AND s ->> 2 = 'HEADING' ORDER BY t.document_id, place"
)


def headings_of(
    session: TenantSession, documents: Collection[UUID], longest: int
) -> dict[UUID, list[tuple[int, int | None, str]]]:
    """Start, level and text (its first `longest` characters) of each document's headings, in their order."""
    found: dict[UUID, list[tuple[int, int | None, str]]] = {}
    for document, start, level, text in session.execute(
        _HEADINGS, {"documents": sorted(documents), "longest": longest}
    ):
        found.setdefault(document, []).append((start, level, text))
    return found
