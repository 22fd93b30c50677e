"""The dataset of now as a table: columns, rows in pages, how it adds up."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from resources.database.engine import TenantSession
from resources.database.repositories.cell_pages import FoundCell, cells_of_rows
from resources.database.repositories.dataset_rows import (
    DatasetRow,
    account,
    documents_without_rows,
    page_of_rows,
)
from resources.database.repositories.datasets import page_of_versions
from resources.database.repositories.projects import load_project
from resources.vocabulary import CellState, UnitOfObservation, Variable, VariableType
from sidecar.pages import cursor, read_cursor
from sidecar.problems import NotFound
from sidecar.results.keys import of_this_list, storable
from sidecar.results.present import latest_verdict, version_of
from sidecar.results.schemas import (
    ColumnKind,
    DatasetAccount,
    DatasetTable,
    DatasetVersion,
    TableCell,
    TableRow,
    VersionFigures,
)


def table_of(session: TenantSession, project_id: str, after: str | None, limit: int) -> DatasetTable:
    """One page of the dataset of now; the first one says how it adds up. Raises NotFound and Unusable."""
    project = load_project(session, project_id)
    if project is None:
        raise NotFound(f"There is no project `{project_id}`.")
    unit = project.unit_of_observation
    rows = page_of_rows(session, project_id, unit, after=_read(after), limit=limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    cells = cells_of_rows(session, project_id, unit, [(row.document_id, row.row_key) for row in rows])
    last = rows[-1] if more else None
    stored = page_of_versions(session, project_id, limit=1)
    made = DatasetTable(
        items=_rows(rows, cells, project.variables),
        next=None if last is None else cursor(last.document_name, str(last.document_id), last.place, last.row_key),
        project_id=project_id,
        unit_of_observation=unit,
        columns=[_column(variable) for variable in project.variables],
        account=None,
        changed_at=None,
        stored=version_out(stored[0]) if stored else None,
    )
    if after is None:
        counted = account(session, project_id, unit)
        made.account = DatasetAccount(
            rows=counted.rows,
            variables=counted.variables,
            cells_expected=counted.rows * counted.variables,
            states=counted.states,
            missing=counted.missing,
            documents_without_rows=(
                documents_without_rows(session, project_id) if unit is UnitOfObservation.ENTITY else 0
            ),
        )
        made.changed_at = counted.changed_at
    return made


def version_out(row: Any) -> DatasetVersion:
    """A stored version (a row of `datasets`) without its figures."""
    return DatasetVersion(
        project_id=row.project_id,
        version=row.version,
        content_hash=row.content_hash,
        rows=row.rows,
        states={state: row.states.get(state.value, 0) for state in CellState},
        created_at=row.created_at,
    )


def figures_out(row: Any) -> VersionFigures:
    """A stored version with its quality figures."""
    return VersionFigures(**version_out(row).model_dump(), quality=row.quality)


def _read(after: str | None) -> tuple[str, UUID, int, str] | None:
    key = read_cursor(after, (str, str, int, str))
    if key is None:
        return None
    with of_this_list():
        name, document, place, row_key = storable(list(key))
        return name, UUID(document), place, row_key


def _column(variable: Variable) -> ColumnKind:
    category = variable.type is VariableType.CATEGORY
    return ColumnKind(
        name=variable.name,
        title=variable.title,
        type=variable.type,
        unit=variable.unit,
        several_values=variable.multiple,
        categories=list(variable.classification_rules) if category else [],
    )


def _rows(rows: Sequence[DatasetRow], cells: Sequence[FoundCell], variables: Sequence[Variable]) -> list[TableRow]:
    found: dict[tuple[UUID, str], dict[str, FoundCell]] = defaultdict(dict)
    for cell in cells:
        found[cell.document_id, cell.row_key][cell.variable] = cell
    return [
        TableRow(
            document_id=row.document_id,
            document_name=row.document_name,
            row_key=row.row_key,
            row_label=row.entity or row.document_name,
            entity_status=row.status,
            cells={
                variable.name: _cell(found[row.document_id, row.row_key].get(variable.name)) for variable in variables
            },
        )
        for row in rows
    ]


def _cell(cell: FoundCell | None) -> TableCell | None:
    if cell is None:
        return None
    return TableCell(
        state=CellState(cell.state),
        value=cell.value,
        uncertain=cell.state == CellState.UNCERTAIN,
        confidence=cell.confidence,
        version=version_of(cell.state, cell.value),
        latest_verdict=latest_verdict(cell.verdict, cell.state, cell.value),
    )
