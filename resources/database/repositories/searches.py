"""Searches that were asked, with their hits: kept for who asked, looked at page by page.

A hit is a reference to a passage. With the passage (a document that is deleted, a text that is cut anew) it is gone,
and the ranks of the others stay as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import chunks, documents, passages, search_hits, searches
from resources.search.finding import Hit
from resources.search.vocabulary import NothingFound, SearchMode, WithoutReranking, WithoutVectors, WithoutWords


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it was asked and answered: `found` hits, and `more` says whether there were others behind them.

    `without_vectors` is None when vectors were compared, `without_words` when words were, `without_reranking` when
    `reranker` gave the order.
    """

    project_id: str
    asked_by: str
    query: str
    mode: SearchMode
    filters: Mapping[str, Any]
    model: str | None
    lane: str | None
    without_vectors: WithoutVectors | None
    without_words: WithoutWords | None
    found: int
    more: bool
    nothing: NothingFound | None
    reranker: str | None
    without_reranking: WithoutReranking | None
    id: UUID = field(default_factory=uuid4)
    created_at: datetime | None = None  # set by the database


@dataclass(frozen=True, slots=True)
class StoredHit:
    """A hit with its passage as it is now; `language` (ISO 639-1) is the document's."""

    rank: int
    document_id: UUID
    document_name: str
    language: str | None
    passage_index: int
    start: int
    end: int
    text: str
    heading_path: list[str]
    score: float  # the fused one
    lexical_rank: int | None
    lexical_score: float | None
    dense_rank: int | None
    distance: float | None
    rank_before: int | None
    rerank_score: float | None


@dataclass(frozen=True, slots=True)
class HitDocument:
    """A document with how many hits of a search it has."""

    id: UUID
    name: str
    language: str | None
    media_type: str | None
    dated: str | None
    hits: int


_COLUMNS = [searches.c[name] for name in Search.__dataclass_fields__]
# A passage that was deleted since it was found, or is being deleted, is left out: it would be gone in a moment.
_ADD_HITS = sa.text(
    "INSERT INTO search_hits (tenant_id, search_id, rank, document_id, passage_index, score, lexical_rank, "
    "lexical_score, dense_rank, distance, rank_before, rerank_score) "
    "SELECT :tenant, :search, h.rank, h.document_id, h.passage, h.score, h.lexical_rank, h.lexical_score, "
    "h.dense_rank, h.distance, h.rank_before, h.rerank_score "
    "FROM unnest(CAST(:documents AS uuid[]), CAST(:passages AS int[]), CAST(:scores AS float8[]), "
    "CAST(:lexical_ranks AS int[]), CAST(:lexical_scores AS float8[]), CAST(:dense_ranks AS int[]), "
    "CAST(:distances AS float8[]), CAST(:ranks_before AS int[]), CAST(:rerank_scores AS float8[])) WITH ORDINALITY "
    "AS h(document_id, passage, score, lexical_rank, lexical_score, dense_rank, distance, rank_before, rerank_score, "
    "rank) "
    "JOIN passages p ON p.document_id = h.document_id AND p.index = h.passage "
    "FOR KEY SHARE OF p SKIP LOCKED"
)


def _search(row: Any) -> Search:
    fields = dict(row._mapping)
    fields["mode"] = SearchMode(row.mode)
    fields["without_vectors"] = WithoutVectors(row.without_vectors) if row.without_vectors else None
    fields["without_words"] = WithoutWords(row.without_words) if row.without_words else None
    fields["without_reranking"] = WithoutReranking(row.without_reranking) if row.without_reranking else None
    fields["nothing"] = NothingFound(row.nothing) if row.nothing else None
    return Search(**fields)


