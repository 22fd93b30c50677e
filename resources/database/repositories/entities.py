"""Entities: the rows of a document where they are the unit of observation, how they were found and resolved."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.bulk import insert_rows
from resources.database.engine import TenantSession
from resources.database.tables import cell_history, cells, entities, entity_searches, resolutions
from resources.vocabulary import UnitOfObservation

_ENTITY = ("position", "name", "other_names", "status", "evidence", "call_keys")
_SEARCH = ("found", "expected", "warnings", "failure", "call_keys", "fingerprint")
_KEPT = tuple(column.name for column in cells.columns if column.name in cell_history.columns)


def save_entities(
    session: TenantSession,
    project_id: str,
    document_id: UUID,
    *,
    search: dict[str, Any],
    found: Sequence[dict[str, Any]],
    compared: Sequence[dict[str, Any]],
) -> None:
    """Store what a search of one document found, in place of what was found before.

    `search` carries the fields of `_SEARCH`, `found` row_key and those of `_ENTITY`, `compared` the columns of
    `resolutions` from left_mention on. Cells of rows that are no more go to `cell_history`; those of the whole
    document (row key '') stay only where the search failed. Call it in the transaction that saves the cells, first.
    """
    insert_rows(
        session,
        entity_searches,
        [{"project_id": project_id, "document_id": document_id, **search}],
        update=_SEARCH,
    )
    for table in (entities, resolutions):
        mine = sa.and_(table.c.project_id == project_id, table.c.document_id == document_id)
        session.execute(sa.delete(table).where(mine))
    for table, rows in ((entities, found), (resolutions, compared)):
        if rows:
            own = {"project_id": project_id, "document_id": document_id}
            insert_rows(session, table, [own | row for row in rows])
    keys = [row["row_key"] for row in found] + ([""] if search["failure"] else [])
    _retire_cells(session, project_id, document_id, keys)


def _retire_cells(session: TenantSession, project_id: str, document_id: UUID, kept: Collection[str]) -> None:
    gone = sa.and_(
        cells.c.project_id == project_id, cells.c.document_id == document_id, cells.c.row_key.not_in(list(kept))
    )
    columns = [cells.c[name] for name in _KEPT]
    session.execute(sa.insert(cell_history).from_select(_KEPT, sa.select(*columns).where(gone)))
    session.execute(sa.delete(cells).where(gone))


def load_entities(session: TenantSession, project_id: str, documents: Collection[UUID] | None = None) -> list[Any]:
    """Rows of `entities` in the order of documents and positions, of some documents or of all."""
    query = sa.select(entities).where(entities.c.project_id == project_id)
    if documents is not None:
        query = query.where(entities.c.document_id.in_(list(documents)))
    return list(session.execute(query.order_by(entities.c.document_id, entities.c.position)))


def load_searches(session: TenantSession, project_id: str, documents: Collection[UUID] | None = None) -> list[Any]:
    """Rows of `entity_searches`, of some documents or of all: one for each document that was searched."""
    query = sa.select(entity_searches).where(entity_searches.c.project_id == project_id)
    if documents is not None:
        query = query.where(entity_searches.c.document_id.in_(list(documents)))
    return list(session.execute(query.order_by(entity_searches.c.document_id)))


def load_resolutions(session: TenantSession, project_id: str, document_id: UUID) -> list[Any]:
    """Every pair of mentions of a document that was compared, with the verdict, in the order of the document."""
    query = sa.select(resolutions).where(
        resolutions.c.project_id == project_id, resolutions.c.document_id == document_id
    )
    return list(session.execute(query.order_by(resolutions.c.left_mention, resolutions.c.right_mention)))


def row_keys(
    session: TenantSession, project_id: str, unit: UnitOfObservation, documents: Collection[UUID]
) -> dict[UUID, list[str]]:
    """The keys of the rows that each document must have cells for.

    A document is one row, with the key ''. Where the unit is an entity its rows are the entities found; one that was
    not searched, or not wholly, has a row of its own that says so.
    """
    if unit is UnitOfObservation.DOCUMENT:
        return {document: [""] for document in documents}
    searched = {search.document_id: search.failure for search in load_searches(session, project_id, documents)}
    keys = {document: [""] if searched.get(document, "not searched") else [] for document in documents}
    for entity in load_entities(session, project_id, documents):
        keys[entity.document_id].append(entity.row_key)
    return keys
