"""Cells as people look through them: filtered, sorted, in pages by key, with names and the latest verdict.

Only what is in the dataset of now: cells of current documents and active variables, and where the document is the row
only those of whole documents.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONPATH

from resources.database.engine import TenantSession
from resources.database.tables import cells, documents, entities, feedback, projects, variables
from resources.vocabulary import CellState, EvidenceStatus, UnitOfObservation

CellKey = tuple[UUID, str, str]
"""Document, row, variable."""


class CellSort(StrEnum):
    """In which order cells are listed; all keys of an order run in one direction."""

    DOCUMENT = "document"  # name of the document, row, variable
    VARIABLE = "variable"  # variable, name of the document, row
    CONFIDENCE = "confidence"  # cells without one last, in both directions
    UPDATED_AT = "updated_at"


@dataclass(frozen=True, slots=True)
class CellFilter:
    """Which cells of a project are wanted; None asks for nothing. `text` is looked for whatever its case."""

    task_id: UUID | None = None  # that wrote the cell as it is now
    document_id: UUID | None = None
    row_key: str | None = None
    variables: Collection[str] | None = None
    states: Collection[CellState] | None = None
    min_confidence: float | None = None
    max_confidence: float | None = None
    evidence: Collection[EvidenceStatus] | None = None  # of the first value
    reviewed: bool | None = None  # whether there is a verdict
    text: str | None = None  # in the value, its quotes, or the names of document and row


@dataclass(frozen=True, slots=True)
class VerdictSeen:
    """The latest verdict on a cell, of whomever."""

    id: UUID
    verdict: str
    corrected_value: list[Any] | None
    note: str
    author: str
    created_at: datetime
    judged_state: str
    judged_value: Any


@dataclass(frozen=True, slots=True)
class FoundCell:
    """A cell with the names of its document and row, and the latest verdict."""

    project_id: str
    document_id: UUID
    row_key: str
    variable: str
    state: str
    value: Any
    raw: Any
    confidence: float | None
    uncalibrated: float | None
    evidence: list[dict[str, Any]]
    reasons: list[str]
    prompt_version: int | None
    model: str | None
    task_id: UUID | None
    updated_at: datetime
    document_name: str
    entity_name: str | None
    place: int  # of the row in its document; 0 for the document itself
    variable_position: int
    verdict: VerdictSeen | None


_CELL = tuple(FoundCell.__dataclass_fields__)[:15]
_VERDICT = tuple(VerdictSeen.__dataclass_fields__)
_PLACE = sa.func.coalesce(entities.c.position, 0)
_TIES = (cells.c.document_id, cells.c.row_key, cells.c.variable)
_KEYS: dict[CellSort, tuple[sa.ColumnElement[Any], ...]] = {
    CellSort.DOCUMENT: (
        documents.c.name, documents.c.id, _PLACE, cells.c.row_key, variables.c.position, cells.c.variable,
    ),
    CellSort.VARIABLE: (
        variables.c.position, cells.c.variable, documents.c.name, documents.c.id, _PLACE, cells.c.row_key,
    ),
    CellSort.CONFIDENCE: (cells.c.confidence, *_TIES),
    CellSort.UPDATED_AT: (cells.c.updated_at, *_TIES),
}  # fmt: skip
# how many of these are columns of one index, over which the pages of an order are read one after the other
_INDEXED = {CellSort.DOCUMENT: 2, CellSort.VARIABLE: 1, CellSort.CONFIDENCE: 4, CellSort.UPDATED_AT: 1}


def key_of(cell: FoundCell, sort: CellSort) -> tuple[Any, ...]:
    """Where a cell stands in an order: what `page_of_cells` takes as `after`."""
    match sort:
        case CellSort.DOCUMENT:
            row = (cell.document_name, cell.document_id, cell.place, cell.row_key)
            return (*row, cell.variable_position, cell.variable)
        case CellSort.VARIABLE:
            row = (cell.document_name, cell.document_id, cell.place, cell.row_key)
            return (cell.variable_position, cell.variable, *row)
        case CellSort.CONFIDENCE:
            return (cell.confidence, cell.document_id, cell.row_key, cell.variable)
        case CellSort.UPDATED_AT:
            return (cell.updated_at, cell.document_id, cell.row_key, cell.variable)


def unit_of(session: TenantSession, project_id: str) -> UnitOfObservation | None:
    """What a row of the project's dataset is; None when there is no such project."""
    unit = session.scalar(sa.select(projects.c.unit_of_observation).where(projects.c.id == project_id))
    return None if unit is None else UnitOfObservation(unit)