def add_search(session: TenantSession, search: Search, found: Sequence[Hit]) -> Search:
    """Keep a search with its hits, the best first; gives it as it was stored."""
    values = {name: getattr(search, name) for name in Search.__dataclass_fields__ if name != "created_at"}
    row = session.execute(
        sa.insert(searches).values(tenant_id=tenant_of(session), **values).returning(*_COLUMNS)
    ).one()
    if found:
        session.execute(
            _ADD_HITS,
            {
                "tenant": tenant_of(session),
                "search": search.id,
                "documents": [hit.document_id for hit in found],
                "passages": [hit.index for hit in found],
                "scores": [hit.fused for hit in found],
                "lexical_ranks": [hit.lexical_rank for hit in found],
                "lexical_scores": [hit.lexical_score for hit in found],
                "dense_ranks": [hit.dense_rank for hit in found],
                "distances": [hit.distance for hit in found],
                "ranks_before": [hit.rank_before for hit in found],
                "rerank_scores": [hit.rerank_score for hit in found],
            },
        )
    return _search(row)


def find_search(session: TenantSession, search_id: UUID, asked_by: str) -> Search | None:
    """A search of this person; None when they asked none of that id."""
    row = session.execute(
        sa.select(*_COLUMNS).where(searches.c.id == search_id, searches.c.asked_by == asked_by)
    ).one_or_none()
    return _search(row) if row else None


def page_of_searches(
    session: TenantSession,
    asked_by: str,
    project_id: str | None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Search]:
    """What a person searched for, the newest first, from behind the (created_at, id) of a page's last."""
    query = sa.select(*_COLUMNS).where(searches.c.asked_by == asked_by)
    if project_id is not None:
        query = query.where(searches.c.project_id == project_id)
    if after is not None:
        query = query.where(sa.tuple_(searches.c.created_at, searches.c.id) < sa.tuple_(*map(sa.literal, after)))
    query = query.order_by(searches.c.created_at.desc(), searches.c.id.desc()).limit(limit)
    return [_search(row) for row in session.execute(query)]


def delete_search(session: TenantSession, search_id: UUID, asked_by: str) -> bool:
    """Delete a search of this person with its hits; whether there was one."""
    mine = sa.and_(searches.c.id == search_id, searches.c.asked_by == asked_by)
    return session.scalar(sa.delete(searches).where(mine).returning(searches.c.id)) is not None


def page_of_hits(session: TenantSession, search_id: UUID, after: int, limit: int) -> list[StoredHit]:
    """Hits of a search in the order of their ranks, from behind the rank `after`, at most `limit`."""
    query = (
        sa.select(
            search_hits,
            documents.c.name.label("document_name"),
            documents.c.language,
            passages.c.start,
            passages.c.end,
            passages.c.text,
            chunks.c.heading_path,
        )
        .select_from(search_hits)
        .join(passages, _same(search_hits, passages, document_id="document_id", passage_index="index"))
        .join(chunks, _same(passages, chunks, document_id="document_id", chunk_index="index"))
        .join(documents, _same(search_hits, documents, document_id="id"))
        .where(search_hits.c.search_id == search_id, search_hits.c.rank > after)
        .order_by(search_hits.c.rank)
        .limit(limit)
    )
    names = StoredHit.__dataclass_fields__
    return [StoredHit(**{name: row._mapping[name] for name in names}) for row in session.execute(query)]


def documents_of_hits(session: TenantSession, search_id: UUID) -> list[HitDocument]:
    """The documents in which a search has hits, those with the most first."""
    shown = [documents.c[name] for name in ("id", "name", "language", "media_type", "dated")]
    count = sa.func.count().label("hits")
    query = (
        sa.select(*shown, count)
        .select_from(search_hits)
        .join(documents, _same(search_hits, documents, document_id="id"))
        .where(search_hits.c.search_id == search_id)
        .group_by(*shown)
        .order_by(count.desc(), sa.func.min(search_hits.c.rank))
    )
    return [HitDocument(**row._mapping) for row in session.execute(query)]


def _same(left: sa.Table, right: sa.Table, **columns: str) -> sa.ColumnElement[bool]:
    same = [left.c[one] == right.c[other] for one, other in columns.items()]
    return sa.and_(left.c.tenant_id == right.c.tenant_id, *same)
