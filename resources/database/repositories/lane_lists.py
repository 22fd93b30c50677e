"""Lanes as people look at them: the newest of each provider and model, and which projects name which models."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import lanes, projects


@dataclass(frozen=True, slots=True)
class LaneRow:
    """A lane as stored; the account in its name is left out."""

    model: str  # 'provider:model'
    breaker: dict[str, Any]
    limits: dict[str, Any]
    updated_at: datetime


def newest_lanes(session: TenantSession) -> tuple[dict[str, LaneRow], float]:
    """The lane of each 'provider:model' that was changed last, and the database's clock in Unix seconds.

    A key that was changed leaves the lane of the former one behind: it is not shown.
    """
    model = sa.func.split_part(lanes.c.lane, sa.literal_column("'@'"), 1)
    rows = session.execute(
        sa.select(model.label("model"), lanes.c.breaker, lanes.c.limits, lanes.c.updated_at)
        .distinct(model)
        .order_by(model, lanes.c.updated_at.desc())
    )
    found = {row.model: LaneRow(row.model, row.breaker, row.limits, row.updated_at) for row in rows}
    return found, float(session.scalar(sa.select(sa.func.extract("epoch", sa.func.clock_timestamp()))) or 0)


def settings_of_projects(session: TenantSession) -> Mapping[str, Mapping[str, Any]]:
    """The settings of every project that is not archived, by id."""
    rows = session.execute(sa.select(projects.c.id, projects.c.settings).where(~projects.c.archived))
    return {row.id: row.settings for row in rows}
