"""Chunks that another service cut, each with one passage of the same stretch, and vectors."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from pgvector import HalfVector
from sqlalchemy.dialects.postgresql import insert

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import chunks, document_texts, documents, passages, vectors

BY_SERVICE = "service"
"""`chunks_version` of a document that another service cut."""


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A document to which chunks are added."""

    id: UUID
    chunks_version: str | None
    text: str | None  # None while it is not read


def lock_document(session: TenantSession, document_id: UUID) -> CutDocument | None:
    """The document with its text, held until the transaction ends; None when there is none."""
    row = session.execute(
        sa.select(documents.c.id, documents.c.chunks_version).where(documents.c.id == document_id).with_for_update()
    ).one_or_none()
    if row is None:
        return None
    text = session.scalar(sa.select(document_texts.c.text).where(document_texts.c.document_id == document_id))
    return CutDocument(row.id, row.chunks_version, text)


def take_over(session: TenantSession, document_id: UUID) -> None:
    """Drop the chunks that the pipeline cut, with passages and vectors: those of a service take their place."""
    session.execute(sa.delete(chunks).where(chunks.c.document_id == document_id))
    session.execute(
        sa.update(documents)
        .where(documents.c.id == document_id)
        .values(chunks_version=BY_SERVICE, embeddings_version=None, updated_at=sa.func.now())
    )


def hashes_of(session: TenantSession, document_id: UUID, indexes: Collection[int]) -> dict[int, str]:
    """The content hashes of the chunks that are there, by index."""
    rows = session.execute(
        sa.select(chunks.c.index, chunks.c.content_hash).where(
            chunks.c.document_id == document_id, chunks.c.index.in_(list(indexes))
        )
    )
    return dict(rows.tuples().all())


def upsert_chunks(
    session: TenantSession, document_id: UUID, rows: Sequence[Mapping[str, Any]], changed: Collection[int]
) -> None:
    """Store chunks, and a passage of each; those at `changed` indexes lose what was made of their old content."""
    if changed:
        session.execute(sa.delete(chunks).where(chunks.c.document_id == document_id, chunks.c.index.in_(changed)))
    own = {"tenant_id": tenant_of(session), "document_id": document_id}
    statement = insert(chunks).values([{**own, **row} for row in rows])
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "document_id", "index"],
            set_={name: statement.excluded[name] for name in ("start", "end", "tokens", "heading_path")},
        )
    )
    kept = ("index", "start", "end", "text", "tokens", "content_hash")
    statement = insert(passages).values(
        [{**own, "chunk_index": row["index"], **{name: row[name] for name in kept}} for row in rows]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "document_id", "index"],
            set_={name: statement.excluded[name] for name in ("start", "end", "tokens")},
        )
    )


def upsert_vectors(
    session: TenantSession, document_id: UUID, made: Sequence[tuple[int, str, np.ndarray[Any, Any]]]
) -> None:
    """Store (passage index, model, unit vector); a vector of the same model is replaced."""
    if not made:
        return
    tenant = tenant_of(session)
    project = session.scalar(sa.select(documents.c.project_id).where(documents.c.id == document_id))
    statement = insert(vectors).values(
        [
            {
                "tenant_id": tenant,
                "document_id": document_id,
                "passage_index": index,
                "model": model,
                "project_id": project,
                "dimension": len(vector),
                "embedding": HalfVector(vector),
            }
            for index, model, vector in made
        ]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "document_id", "passage_index", "model"],
            set_={name: statement.excluded[name] for name in ("dimension", "embedding")},
        )
    )
