"""Vectors by model: which model a project is searched by, and which vectors nobody needs any more.

While vectors are made with another model, those of the former one stay: a project is searched by the model that has
most of its passages. The former model's are forgotten once the other has a vector wherever they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from resources.database.engine import Database, TenantSession
from resources.database.repositories.service_chunks import BY_SERVICE
from resources.database.tables import documents, search_statistics, vectors


@dataclass(frozen=True, slots=True)
class VectorCount:
    """Vectors of one model and length."""

    model: str
    dimension: int
    vectors: int


def count_vectors(database: Database, tenant: str) -> list[VectorCount]:
    """A tenant's vectors by model and length."""
    with database.transaction(tenant, read_only=True) as session:
        rows = session.execute(
            sa.select(vectors.c.model, vectors.c.dimension, sa.func.count())
            .group_by(vectors.c.model, vectors.c.dimension)
            .order_by(vectors.c.model, vectors.c.dimension)
        )
        return [VectorCount(model, dimension, number) for model, dimension, number in rows]


def count_by_model(session: TenantSession, project_id: str) -> dict[str, int]:
    """How many passages of the project's current documents each model has a vector of."""
    rows = session.execute(
        sa.select(vectors.c.model, sa.func.count())
        .join(documents, (documents.c.tenant_id == vectors.c.tenant_id) & (documents.c.id == vectors.c.document_id))
        .where(vectors.c.project_id == project_id, documents.c.current)
        .group_by(vectors.c.model)
        .order_by(vectors.c.model)
    )
    return dict(rows.tuples().all())


def known_counts(session: TenantSession, project_id: str) -> dict[str, int]:
    """The same as of when the statistics were last refreshed; one row is read."""
    query = sa.select(search_statistics.c.vectors).where(search_statistics.c.project_id == project_id)
    return dict(session.scalar(query) or {})


def stale_statistics(session: TenantSession) -> list[str]:
    """Projects whose statistics do not say how many passages can be searched: others than the pipeline added some."""
    there = sa.func.coalesce(sa.func.sum(documents.c.indexed_passages).filter(documents.c.current), 0)
    known = sa.func.coalesce(sa.func.max(search_statistics.c.passages), 0)
    rows = session.scalars(
        sa.select(documents.c.project_id)
        .outerjoin(
            search_statistics,
            (search_statistics.c.tenant_id == documents.c.tenant_id)
            & (search_statistics.c.project_id == documents.c.project_id),
        )
        .group_by(documents.c.project_id)
        .having(there != known)
        .order_by(documents.c.project_id)
    )
    return list(rows)


def rank_models(counts: Mapping[str, int], preferred: str) -> list[str]:
    """Models by how many passages they have a vector of, most first; of equals `preferred`, then by name."""
    return sorted(counts, key=lambda model: (-counts[model], model != preferred, model))


def superseded(session: TenantSession, preferred: str) -> list[tuple[str, str]]:
    """(project, model) whose vectors can be forgotten: `preferred` has one of every passage that they have.

    Not within the minute after the statistics were refreshed: a search may have chosen the former model a moment ago.
    Vectors that a service stored are its own affair.
    """
    settled = search_statistics.c.updated_at < sa.func.now() - sa.text("interval '1 minute'")
    known = session.execute(
        sa.select(search_statistics.c.project_id, search_statistics.c.vectors)
        .where(settled)
        .order_by(search_statistics.c.project_id)
    )
    return [
        (project, model)
        for project, counts in known.tuples().all()
        if rank_models(counts, preferred)[:1] == [preferred]
        for model in sorted(counts)
        if model != preferred and _is_replaced(session, project, model, preferred)
    ]


def forget(session: TenantSession, project_id: str, model: str) -> int:
    """Delete a model's vectors in the project's documents, but for those that a service stored; gives how many."""
    deleted = session.execute(sa.delete(vectors).where(_of(project_id, model)).returning(sa.literal(1)))
    return len(deleted.all())


def _of(project_id: str, model: str) -> sa.ColumnElement[bool]:
    cut_here = sa.select(documents.c.id).where(
        documents.c.project_id == project_id, documents.c.chunks_version.is_distinct_from(BY_SERVICE)
    )
    return sa.and_(vectors.c.project_id == project_id, vectors.c.model == model, vectors.c.document_id.in_(cut_here))


def _is_replaced(session: TenantSession, project_id: str, model: str, preferred: str) -> bool:
    newer = vectors.alias()
    has_newer = sa.exists().where(
        newer.c.tenant_id == vectors.c.tenant_id,
        newer.c.document_id == vectors.c.document_id,
        newer.c.passage_index == vectors.c.passage_index,
        newer.c.model == preferred,
    )
    of_model = _of(project_id, model)
    there = sa.exists().where(of_model)
    alone = sa.exists().where(of_model, ~has_newer)
    return bool(session.scalar(sa.select(there & ~alone)))
