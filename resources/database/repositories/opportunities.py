"""Opportunities: what another service found in a project, with the evidence it cites."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resources.database.bulk import insert_rows
from resources.database.engine import TenantSession
from resources.database.tables import opportunities

_CHANGED = ("title", "description", "score", "evidence", "details")


def known_opportunities(session: TenantSession, project_id: str, external_ids: Sequence[str]) -> set[str]:
    """Which of these the project has already."""
    return set(
        session.scalars(
            sa.select(opportunities.c.external_id).where(
                opportunities.c.project_id == project_id, opportunities.c.external_id.in_(external_ids)
            )
        )
    )


def upsert_opportunities(session: TenantSession, project_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store them by (project, external id); each external id once."""
    insert_rows(session, opportunities, [{"project_id": project_id, **row} for row in rows], update=_CHANGED)


@dataclass(frozen=True, slots=True)
class PutOpportunity:
    """An opportunity as a service put it; each of `evidence` has document_id, status, start, end and quote."""

    external_id: str
    title: str
    description: str
    score: float | None
    evidence: list[dict[str, Any]]
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @property
    def place(self) -> tuple[float, str]:
        """Where a page after this one begins."""
        return -math.inf if self.score is None else self.score, self.external_id


def page_of_put_opportunities(
    session: TenantSession, project_id: str, limit: int, after: tuple[float, str] | None = None
) -> list[PutOpportunity]:
    """At most `limit`, the highest score first and those without one last; `after` is the last one's `place`."""
    score = sa.func.coalesce(opportunities.c.score, sa.cast("-Infinity", sa.Double))
    names = PutOpportunity.__dataclass_fields__
    query = sa.select(*(opportunities.c[name] for name in names)).where(opportunities.c.project_id == project_id)
    if after is not None:
        last = sa.cast(str(after[0]), sa.Double)
        behind = sa.and_(score == last, opportunities.c.external_id > after[1])
        query = query.where(sa.or_(score < last, behind))
    ordered = query.order_by(score.desc(), opportunities.c.external_id).limit(limit)
    return [PutOpportunity(**row._mapping) for row in session.execute(ordered)]
