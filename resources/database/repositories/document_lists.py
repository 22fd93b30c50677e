"""Documents to be looked at: lists in pages, one with its figures, its text in stretches, its pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.documents import segments_from_json
from resources.database.tables import cells, chunks, document_texts, documents, passages, projects, vectors
from resources.vocabulary import DocumentOrigin, DocumentStatus, Segment


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A document as people see it."""

    id: UUID
    project_id: str
    name: str
    other_names: list[str]
    version: int
    current: bool
    origin: DocumentOrigin
    added_by: str | None
    media_type: str | None
    size_bytes: int
    sha256: str
    blob: str
    status: DocumentStatus
    error_reason: str | None
    error_message: str | None
    title: str | None
    author: str | None
    dated: str | None
    language: str | None
    page_count: int | None
    word_count: int | None
    warnings: list[str]
    batch: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents; None: whichever."""

    project_id: str | None = None
    status: DocumentStatus | None = None
    origin: DocumentOrigin | None = None
    current: bool | None = None
    name: str | None = None  # a part of one of its names, in any case


@dataclass(frozen=True, slots=True)
class Figures:
    """What was made of a document."""

    chunks: int
    passages: int
    vectors: int
    cells: int
    characters: int | None  # of its text; None while it is not read


@dataclass(frozen=True, slots=True)
class PageSpan:
    """Where a page stands in the text: `start` and `end` are character offsets."""

    number: int
    start: int
    end: int
    segments: int


_COLUMNS = [documents.c[name] for name in ListedDocument.__dataclass_fields__]


def _listed(row: Any) -> ListedDocument:
    fields = dict(row._mapping)
    fields["status"] = DocumentStatus(row.status)
    fields["origin"] = DocumentOrigin(row.origin)
    return ListedDocument(**fields)


def list_page(
    session: TenantSession, filters: Filters, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[ListedDocument]:
    """The newest first, at most `limit`, from behind the (created_at, id) of a page's last."""
    query = sa.select(*_COLUMNS)
    for column, value in (
        (documents.c.project_id, filters.project_id),
        (documents.c.status, filters.status),
        (documents.c.origin, filters.origin),
        (documents.c.current, filters.current),
    ):
        if value is not None:
            query = query.where(column == value)
    if filters.name:
        names = sa.func.array_to_string(sa.func.array_prepend(documents.c.name, documents.c.other_names), "\n")
        query = query.where(names.icontains(filters.name, autoescape=True))
    if after is not None:
        query = query.where(sa.tuple_(documents.c.created_at, documents.c.id) < sa.tuple_(*map(sa.literal, after)))
    query = query.order_by(documents.c.created_at.desc(), documents.c.id.desc()).limit(limit)
    return [_listed(row) for row in session.execute(query)]


def get_document(session: TenantSession, document_id: UUID) -> ListedDocument | None:
    """One document; None when there is none of that id."""
    row = session.execute(sa.select(*_COLUMNS).where(documents.c.id == document_id)).one_or_none()
    return _listed(row) if row else None


def project_exists(session: TenantSession, project_id: str) -> bool:
    """Whether there is a project of this id."""
    return session.scalar(sa.select(projects.c.id).where(projects.c.id == project_id)) is not None


def versions_of(session: TenantSession, document: ListedDocument) -> list[ListedDocument]:
    """The document and the others that came under its name, oldest version first."""
    rows = session.execute(
        sa.select(*_COLUMNS)
        .where(documents.c.project_id == document.project_id, documents.c.name == document.name)
        .order_by(documents.c.version, documents.c.created_at, documents.c.id)
        .limit(200)
    )
    return [_listed(row) for row in rows]


def figures_of(session: TenantSession, document_id: UUID) -> Figures:
    """What was made of a document."""

    def count(table: sa.Table) -> int:
        counted = sa.select(sa.func.count()).select_from(table).where(table.c.document_id == document_id)
        return session.scalar(counted) or 0

    characters: int | None = session.scalar(
        sa.select(sa.func.char_length(document_texts.c.text)).where(document_texts.c.document_id == document_id)
    )
    return Figures(count(chunks), count(passages), count(vectors), count(cells), characters)


def text_stretch(session: TenantSession, document_id: UUID, start: int, end: int) -> tuple[str, int] | None:
    """(the text from `start` to `end`, length of all of it) in characters; None while it is not read."""
    stretch = sa.func.substring(document_texts.c.text, start + 1, max(0, end - start))
    row = session.execute(
        sa.select(stretch, sa.func.char_length(document_texts.c.text)).where(
            document_texts.c.document_id == document_id
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


_SPANS = sa.text(
    "SELECT CAST(s ->> 3 AS int) AS number, min(CAST(s ->> 0 AS int)) AS start, max(CAST(s ->> 1 AS int)) AS end, "
    "count(*) AS segments FROM document_texts, jsonb_array_elements(segments) AS p(s) "
    "WHERE document_id = :id AND CAST(s ->> 3 AS int) = ANY(:numbers) GROUP BY 1 ORDER BY 1"
)
_ON_PAGE = sa.text(
    "SELECT s FROM document_texts, jsonb_array_elements(segments) WITH ORDINALITY AS p(s, n) "
    "WHERE document_id = :id AND CAST(s ->> 3 AS int) = :page ORDER BY n"
)
_IN_STRETCH = sa.text(
    "SELECT s FROM document_texts, jsonb_array_elements(segments) WITH ORDINALITY AS p(s, n) "
    "WHERE document_id = :id AND CAST(s ->> 0 AS int) < :end AND CAST(s ->> 1 AS int) > :start ORDER BY n LIMIT :most"
)


def page_spans(session: TenantSession, document_id: UUID, numbers: Sequence[int]) -> dict[int, PageSpan]:
    """Where these pages stand in the text; pages without text are left out."""
    rows = session.execute(_SPANS, {"id": document_id, "numbers": list(numbers)})
    return {row.number: PageSpan(row.number, row.start, row.end, row.segments) for row in rows}


def segments_on_page(session: TenantSession, document_id: UUID, page: int) -> tuple[Segment, ...]:
    """The segments of one page, in text order."""
    return segments_from_json(session.scalars(_ON_PAGE, {"id": document_id, "page": page}).all())


def segments_between(
    session: TenantSession, document_id: UUID, start: int, end: int, most: int
) -> tuple[Segment, ...]:
    """The segments that a stretch of the text touches, at most so many."""
    rows = session.scalars(_IN_STRETCH, {"id": document_id, "start": start, "end": end, "most": most})
    return segments_from_json(rows.all())


def find_in_text(session: TenantSession, document_id: UUID, quote: str) -> int | None:
    """Where the document's text holds exactly these words first; None when it does not."""
    place = session.scalar(
        sa.select(sa.func.strpos(document_texts.c.text, quote)).where(document_texts.c.document_id == document_id)
    )
    return place - 1 if place else None