def page_of_cells(
    session: TenantSession,
    project_id: str,
    unit: UnitOfObservation,
    wanted: CellFilter,
    *,
    sort: CellSort = CellSort.DOCUMENT,
    descending: bool = False,
    after: tuple[Any, ...] | None = None,
    limit: int = 100,
) -> list[FoundCell]:
    """At most `limit` cells after the one whose key is `after`."""
    query = present(sa.select(*_columns()), project_id, unit).where(*_conditions(wanted))
    if sort is CellSort.CONFIDENCE:
        rows = _by_confidence(session, query, after, limit, descending=descending)
    else:
        rows = _in_order(session, query, sort, after, limit, descending=descending)
    return _found(session, project_id, rows)


def _in_order(
    session: TenantSession,
    query: sa.Select[Any],
    sort: CellSort,
    after: Sequence[Any] | None,
    limit: int,
    *,
    descending: bool,
) -> list[Any]:
    keys, first = _KEYS[sort], _INDEXED[sort]
    if after is not None:
        here, there = sa.tuple_(*keys[:first]), _values(keys[:first], after[:first])
        # follows from the other condition, which goes over several tables: this one an index can begin at
        query = query.where(here <= there if descending else here >= there)
        query = query.where(_further(keys, after, descending=descending))
    ordered = [key.desc() if descending else key.asc() for key in keys]
    return list(session.execute(query.order_by(*ordered).limit(limit)))


def _by_confidence(
    session: TenantSession, query: sa.Select[Any], after: Sequence[Any] | None, limit: int, *, descending: bool
) -> list[Any]:
    """Cells with a confidence, then those without: two walks over one index, in whichever direction."""
    rows: list[Any] = []
    if after is None or after[0] is not None:
        sure = query.where(cells.c.confidence.is_not(None))
        bound = None if after is None else (_real(after[0]), *after[1:])
        rows = _in_order(session, sure, CellSort.CONFIDENCE, bound, limit, descending=descending)
        after = None
    if len(rows) < limit:
        unsure = query.where(cells.c.confidence.is_(None))
        if after is not None:
            unsure = unsure.where(_further(_TIES, after[1:], descending=descending))
        keys = _KEYS[CellSort.CONFIDENCE]
        ordered = [key.desc() if descending else key.asc() for key in keys]
        rows += session.execute(unsure.order_by(*ordered).limit(limit - len(rows)))
    return rows


def count_cells(session: TenantSession, project_id: str, unit: UnitOfObservation, wanted: CellFilter) -> int:
    """How many cells there are in all of the pages."""
    query = present(sa.select(sa.func.count()), project_id, unit).where(*_conditions(wanted))
    return session.scalar(query) or 0


def find_cells(session: TenantSession, project_id: str, keys: Collection[CellKey]) -> dict[CellKey, FoundCell]:
    """Some cells by their keys; those that are not there are left out."""
    unit = unit_of(session, project_id)
    if unit is None or not keys:
        return {}
    query = present(sa.select(*_columns()), project_id, unit).where(sa.tuple_(*_TIES).in_(list(keys)))
    return {
        (cell.document_id, cell.row_key, cell.variable): cell
        for cell in _found(session, project_id, session.execute(query).all())
    }


def project_of_document(session: TenantSession, document_id: UUID) -> str | None:
    """The project that a document is in; None when there is no such document."""
    project: str | None = session.scalar(sa.select(documents.c.project_id).where(documents.c.id == document_id))
    return project


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """Where a document's bytes are, to show its pages."""

    name: str
    blob: str
    sha256: str


def file_of_document(session: TenantSession, document_id: UUID) -> DocumentFile | None:
    """The file of a document; None when there is no such document."""
    columns = (documents.c[name] for name in DocumentFile.__dataclass_fields__)
    row = session.execute(sa.select(*columns).where(documents.c.id == document_id)).one_or_none()
    return None if row is None else DocumentFile(**row._mapping)


def cells_of_rows(
    session: TenantSession, project_id: str, unit: UnitOfObservation, rows: Collection[tuple[UUID, str]]
) -> list[FoundCell]:
    """All cells of some rows (document, row key)."""
    if not rows:
        return []
    wanted = sa.tuple_(cells.c.document_id, cells.c.row_key).in_(list(rows))
    query = present(sa.select(*_columns()), project_id, unit).where(wanted)
    return _found(session, project_id, session.execute(query).all())


def _columns() -> list[sa.ColumnElement[Any]]:
    named = [
        documents.c.name.label("document_name"),
        entities.c.name.label("entity_name"),
        _PLACE.label("place"),
        variables.c.position.label("variable_position"),
    ]
    return [*(cells.c[name] for name in _CELL), *named]


