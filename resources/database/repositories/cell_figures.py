"""Counts over the cells of the dataset of now, by variable."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.cell_pages import present
from resources.database.tables import cells, feedback
from resources.vocabulary import CellState, EvidenceStatus, UnitOfObservation


@dataclass(slots=True)
class CellFigures:
    """One variable's cells: by state; those with a value by the evidence of the first one; their confidence."""

    states: dict[CellState, int] = field(default_factory=lambda: dict.fromkeys(CellState, 0))
    evidence: dict[EvidenceStatus, int] = field(default_factory=lambda: dict.fromkeys(EvidenceStatus, 0))
    with_confidence: int = 0  # cells with a value and a confidence
    confidence: float = 0.0  # the sum of these

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return sum(self.states.values())

    @property
    def with_value(self) -> int:
        """Cells that carry a value, flagged ones included."""
        return sum(self.evidence.values())

    @property
    def mean_confidence(self) -> float | None:
        """Of the cells with a value; None without any confidence."""
        return self.confidence / self.with_confidence if self.with_confidence else None


def figures_by_variable(
    session: TenantSession, project_id: str, unit: UnitOfObservation
) -> Mapping[str, CellFigures]:
    """The figures of every variable that has cells."""
    has_value = cells.c.value.is_not(None)
    status = sa.func.coalesce(cells.c.evidence[0]["status"].astext, sa.literal_column("'NONE'"))
    columns = (cells.c.variable, cells.c.state, has_value.label("has_value"), status.label("status"))
    query = present(
        sa.select(
            *columns,
            sa.func.count().label("number"),
            sa.func.count(cells.c.confidence).label("sure"),
            sa.func.coalesce(sa.func.sum(cells.c.confidence), 0.0).label("confidence"),
        ),
        project_id,
        unit,
    )
    found: dict[str, CellFigures] = {}
    for row in session.execute(query.group_by(*columns)):
        figures = found.setdefault(row.variable, CellFigures())
        figures.states[CellState(row.state)] += row.number
        if row.has_value:
            figures.evidence[EvidenceStatus(row.status)] += row.number
            figures.with_confidence += row.sure
            figures.confidence += float(row.confidence)
    return found


def reviewed_by_variable(session: TenantSession, project_id: str) -> dict[str, int]:
    """How many cells of each variable have a verdict."""
    of_cell = sa.select(feedback.c.document_id, feedback.c.row_key, feedback.c.variable).where(
        feedback.c.project_id == project_id
    )
    judged = of_cell.distinct().subquery()
    rows = session.execute(sa.select(judged.c.variable, sa.func.count()).group_by(judged.c.variable))
    return {row[0]: row[1] for row in rows}
