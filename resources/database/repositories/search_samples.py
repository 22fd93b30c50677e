"""Passages by which search is measured: the same ones as long as they are there."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import documents, passages, search_statistics


@dataclass(frozen=True, slots=True)
class SampledPassage:
    """A passage of a current document; `language` (ISO 639-1) is the document's."""

    text: str
    content_hash: str
    language: str | None


@dataclass(frozen=True, slots=True)
class EvidencePassage:
    """A passage in which the evidence of a cell begins."""

    variable: str
    document_id: UUID
    content_hash: str


_EVIDENCE = sa.text(
    "SELECT variable, document_id, content_hash FROM ("
    "SELECT DISTINCT c.variable, c.document_id, p.content_hash "
    "FROM cells c JOIN documents d ON d.id = c.document_id AND d.current "
    "CROSS JOIN LATERAL jsonb_array_elements(c.evidence) e "
    "JOIN passages p ON p.document_id = c.document_id "
    "AND p.start <= CAST(e ->> 'start' AS int) AND CAST(e ->> 'start' AS int) < p.\"end\" "
    "WHERE c.project_id = :project AND c.row_key = '' AND c.state = 'VALUE' AND e ->> 'start' IS NOT NULL) found "
    "ORDER BY md5(content_hash || variable), document_id LIMIT :number"
)


def sample_passages(session: TenantSession, project_id: str, number: int, characters: int) -> list[SampledPassage]:
    """Up to `number` different passages of at least so many characters, those whose hashes come first."""
    rows = session.execute(
        sa.select(passages.c.text, passages.c.content_hash, documents.c.language)
        .join(
            documents,
            sa.and_(documents.c.tenant_id == passages.c.tenant_id, documents.c.id == passages.c.document_id),
        )
        .where(
            documents.c.project_id == project_id, documents.c.current, sa.func.length(passages.c.text) >= characters
        )
        .distinct(passages.c.content_hash)
        .order_by(passages.c.content_hash, documents.c.id)
        .limit(number)
    )
    return [SampledPassage(row.text, row.content_hash, row.language) for row in rows]


def sample_evidence(session: TenantSession, project_id: str, number: int) -> list[EvidencePassage]:
    """Up to `number` places of evidence of cells of current documents, where the document is the row."""
    rows = session.execute(_EVIDENCE, {"project": project_id, "number": number})
    return [EvidencePassage(row.variable, row.document_id, row.content_hash) for row in rows]


def state_of_search(session: TenantSession, project_id: str) -> str:
    """What the project's passages and vectors were when they were last counted; another text after any change."""
    s = search_statistics.c
    row = session.execute(
        sa.select(s.passages, s.words, s.vectors, s.updated_at).where(s.project_id == project_id)
    ).one_or_none()
    if row is None:
        return ""
    vectors = ", ".join(f"{number} by {model}" for model, number in sorted(row.vectors.items()))
    return f"{row.passages} passages, {row.words} words, {vectors or 'no vectors'}"
