"""Opportunities: what another service found in a project, with the evidence it cites."""

from collections.abc import Mapping, Sequence
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
