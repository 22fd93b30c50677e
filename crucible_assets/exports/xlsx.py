"""The Excel workbook: Data, Evidence, Documents (where rows are entities), Codebook, Quality, About."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from crucible_assets.datasets.cells import CellRecord
from crucible_assets.datasets.columns import Column, ColumnKind
from crucible_assets.datasets.quality import quality_frame
from crucible_assets.exports.codebook import NOTES, STATE_MEANINGS, Codebook, VariableEntry
from crucible_assets.exports.prepared import VERDICT_COLUMNS, Prepared
from crucible_assets.exports.wording import coding_rules, doubts, entity_score, interval, share
from crucible_assets.exports.workbook import MAX_ROWS, Style, Tint, Workbook
from resources.vocabulary import CellState

TINTS = {
    CellState.UNCERTAIN: Tint.UNCERTAIN,
    CellState.FAILED: Tint.FAILED,
    CellState.NOT_APPLICABLE: Tint.NOT_APPLICABLE,
}
_FROZEN = (ColumnKind.ROW, ColumnKind.DOCUMENT, ColumnKind.ENTITY)
_SHARES = ("evidence_share", "mean_confidence", "confidence")
_NARROWEST, _WIDEST = 8, 60  # characters
_SAMPLED = 200  # rows looked at for the width of a column


def write_xlsx(prepared: Prepared, book: Codebook, path: Path) -> tuple[str, ...]:
    """Write the workbook and give what had to be cut or left out, one line each (also on the About sheet).

    An Evidence table longer than a sheet goes on in 'Evidence 2' and so on. Raises TooLargeForFormatError when
    the Data sheet does not fit into Excel's limits.
    """
    workbook = Workbook(path, book.dataset.spec.project_name)
    closed = False
    try:
        _data(workbook, prepared)
        _evidence(workbook, prepared.judged_long)
        if book.dataset.documents:
            _table(workbook, "Documents", _documents_frame(book), Style.WRAPPED)
        _table(workbook, "Codebook", _codebook_frame(book), Style.WRAPPED)
        _table(workbook, "Quality", _quality_frame(prepared, book))
        _about(workbook, book)
        closed = True
    finally:
        workbook.close()
        if not closed:
            path.unlink(missing_ok=True)
    return tuple(workbook.notes)


def _data(workbook: Workbook, prepared: Prepared) -> None:
    columns, frame = prepared.columns, prepared.wide
    sheet = workbook.sheet("Data", frame.height + 1, len(columns))
    keys = sum(column.kind in _FROZEN for column in columns)
    _head(workbook, sheet, frame, frozen=keys)
    tint_of = [_tinting(prepared, column) for column in columns]
    comment_of = _commenting(workbook, prepared)
    styles = [Style.SHARE if c.kind is ColumnKind.CONFIDENCE else Style.PLAIN for c in columns]
    row_keys = [row.row_key for row in prepared.table.rows]
    for place, values in enumerate(frame.iter_rows(), 1):
        key = row_keys[place - 1]
        for number, value in enumerate(values):
            tint = tint_of[number](key)
            if value is not None or tint is not None:
                workbook.put(sheet, place, number, value, styles[number], tint)
            if comment := comment_of(columns[number], key):
                sheet.write_comment(place, number, comment)


def _tinting(prepared: Prepared, column: Column) -> Callable[[str], Tint | None]:
    if column.variable is None or column.kind not in (ColumnKind.VALUE, ColumnKind.STATE):
        return lambda key: None
    tints = {
        key: tint
        for key, cell in prepared.table.cells[column.variable.name].items()
        if (tint := TINTS.get(cell.state)) is not None
    }
    return tints.get


def _commenting(workbook: Workbook, prepared: Prepared) -> Callable[[Column, str], str | None]:
    most, cells = prepared.options.evidence_comments, prepared.table.cells
    quoted = sum(cell.evidence_quote is not None for column in cells.values() for cell in column.values())
    if not most or quoted > most:
        if most:
            workbook.notes.append(
                f"Data: {quoted:,} cells have evidence, more than the {most:,} comments allowed; "
                "there are no comments, see the Evidence sheet"
            )
        return lambda column, key: None

    def comment(column: Column, key: str) -> str | None:
        if column.variable is None or column.kind is not ColumnKind.VALUE or column.position:
            return None
        cell = cells[column.variable.name].get(key)
        return None if cell is None or not cell.evidence_quote else _comment(cell)

    return comment


def _comment(cell: CellRecord) -> str:
    place = f"page {cell.page}" if cell.page is not None else cell.place_label
    quote = (cell.evidence_quote or "")[:1000]
    return f"“{quote}”" + (f"\n{place}" if place else "") + f"\n{cell.evidence_status.value}"


# What a person reads. Types and character offsets are for programs and stand in the long CSV, JSON and Parquet
# files; half a million cells take a spreadsheet program long enough without them.
_EVIDENCE_COLUMNS = (
    "row",
    "document",
    "entity",
    "variable",
    "value_index",
    "value",
    "state",
    "confidence",
    "evidence_quote",
    "evidence_status",
    "page",
    "place",
    "raw",
    "prompt_version",
    "model",
    "reasons",
)


def _evidence(workbook: Workbook, long: pl.DataFrame) -> None:
    shown = [name for name in _EVIDENCE_COLUMNS if long[name].null_count() < max(long.height, 1)]
    shown += [name for name in VERDICT_COLUMNS if name in long.columns]  # empty, to be filled by a person
    per_sheet = MAX_ROWS - 1
    for part, start in enumerate(range(0, max(long.height, 1), per_sheet), 1):
        name = "Evidence" if part == 1 else f"Evidence {part}"
        _table(workbook, name, long.select(shown).slice(start, per_sheet), frozen=0)


def _table(workbook: Workbook, name: str, frame: pl.DataFrame, text: Style = Style.PLAIN, frozen: int = 1) -> None:
    sheet = workbook.sheet(name, frame.height + 1, frame.width)
    _head(workbook, sheet, frame, frozen)
    styles = [Style.SHARE if column in _SHARES else text for column in frame.columns]
    for place, values in enumerate(frame.iter_rows(), 1):
        for number, value in enumerate(values):
            if value is not None:
                workbook.put(sheet, place, number, value, styles[number])


def _head(workbook: Workbook, sheet: Any, frame: pl.DataFrame, frozen: int) -> None:
    for number, (name, width) in enumerate(zip(frame.columns, _widths(frame), strict=True)):
        sheet.set_column(number, number, width)
        workbook.put(sheet, 0, number, name, Style.HEADER)
    sheet.freeze_panes(1, frozen)
    if frame.width:
        sheet.autofilter(0, 0, frame.height, frame.width - 1)


def _widths(frame: pl.DataFrame) -> list[int]:
    sample = frame.head(_SAMPLED).select(pl.all().cast(pl.String).str.len_chars().max())
    longest = sample.row(0) if frame.width else ()
    return [
        min(_WIDEST, max(_NARROWEST, len(name) + 3, (length or 0) + 1))
        for name, length in zip(frame.columns, longest, strict=True)
    ]


def _documents_frame(book: Codebook) -> pl.DataFrame:
    """Of a dataset of entities: the rows of each document, and what its search could not settle."""
    documents = book.dataset.documents
    return pl.DataFrame(
        {
            "document": [document.name for document in documents],
            "rows": [document.rows for document in documents],
            "rows in the source": [document.expected for document in documents],
            "what remains doubtful": [doubts(document) or None for document in documents],
        },
        schema={
            "document": pl.String(),
            "rows": pl.Int64(),
            "rows in the source": pl.Int64(),
            "what remains doubtful": pl.String(),
        },
    )


def _codebook_frame(book: Codebook) -> pl.DataFrame:
    return pl.DataFrame(
        [_codebook_row(entry) for entry in book.entries],
        schema=dict.fromkeys(_CODEBOOK_COLUMNS, pl.String()),
        orient="row",
    )


_CODEBOOK_COLUMNS = (
    "variable",
    "title",
    "type",
    "columns",
    "instructions",
    "categories",
    "coding rules",
    "prompt versions",
    "models",
    "most frequent values",
)


def _codebook_row(entry: VariableEntry) -> tuple[str, ...]:
    variable = entry.variable
    return (
        variable.name,
        variable.title,
        variable.type.value,
        "\n".join(column.name for column in entry.columns),
        variable.instructions,
        "\n".join(f"{name}: {rule}" for name, rule in variable.classification_rules.items()),
        "\n".join(f"{what}: {rule}" for what, rule in coding_rules(variable)),
        ", ".join(str(version) for version in entry.prompt_versions),
        ", ".join(entry.models),
        "\n".join(f"{value[:100]} ({count})" for value, count in entry.frequencies),
    )


def _quality_frame(prepared: Prepared, book: Codebook) -> pl.DataFrame:
    frame = quality_frame(prepared.figures)
    if book.dataset.evaluation is None:
        return frame
    scores = [entry.score for entry in book.entries]
    figures: dict[str, list[float | None]] = {
        "gold_documents": [s.documents if s else None for s in scores],
        "gold_values": [s.strict.gold if s else None for s in scores],
        "precision": [s.strict.precision if s else None for s in scores],
        "recall": [s.strict.recall if s else None for s in scores],
        "f1": [s.strict.f1 if s else None for s in scores],
        "f1_relaxed": [s.relaxed.f1 if s else None for s in scores],
        "accuracy": [s.accuracy if s else None for s in scores],
        "abstention_kept": [s.abstention_kept if s else None for s in scores],
    }
    counts = ("gold_documents", "gold_values")
    return frame.with_columns(
        pl.Series(name, values, dtype=pl.Int64() if name in counts else pl.Float64())
        for name, values in figures.items()
    )


def _about(workbook: Workbook, book: Codebook) -> None:
    lines = _about_lines(book, workbook.notes)
    sheet = workbook.sheet("About", len(lines), 2)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    for row, (name, text, tint) in enumerate(lines):
        workbook.put(sheet, row, 0, name, Style.TITLE, tint)
        if text:
            workbook.put(sheet, row, 1, text, Style.WRAPPED)


def _about_lines(book: Codebook, notes: Sequence[str]) -> list[tuple[str, str, Tint | None]]:
    spec, cost, evaluation = book.dataset.spec, book.dataset.cost, book.dataset.evaluation
    facts = [
        ("Project", spec.project_name),
        ("Description", spec.description),
        ("Domain", spec.domain),
        ("Language", spec.language or ""),
        ("Unit of observation", spec.unit_of_observation.value.lower()),
        ("Rows", f"{book.rows} from {book.documents} documents"),
        (
            "Documents without rows",
            f"{lacking}: see Documents" if (lacking := len(book.dataset.without_rows)) else "",
        ),
        ("Cells", book.account),
        ("Complete", "yes" if book.complete else "no: see Cells"),
        ("Model", ", ".join(book.models) or "none"),
    ]
    if cost is not None:
        facts.append(("Cost", f"{cost.in_words()}, {cost.calls} calls"))
    if evaluation is not None:
        f1 = f"{share(evaluation.strict.f1)} (95 % interval {interval(evaluation.f1_interval)})"
        facts.append(("Strict F1 against gold", f"{f1} on {evaluation.documents} documents"))
        if evaluation.rows is not None:
            facts.append(("Entities against gold", entity_score(evaluation.rows)))
    lines: list[tuple[str, str, Tint | None]] = [(name, text, None) for name, text in facts if text]
    lines.append(("Cell states", "", None))
    lines.extend((state.value, meaning, TINTS.get(state)) for state, meaning in STATE_MEANINGS.items())
    lines.extend(("Note", note, None) for note in NOTES)
    lines.extend(("Cut or left out", note, None) for note in notes)
    return lines
