"""What materialisations show in the Dagster UI: counts, tables, money."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from crucible_assets.extractions.progress import Progress

_MOST_ROWS = 20


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> dg.TableMetadataValue:
    """A small table; cells are text, and what is beyond the first rows is counted, not dropped in silence."""
    records = [dg.TableRecord({column: _text(row.get(column)) for column in columns}) for row in rows[:_MOST_ROWS]]
    if len(rows) > _MOST_ROWS:
        more = dict.fromkeys(columns, "") | {columns[0]: f"… and {len(rows) - _MOST_ROWS} more"}
        records.append(dg.TableRecord(more))
    schema = dg.TableSchema([dg.TableColumn(column, "string") for column in columns])
    return dg.MetadataValue.table(records, schema)


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 300 else text[:299] + "…"


def extraction_metadata(progress: "Progress", model: str) -> dict[str, Any]:
    """Counts, states, tokens and cost of one extraction run."""
    unpriced = f" + {progress.unpriced_calls} calls without a known price" if progress.unpriced_calls else ""
    return {
        "model": model,
        "documents": progress.documents,
        "documents unchanged": progress.documents_unchanged,
        "documents with failed cells": progress.documents_with_failures,
        **{f"cells {state}": count for state, count in progress.states.items()},
        "calls paid": progress.calls,
        "calls from the ledger": progress.calls_from_ledger,
        "input tokens": progress.input_tokens,
        "cached tokens": progress.cached_tokens,
        "output tokens": progress.output_tokens,
        "cost": f"{progress.cost_usd:.6f} USD{unpriced}",
    }
