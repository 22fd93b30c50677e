"""What was used of models: calls, tokens and money, by project, user, day, model, variable, task or purpose."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import calls, tasks


class UsageBy(StrEnum):
    """What usage is summed up by."""

    PROJECT = "project"
    USER = "user"  # who asked for the task
    DAY = "day"  # in UTC
    MODEL = "model"
    VARIABLE = "variable"  # a call that asked for several is shared out equally
    TASK = "task"
    PURPOSE = "purpose"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which calls are meant; None asks for nothing. The days are in UTC, both included."""

    project_id: str | None = None
    task_id: UUID | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """One sum. `key` is None for calls that have none: made by no task, for no variable. Tokens in hold cached ones.

    `usd` is the sum of the calls that have a known price; None where none of them has.
    """

    key: str | None
    calls: Decimal
    unpriced: Decimal
    input_tokens: Decimal
    cached_tokens: Decimal
    output_tokens: Decimal
    usd: Decimal | None


def usage_by(
    session: TenantSession, by: UsageBy, wanted: UsageFilter, *, after: str | None = None, limit: int = 100
) -> list[Usage]:
    """At most `limit` sums in the order of their keys, after a key; the one without a key comes last."""
    source, key, share = _grouping(by)
    query = sa.select(key.label("key"), *_sums(share)).select_from(source).where(*_conditions(wanted))
    query = query.group_by(key).order_by(key.asc().nulls_last()).limit(limit)
    if after is not None:
        query = query.having(sa.or_(key > after, key.is_(None)))
    return [_usage(row) for row in session.execute(query)]


def usage_in_all(session: TenantSession, wanted: UsageFilter) -> Usage:
    """The sum over all calls."""
    query = sa.select(sa.null(), *_sums(sa.literal(1, sa.Numeric))).select_from(calls).where(*_conditions(wanted))
    return _usage(session.execute(query).one())


def _usage(row: Any) -> Usage:
    calls_, unpriced, into, cached, out = (Decimal(amount) for amount in row[1:6])
    return Usage(row[0], calls_, unpriced, into, cached, out, row[6])


def _grouping(by: UsageBy) -> tuple[sa.FromClause, sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """What is read, the key of a sum, and the share with which a call counts in it."""
    whole: sa.ColumnElement[Any] = sa.literal(1, sa.Numeric)
    match by:
        case UsageBy.PROJECT:
            return calls, calls.c.project_id, whole
        case UsageBy.USER:
            made = calls.outerjoin(
                tasks, sa.and_(tasks.c.tenant_id == calls.c.tenant_id, tasks.c.id == calls.c.task_id)
            )
            return made, tasks.c.created_by, whole
        case UsageBy.DAY:
            day = sa.func.to_char(sa.func.timezone("UTC", calls.c.created_at), sa.literal_column("'YYYY-MM-DD'"))
            return calls, day, whole
        case UsageBy.MODEL:
            return calls, calls.c.provider.concat(sa.literal_column("':'")).concat(calls.c.model), whole
        case UsageBy.TASK:
            return calls, sa.cast(calls.c.task_id, sa.Text), whole
        case UsageBy.DOCUMENT:
            return calls, sa.cast(calls.c.document_id, sa.Text), whole
        case UsageBy.PURPOSE:
            return calls, calls.c.purpose, whole
        case UsageBy.VARIABLE:
            asked = sa.func.unnest(calls.c.variables).table_valued("name").lateral("asked")
            share = whole / sa.func.greatest(sa.func.cardinality(calls.c.variables), 1)
            return calls.outerjoin(asked, sa.true()), asked.c.name, share


def _sums(share: sa.ColumnElement[Any]) -> list[sa.ColumnElement[Any]]:
    def total(amount: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(sa.func.sum(amount * share), sa.literal(0, sa.Numeric))

    one = sa.literal(1, sa.Numeric)
    unpriced = sa.func.sum(one * share).filter(calls.c.cost_usd.is_(None))
    return [
        total(one),
        sa.func.coalesce(unpriced, sa.literal(0, sa.Numeric)),
        total(calls.c.input_tokens),
        total(calls.c.cached_tokens),
        total(calls.c.output_tokens),
        sa.func.sum(calls.c.cost_usd * share),
    ]


def _conditions(wanted: UsageFilter) -> list[sa.ColumnElement[bool]]:
    made: list[sa.ColumnElement[bool]] = []
    if wanted.project_id is not None:
        made.append(calls.c.project_id == wanted.project_id)
    if wanted.task_id is not None:
        made.append(calls.c.task_id == wanted.task_id)
    if wanted.first is not None:
        made.append(calls.c.created_at >= datetime.combine(wanted.first, time.min, UTC))
    if wanted.last is not None and wanted.last < date.max:
        made.append(calls.c.created_at < datetime.combine(wanted.last + timedelta(days=1), time.min, UTC))
    return made
