"""JSON Lines: one object per row with every cell whole; nothing is flattened, rounded or marked."""

from collections.abc import Iterator
from pathlib import Path

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, JsonValue, Quoted
from crucible_assets.datasets.table import Table
from crucible_assets.datasets.values import canonical_json


def lines(spec: DatasetSpec, table: Table) -> Iterator[str]:
    """Give one line per row: `{"row", "document", "entity", "cells": {variable: {…} or null if missing}}`.

    A row of an entity has `entity_evidence` (quote, status) and `entity_names` (other spellings) as well.
    """
    for row in table.rows:
        cells: dict[str, JsonValue] = {}
        for variable in spec.variables:
            cell = table.cells[variable.name].get(row.row_key)
            cells[variable.name] = None if cell is None else cell_object(cell)
        line: dict[str, JsonValue] = {"row": row.row_key, "document": row.document_name, "entity": row.entity}
        if row.entity is not None and row.status is not None:
            line["entity_evidence"] = {"quote": row.quote, "status": row.status.value}
            line["entity_names"] = list(row.other_names)
        yield canonical_json(line | {"cells": cells})


def cell_object(cell: CellRecord) -> dict[str, JsonValue]:
    """Give a cell as a JSON object with all its fields; `evidence` has each value's own where there are several."""
    evidence: dict[str, JsonValue] = {
        "quote": cell.evidence_quote,
        "status": cell.evidence_status.value,
        "start": cell.evidence_start,
        "end": cell.evidence_end,
        "page": cell.page,
        "place": cell.place_label,
    }
    if len(cell.evidence) > 1:
        evidence["of_values"] = [_quoted(item) for item in cell.evidence]
    return {
        "state": cell.state.value,
        "value": cell.value,
        "raw": cell.raw,
        "confidence": cell.confidence,
        "evidence": evidence,
        "prompt_version": cell.prompt_version,
        "model": cell.model,
        "reasons": list(cell.reasons),
    }


def _quoted(item: Quoted) -> dict[str, JsonValue]:
    return {
        "quote": item.quote,
        "status": item.status.value,
        "start": item.start,
        "end": item.end,
        "page": item.page,
        "place": item.place_label,
    }


def write_json_lines(spec: DatasetSpec, table: Table, path: Path) -> None:
    """Write the rows as UTF-8 JSON Lines."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines(spec, table):
            file.write(line + "\n")
