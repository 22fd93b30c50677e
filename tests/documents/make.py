"""Documents made for the tests, byte by byte where the defect is the point."""

import io
import zipfile

import docx
import openpyxl
import pymupdf

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
LOREM = (
    "The supplier shall deliver the goods within thirty days of the order and the buyer shall pay "
    "the price within sixty days of delivery unless the parties have agreed otherwise in writing. "
)


def pdf(*pages: list[tuple[float, float, str, float]], title: str = "") -> bytes:
    """A PDF; each page is a list of (x, y of the baseline, text, size)."""
    document = pymupdf.Document()
    for texts in pages:
        page = document.new_page(width=595, height=842)
        for x, y, text, size in texts:
            page.insert_text((x, y), text, fontsize=size)
    document.set_metadata({"title": title, "author": "A. Author", "creationDate": "D:20240229120000Z"})
    return bytes(document.tobytes())


def pdf_of_columns(left: list[str], right: list[str], heading: str = "") -> bytes:
    """A page in two columns under a heading that spans both."""
    lines = [(60.0, 80.0, heading, 18.0)] if heading else []
    lines += [(60.0, 120.0 + 14 * row, text, 10.0) for row, text in enumerate(left)]
    lines += [(320.0, 120.0 + 14 * row, text, 10.0) for row, text in enumerate(right)]
    return pdf(lines)


def scanned_pdf() -> bytes:
    """A page that shows a picture and no text."""
    document = pymupdf.Document()
    picture = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 50, 50), False)
    picture.clear_with(200)
    page = document.new_page()
    page.insert_image(page.rect, pixmap=picture)
    return bytes(document.tobytes())


def locked_pdf() -> bytes:
    """A PDF that asks for a password."""
    document = pymupdf.Document()
    document.new_page().insert_text((72, 72), "secret")
    return bytes(document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o"))


def word() -> bytes:
    """A Word document with heading, numbered list, table with a merged cell, header and footer."""
    document = docx.Document()
    document.core_properties.title = "Supply agreement"
    document.core_properties.author = "B. Author"
    document.sections[0].header.paragraphs[0].text = "Confidential"
    document.sections[0].footer.paragraphs[0].text = "Draft of May"
    document.add_heading("Parties", level=2)
    document.add_paragraph("The supplier is Acme Ltd.")
    document.add_paragraph("Deliver", style="List Number")
    document.add_paragraph("Invoice", style="List Number")
    table = document.add_table(rows=3, cols=2)
    for row, cells in enumerate([("Item", "Price"), ("Bolts", "12.50"), ("", "13.00")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    document.add_paragraph("After the table.")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def raw_word(body: str, prolog: str = "", **parts: str) -> bytes:
    """A Word document of a body in XML and nothing that is not needed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0"?>{prolog}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>',
        )
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def workbook() -> bytes:
    """Two sheets: one with a title line, a header row and dates; one without a header."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Orders"
    for row in (["Orders of 2024"], [], ["Customer", "Amount", "Paid"], ["Acme", 1200.0, True], ["Bolt", 7.25, None]):
        sheet.append(row)
    book.create_sheet("Notes")["B2"] = "only a note"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def archive(entries: dict[str, bytes]) -> bytes:
    """A zip of these entries."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in entries.items():
            zipped.writestr(name, content)
    return stream.getvalue()
