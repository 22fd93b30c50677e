"""XLSX from a marked source: one section per sheet, cells parted by tabs or by ` ¦ `.

A cell that reads as a plain number (`14200.50`) becomes a number, an ISO date becomes a date, the rest is text. Rows
that begin with `# ` are headings, rows that begin with `! ` are column heads. Settings: `widths`, `created`.
"""

import re
from datetime import date, datetime
from io import BytesIO

import xlsxwriter

from generator.marks import Source

NUMBER = re.compile(r"-?\d+(\.\d+)?")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
DEFAULT_WIDTHS = [34, 22, 18, 18, 18, 18]


def render_xlsx(source: Source) -> bytes:
    """The document as XLSX bytes, the same for the same source and library version."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties(
        {
            "title": str(source.settings.get("title", "")),
            "author": str(source.settings.get("author", "")),
            "created": datetime.fromisoformat(str(source.settings["created"])),
        }
    )
    formats = {
        "heading": book.add_format({"bold": True, "font_size": 13}),
        "head": book.add_format({"bold": True, "bg_color": "#DDE6DD", "bottom": 1, "text_wrap": True}),
        "date": book.add_format(
            {"num_format": str(source.settings.get("date_format", "dd/mm/yyyy")), "align": "left"}
        ),
        "number": book.add_format({"num_format": "#,##0.00"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    for name, text in source.sections.items():
        sheet = book.add_worksheet(name)
        for column, width in enumerate(source.settings.get("widths", DEFAULT_WIDTHS)):
            sheet.set_column(column, column, width)
        for row, line in enumerate(text.splitlines()):
            _write_row(sheet, row, line, formats)
    book.close()
    return buffer.getvalue()


def _write_row(
    sheet: "xlsxwriter.worksheet.Worksheet", row: int, line: str, formats: dict[str, "xlsxwriter.format.Format"]
) -> None:
    kind = {"# ": "heading", "! ": "head"}.get(line[:2])
    for column, cell in enumerate(re.split(r"\t| ¦ ", line[2:] if kind else line)):
        cell = cell.strip()
        if not cell:
            continue
        if kind:
            sheet.write_string(row, column, cell, formats[kind])
        elif ISO_DATE.fullmatch(cell):
            sheet.write_datetime(row, column, date.fromisoformat(cell), formats["date"])
        elif NUMBER.fullmatch(cell):
            is_whole = "." not in cell
            sheet.write_number(row, column, float(cell), None if is_whole else formats["number"])
        else:
            sheet.write_string(row, column, cell, formats["text"])
