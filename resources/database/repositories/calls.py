"""What the ledger says of a project: calls, tokens, money."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import attempts, calls


@dataclass(frozen=True, slots=True)
class Spending:
    """Sums over finished calls. `unpriced` counts the calls whose model has no known price."""

    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal
    unpriced: int
    failed_attempts: int


def spending(session: TenantSession, project_id: str, task_id: UUID | None = None) -> Spending:
    """What a project, or one task of it, has used so far."""
    query = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(calls.c.input_tokens), 0),
        sa.func.coalesce(sa.func.sum(calls.c.cached_tokens), 0),
        sa.func.coalesce(sa.func.sum(calls.c.output_tokens), 0),
        sa.func.coalesce(sa.func.sum(calls.c.cost_usd), 0),
        sa.func.count().filter(calls.c.cost_usd.is_(None)),
    ).where(calls.c.project_id == project_id)
    if task_id is not None:
        query = query.where(calls.c.task_id == task_id)
    row = session.execute(query).one()
    tries = sa.select(sa.func.count()).select_from(attempts).where(attempts.c.project_id == project_id)
    if task_id is not None:
        tries = tries.where(attempts.c.task_id == task_id)
    failed = session.scalar(tries)
    return Spending(row[0], int(row[1]), int(row[2]), int(row[3]), Decimal(row[4]), row[5], failed or 0)
