"""The wide table: one row per unit of observation, one typed column per variable."""

from collections.abc import Callable, Sequence

import polars as pl

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, JsonValue, RowRecord
from crucible_assets.datasets.columns import Column, ColumnKind, ExportOptions, layout
from crucible_assets.datasets.table import Table, arrange
from crucible_assets.datasets.values import JOINT, as_boolean, as_date, as_float, text_of, values_of

_SIDE: dict[ColumnKind, Callable[[CellRecord], object]] = {
    ColumnKind.STATE: lambda cell: cell.state.value,
    ColumnKind.CONFIDENCE: lambda cell: cell.confidence,
    ColumnKind.EVIDENCE: lambda cell: cell.evidence_quote,
    ColumnKind.PAGE: lambda cell: cell.page,
    ColumnKind.PLACE: lambda cell: cell.place_label,
    ColumnKind.PROMPT_VERSION: lambda cell: cell.prompt_version,
}
_KEY: dict[ColumnKind, Callable[[RowRecord], str | None]] = {
    ColumnKind.ROW: lambda row: row.row_key,
    ColumnKind.DOCUMENT: lambda row: row.document_name,
    ColumnKind.ENTITY: lambda row: row.entity,
}
_TYPED: dict[pl.DataType, Callable[[JsonValue], object]] = {
    pl.Float64(): as_float,
    pl.Date(): as_date,
    pl.Boolean(): as_boolean,
}


def wide(
    spec: DatasetSpec,
    rows: Sequence[RowRecord],
    cells: Sequence[CellRecord],
    options: ExportOptions | None = None,
) -> pl.DataFrame:
    """Lay the cells out with one row per unit, ordered by document name, entity and row key.

    Columns: `_row`, `_document` (and `_entity`), one value column per variable (or `variable_1 …
    variable_n`), then the `_state_…`, `_confidence_…` and further columns the options ask for. A missing
    value is null whatever the reason; the state says which. Raises the errors of `arrange` and `layout`.
    """
    options = options or ExportOptions()
    table = arrange(spec, rows, cells)
    return fill(table, layout(spec, table, options))


def fill(table: Table, columns: Sequence[Column]) -> pl.DataFrame:
    """Fill planned columns with the cells of a table."""
    return pl.DataFrame([_series(table, column) for column in columns])


def _series(table: Table, column: Column) -> pl.Series:
    if column.variable is None:
        of_row = _KEY[column.kind]
        return pl.Series(column.name, [of_row(row) for row in table.rows], dtype=column.dtype)
    cells = table.column(column.variable.name)
    if column.kind is ColumnKind.VALUE:
        values: list[object] = [None if cell is None else _value(cell, column) for cell in cells]
    else:
        of_cell = _SIDE[column.kind]
        values = [None if cell is None else of_cell(cell) for cell in cells]
    return pl.Series(column.name, values, dtype=column.dtype)


def _value(cell: CellRecord, column: Column) -> object:
    assert column.variable is not None
    values = values_of(cell, column.variable)
    type_ = column.variable.type
    if column.position is None:
        return JOINT.join(text_of(value, type_) for value in values) if values else None
    if column.position >= len(values):
        return None
    value = values[column.position]
    typed = _TYPED.get(column.dtype)
    return typed(value) if typed else text_of(value, type_)
