"""Chunks, passages and vectors of documents."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from pgvector import HalfVector
from sqlalchemy.dialects.postgresql import insert

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import chunks, documents, passages, vectors


def replace_chunks(session: TenantSession, document_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store a document's chunks by (document, index, content): unchanged ones keep their passages and vectors."""
    tenant = tenant_of(session)
    kept = session.execute(
        sa.select(chunks.c.index, chunks.c.content_hash).where(chunks.c.document_id == document_id)
    )
    wanted = {row["index"]: row["content_hash"] for row in rows}
    stale = [index for index, content in kept if wanted.get(index) != content]
    if stale:
        session.execute(sa.delete(chunks).where(chunks.c.document_id == document_id, chunks.c.index.in_(stale)))
    if rows:
        statement = insert(chunks).values([{"tenant_id": tenant, "document_id": document_id, **row} for row in rows])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "document_id", "index"],
                set_={c: statement.excluded[c] for c in ("start", "end", "tokens", "heading_path")},
            )
        )


def load_chunks(session: TenantSession, ids: Collection[UUID]) -> dict[UUID, list[tuple[int, int, str]]]:
    """(start, end, text) of every chunk of each document, in order."""
    found: dict[UUID, list[tuple[int, int, str]]] = {}
    rows = session.execute(
        sa.select(chunks.c.document_id, chunks.c.start, chunks.c.end, chunks.c.text)
        .where(chunks.c.document_id.in_(list(ids)))
        .order_by(chunks.c.document_id, chunks.c.index)
    )
    for row in rows:
        found.setdefault(row.document_id, []).append((row.start, row.end, row.text))
    return found


def load_spans(session: TenantSession, ids: Collection[UUID]) -> dict[UUID, list[tuple[int, int, tuple[str, ...]]]]:
    """(start, end, headings above it) of every chunk of each document, in order."""
    found: dict[UUID, list[tuple[int, int, tuple[str, ...]]]] = {}
    rows = session.execute(
        sa.select(chunks.c.document_id, chunks.c.start, chunks.c.end, chunks.c.heading_path)
        .where(chunks.c.document_id.in_(list(ids)))
        .order_by(chunks.c.document_id, chunks.c.index)
    )
    for row in rows:
        found.setdefault(row.document_id, []).append((row.start, row.end, tuple(row.heading_path)))
    return found


def load_vectors(
    session: TenantSession, ids: Collection[UUID], model: str
) -> dict[UUID, tuple[np.ndarray[Any, np.dtype[np.float32]], tuple[int, ...]]]:
    """Unit vectors, float32 (n, dimension), of each document's passages, and the place of each one's chunk."""
    rows = session.execute(
        sa.select(vectors.c.document_id, passages.c.chunk_index, vectors.c.embedding)
        .join(
            passages,
            sa.and_(
                passages.c.tenant_id == vectors.c.tenant_id,
                passages.c.document_id == vectors.c.document_id,
                passages.c.index == vectors.c.passage_index,
            ),
        )
        .where(vectors.c.document_id.in_(list(ids)), vectors.c.model == model)
        .order_by(vectors.c.document_id, vectors.c.passage_index)
    )
    found: dict[UUID, tuple[list[Any], list[int]]] = {}
    for row in rows:
        matrix, places = found.setdefault(row.document_id, ([], []))
        matrix.append(row.embedding)
        places.append(row.chunk_index)
    return {key: (np.asarray(matrix, dtype=np.float32), tuple(places)) for key, (matrix, places) in found.items()}


def replace_passages(session: TenantSession, document_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store a document's passages; one whose content is unchanged keeps its vector."""
    tenant = tenant_of(session)
    kept = session.execute(
        sa.select(passages.c.index, passages.c.content_hash).where(passages.c.document_id == document_id)
    )
    wanted = {row["index"]: row["content_hash"] for row in rows}
    stale = [index for index, content in kept if wanted.get(index) != content]
    if stale:
        session.execute(sa.delete(passages).where(passages.c.document_id == document_id, passages.c.index.in_(stale)))
    if rows:
        statement = insert(passages).values(
            [{"tenant_id": tenant, "document_id": document_id, **row} for row in rows]
        )
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "document_id", "index"],
                set_={c: statement.excluded[c] for c in ("chunk_index", "start", "end", "tokens")},
            )
        )


def without_vector(session: TenantSession, document_id: UUID, model: str) -> list[tuple[int, str]]:
    """(index, text) of the document's passages that have no vector of this model."""
    missing = sa.exists().where(
        vectors.c.document_id == passages.c.document_id,
        vectors.c.passage_index == passages.c.index,
        vectors.c.model == model,
    )
    rows = session.execute(
        sa.select(passages.c.index, passages.c.text)
        .where(passages.c.document_id == document_id, ~missing)
        .order_by(passages.c.index)
    )
    return [(index, text) for index, text in rows]


def add_vectors(
    session: TenantSession, document_id: UUID, model: str, indexes: Iterable[int], matrix: np.ndarray[Any, Any]
) -> None:
    """Store unit vectors, float32 (n, dimension), of passages; they are kept as half-precision floats."""
    tenant = tenant_of(session)
    project = session.scalar(sa.select(documents.c.project_id).where(documents.c.id == document_id))
    rows = [
        {
            "tenant_id": tenant,
            "document_id": document_id,
            "passage_index": index,
            "model": model,
            "project_id": project,
            "dimension": matrix.shape[1],
            "embedding": HalfVector(vector),
        }
        for index, vector in zip(indexes, matrix, strict=True)
    ]
    if rows:
        session.execute(insert(vectors).on_conflict_do_nothing(), rows)


def delete_vectors(session: TenantSession, ids: Collection[UUID], model: str) -> None:
    """Forget the vectors of one model, so that they are made again."""
    session.execute(sa.delete(vectors).where(vectors.c.document_id.in_(list(ids)), vectors.c.model == model))


def counts(session: TenantSession, ids: Collection[UUID]) -> tuple[int, int, int]:
    """(chunks, passages, vectors) of some documents."""
    wanted = list(ids)

    def count(table: sa.Table) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(table.c.document_id.in_(wanted))
        return session.scalar(query) or 0

    return count(chunks), count(passages), count(vectors)
