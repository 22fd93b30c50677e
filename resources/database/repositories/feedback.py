"""Verdicts of people on cells. All are kept, in the order in which they came; the latest of a person counts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.bulk import insert_rows
from resources.database.engine import TenantSession
from resources.database.tables import feedback
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


def load_feedback(session: TenantSession, project_id: str) -> list[VerdictRow]:
    """Every verdict of a project, oldest first."""
    columns = [feedback.c[name] for name in VerdictRow.__dataclass_fields__]
    rows = session.execute(sa.select(*columns).where(feedback.c.project_id == project_id).order_by(feedback.c.number))
    return [
        VerdictRow(**{**row._mapping, "verdict": Verdict(row.verdict), "judged_state": CellState(row.judged_state)})
        for row in rows
    ]


def add_feedback(session: TenantSession, project_id: str, rows: Sequence[VerdictRow]) -> list[VerdictRow]:
    """Keep verdicts; gives those that are new.

    What an author says of a cell is compared with what counts now: a file that is read twice adds nothing, and a
    change of mind and back again is three verdicts.
    """
    present: dict[tuple[Any, ...], VerdictRow] = {_by(row): row for row in load_feedback(session, project_id)}
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
