"""Budgets and what processes hold of them. What is spent is counted by the database when calls are stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import budgets, calls, reservations

WHOLE_PROJECT = ""
"""The scope of a project's own budget; that of a task's is the task's id."""

_CLOCK = sa.func.clock_timestamp()


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """One budget: what it allows, what is spent, and what other processes hold for calls of theirs. In USD."""

    scope: str
    limit_usd: Decimal
    spent_usd: Decimal
    held_by_others_usd: Decimal


def set_budget(session: TenantSession, project_id: str, scope: str, limit_usd: Decimal) -> None:
    """Make or change a budget. What the ledger says was spent before it was made counts."""
    values = {"tenant_id": tenant_of(session), "project_id": project_id, "scope": scope, "limit_usd": limit_usd}
    made = insert(budgets).values(**values)
    session.execute(
        made.on_conflict_do_update(
            index_elements=[budgets.c.tenant_id, budgets.c.project_id, budgets.c.scope],
            set_={"limit_usd": limit_usd, "updated_at": _CLOCK},
        )
    )
    stored = sa.select(sa.func.coalesce(sa.func.sum(calls.c.cost_usd), 0)).where(calls.c.project_id == project_id)
    if scope != WHOLE_PROJECT:
        stored = stored.where(calls.c.task_id == UUID(scope))
    session.execute(  # a statement of its own: it sees what was stored while the row above was waited for
        sa.update(budgets)
        .where(budgets.c.project_id == project_id, budgets.c.scope == scope)
        # never less: deleting a document deletes its calls, and does not bring the money back
        .values(spent_usd=sa.func.greatest(budgets.c.spent_usd, stored.scalar_subquery()))
    )


def hold(
    session: TenantSession,
    project_id: str,
    scopes: Sequence[str],
    holder: UUID,
    seconds: float,
    decide: Callable[[list[BudgetRow]], Decimal | None],
) -> Decimal | None:
    """Let `decide` say how much `holder` holds of all these budgets from now on, for so many seconds.

    None leaves things as they are. The budgets are locked, in one order for all, until the transaction ends; what
    was held by processes that are gone is free.
    """
    rows = session.execute(
        sa.select(budgets.c.scope, budgets.c.limit_usd, budgets.c.spent_usd)
        .where(budgets.c.project_id == project_id, budgets.c.scope.in_(scopes))
        .order_by(budgets.c.scope)
        .with_for_update()
    ).all()
    here = sa.and_(reservations.c.project_id == project_id, reservations.c.scope.in_(scopes))
    session.execute(sa.delete(reservations).where(here, reservations.c.expires_at <= _CLOCK))
    others = session.execute(
        sa.select(reservations.c.scope, sa.func.sum(reservations.c.amount_usd))
        .where(here, reservations.c.holder != holder)
        .group_by(reservations.c.scope)
    )
    held = {scope: amount for scope, amount in others}  # noqa: C416 - rows are not tuples for the type checker
    amount = decide([BudgetRow(r.scope, r.limit_usd, r.spent_usd, held.get(r.scope, Decimal(0))) for r in rows])
    if amount is not None:
        _hold(session, project_id, [row.scope for row in rows], holder, amount, seconds)
    return amount


def _hold(
    session: TenantSession, project_id: str, scopes: Sequence[str], holder: UUID, amount: Decimal, seconds: float
) -> None:
    expires = _CLOCK + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    for scope in scopes:
        held = insert(reservations).values(
            tenant_id=tenant_of(session),
            project_id=project_id,
            scope=scope,
            holder=holder,
            amount_usd=amount,
            expires_at=expires,
        )
        key = [reservations.c[name] for name in ("tenant_id", "project_id", "scope", "holder")]
        session.execute(
            held.on_conflict_do_update(index_elements=key, set_={"amount_usd": amount, "expires_at": expires})
        )


def let_go(session: TenantSession, project_id: str, holder: UUID) -> None:
    """A process holds nothing any more."""
    session.execute(
        sa.delete(reservations).where(reservations.c.project_id == project_id, reservations.c.holder == holder)
    )


def budget_rows(session: TenantSession, project_id: str) -> list[BudgetRow]:
    """The budgets of a project and of its tasks; what is held counts whoever holds it."""
    held = (
        sa.select(sa.func.coalesce(sa.func.sum(reservations.c.amount_usd), 0))
        .where(
            reservations.c.project_id == budgets.c.project_id,
            reservations.c.scope == budgets.c.scope,
            reservations.c.expires_at > _CLOCK,
        )
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(budgets.c.scope, budgets.c.limit_usd, budgets.c.spent_usd, held)
        .where(budgets.c.project_id == project_id)
        .order_by(budgets.c.scope)
    )
    return [BudgetRow(*row) for row in rows]
