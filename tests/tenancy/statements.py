"""Attempts at the database itself: for every column of every tenant table, as another tenant and as nobody."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from resources.database.engine import Database
from tests.tenancy.rows import TABLES, Owned


@dataclass
class Report:
    """How many attempts were made, and which of them came through."""

    attempts: int = 0
    leaks: list[str] = field(default_factory=list)

    def __iadd__(self, other: Report) -> Report:
        self.attempts += other.attempts
        self.leaks += other.leaks
        return self


def _reads(table: sa.Table, column: sa.Column[Any], value: Any) -> Iterator[sa.Executable]:
    same = column == value if value is not None else column.is_(None)
    owned = table.c.tenant_id == sa.bindparam("owner")
    yield sa.select(table).where(same)
    yield sa.select(table).where(sa.or_(same, sa.true()))
    yield sa.select(column).where(owned, same)
    yield sa.select(column).distinct()
    yield sa.select(sa.literal(1)).where(sa.exists().where(same))
    yield sa.select(sa.literal(1)).select_from(table).group_by(column).having(sa.func.count() > 0)
    yield sa.select(sa.literal(1)).where(
        sa.select(sa.func.count()).select_from(table).where(same).scalar_subquery() > 0
    )
    yield sa.select(column).where(owned).union_all(sa.select(column))
    inner = sa.select(column).where(owned).cte("inner_rows")
    yield sa.select(inner)
    yield sa.select(sa.func.to_jsonb(table.table_valued())).where(same)
    other = table.alias()
    yield sa.select(column).join_from(table, other, sa.true())
    yield sa.select(sa.literal(1)).where(column.is_not_distinct_from(sa.literal(value, column.type)))


def _writes(table: sa.Table, column: sa.Column[Any], value: Any) -> Iterator[sa.Executable]:
    same = column == value if value is not None else column.is_(None)
    yield sa.update(table).where(same).values({column: column})
    yield sa.update(table).values({column: column}).returning(column)
    yield sa.delete(table).where(same)
    yield sa.delete(table).where(same).returning(column)
    yield sa.select(table).where(same).with_for_update()


@contextmanager
def _as(database: Database, tenant: str | None) -> Iterator[sa.Connection]:
    with database.engine.connect() as connection:
        if tenant is not None:
            connection.execute(sa.text("SELECT set_config('app.tenant_id', :t, true)"), {"t": tenant})
        yield connection
        connection.rollback()


def attempt_statements(database: Database, owned: Owned, other: str, only: Container[str] | None = None) -> Report:
    """Every statement, as tenant `other` and as nobody; on all tables, or on some only."""
    report = Report()
    for table in TABLES:
        if only is not None and table.name not in only:
            continue
        with database.transaction(owned.tenant) as session:
            row = session.execute(sa.select(table).limit(1)).mappings().one()
        for tenant in (other, None):
            with _as(database, tenant) as connection:
                _attempt(connection, table, row, owned.tenant, report, f"as {tenant!r}")
    return report


def _attempt(connection: sa.Connection, table: sa.Table, row: Any, owner: str, report: Report, who: str) -> None:
    for column in table.c:
        value = row[column.name]
        if isinstance(column.type, sa.JSON):
            statements = [sa.select(column), sa.select(sa.cast(column, sa.Text)).where(column.is_not(None))]
        else:
            statements = list(_reads(table, column, value))
        for statement in statements:
            report.attempts += 1
            if connection.execute(statement, {"owner": owner} if "owner" in str(statement) else {}).all():
                report.leaks.append(f"{who}: {str(statement)[:200]}")
        writes = [] if isinstance(column.type, sa.JSON) else _writes(table, column, value)
        for statement in writes:
            report.attempts += 1
            try:
                with connection.begin_nested():
                    result = connection.execute(statement)
                    changed = result.all() if result.returns_rows else result.rowcount
            except sa.exc.DBAPIError as error:
                # refused: no permission, or a generated column
                assert error.orig is not None
                assert error.orig.sqlstate in {"42501", "428C9"}, error  # type: ignore[attr-defined]
                continue
            if changed:
                report.leaks.append(f"{who}: {str(statement)[:200]}")
