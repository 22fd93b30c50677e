"""Cells and entities in the form of the database's rows."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crucible_assets.extractions.asking import Used
from crucible_assets.extractions.cell import Cell, Evidence
from crucible_assets.extractions.grounding.locate import where
from crucible_assets.extractions.grounding.place import Placement
from crucible_assets.extractions.plan import Asked, Source
from resources.vocabulary import CellState


def cell_row(
    source: Source, row_key: str, asked: Asked, cell: Cell, used: Used, fingerprint: str, task_id: UUID | None
) -> dict[str, Any]:
    """A cell as `cells` keeps it."""
    return {
        "document_id": source.id,
        "row_key": row_key,
        "variable": asked.variable.name,
        "state": cell.state.value,
        "value": cell.value,
        "raw": cell.raw,
        "confidence": cell.confidence,
        "uncalibrated": cell.uncalibrated,
        "evidence": [evidence_row(item, source) for item in cell.evidence],
        "reasons": list(cell.reasons),
        "prompt_version": asked.prompt.version,
        "model": used.model,
        "call_keys": list(dict.fromkeys(used.keys)),
        "fingerprint": fingerprint,
        "task_id": task_id,
    }


def evidence_row(item: Evidence, source: Source) -> dict[str, Any]:
    """A piece of evidence as JSON, with pages, boxes and labels of the file."""
    places = where(Placement(item.status, item.start, item.end, item.score), source.segments)
    return {
        "quote": item.quote,
        "start": item.start,
        "end": item.end,
        "status": item.status.value,
        "score": item.score,
        "places": [{"page": p.page, "boxes": [list(b) for b in p.boxes], "label": p.label} for p in places],
    }


def failed_rows(
    document_id: UUID, asked: Mapping[str, Asked], reason: str, fingerprint: str, task_id: UUID | None
) -> list[dict[str, Any]]:
    """Cells of a document that came to nothing as a whole: all FAILED, with the reason."""
    return [
        {
            "document_id": document_id,
            "row_key": "",
            "variable": name,
            "state": CellState.FAILED.value,
            "value": None,
            "raw": None,
            "confidence": None,
            "uncalibrated": None,
            "evidence": [],
            "reasons": [reason],
            "prompt_version": item.prompt.version,
            "model": None,
            "call_keys": [],
            "fingerprint": fingerprint,
            "task_id": task_id,
        }
        for name, item in asked.items()
    ]
