"""Summaries and themes as they are read: with their statements, and counted from what is there now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.statements import Owner, StoredStatement, statements_of
from resources.database.tables import documents, passages, summaries, theme_passages, themes


@dataclass(frozen=True, slots=True)
class StoredSummary:
    """A summary with its statements, in their order. `document_id` None: of the whole project.

    `model` None: its sentences were copied. `stale`: something it rested on was deleted since; what is left of it
    still stands in the sources.
    """

    id: UUID
    project_id: str
    document_id: UUID | None
    model: str | None
    stale: bool
    created_at: datetime
    statements: tuple[StoredStatement, ...]


@dataclass(frozen=True, slots=True)
class StoredTheme:
    """A theme with its sentences. `passages` and `documents` are counted from what is there now.

    `label` None: a document of it was deleted since. `model` None: the label is made of the keywords. `opportunity`
    is 0 to 1: how much of the theme no variable takes evidence from, times the share of documents it stands in.
    """

    id: UUID
    project_id: str
    number: int
    label: str | None
    keywords: tuple[str, ...]
    opportunity: float
    model: str | None
    stale: bool
    created_at: datetime
    passages: int
    documents: int
    statements: tuple[StoredStatement, ...]


@dataclass(frozen=True, slots=True)
class ThemePassage:
    """A passage of a theme: `text` is `text[start:end]` of its document; `distance` is 0 (the centre) to 2."""

    document_id: UUID
    document_name: str
    current: bool  # False: another version of the document has taken its place
    index: int
    start: int
    end: int
    text: str
    distance: float

    @property
    def place(self) -> tuple[float, UUID, int]:
        """Where a page after this one begins."""
        return self.distance, self.document_id, self.index


def summary_of_project(session: TenantSession, project_id: str) -> StoredSummary | None:
    """The summary of a project; None while there is none."""
    return _summary(session, sa.and_(summaries.c.project_id == project_id, summaries.c.document_id.is_(None)))


def summary_of_document(session: TenantSession, document_id: UUID) -> StoredSummary | None:
    """The summary of a document; None while there is none."""
    return _summary(session, summaries.c.document_id == document_id)


def page_of_themes(session: TenantSession, project_id: str, limit: int, after: int = 0) -> list[StoredTheme]:
    """At most `limit` themes, the largest first, from behind the number `after`."""
    query = _themes().where(themes.c.project_id == project_id, themes.c.number > after)
    return _with_statements(session, session.execute(query.order_by(themes.c.number).limit(limit)).all())


def page_of_opportunities(
    session: TenantSession, project_id: str, limit: int, after: tuple[float, int] | None = None
) -> list[StoredTheme]:
    """At most `limit` themes, the highest opportunity first; `after` is (opportunity, number) of the last one."""
    query = _themes().where(themes.c.project_id == project_id)
    if after is not None:
        score, number = after
        behind = sa.and_(themes.c.opportunity == score, themes.c.number > number)
        query = query.where(sa.or_(themes.c.opportunity < score, behind))
    ordered = query.order_by(themes.c.opportunity.desc(), themes.c.number).limit(limit)
    return _with_statements(session, session.execute(ordered).all())


def find_theme(session: TenantSession, theme_id: UUID) -> StoredTheme | None:
    """One theme."""
    found = _with_statements(session, session.execute(_themes().where(themes.c.id == theme_id)).all())
    return found[0] if found else None


def page_of_passages(
    session: TenantSession, theme_id: UUID, limit: int, after: tuple[float, UUID, int] | None = None
) -> list[ThemePassage]:
    """At most `limit` passages of a theme, the nearest to its centre first; `after` is the last one's `place`."""
    place = sa.tuple_(theme_passages.c.distance, theme_passages.c.document_id, theme_passages.c.passage_index)
    query = (
        sa.select(
            theme_passages.c.document_id,
            documents.c.name,
            documents.c.current,
            theme_passages.c.passage_index,
            passages.c.start,
            passages.c.end,
            passages.c.text,
            theme_passages.c.distance,
        )
        .join(
            passages,
            sa.and_(
                passages.c.tenant_id == theme_passages.c.tenant_id,
                passages.c.document_id == theme_passages.c.document_id,
                passages.c.index == theme_passages.c.passage_index,
            ),
        )
        .join(
            documents,
            sa.and_(
                documents.c.tenant_id == theme_passages.c.tenant_id, documents.c.id == theme_passages.c.document_id
            ),
        )
        .where(theme_passages.c.theme_id == theme_id)
        .order_by(*place.clauses)
        .limit(limit)
    )
    if after is not None:
        distance, document_id, index = after
        last = sa.tuple_(
            sa.cast(distance, sa.Double), sa.cast(document_id, documents.c.id.type), sa.cast(index, sa.Integer)
        )
        query = query.where(place > last)
    return [ThemePassage(*row) for row in session.execute(query)]


def _summary(session: TenantSession, which: sa.ColumnElement[bool]) -> StoredSummary | None:
    row = session.execute(sa.select(summaries).where(which)).one_or_none()
    if row is None:
        return None
    said = statements_of(session, Owner.SUMMARY, [row.id])[row.id]
    return StoredSummary(row.id, row.project_id, row.document_id, row.model, row.stale, row.created_at, said)


def _themes() -> sa.Select[Any]:
    of_theme = sa.and_(theme_passages.c.tenant_id == themes.c.tenant_id, theme_passages.c.theme_id == themes.c.id)
    counted = (
        sa.select(
            sa.func.count().label("passages"),
            sa.func.count(theme_passages.c.document_id.distinct()).label("documents"),
        )
        .where(of_theme)
        .lateral()
    )
    return sa.select(themes, counted.c.passages, counted.c.documents).join(counted, sa.true())


def _with_statements(session: TenantSession, rows: Sequence[Any]) -> list[StoredTheme]:
    said = statements_of(session, Owner.THEME, [row.id for row in rows])
    return [
        StoredTheme(
            row.id,
            row.project_id,
            row.number,
            row.label,
            tuple(row.keywords),
            row.opportunity,
            row.model,
            row.stale,
            row.created_at,
            row.passages,
            row.documents,
            said[row.id],
        )
        for row in rows
    ]
