"""The wide table: one row per unit of observation, one typed column per variable."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import polars as pl

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, JsonValue, RowRecord
from crucible_assets.datasets.columns import Column, ColumnKind, ExportOptions, layout
from crucible_assets.datasets.table import Table, arrange
from crucible_assets.datasets.values import JOINT, as_boolean, as_date, as_float, text_of, values_of
from resources.vocabulary import VariableType

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
    ColumnKind.ENTITY_STATUS: lambda row: None if row.status is None else row.status.value,
    ColumnKind.ENTITY_QUOTE: lambda row: row.quote,
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
    """Lay the cells out with one row per unit, ordered by document name, place in the document and row key.

    Columns: `_row`, `_document` (and `_entity` with its evidence), one value column per variable (or `variable_1 …
    variable_n`), then the `_state_…`, `_confidence_…` and further columns the options ask for. A missing
    value is null whatever the reason; the state says which. Raises the errors of `arrange` and `layout`.
    """
    options = options or ExportOptions()
    table = arrange(spec, rows, cells)
    return fill(table, layout(spec, table, options))


def fill(table: Table, columns: Sequence[Column]) -> pl.DataFrame:
    """Fill planned columns with the cells of a table."""
    series: list[pl.Series] = []
    # The columns of one variable stand together, so its values are taken from its cells once for all of them.
    for (_, kind), group in itertools.groupby(columns, key=lambda column: (_variable_name(column), column.kind)):
        planned = tuple(group)
        if kind is ColumnKind.VALUE:
            series.extend(_value_series(table, planned))
        else:
            series.extend(_other_series(table, column) for column in planned)
    return pl.DataFrame(series)


def _variable_name(column: Column) -> str | None:
    return None if column.variable is None else column.variable.name


def _value_series(table: Table, columns: Sequence[Column]) -> Iterator[pl.Series]:
    variable = columns[0].variable
    assert variable is not None
    cells = table.column(variable.name)
    of_cells = [() if cell is None else values_of(cell, variable) for cell in cells]
    for column in columns:
        yield pl.Series(column.name, [_value(values, column, variable.type) for values in of_cells], column.dtype)


def _value(values: Sequence[JsonValue], column: Column, type_: VariableType) -> object:
    if column.position is None:
        return JOINT.join(text_of(value, type_) for value in values) if values else None
    if column.position >= len(values):
        return None
    value = values[column.position]
    typed = _TYPED.get(column.dtype)
    return typed(value) if typed else text_of(value, type_)


def _other_series(table: Table, column: Column) -> pl.Series:
    if column.variable is None:
        of_row = _KEY[column.kind]
        return pl.Series(column.name, [of_row(row) for row in table.rows], column.dtype)
    of_cell = _SIDE[column.kind]
    cells = table.column(column.variable.name)
    return pl.Series(column.name, [None if cell is None else of_cell(cell) for cell in cells], column.dtype)
