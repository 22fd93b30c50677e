"""Which columns the wide table has, and of what type, before any of it is filled."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from crucible_assets.datasets.cells import DatasetSpec, JsonValue
from crucible_assets.datasets.errors import ColumnClashError
from crucible_assets.datasets.table import Table
from crucible_assets.datasets.values import as_boolean, as_date, as_float, values_of
from resources.vocabulary import IfMultipleValues, UnitOfObservation, Variable, VariableType


class Multiple(StrEnum):
    """How several values of one cell are laid out."""

    COLUMNS = "columns"  # variable_1 … variable_n
    JOINED = "joined"  # one column, values separated by '; '


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What stands beside the values in wide tables, and how files are written.

    `evidence_comments` is the greatest number of evidence comments in a workbook: with more cells than that
    the workbook has none (a spreadsheet program takes minutes to open tens of thousands) and its About
    sheet says so.
    """

    confidence: bool = True
    evidence: bool = True
    state: bool = True
    prompt_version: bool = False
    multiple: Multiple | str = Multiple.COLUMNS
    locations: bool = False
    bom: bool = False  # UTF-8 byte order mark in CSV, for spreadsheet programs that need it
    evidence_comments: int = 0
    verdicts: bool = False  # empty columns beside each value for a person's verdict, in long CSV and Evidence sheet

    def __post_init__(self) -> None:
        """Reject a layout that does not exist."""
        if self.multiple not in tuple(Multiple):
            raise ValueError(f"multiple={self.multiple!r}: say 'columns' or 'joined'")


class ColumnKind(StrEnum):
    """What a column of the wide table holds."""

    ROW = "row"
    DOCUMENT = "document"
    ENTITY = "entity"
    ENTITY_STATUS = "entity_status"
    ENTITY_QUOTE = "entity_quote"
    VALUE = "value"
    STATE = "state"
    CONFIDENCE = "confidence"
    EVIDENCE = "evidence"
    PAGE = "page"
    PLACE = "place"
    PROMPT_VERSION = "prompt_version"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the wide table.

    `position` is the index of the value in a cell with several (0 for the first and for single values), or
    None when all values are joined in this column.
    """

    name: str
    kind: ColumnKind
    dtype: pl.DataType
    variable: Variable | None = None
    position: int | None = 0


_KEY_COLUMNS = {
    ColumnKind.ROW: "_row",
    ColumnKind.DOCUMENT: "_document",
    ColumnKind.ENTITY: "_entity",
    ColumnKind.ENTITY_STATUS: "_entity_status",
    ColumnKind.ENTITY_QUOTE: "_entity_quote",
}


def layout(spec: DatasetSpec, table: Table, options: ExportOptions) -> tuple[Column, ...]:
    """Plan the wide table: keys, then all values in the order of the variables, then what stands beside them.

    Raises ColumnClashError when two columns would have the same name.
    """
    keys = [ColumnKind.ROW, ColumnKind.DOCUMENT]
    if spec.unit_of_observation is UnitOfObservation.ENTITY:
        keys.append(ColumnKind.ENTITY)
    columns = [Column(_KEY_COLUMNS[kind], kind, pl.String()) for kind in keys]
    for variable in spec.variables:
        columns.extend(_value_columns(variable, table, options))
    if spec.unit_of_observation is UnitOfObservation.ENTITY:
        beside = ((options.state, ColumnKind.ENTITY_STATUS), (options.evidence, ColumnKind.ENTITY_QUOTE))
        columns.extend(Column(_KEY_COLUMNS[kind], kind, pl.String()) for on, kind in beside if on)
    for variable in spec.variables:
        columns.extend(_side_columns(variable, options))
    counts = Counter(column.name for column in columns)
    if clashes := [name for name, count in counts.items() if count > 1]:
        raise ColumnClashError(
            f"several columns of {spec.project_name!r} would be called {', '.join(clashes)}; "
            "rename the variable, or export several values joined (multiple='joined')"
        )
    return tuple(columns)


def _value_columns(variable: Variable, table: Table, options: ExportOptions) -> list[Column]:
    values = [values_of(cell, variable) for cell in table.cells[variable.name].values()]
    largest = max((len(of_cell) for of_cell in values), default=0)
    # A variable that should have one value but has several somewhere is laid out as multi-valued:
    # nothing is lost.
    if not variable.multiple and largest <= 1:
        dtype = dtype_for(variable.type, [value for of_cell in values for value in of_cell])
        return [Column(variable.name, ColumnKind.VALUE, dtype, variable)]
    joined = variable.if_multiple_values is IfMultipleValues.CONCATENATE or options.multiple == Multiple.JOINED
    if joined:
        return [Column(variable.name, ColumnKind.VALUE, pl.String(), variable, None)]
    dtype = dtype_for(variable.type, [value for of_cell in values for value in of_cell])
    return [
        Column(f"{variable.name}_{position + 1}", ColumnKind.VALUE, dtype, variable, position)
        for position in range(max(1, largest))
    ]


def _side_columns(variable: Variable, options: ExportOptions) -> list[Column]:
    wanted = (
        (options.state, ColumnKind.STATE, pl.String()),
        (options.confidence, ColumnKind.CONFIDENCE, pl.Float64()),
        (options.evidence, ColumnKind.EVIDENCE, pl.String()),
        (options.locations, ColumnKind.PAGE, pl.Int64()),
        (options.locations, ColumnKind.PLACE, pl.String()),
        (options.prompt_version, ColumnKind.PROMPT_VERSION, pl.Int64()),
    )
    return [Column(f"_{kind}_{variable.name}", kind, dtype, variable) for on, kind, dtype in wanted if on]


def dtype_for(type_: VariableType, values: list[JsonValue]) -> pl.DataType:
    """Give the column type that holds all these values exactly: the variable's own, else String."""
    if type_ is VariableType.NUMBER and all(as_float(value) is not None for value in values):
        return pl.Float64()
    if type_ is VariableType.DATE and all(as_date(value) is not None for value in values):
        return pl.Date()
    if type_ is VariableType.BOOLEAN and all(as_boolean(value) is not None for value in values):
        return pl.Boolean()
    return pl.String()
