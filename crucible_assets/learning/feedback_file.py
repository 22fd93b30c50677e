"""Reading a file of verdicts: CSV, JSON lines or a workbook, as people write them or as an export that they filled.

Columns (or keys): `document`, `variable`, `verdict`; and, where there is something to say, `entity`,
`corrected_value`, `note`, `author`. ABSENT as corrected value says that the document does not state it. An exported
long table or Evidence sheet in which a person filled the columns `verdict`, `corrected_value` and `note` is read too:
its `row`, `state` and `value` say which cell was seen, and a cell with several values has a line for each. Lines
without a verdict were not judged and are counted.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from crucible_assets.datasets.cells import JsonValue
from crucible_assets.learning.errors import FeedbackFileError
from resources.vocabulary import CellState, Verdict

_NAMES = {"doc": "document", "_document": "document", "_row": "row", "correction": "corrected_value"}
_NEEDED = ("document", "variable", "verdict")
_GUARD = re.compile(r"'('*[=+\-@\t\r\n＝＋－＠])")  # the apostrophe that exports put before what could be a formula
_VERDICTS = {word: verdict for verdict in Verdict for word in (verdict.value, verdict.value.replace("_", " "))}


@dataclass(frozen=True, slots=True)
class Line:
    """One verdict as written. `corrected` is None where nothing was corrected; its words are read later.

    `row`, `state`, `value` and `value_index` are those of an exported table; without them the present cell is meant.
    """

    number: int  # of the line or row in the file, from 1
    document: str
    variable: str
    verdict: Verdict
    entity: str | None = None
    corrected: JsonValue = None
    note: str = ""
    author: str | None = None
    row: str | None = None
    state: CellState | None = None
    value: str | None = None
    value_index: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not used, and why."""

    number: int
    about: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedbackFile:
    """What a file says."""

    lines: tuple[Line, ...]
    refused: tuple[Refused, ...]
    unjudged: int  # lines without a verdict


def read_feedback(data: bytes, name: str) -> FeedbackFile:
    """Read a file; `name` tells the format and stands in messages. Raises FeedbackFileError."""
    suffix = PurePath(name).suffix.casefold()
    match suffix:
        case ".csv" | ".tsv" | ".txt":
            records = _csv(data, name)
        case ".jsonl" | ".ndjson" | ".json":
            records = _json_lines(data, name)
        case ".xlsx" | ".xls" | ".ods":
            records = _workbook(data, name)
        case _:
            raise FeedbackFileError(f"{name}: give a .csv, .jsonl or .xlsx file of verdicts, not {suffix or 'this'}.")
    lines: list[Line] = []
    refused: list[Refused] = []
    unjudged = 0
    for number, record in records:
        made = _line(number, record)
        if made is None:
            unjudged += 1
        elif isinstance(made, Line):
            lines.append(made)
        else:
            refused.append(made)
    if not lines and not refused:
        raise FeedbackFileError(
            f"{name}: no line has a verdict; fill the column `verdict` with CORRECT, INCORRECT or PARTIALLY_CORRECT."
        )
    return FeedbackFile(tuple(lines), tuple(refused), unjudged)


def _line(number: int, record: Mapping[str, Any]) -> Line | Refused | None:
    said = _text(record.get("verdict"))
    corrected = record.get("corrected_value")
    document, variable = _text(record.get("document")), _text(record.get("variable"))
    about = f"{document or '?'}, {variable or '?'}"
    if not said:
        if corrected not in (None, ""):
            return Refused(number, about, "a correction without a verdict; write INCORRECT or PARTIALLY_CORRECT")
        return None
    verdict = _VERDICTS.get(" ".join(said.upper().split()))
    if verdict is None:
        return Refused(number, about, f"the verdict {said!r} is none of {', '.join(Verdict)}")
    if not document or not variable:
        return Refused(number, about, f"{'document' if not document else 'variable'} is missing")
    state = _text(record.get("state"))
    index = _text(record.get("value_index"))
    return Line(
        number=number,
        document=document,
        variable=variable,
        verdict=verdict,
        entity=_text(record.get("entity")) or None,
        corrected=None if corrected == "" else corrected,
        note=_text(record.get("note")),
        author=_text(record.get("author")) or None,
        row=_text(record.get("row")) or None,
        state=CellState(state) if state in tuple(CellState) else None,
        value=_text(record.get("value")) or None,
        value_index=int(float(index)) if re.fullmatch(r"\d+(\.0*)?", index) else None,
    )


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _header(names: list[str], name: str) -> list[str]:
    """Column names as we call them. Raises FeedbackFileError for a table that holds no verdicts."""
    known = [_NAMES.get(n, n) for n in (str(n).strip().casefold().replace(" ", "_") for n in names)]
    missing = [needed for needed in _NEEDED if needed not in known]
    if missing:
        raise FeedbackFileError(
            f"{name}: the column{'s' if len(missing) > 1 else ''} {', '.join(missing)} "
            f"{'are' if len(missing) > 1 else 'is'} missing; the first line names the columns document, variable, "
            "verdict, and where needed entity, corrected_value, note, author."
        )
    return known


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FeedbackFileError(f"{name}: save it as UTF-8 ({error.reason} at byte {error.start}).") from None


def _csv(data: bytes, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    text = _decoded(data, name)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)  # spreadsheet programs of some countries write semicolons
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = _header(next(reader, []), name)
    for values in reader:
        if any(value.strip() for value in values):
            plain = [_GUARD.sub(r"\1", value, count=1) if _GUARD.match(value) else value for value in values]
            yield reader.line_num, dict(zip(columns, plain, strict=False))


def _json_lines(data: bytes, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(_decoded(data, name).split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise FeedbackFileError(f"{name}, line {number}: no JSON ({error.msg}).") from None
        if not isinstance(record, dict):
            raise FeedbackFileError(
                f"{name}, line {number}: each line is an object with document, variable, verdict."
            )
        yield number, {_NAMES.get(str(key), str(key)): value for key, value in record.items()}


def _workbook(data: bytes, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [
            (sheet, book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)) for sheet in book.sheet_names
        ]
    except CalamineError as error:
        raise FeedbackFileError(f"{name}: no workbook that can be read ({error}).") from None
    for _, rows in sheets:
        names = [str(cell).strip().casefold() for cell in rows[0]] if rows else []
        if "verdict" in names:
            columns = _header(names, name)
            for number, values in enumerate(rows[1:], 2):
                if any(value != "" for value in values):
                    yield number, dict(zip(columns, [_plain(value) for value in values], strict=False))
            return
    raise FeedbackFileError(f"{name}: no sheet has a column `verdict` in its first row.")


def _plain(value: object) -> JsonValue:
    """A cell of a workbook as JSON: whole floats as integers, dates as ISO."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool)) else str(value)
