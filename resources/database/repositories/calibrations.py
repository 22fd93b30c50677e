"""Calibration curves as stored: which model, variable and claim, how they were learnt, and how well they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import calibrations
from resources.vocabulary import CalibrationMethod, Claim


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """One curve with its reliability figures; the variable '' is all variables together."""

    model: str
    variable: str
    claim: Claim
    method: CalibrationMethod
    labels: int
    curve: Sequence[float]
    reliability: Mapping[str, Any]


def load_calibrations(session: TenantSession, project_id: str) -> list[CalibrationRow]:
    """Every curve of a project, by model, variable and claim."""
    columns = [calibrations.c[name] for name in CalibrationRow.__dataclass_fields__]
    rows = session.execute(
        sa.select(*columns)
        .where(calibrations.c.project_id == project_id)
        .order_by(calibrations.c.model, calibrations.c.variable, calibrations.c.claim)
    )
    return [
        CalibrationRow(**{**row._mapping, "claim": Claim(row.claim), "method": CalibrationMethod(row.method)})
        for row in rows
    ]


def replace_calibrations(session: TenantSession, project_id: str, rows: Sequence[CalibrationRow]) -> None:
    """Put these curves in the place of all that the project had."""
    session.execute(sa.delete(calibrations).where(calibrations.c.project_id == project_id))
    if rows:
        session.execute(
            sa.insert(calibrations),
            [{"tenant_id": tenant_of(session), "project_id": project_id, **asdict(row)} for row in rows],
        )
