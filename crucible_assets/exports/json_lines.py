"""JSON Lines: one object per row with every cell whole; nothing is flattened, rounded or marked."""

from collections.abc import Iterator
from pathlib import Path

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, JsonValue
from crucible_assets.datasets.table import Table
from crucible_assets.datasets.values import canonical_json


def lines(spec: DatasetSpec, table: Table) -> Iterator[str]:
    """Give one line per row: `{"row", "document", "entity", "cells": {variable: {…} or null if missing}}`."""
    for row in table.rows:
        cells: dict[str, JsonValue] = {}
        for variable in spec.variables:
            cell = table.cells[variable.name].get(row.row_key)
            cells[variable.name] = None if cell is None else cell_object(cell)
        yield canonical_json(
            {"row": row.row_key, "document": row.document_name, "entity": row.entity, "cells": cells}
        )


def cell_object(cell: CellRecord) -> dict[str, JsonValue]:
    """Give a cell as a JSON object with all its fields."""
    evidence: dict[str, JsonValue] = {
        "quote": cell.evidence_quote,
        "status": cell.evidence_status.value,
        "start": cell.evidence_start,
        "end": cell.evidence_end,
        "page": cell.page,
        "place": cell.place_label,
    }
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


def write_json_lines(spec: DatasetSpec, table: Table, path: Path) -> None:
    """Write the rows as UTF-8 JSON Lines."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines(spec, table):
            file.write(line + "\n")
