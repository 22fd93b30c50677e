"""Spreadsheets (XLSX, XLSM, XLSB, XLS, ODS), one segment per row with its cell references."""

import datetime
import io
import re
from collections.abc import Iterator
from typing import Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from crucible_assets.documents.archive import open_archive, read_entry
from crucible_assets.documents.errors import DamagedDocument, EncryptedDocument, TooLarge
from crucible_assets.documents.parsed import Block, Draft, assemble
from crucible_assets.documents.parsers.office import OfficeProperties, office_properties
from crucible_assets.documents.parsers.rows import header_of, row_blocks
from crucible_assets.documents.parsers.sheet_extras import extra_blocks
from resources.vocabulary import SegmentKind

Cell = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta
# The record that announces encryption follows the first one of an XLS workbook ([MS-XLS] 2.4.117)
_FILEPASS = re.compile(rb"\x09\x08\x10\x00.{16}(?:\x86\x00\x00\x00)?\x2f\x00", re.DOTALL)
MAX_CELLS: Final = 20_000_000  # of a sheet's bounding rectangle, which the reader holds in memory


def parse_sheet(data: bytes) -> Draft:
    """Read every worksheet: its name as a heading, then its rows.

    A first row that names the columns is repeated in each row: 'Header: value | …'. Values are shown as stored,
    dates in ISO form; formulas as their last computed result.
    """
    properties = OfficeProperties()
    extras: list[Block] = []
    if data.startswith(b"PK"):
        archive = open_archive(data)
        properties = office_properties(read_entry(archive, "docProps/core.xml"))
        extras = list(extra_blocks(archive))
    blocks: list[Block] = []
    warnings: list[str] = []
    names: list[str] = []
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            for meta in workbook.sheets_metadata:
                if meta.typ != SheetTypeEnum.WorkSheet:
                    warnings.append(f"{meta.name!r} is no worksheet but a {meta.typ!s} and was left out.")
                    continue
                if meta.visible != SheetVisibleEnum.Visible:
                    warnings.append(f"The sheet {meta.name!r} is hidden in the file; it was read all the same.")
                names.append(meta.name)
                blocks.extend(_sheet_blocks(workbook.get_sheet_by_name(meta.name)))
    except PasswordError as error:
        raise _protected() from error
    except CalamineError as error:
        if _FILEPASS.search(data):
            raise _protected() from error
        raise DamagedDocument(
            f"The spreadsheet cannot be read ({error}).",
            "Open it in its application, save it again as XLSX and upload that.",
        ) from error
    text, segments = assemble([*blocks, *extras])
    has_rows = any(segment.kind is not SegmentKind.HEADING for segment in segments)
    return Draft(
        text if has_rows else "",
        segments if has_rows else (),
        "sheet",
        title=properties.title,
        author=properties.author,
        created=properties.created,
        metadata={**properties.other, "sheets": ", ".join(names)},
        warnings=tuple(warnings),
    )


def _protected() -> EncryptedDocument:
    return EncryptedDocument(
        "The spreadsheet is protected by a password.", "Save it without a password and upload it again."
    )


def _sheet_blocks(sheet: CalamineSheet) -> Iterator[Block]:
    if sheet.start is None or sheet.end is None:
        return
    if (sheet.height or 0) * (sheet.width or 0) > MAX_CELLS:
        raise TooLarge(
            f"The sheet {sheet.name!r} spans {sheet.height:,} rows and {sheet.width:,} columns.",
            "Delete the stray cells at its far end, or save the filled part as CSV.",
        )
    first_row, first_column = sheet.start
    numbered = [(first_row + index, [shown(cell) for cell in row]) for index, row in enumerate(sheet.to_python())]
    yield Block(sheet.name, SegmentKind.HEADING, label=f"{sheet.name}!", level=1)
    for table in _tables(numbered):
        rows = [row for _, row in table]

        def label(index: int, table: list[tuple[int, list[str]]] = table) -> str:
            number, row = table[index]
            filled = [column for column, cell in enumerate(row) if cell]
            return (
                f"{sheet.name}!{column_name(first_column + filled[0])}{number + 1}"
                f":{column_name(first_column + filled[-1])}{number + 1}"
            )

        yield from row_blocks(rows, header_of(rows), label)


def _tables(rows: list[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    """Cut a sheet at its empty rows, and a title line off the table below it."""
    run: list[tuple[int, list[str]]] = []
    for number, row in [*rows, (-1, [])]:
        if any(row):
            run.append((number, row))
            continue
        while run and sum(map(bool, run[0][1])) == 1 and len(run) > 1 and sum(map(bool, run[1][1])) > 1:
            yield [run.pop(0)]
        if run:
            yield run
        run = []


def shown(cell: Cell) -> str:
    """A cell's value as text: whole numbers without a point, dates ISO, a midnight time left out."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell).strip()


def column_name(index: int) -> str:
    """The letters of a column counted from 0: 0 → 'A', 26 → 'AA'."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
