"""What calls cost: each call, and their sums by document, variable, task and project.

A call that asked for several variables is shared out equally among them, tokens and money alike. A call without a
known price has no cost; how many of those there are stands beside every sum.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import calls

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls and what they took. Numbers are whole but for variables, which may have a share in a call."""

    calls: Decimal
    batch_calls: Decimal  # of these, came back with a provider batch
    unpriced: Decimal  # of these, have no known price and are not in `usd`
    input_tokens: Decimal  # all of them, with cached and cache-written ones
    cached_tokens: Decimal
    cache_write_tokens: Decimal
    output_tokens: Decimal
    batch_tokens: Decimal  # input and output tokens of the calls of provider batches
    usd: Decimal
    batch_usd: Decimal


NOTHING = Cost(*[Decimal(0)] * 10)


def _sums(share: sa.ColumnElement[Any]) -> list[sa.ColumnElement[Any]]:
    """The columns of `Cost`, of a group of calls each of which counts with a share."""
    batch = calls.c.batch_id.is_not(None)
    tokens = calls.c.input_tokens + calls.c.output_tokens

    def total(amount: sa.ColumnElement[Any], where: sa.ColumnElement[bool] | None = None) -> sa.ColumnElement[Any]:
        summed = sa.func.sum(amount * share)
        return sa.func.coalesce(summed if where is None else summed.filter(where), sa.literal(0, sa.Numeric))

    one = sa.literal(1, sa.Numeric)
    return [
        total(one),
        total(one, batch),
        total(one, calls.c.cost_usd.is_(None)),
        total(calls.c.input_tokens),
        total(calls.c.cached_tokens),
        total(calls.c.cache_write_tokens),
        total(calls.c.output_tokens),
        total(tokens, batch),
        total(calls.c.cost_usd),
        total(calls.c.cost_usd, batch),
    ]


_WHOLE = sa.literal(1, sa.Numeric)


def _by(session: TenantSession, project_id: str, key: sa.ColumnElement[K], task_id: UUID | None) -> dict[K, Cost]:
    query = sa.select(key, *_sums(_WHOLE)).where(calls.c.project_id == project_id, key.is_not(None)).group_by(key)
    if task_id is not None:
        query = query.where(calls.c.task_id == task_id)
    return {row[0]: Cost(*row[1:]) for row in session.execute(query)}


def cost_of_project(session: TenantSession, project_id: str, task_id: UUID | None = None) -> Cost:
    """All calls of a project, or of one task of it."""
    query = sa.select(*_sums(_WHOLE)).where(calls.c.project_id == project_id)
    if task_id is not None:
        query = query.where(calls.c.task_id == task_id)
    return Cost(*session.execute(query).one())


def cost_by_task(session: TenantSession, project_id: str) -> dict[UUID, Cost]:
    """Calls by the task that made them; those that no task made are in none."""
    return _by(session, project_id, calls.c.task_id, None)


def cost_by_document(session: TenantSession, project_id: str, task_id: UUID | None = None) -> dict[UUID, Cost]:
    """Calls by document; those about no document are in none."""
    return _by(session, project_id, calls.c.document_id, task_id)


def cost_by_call(session: TenantSession, project_id: str, task_id: UUID | None = None) -> dict[str, Cost]:
    """Each call by its key."""
    return _by(session, project_id, calls.c.key, task_id)


def cost_by_arm(session: TenantSession, project_id: str, task_id: UUID | None = None) -> dict[str, Cost]:
    """Calls by the arm of the weighted choice between models; those that had no choice are in none."""
    return _by(session, project_id, calls.c.arm, task_id)


def cost_by_variable(session: TenantSession, project_id: str, task_id: UUID | None = None) -> dict[str, Cost]:
    """Calls by variable, shared out; those for no variable (a search for entities) are in none."""
    share = _WHOLE / sa.func.cardinality(calls.c.variables)
    asked = sa.func.unnest(calls.c.variables).table_valued("name").lateral("asked")
    query = (
        sa.select(asked.c.name, *_sums(share))
        .select_from(calls.join(asked, sa.true()))
        .where(calls.c.project_id == project_id)
        .group_by(asked.c.name)
    )
    if task_id is not None:
        query = query.where(calls.c.task_id == task_id)
    return {row[0]: Cost(*row[1:]) for row in session.execute(query)}