def present(query: sa.Select[Any], project_id: str, unit: UnitOfObservation) -> sa.Select[Any]:
    """The query over the cells of the dataset of now."""
    of_row = sa.and_(
        entities.c.tenant_id == cells.c.tenant_id,
        entities.c.project_id == cells.c.project_id,
        entities.c.document_id == cells.c.document_id,
        entities.c.row_key == cells.c.row_key,
    )
    of_variable = sa.and_(
        variables.c.tenant_id == cells.c.tenant_id,
        variables.c.project_id == cells.c.project_id,
        variables.c.name == cells.c.variable,
    )
    of_document = sa.and_(documents.c.tenant_id == cells.c.tenant_id, documents.c.id == cells.c.document_id)
    query = query.select_from(
        cells.join(documents, of_document).join(variables, of_variable).outerjoin(entities, of_row)
    ).where(
        cells.c.project_id == project_id,
        documents.c.project_id == project_id,  # follows; an index on documents can be read in order for it
        documents.c.current,
        variables.c.active,
    )
    return query if unit is UnitOfObservation.ENTITY else query.where(cells.c.row_key == "")


def _conditions(wanted: CellFilter) -> list[sa.ColumnElement[bool]]:
    made: list[sa.ColumnElement[bool]] = []
    if wanted.task_id is not None:
        made.append(cells.c.task_id == wanted.task_id)
    if wanted.document_id is not None:
        made.append(cells.c.document_id == wanted.document_id)
    if wanted.row_key is not None:
        made.append(cells.c.row_key == wanted.row_key)
    if wanted.variables is not None:
        made.append(cells.c.variable.in_(list(wanted.variables)))
    if wanted.states is not None:
        made.append(cells.c.state.in_([state.value for state in wanted.states]))
    if wanted.min_confidence is not None:
        made.append(cells.c.confidence >= _real(wanted.min_confidence))
    if wanted.max_confidence is not None:
        made.append(cells.c.confidence <= _real(wanted.max_confidence))
    if wanted.evidence is not None:
        status = sa.func.coalesce(cells.c.evidence[0]["status"].astext, EvidenceStatus.NONE.value)
        made.append(status.in_([item.value for item in wanted.evidence]))
    if wanted.reviewed is not None:
        judged = sa.exists().where(
            feedback.c.tenant_id == cells.c.tenant_id,
            feedback.c.project_id == cells.c.project_id,
            feedback.c.document_id == cells.c.document_id,
            feedback.c.row_key == cells.c.row_key,
            feedback.c.variable == cells.c.variable,
        )
        made.append(judged if wanted.reviewed else ~judged)
    if wanted.text:
        made.append(_mentions(wanted.text))
    return made


def _mentions(text: str) -> sa.ColumnElement[bool]:
    quotes = sa.func.jsonb_path_query_array(cells.c.evidence, sa.cast("$[*].quote", JSONPATH)).cast(sa.Text)
    value = cells.c.value[()].astext  # a text as it is, a list or object as JSON
    as_json = text.replace("\\", "\\\\").replace('"', '\\"')
    in_value = sa.case(
        (sa.func.jsonb_typeof(cells.c.value) == "string", value.icontains(text, autoescape=True)),
        else_=value.icontains(as_json, autoescape=True),
    )
    return sa.or_(
        in_value,
        quotes.icontains(as_json, autoescape=True),
        documents.c.name.icontains(text, autoescape=True),
        entities.c.name.icontains(text, autoescape=True),
    )


def _real(confidence: float) -> sa.ColumnElement[Any]:
    """As the column is: 0.87 as a double is another number, and the smallest doubles are no REAL at all."""
    return sa.cast(round(confidence, 9), sa.REAL)


def _further(
    keys: Sequence[sa.ColumnElement[Any]], after: Sequence[Any], *, descending: bool
) -> sa.ColumnElement[bool]:
    here, there = sa.tuple_(*keys), _values(keys, after)
    return here < there if descending else here > there


def _values(keys: Sequence[sa.ColumnElement[Any]], values: Sequence[Any]) -> sa.Tuple:
    return sa.tuple_(*values, types=[key.type for key in keys])


def _found(session: TenantSession, project_id: str, rows: Sequence[Any]) -> list[FoundCell]:
    verdicts = latest_verdicts(session, project_id, [(r.document_id, r.row_key, r.variable) for r in rows])
    return [
        FoundCell(**row._mapping, verdict=verdicts.get((row.document_id, row.row_key, row.variable))) for row in rows
    ]


def latest_verdicts(session: TenantSession, project_id: str, keys: Collection[CellKey]) -> dict[CellKey, VerdictSeen]:
    """The latest verdict on each of some cells, of whomever it is."""
    if not keys:
        return {}
    of_cell = (feedback.c.document_id, feedback.c.row_key, feedback.c.variable)
    query = (
        sa.select(*of_cell, *(feedback.c[name] for name in _VERDICT))
        .where(feedback.c.project_id == project_id, sa.tuple_(*of_cell).in_(list(keys)))
        .distinct(*of_cell)
        .order_by(*of_cell, feedback.c.number.desc())
    )
    return {
        (row.document_id, row.row_key, row.variable): VerdictSeen(*(row._mapping[name] for name in _VERDICT))
        for row in session.execute(query)
    }
