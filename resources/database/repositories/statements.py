"""Statements with their citations: of answers, conversations, summaries and themes.

A statement is stored with all of its citations or not at all, and is deleted when one of them is (a trigger).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import citations, documents, statements
from resources.statements import CheckedBy, Citation, Statement, Support


class Owner(StrEnum):
    """Of what a statement is one: the column that names it."""

    ANSWER = "answer_id"
    CONVERSATION = "conversation_id"  # what is remembered of its earlier answers
    SUMMARY = "summary_id"
    THEME = "theme_id"


@dataclass(frozen=True, slots=True)
class StoredCitation:
    """A citation with the document it points into as it is now."""

    citation: Citation
    document_name: str
    current: bool  # False: another version has taken its place


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """A statement, its id and its number in what it belongs to; `citations` go with `statement.citations`."""

    id: UUID
    number: int
    statement: Statement
    citations: tuple[StoredCitation, ...]


# Texts that were deleted since, or are being deleted, are found by no statement: it would be gone in a moment.
_PRESENT = sa.text(
    "SELECT document_id FROM document_texts WHERE document_id = ANY(CAST(:ids AS uuid[])) FOR KEY SHARE SKIP LOCKED"
)


def present_texts(session: TenantSession, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these documents have a text that stays until this transaction ends."""
    return set(session.scalars(_PRESENT, {"ids": list(dict.fromkeys(ids))})) if ids else set()


def add_statements(
    session: TenantSession, project_id: str, owner: Owner, owner_id: UUID, said: Sequence[Statement], first: int = 1
) -> list[UUID | None]:
    """Store statements, numbered from `first`; the id of each, None for one that cites a text which is gone."""
    present = present_texts(session, [c.document_id for one in said for c in one.citations])
    base = {"tenant_id": tenant_of(session), "project_id": project_id, owner.value: owner_id}
    ids: list[UUID | None] = []
    rows: list[dict[str, Any]] = []
    cited: list[dict[str, Any]] = []
    for number, one in enumerate(said, first):
        if any(citation.document_id not in present for citation in one.citations):
            ids.append(None)
            continue
        id_ = uuid4()
        ids.append(id_)
        rows.append(
            {
                **base,
                "id": id_,
                "number": number,
                "text": one.text.replace("\x00", "\ufffd"),
                "support": one.support.value,
                "checked_by": one.checked_by.value if one.checked_by else None,
                "problems": [problem.replace("\x00", "\ufffd") for problem in one.problems],
                "question": one.question,
            }
        )
        cited += [
            {
                "tenant_id": tenant_of(session),
                "statement_id": id_,
                "number": place,
                "document_id": citation.document_id,
                "start": citation.start,
                "end": citation.end,
                "label": citation.label,
            }
            for place, citation in enumerate(one.citations, 1)
        ]
    if rows:
        session.execute(sa.insert(statements), rows)
    if cited:
        session.execute(sa.insert(citations), cited)
    return ids


def statements_of(
    session: TenantSession, owner: Owner, ids: Sequence[UUID]
) -> Mapping[UUID, tuple[StoredStatement, ...]]:
    """The statements of each of these owners, in their order."""
    column = statements.c[owner.value]
    found = session.execute(
        sa.select(statements).where(column.in_(list(ids))).order_by(column, statements.c.number)
    ).all()
    cited = _citations(session, [row.id for row in found])
    made: dict[UUID, list[StoredStatement]] = {id_: [] for id_ in ids}
    for row in found:
        of_row = cited.get(row.id, [])
        statement = Statement(
            row.text,
            Support(row.support),
            tuple(one.citation for one in of_row),
            CheckedBy(row.checked_by) if row.checked_by else None,
            tuple(row.problems),
            row.question,
        )
        made[row._mapping[owner.value]].append(StoredStatement(row.id, row.number, statement, tuple(of_row)))
    return {id_: tuple(of_owner) for id_, of_owner in made.items()}


def set_support(session: TenantSession, statement_id: UUID, judged: Statement) -> bool:
    """Store what another check found of a statement; whether it was still there."""
    changed = (
        sa.update(statements)
        .where(statements.c.id == statement_id)
        .values(
            support=judged.support.value,
            checked_by=judged.checked_by.value if judged.checked_by else None,
            problems=[problem.replace("\x00", "\ufffd") for problem in judged.problems],
        )
    )
    return session.scalar(changed.returning(statements.c.id)) is not None


def delete_statements(session: TenantSession, owner: Owner, owner_id: UUID) -> None:
    """Delete all statements of an owner."""
    session.execute(sa.delete(statements).where(statements.c[owner.value] == owner_id))


def _citations(session: TenantSession, ids: Sequence[UUID]) -> dict[UUID, list[StoredCitation]]:
    query = (
        sa.select(citations, documents.c.name, documents.c.current)
        .join(
            documents,
            sa.and_(documents.c.tenant_id == citations.c.tenant_id, documents.c.id == citations.c.document_id),
        )
        .where(citations.c.statement_id.in_(list(ids)))
        .order_by(citations.c.statement_id, citations.c.number)
    )
    found: dict[UUID, list[StoredCitation]] = {}
    for row in session.execute(query):
        citation = Citation(row.document_id, row.start, row.end, row.label)
        found.setdefault(row.statement_id, []).append(StoredCitation(citation, row.name, row.current))
    return found
