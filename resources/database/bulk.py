"""Many rows in one statement and one round trip: sent as one JSON document, unpacked by PostgreSQL.

An `executemany` of `INSERT … ON CONFLICT` is one execution per row; at a thousand calls a second that is a
noticeable part of the run (benchmarks/extraction_throughput.py).
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.url import make_url

from resources.database.engine import TenantSession

_DIALECT = make_url("postgresql+psycopg://").get_dialect()()


def insert_rows(
    session: TenantSession, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, update: tuple[str, ...] = ()
) -> None:
    """Insert rows of the session's tenant; all of them have the same columns, without `tenant_id`.

    A row whose primary key exists is left as it is, or, with `update`, has these columns (and `updated_at`) changed.
    None becomes NULL.
    """
    if not rows:
        return
    statement = _statement(table, tuple(rows[0]), update)
    data = json.dumps(rows, ensure_ascii=False, default=str, allow_nan=False)
    session.execute(statement, {"tenant": session.info["tenant"], "rows": data})


@cache
def _statement(table: sa.Table, columns: tuple[str, ...], update: tuple[str, ...]) -> sa.TextClause:
    quote = _DIALECT.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    typed = ", ".join(f"{quote(name)} {table.c[name].type.compile(_DIALECT)}" for name in columns)
    conflict = "DO NOTHING"
    if update:
        key = ", ".join(quote(column.name) for column in table.primary_key)
        changed = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in update)
        conflict = f"({key}) DO UPDATE SET {changed}, updated_at = now()"
    return sa.text(
        f"INSERT INTO {quote(table.name)} (tenant_id, {names}) SELECT :tenant, {names} "
        f"FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({typed}) ON CONFLICT {conflict}"
    )
