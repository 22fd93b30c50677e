"""The long table: one row per value of a cell with everything known about it, and the way back to cells."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, JsonValue, Quoted, RowRecord
from crucible_assets.datasets.table import Table, arrange
from crucible_assets.datasets.values import JOINT, QUOTES_JOINT, as_float, parse_text, text_of, values_of
from resources.vocabulary import CellState, EvidenceStatus, Variable, VariableType

LONG_SCHEMA: dict[str, pl.DataType] = {
    "row": pl.String(),
    "document": pl.String(),
    "entity": pl.String(),
    "variable": pl.String(),
    "type": pl.String(),
    "value_index": pl.Int64(),  # 1 … n of a cell's values, null when the cell has none
    "value": pl.String(),
    "value_number": pl.Float64(),  # of NUMBER variables, where a 64-bit float holds the value exactly
    "state": pl.String(),
    "confidence": pl.Float64(),
    "evidence_quote": pl.String(),
    "evidence_status": pl.String(),
    "evidence_start": pl.Int64(),
    "evidence_end": pl.Int64(),
    "page": pl.Int64(),
    "place": pl.String(),
    "raw": pl.String(),
    "prompt_version": pl.Int64(),
    "model": pl.String(),
    "reasons": pl.String(),
}
_BLOCK = 20_000  # records


def long(spec: DatasetSpec, rows: Sequence[RowRecord], cells: Sequence[CellRecord]) -> pl.DataFrame:
    """Give one row per value, in the order of the wide table's rows, the variables and the values.

    Each value carries its own quote and place where the cell has one for each. A cell without a value has one row
    with null `value` and `value_index`; a cell that is missing altogether has one row with a null `state`, so
    rows × variables can be counted here too. Raises the errors of `arrange`.
    """
    return long_of(spec, arrange(spec, rows, cells))


def long_of(spec: DatasetSpec, table: Table) -> pl.DataFrame:
    """Give the long table of an arranged dataset."""
    records = _records(spec, table)
    blocks = [_block(())]
    # In blocks, because a record in Python takes some ten times the memory of its row in a frame.
    while block := tuple(itertools.islice(records, _BLOCK)):
        blocks.append(_block(block))
    return pl.concat(blocks, rechunk=True)


def _block(records: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    columns = zip(*records, strict=True) if records else ((),) * len(LONG_SCHEMA)
    named = zip(LONG_SCHEMA.items(), columns, strict=True)
    return pl.DataFrame([pl.Series(name, values, dtype=dtype) for (name, dtype), values in named])


def _records(spec: DatasetSpec, table: Table) -> Iterator[tuple[object, ...]]:
    blank = (None,) * (len(LONG_SCHEMA) - 5)
    for row in table.rows:
        for variable in spec.variables:
            head = (row.row_key, row.document_name, row.entity, variable.name, variable.type.value)
            cell = table.cells[variable.name].get(row.row_key)
            if cell is None:
                yield head + blank
                continue
            values = _single_values(cell, variable)
            own = cell.evidence if len(cell.evidence) == len(values) else (None,) * len(values)
            for value, evidence in zip(values, own, strict=True):
                yield (*head, *value, *_fields(cell, evidence))


def _single_values(cell: CellRecord, variable: Variable) -> list[tuple[int | None, str | None, float | None]]:
    numeric = variable.type is VariableType.NUMBER
    return [
        (place, text_of(value, variable.type), as_float(value) if numeric else None)
        for place, value in enumerate(values_of(cell, variable), 1)
    ] or [(None, None, None)]


def _fields(cell: CellRecord, own: Quoted | None) -> tuple[object, ...]:
    """What stands beside one value: its own evidence, or that of the cell where there is none for each value."""
    shown = own or Quoted(
        cell.evidence_quote or "", cell.evidence_status, cell.evidence_start, cell.evidence_end, cell.page,
        cell.place_label,
    )  # fmt: skip
    return (
        cell.state.value,
        cell.confidence,
        cell.evidence_quote if own is None else own.quote,
        shown.status.value,
        shown.start,
        shown.end,
        shown.page,
        shown.place_label,
        cell.raw,
        cell.prompt_version,
        cell.model,
        JOINT.join(cell.reasons) or None,
    )


def from_long(spec: DatasetSpec, frame: pl.DataFrame) -> tuple[tuple[RowRecord, ...], tuple[CellRecord, ...]]:
    """Read rows and cells back from a long table, in its order.

    Values come back typed by their variable; several reasons come back as one text. A pair without a state
    gives a row but no cell. Raises polars.exceptions.ColumnNotFoundError when a column is missing and
    KeyError for a variable that the dataset does not have.
    """
    variables = {variable.name: variable for variable in spec.variables}
    rows: dict[str, RowRecord] = {}
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in frame.select(LONG_SCHEMA.keys()).iter_rows(named=True):
        rows.setdefault(record["row"], RowRecord(record["row"], record["document"], record["entity"]))
        if record["state"] is not None:
            found.setdefault((record["row"], record["variable"]), []).append(record)
    return tuple(rows.values()), tuple(_cell(records, variables[name]) for (_, name), records in found.items())


def _cell(records: list[dict[str, Any]], variable: Variable) -> CellRecord:
    first = records[0]
    values = [parse_text(record["value"], variable.type) for record in records if record["value_index"]]
    quotes = dict.fromkeys(record["evidence_quote"] for record in records if record["evidence_quote"] is not None)
    value: JsonValue = values if variable.multiple or len(values) > 1 else next(iter(values), None)
    return CellRecord(
        row_key=first["row"],
        document_name=first["document"],
        entity=first["entity"],
        variable=variable.name,
        state=CellState(first["state"]),
        value=value,
        raw=first["raw"],
        confidence=first["confidence"],
        evidence_quote=QUOTES_JOINT.join(quotes) if quotes else None,
        evidence_status=EvidenceStatus(first["evidence_status"]),
        evidence_start=first["evidence_start"],
        evidence_end=first["evidence_end"],
        page=first["page"],
        place_label=first["place"],
        prompt_version=first["prompt_version"],
        model=first["model"],
        reasons=(first["reasons"],) if first["reasons"] else (),
        evidence=tuple(_quoted(record) for record in records) if len(quotes) > 1 else (),
    )


def _quoted(record: dict[str, Any]) -> Quoted:
    return Quoted(
        record["evidence_quote"] or "",
        EvidenceStatus(record["evidence_status"]),
        record["evidence_start"],
        record["evidence_end"],
        record["page"],
        record["place"],
    )
