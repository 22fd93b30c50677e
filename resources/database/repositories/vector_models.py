"""Vectors by model: which model a project is searched by, and which vectors nobody needs any more.

While vectors are made with another model, those of the former one stay: a project is searched by the model that has
most of its passages. The former model's are forgotten once the other has a vector wherever they are.
"""

from collections.abc import Collection, Mapping
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


def rank_models(counts: Mapping[str, int], preferred: str) -> list[str]:
    """Models by how many passages they have a vector of, most first; of equals `preferred`, then by name."""
    return sorted(counts, key=lambda model: (-counts[model], model != preferred, model))


def serving_model(session: TenantSession, project_id: str, preferred: str, usable: Collection[str] = ()) -> str:
    """The model by which the project is searched: of `preferred` and the `usable` ones that with most vectors.

    `preferred` is the fingerprint of the installation's model; a query's vector must be made with the one returned.
    """
    counts = known_counts(session, project_id)
    known = {model: number for model, number in counts.items() if model == preferred or model in usable}
    return next(iter(rank_models(known, preferred)), preferred)


def forget_superseded(session: TenantSession, project_id: str, preferred: str) -> dict[str, int]:
    """Delete vectors of models that `preferred` has taken the place of; gives how many, by model.

    Nothing is deleted of a model that has a vector where `preferred` has none, nor within the minute after the
    statistics were refreshed: a search may have chosen the former model a moment ago. Vectors that a service stored
    are its own affair.
    """
    settled = session.scalar(
        sa.select(search_statistics.c.updated_at < sa.func.now() - sa.text("interval '1 minute'")).where(
            search_statistics.c.project_id == project_id
        )
    )
    counts = known_counts(session, project_id)
    if not settled or rank_models(counts, preferred)[:1] != [preferred]:
        return {}
    ours = vectors.c.document_id.in_(
        sa.select(documents.c.id).where(
            documents.c.project_id == project_id, documents.c.chunks_version.is_distinct_from(BY_SERVICE)
        )
    )
    newer = vectors.alias()
    replaced = sa.exists().where(
        newer.c.tenant_id == vectors.c.tenant_id,
        newer.c.document_id == vectors.c.document_id,
        newer.c.passage_index == vectors.c.passage_index,
        newer.c.model == preferred,
    )
    deleted: dict[str, int] = {}
    for model in counts:
        of_model = sa.and_(vectors.c.project_id == project_id, vectors.c.model == model, ours)
        if model == preferred or session.scalar(sa.select(sa.exists().where(of_model, ~replaced))):
            continue
        gone = session.execute(sa.delete(vectors).where(of_model).returning(sa.literal(1))).all()
        if gone:
            deleted[model] = len(gone)
    return deleted
