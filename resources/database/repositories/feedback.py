"""Verdicts of people on cells. All are kept, in the order in which they came; the latest of a person counts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.bulk import insert_rows
from resources.database.engine import TenantSession
from resources.database.tables import documents, feedback
from resources.vocabulary import CellState, Verdict


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One verdict. `corrected_value` is a list of values, empty for absent, None where nothing was corrected."""

    document_id: UUID
    row_key: str
    variable: str
    verdict: Verdict
    corrected_value: list[Any] | None
    note: str
    author: str
    judged_state: CellState
    judged_value: Any


@dataclass(frozen=True, slots=True)
class KeptVerdict:
    """A verdict as it is kept; `number` counts all verdicts in the order in which they came."""

    number: int
    id: UUID
    project_id: str
    document_id: UUID
    document_name: str
    row_key: str
    variable: str
    verdict: str
    corrected_value: list[Any] | None
    note: str
    author: str
    judged_state: str
    judged_value: Any
    created_at: datetime


def load_feedback(
    session: TenantSession, project_id: str, of_documents: Collection[UUID] | None = None
) -> list[VerdictRow]:
    """Every verdict of a project, on some documents or on all, oldest first."""
    columns = [feedback.c[name] for name in VerdictRow.__dataclass_fields__]
    query = sa.select(*columns).where(feedback.c.project_id == project_id)
    if of_documents is not None:
        query = query.where(feedback.c.document_id.in_(list(of_documents)))
    return [
        VerdictRow(**{**row._mapping, "verdict": Verdict(row.verdict), "judged_state": CellState(row.judged_state)})
        for row in session.execute(query.order_by(feedback.c.number))
    ]


_KEPT = sa.select(
    *(feedback.c[name] for name in KeptVerdict.__dataclass_fields__ if name != "document_name"),
    documents.c.name.label("document_name"),
).join(documents, sa.and_(documents.c.tenant_id == feedback.c.tenant_id, documents.c.id == feedback.c.document_id))


def page_of_feedback(
    session: TenantSession,
    project_id: str,
    *,
    document_id: UUID | None = None,
    row_key: str | None = None,
    variable: str | None = None,
    author: str | None = None,
    verdict: Verdict | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[KeptVerdict]:
    """Verdicts, newest first, at most `limit` of those before a number."""
    query = _KEPT.where(feedback.c.project_id == project_id)
    asked = {"document_id": document_id, "row_key": row_key, "variable": variable, "author": author}
    asked["verdict"] = None if verdict is None else verdict.value
    query = query.where(*(feedback.c[name] == value for name, value in asked.items() if value is not None))
    if before is not None:
        query = query.where(feedback.c.number < before)
    rows = session.execute(query.order_by(feedback.c.number.desc()).limit(limit))
    return [KeptVerdict(**row._mapping) for row in rows]


def latest_of(
    session: TenantSession, project_id: str, author: str, keys: Collection[tuple[UUID, str, str]]
) -> dict[tuple[UUID, str, str], KeptVerdict]:
    """What an author said last of some cells (document, row, variable)."""
    of_cell = (feedback.c.document_id, feedback.c.row_key, feedback.c.variable)
    query = (
        _KEPT.where(
            feedback.c.project_id == project_id,
            feedback.c.author == author,
            sa.tuple_(*of_cell).in_(list(keys)),
        )
        .distinct(*of_cell)
        .order_by(*of_cell, feedback.c.number.desc())
    )
    return {
        (row.document_id, row.row_key, row.variable): KeptVerdict(**row._mapping) for row in session.execute(query)
    }


def add_feedback(session: TenantSession, project_id: str, rows: Sequence[VerdictRow]) -> list[VerdictRow]:
    """Keep verdicts; gives those that are new.

    What an author says of a cell is compared with what counts now: a file that is read twice adds nothing, and a
    change of mind and back again is three verdicts.
    """
    known = load_feedback(session, project_id, {row.document_id for row in rows})
    present: dict[tuple[Any, ...], VerdictRow] = {_by(row): row for row in known}
    said: dict[tuple[Any, ...], list[VerdictRow]] = {}
    for row in rows:
        of_cell = said.setdefault(_by(row), [])
        if not of_cell or of_cell[-1] != row:
            of_cell.append(row)
    new = [row for key, of_cell in said.items() if present.get(key) != of_cell[-1] for row in of_cell]
    insert_rows(session, feedback, [{"id": uuid4(), "project_id": project_id, **_plain(row)} for row in new])
    return new


def _by(row: VerdictRow) -> tuple[Any, ...]:
    return (row.document_id, row.row_key, row.variable, row.author)


def _plain(row: VerdictRow) -> Mapping[str, Any]:
    return {**asdict(row), "verdict": row.verdict.value, "judged_state": row.judged_state.value}
