"""The rows of the dataset of now, in pages, and how its cells add up.

The same rows as `crucible_assets.datasets.load` gives for the whole corpus: every current document, extracted or not;
where the unit is an entity the entities found, and a document that could not be searched as a row without one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import cells, documents, entities, entity_searches, variables
from resources.vocabulary import CellState, EvidenceStatus, UnitOfObservation


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """One row; `place` is that of the entity in its document, from 1, and 0 for a document."""

    document_name: str
    document_id: UUID
    place: int
    row_key: str
    entity: str | None
    status: EvidenceStatus | None

    @property
    def key(self) -> tuple[str, UUID, int, str]:
        """Where the row stands in the order of the dataset."""
        return (self.document_name, self.document_id, self.place, self.row_key)


@dataclass(frozen=True, slots=True)
class Account:
    """How the dataset of now adds up: `rows` × `variables` = the sum of `states` + `missing`."""

    rows: int
    variables: int
    states: dict[CellState, int]
    changed_at: datetime | None  # the newest cell

    @property
    def missing(self) -> int:
        """Cells that were not extracted yet."""
        return self.rows * self.variables - sum(self.states.values())


def page_of_rows(
    session: TenantSession,
    project_id: str,
    unit: UnitOfObservation,
    *,
    after: tuple[str, UUID, int, str] | None = None,
    limit: int = 100,
) -> list[DatasetRow]:
    """At most `limit` rows after a key, ordered by document, place and key."""
    rows = _rows(project_id, unit)
    key = (rows.c.document_name, rows.c.document_id, rows.c.place, rows.c.row_key)
    query = sa.select(rows)
    if after is not None:
        query = query.where(sa.tuple_(*key) > sa.tuple_(*after, types=[part.type for part in key]))
    return [
        DatasetRow(
            row.document_name,
            row.document_id,
            row.place,
            row.row_key,
            row.entity,
            None if row.status is None else EvidenceStatus(row.status),
        )
        for row in session.execute(query.order_by(*key).limit(limit))
    ]


def account(session: TenantSession, project_id: str, unit: UnitOfObservation) -> Account:
    """Rows, variables and cells by state."""
    rows = _rows(project_id, unit)
    counted = session.scalar(sa.select(sa.func.count()).select_from(rows)) or 0
    asked = session.scalar(sa.select(sa.func.count()).where(variables.c.project_id == project_id, variables.c.active))
    by_state = session.execute(
        sa.select(cells.c.state, sa.func.count().label("number"), sa.func.max(cells.c.updated_at).label("newest"))
        .join(
            variables,
            sa.and_(
                variables.c.tenant_id == cells.c.tenant_id,
                variables.c.project_id == cells.c.project_id,
                variables.c.name == cells.c.variable,
            ),
        )
        .join(rows, sa.and_(rows.c.document_id == cells.c.document_id, rows.c.row_key == cells.c.row_key))
        .where(cells.c.project_id == project_id, variables.c.active)
        .group_by(cells.c.state)
    ).all()
    found = {row.state: row.number for row in by_state}
    return Account(
        rows=counted,
        variables=asked or 0,
        states={state: found.get(state.value, 0) for state in CellState},
        changed_at=max((row.newest for row in by_state), default=None),
    )


def documents_without_rows(session: TenantSession, project_id: str) -> int:
    """How many documents were searched to the end without any entity being found."""
    found = sa.exists().where(
        entities.c.tenant_id == documents.c.tenant_id,
        entities.c.project_id == documents.c.project_id,
        entities.c.document_id == documents.c.id,
    )
    query = (
        sa.select(sa.func.count())
        .select_from(documents.join(entity_searches, _searched()))
        .where(
            documents.c.project_id == project_id,
            documents.c.current,
            entity_searches.c.failure.is_(None),
            ~found,
        )
    )
    return session.scalar(query) or 0


def _searched() -> sa.ColumnElement[bool]:
    return sa.and_(
        entity_searches.c.tenant_id == documents.c.tenant_id,
        entity_searches.c.project_id == documents.c.project_id,
        entity_searches.c.document_id == documents.c.id,
    )


def _rows(project_id: str, unit: UnitOfObservation) -> Any:
    whole = sa.select(
        documents.c.name.label("document_name"),
        documents.c.id.label("document_id"),
        sa.literal(0, sa.Integer).label("place"),
        sa.literal("", sa.Text).label("row_key"),
        sa.null().cast(sa.Text).label("entity"),
        sa.null().cast(sa.Text).label("status"),
    ).where(documents.c.project_id == project_id, documents.c.current)
    if unit is UnitOfObservation.DOCUMENT:
        return whole.subquery("rows")
    failed_cells = sa.exists().where(
        cells.c.tenant_id == documents.c.tenant_id,
        cells.c.project_id == documents.c.project_id,
        cells.c.document_id == documents.c.id,
        cells.c.row_key == "",
    )
    not_searched = (
        whole.select_from(documents.outerjoin(entity_searches, _searched()))
        .where(
            sa.or_(
                entity_searches.c.document_id.is_(None), entity_searches.c.failure.is_not(None), failed_cells
            )
        )
    )  # fmt: skip
    of_entities = (
        sa.select(
            documents.c.name,
            documents.c.id,
            entities.c.position,
            entities.c.row_key,
            entities.c.name,
            entities.c.status,
        )
        .join(
            entities,
            sa.and_(
                entities.c.tenant_id == documents.c.tenant_id,
                entities.c.project_id == documents.c.project_id,
                entities.c.document_id == documents.c.id,
            ),
        )
        .where(documents.c.project_id == project_id, documents.c.current)
    )
    return sa.union_all(not_searched, of_entities).subquery("rows")
