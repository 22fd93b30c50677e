"""Cells: one per (row, variable), saved for a whole document at a time."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.bulk import insert_rows
from resources.database.engine import TenantSession
from resources.database.tables import cells, variables

_WRITTEN = (
    "state", "value", "raw", "confidence", "uncalibrated", "evidence", "reasons", "prompt_version", "model",
    "call_keys", "fingerprint", "task_id",
)  # fmt: skip


def save_cells(session: TenantSession, project_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert or change cells; `rows` carry document_id, row_key, variable and the fields of `_WRITTEN`.

    What a changed cell held before goes to `cell_history` by the database's own trigger.
    """
    insert_rows(session, cells, [{"project_id": project_id, **row} for row in rows], update=_WRITTEN)


def fingerprints(
    session: TenantSession, project_id: str, documents: Collection[UUID]
) -> dict[tuple[UUID, str, str], tuple[str, str]]:
    """(fingerprint, state) of the cells of some documents, by (document, row, variable)."""
    rows = session.execute(
        sa.select(cells.c.document_id, cells.c.row_key, cells.c.variable, cells.c.fingerprint, cells.c.state).where(
            cells.c.project_id == project_id, cells.c.document_id.in_(list(documents))
        )
    )
    return {(row.document_id, row.row_key, row.variable): (row.fingerprint, row.state) for row in rows}


def load_cells(session: TenantSession, project_id: str, documents: Collection[UUID] | None = None) -> list[Any]:
    """Rows of the cells of active variables, of some documents or of all."""
    query = (
        sa.select(cells)
        .join(
            variables,
            sa.and_(
                variables.c.tenant_id == cells.c.tenant_id,
                variables.c.project_id == cells.c.project_id,
                variables.c.name == cells.c.variable,
            ),
        )
        .where(cells.c.project_id == project_id, variables.c.active)
    )
    if documents is not None:
        query = query.where(cells.c.document_id.in_(list(documents)))
    return list(session.execute(query))


def count_states(session: TenantSession, project_id: str, documents: Collection[UUID]) -> dict[str, int]:
    """Cells of active variables by state, for some documents."""
    rows = session.execute(
        sa.select(cells.c.state, sa.func.count())
        .join(
            variables,
            sa.and_(
                variables.c.tenant_id == cells.c.tenant_id,
                variables.c.project_id == cells.c.project_id,
                variables.c.name == cells.c.variable,
            ),
        )
        .where(cells.c.project_id == project_id, variables.c.active, cells.c.document_id.in_(list(documents)))
        .group_by(cells.c.state)
    )
    return {state: number for state, number in rows}  # noqa: C416 - rows are not tuples for the type checker
