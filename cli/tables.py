"""What commands print: the dataset, its accuracy, its cost."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from resources.database.repositories.calls import Spending
from resources.vocabulary import CellState, UnitOfObservation

if TYPE_CHECKING:
    from crucible_assets.datasets.cells import CellRecord
    from crucible_assets.datasets.dataset import Dataset
    from crucible_assets.datasets.evaluate import Evaluation

_MARKS = {
    CellState.VALUE: "",
    CellState.ABSENT: "—",
    CellState.NOT_APPLICABLE: "n/a",
    CellState.UNCERTAIN: " ?",
    CellState.FAILED: "FAILED",
}
_WIDTH = 22


def _short(value: Any, width: int = _WIDTH) -> str:
    if isinstance(value, list):
        value = "; ".join(str(item) for item in value)
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False)
    text = "" if value is None else str(value).replace("\n", " ")
    return text if len(text) <= width else text[: width - 1] + "…"


def _cell(cell: "CellRecord | None") -> str:
    if cell is None:
        return "missing!"
    mark = _MARKS[cell.state]
    if cell.state in {CellState.VALUE, CellState.UNCERTAIN}:
        return (_short(cell.value) + mark).strip()
    return mark


def show_dataset(console: Console, data: "Dataset", most: int = 30) -> None:
    """The dataset as a table, in as many parts as the width asks for; '—' is absent, '?' is uncertain."""
    by_key = {(cell.row_key, cell.variable): cell for cell in data.cells}
    rows = sorted(data.rows, key=lambda row: row.document_name)[:most]
    columns = {
        variable.name: [_cell(by_key.get((row.row_key, variable.name))) for row in rows]
        for variable in data.spec.variables
    }
    entities = data.spec.unit_of_observation is UnitOfObservation.ENTITY
    room = console.width - 30 - (_WIDTH + 3 if entities else 0)
    parts = _parts({name: max(map(len, [name, *texts])) for name, texts in columns.items()}, room)
    for number, names in enumerate(parts, 1):
        title = f"{data.spec.project_name}: {len(data.rows)} rows"
        table = Table(title=title if len(parts) == 1 else f"{title}, columns {number}/{len(parts)}")
        table.add_column("document", no_wrap=True)
        if entities:
            table.add_column("row", no_wrap=True)
        for name in names:
            table.add_column(name, no_wrap=True)
        for index, row in enumerate(rows):
            named = [_short(row.document_name, 26), *([_short(row.entity or "—")] if entities else [])]
            table.add_row(*named, *(columns[name][index] for name in names))
        console.print(table)
    if len(data.rows) > most:
        console.print(f"… and {len(data.rows) - most} more rows in the exported files.")
    console.print("— absent   ? uncertain (kept, flagged)   n/a not applicable", style="dim")
    _show_searches(console, data)


def _show_searches(console: Console, data: "Dataset", most: int = 10) -> None:
    """Where rows are entities: documents without any, and what a search could not settle."""
    if data.without_rows:
        named = ", ".join(data.without_rows[:most]) + (" …" if len(data.without_rows) > most else "")
        console.print(f"No row was found in {len(data.without_rows)} documents: {named}.")
    for document in [d for d in data.documents if d.warnings or d.failure][:most]:
        said = "; ".join([*document.warnings, *([document.failure] if document.failure else [])])
        console.print(f"  {document.name}, {document.rows} rows: {said}")


def _parts(widths: dict[str, int], room: int) -> list[list[str]]:
    """Columns gathered so that each part fits; borders take three characters a column."""
    parts: list[list[str]] = [[]]
    used = 0
    for name, width in widths.items():
        if parts[-1] and used + width + 3 > room:
            parts.append([])
            used = 0
        parts[-1].append(name)
        used += width + 3
    return parts


def show_evaluation(console: Console, evaluation: "Evaluation", model: str) -> None:
    """Accuracy per variable against gold, with 95 % intervals."""
    table = Table(title=f"Accuracy against gold, {evaluation.documents} documents ({model})")
    for name in ("variable", "accuracy", "95 %", "precision", "recall", "F1", "relaxed F1", "absent kept absent"):
        table.add_column(name, justify="left" if name == "variable" else "right")
    for score in evaluation.variables:
        if not score.documents:
            table.add_row(score.variable, *["–"] * 7)
            continue
        interval = score.accuracy_interval
        table.add_row(
            score.variable,
            _percent(score.accuracy),
            f"{interval[0]:.0%}-{interval[1]:.0%}" if interval else "",
            f"{score.strict.precision:.2f}",
            f"{score.strict.recall:.2f}",
            f"{score.strict.f1:.2f}",
            f"{score.relaxed.f1:.2f}",
            f"{score.kept}/{score.empty}",
        )
    table.add_section()
    table.add_row(
        "all",
        _percent(evaluation.accuracy),
        "",
        f"{evaluation.strict.precision:.2f}",
        f"{evaluation.strict.recall:.2f}",
        f"{evaluation.strict.f1:.2f}",
        f"{evaluation.relaxed.f1:.2f}",
        "",
    )
    console.print(table)
    if evaluation.rows is not None:
        found = evaluation.rows
        console.print(
            f"Rows against the labelled ones: precision {found.precision:.2f}, recall {found.recall:.2f}, "
            f"F1 {found.f1:.2f}."
        )
    for text, names in (
        ("labelled rows that were not found", evaluation.missed_rows),
        ("rows that are not labelled", evaluation.invented_rows),
        ("labelled, but not in the dataset", evaluation.unknown_documents),
        ("labelled, but no variable of this project", evaluation.unknown_variables),
        ("several documents of this name", evaluation.ambiguous_documents),
    ):
        if names:
            console.print(f"{text}: {', '.join(names[:10])}{' …' if len(names) > 10 else ''}")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def show_states(console: Console, cells: "Sequence[CellRecord]", expected: int) -> bool:
    """Cells by state, and whether they add up."""
    counted = {state: sum(cell.state is state for cell in cells) for state in CellState}
    parts = [f"{state.value} {number}" for state, number in counted.items() if number]
    total = sum(counted.values())
    verdict = "they add up" if total == expected else f"EXPECTED {expected}: run it again"
    console.print(f"Cells: {' + '.join(parts)} = {total} ({verdict}).")
    return total == expected


def show_failed(console: Console, data: "Dataset", most: int = 20) -> int:
    """List failed cells with their reasons; returns how many there are."""
    failed = [cell for cell in data.cells if cell.state is CellState.FAILED]
    if failed:
        table = Table(title=f"{len(failed)} failed cells")
        for name in ("document", "variable", "reason"):
            table.add_column(name, overflow="fold")
        seen: dict[tuple[str, str], list[str]] = {}
        for cell in failed:
            seen.setdefault((cell.document_name, "; ".join(cell.reasons)), []).append(cell.variable)
        for (document, reason), variables in list(seen.items())[:most]:
            shown = ", ".join(variables) if len(variables) <= 3 else f"{len(variables)} variables"
            table.add_row(document, shown, reason)
        console.print(table)
        if len(seen) > most:
            console.print(f"… and {len(seen) - most} more; all of them are in the exported files.")
    return len(failed)


def money(used: Spending) -> str:
    """A cost with what is not in it."""
    amount = f"{used.cost_usd:.4f} USD"
    if not used.unpriced:
        return amount
    unpriced = f"{used.unpriced} calls of models without a known price"
    return f"cost unknown ({unpriced})" if used.unpriced == used.calls else f"{amount} and {unpriced}"
