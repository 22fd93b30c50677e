"""Lanes: breakers and limits that all processes share, one row for each account with a provider and model."""

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from resources.database.engine import TenantSession
from resources.database.tables import lanes

T = TypeVar("T")
Stored = tuple[dict[str, Any], dict[str, Any]]
"""(breaker, limits) as JSON objects; empty ones for a lane that nobody has used."""

_CLOCK = sa.func.extract("epoch", sa.func.clock_timestamp())


def read_lane(session: TenantSession, lane: str) -> tuple[Stored, float]:
    """A lane as it is stored, and the database's clock in Unix seconds."""
    row = session.execute(
        sa.select(_CLOCK, lanes.c.breaker, lanes.c.limits).select_from(
            sa.select(sa.literal(1)).subquery().outerjoin(lanes, lanes.c.lane == lane)
        )
    ).one()
    return (row.breaker or {}, row.limits or {}), float(row[0])


def change_lane(session: TenantSession, lane: str, change: Callable[[Stored], tuple[Stored | None, T]]) -> T:
    """Change a lane while nobody else can. `change` gives what to store, None for nothing, and what it decided."""
    query = sa.select(lanes.c.breaker, lanes.c.limits).where(lanes.c.lane == lane).with_for_update()
    row = session.execute(query).one_or_none()
    if row is None:
        session.execute(insert(lanes).values(lane=lane).on_conflict_do_nothing())
        row = session.execute(query).one()
    after, decision = change((row.breaker, row.limits))
    if after is not None:
        session.execute(
            sa.update(lanes)
            .where(lanes.c.lane == lane)
            .values(breaker=after[0], limits=after[1], updated_at=sa.func.clock_timestamp())
        )
    return decision
