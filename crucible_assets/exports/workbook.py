"""A workbook that writes cells by kind, keeps Excel's limits and remembers what it had to cut.

Strings are always strings: no formulas, no links, no rich text. Excel's limits: 1,048,576 rows, 16,384 columns,
32,767 UTF-16 units in a cell (Microsoft, "Excel specifications and limits").
"""

import datetime
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from crucible_assets.exports.errors import TooLargeForFormatError
from crucible_assets.exports.formulas import is_dangerous

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_TEXT = 32_767
_CREATED = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)  # fixed: the same dataset gives the same bytes
_FIRST_DAY = datetime.date(1900, 1, 1)  # before it Excel has no dates
_NOT_XML = re.compile("[\ufffe\uffff\ud800-\udfff]")  # XML 1.0 section 2.2


class Tint(StrEnum):
    """Background colours and what they say."""

    UNCERTAIN = "#FFE699"
    FAILED = "#F4B6B6"
    NOT_APPLICABLE = "#E7E6E6"


class Style(StrEnum):
    """Number formats and looks of cells."""

    PLAIN = "General"
    DATE = "yyyy-mm-dd"
    SHARE = "0.00"
    HEADER = "header"
    TITLE = "title"
    WRAPPED = "wrapped"


class Workbook:
    """An .xlsx file under construction. Write rows from top to bottom; `close` finishes the file."""

    def __init__(self, path: Path, title: str) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "use_zip64": True,
        }
        self._book: Any = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties({"title": title[:255], "created": _CREATED})
        self._formats: dict[tuple[Style, Tint | None, bool], Any] = {}
        self.notes: list[str] = []  # what was cut or changed, and where

    def sheet(self, name: str, rows: int, columns: int) -> Any:
        """Add a sheet for so many rows and columns. Raises TooLargeForFormatError beyond Excel's limits."""
        if rows > MAX_ROWS or columns > MAX_COLUMNS:
            raise TooLargeForFormatError(
                f"sheet {name!r} would have {rows:,} rows and {columns:,} columns; an Excel sheet holds "
                f"{MAX_ROWS:,} and {MAX_COLUMNS:,}: export Parquet or CSV, or fewer columns (joined values, "
                "no evidence, confidence or state columns)"
            )
        sheet: Any = self._book.add_worksheet(name)
        # XlsxWriter copies text that looks like '<r>…</r>' into the file as markup; text of a document must
        # never become markup, so that path leads to the escaping one.
        sheet._xml_rich_inline_string = lambda string, attributes: sheet._xml_inline_string(string, True, attributes)
        return sheet

    def format(self, style: Style, tint: Tint | None = None, quoted: bool = False) -> Any:
        """Give the cell format of a style and tint; `quoted` keeps text from turning into a formula when edited."""
        key = (style, tint, quoted)
        if key not in self._formats:
            properties: dict[str, Any] = {"valign": "top"}
            if style in (Style.DATE, Style.SHARE):
                properties["num_format"] = style.value
            elif style is Style.HEADER:
                properties |= {"bold": True, "bottom": 1, "bg_color": "#DDEBF7"}
            elif style is Style.TITLE:
                properties |= {"bold": True}
            elif style is Style.WRAPPED:
                properties |= {"text_wrap": True}
            if tint is not None:
                properties["bg_color"] = tint.value
            if quoted:
                properties["quote_prefix"] = True
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]

    def put(
        self, sheet: Any, row: int, column: int, value: object, style: Style = Style.PLAIN, tint: Tint | None = None
    ) -> None:
        """Write one value by its type; None writes nothing but the tint."""
        plain = style is Style.PLAIN and tint is None
        if value is None:
            if tint is not None:
                sheet.write_blank(row, column, None, self.format(style, tint))
        elif isinstance(value, str):
            self._put_text(sheet, row, column, value, style, tint)
        elif isinstance(value, bool):
            sheet.write_boolean(row, column, value, None if plain else self.format(style, tint))
        elif isinstance(value, datetime.date):
            if value < _FIRST_DAY:
                self._put_text(sheet, row, column, value.isoformat(), Style.PLAIN, tint)
            else:
                sheet.write_datetime(row, column, value, self.format(Style.DATE, tint))
        else:
            sheet.write_number(row, column, value, None if plain else self.format(style, tint))

    def _put_text(self, sheet: Any, row: int, column: int, text: str, style: Style, tint: Tint | None) -> None:
        if not text.isascii() and _NOT_XML.search(text):
            text = _NOT_XML.sub("\ufffd", text)
            self._note(sheet, row, column, "characters that XML cannot hold were replaced by U+FFFD")
        if len(text) > MAX_TEXT // 2 and (units := _units(text)) > MAX_TEXT:
            mark = f" … [cut: {units:,} characters; the CSV, JSON and Parquet files have the whole text]"
            text = _first_units(text, MAX_TEXT - _units(mark)) + mark
            self._note(sheet, row, column, f"text of {units:,} characters was cut at {MAX_TEXT:,}")
        quoted = is_dangerous(text)
        plain = style is Style.PLAIN and tint is None and not quoted
        sheet.write_string(row, column, text, None if plain else self.format(style, tint, quoted))

    def _note(self, sheet: Any, row: int, column: int, what: str) -> None:
        self.notes.append(f"{sheet.get_name()}!{xl_rowcol_to_cell(row, column)}: {what}")

    def close(self) -> None:
        """Write the file."""
        self._book.close()


def _units(text: str) -> int:
    """Count UTF-16 units, by which Excel measures text."""
    return len(text.encode("utf-16-le")) // 2


def _first_units(text: str, units: int) -> str:
    """Give the first so many UTF-16 units, never half a character."""
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")
