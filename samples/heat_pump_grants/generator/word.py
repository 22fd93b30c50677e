"""DOCX from a marked source: headings, paragraphs, lists and tables from a small part of HTML.

Sections of the source: `header`, `footer` (one line each, optional), `body`. Settings of the front matter: `font`,
`size` (points), `table_style`, `title`, `author`, `created` (ISO date).
"""

import zipfile
from datetime import datetime
from io import BytesIO

import docx
from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt, RGBColor
from docx.text.paragraph import Paragraph

from generator.marks import Source, SourceError

EPOCH = (1980, 1, 1, 0, 0, 0)
LISTS = {"ul": "List Bullet", "ol": "List Number"}


def render_docx(source: Source) -> bytes:
    """The document as DOCX bytes, the same for the same source and library version."""
    sections = source.sections
    if "body" not in sections:
        raise SourceError(f"{source.path.name}: a DOCX source needs a section '=== body'")
    document = docx.Document()
    _set_up(document, source, sections)
    for element in BeautifulSoup(sections["body"], "html.parser").children:
        if isinstance(element, Tag):
            _add_block(document, element, source)
    buffer = BytesIO()
    document.save(buffer)
    return _without_clock(buffer.getvalue())


def _set_up(document: Document, source: Source, sections: dict[str, str]) -> None:
    normal = document.styles["Normal"]
    normal.font.name = str(source.settings.get("font", "Calibri"))
    normal.font.size = Pt(float(source.settings.get("size", 11)))
    page = document.sections[0]
    for part, name in ((page.header, "header"), (page.footer, "footer")):
        if name in sections:
            part.paragraphs[0].text = " ".join(sections[name].split())
            part.paragraphs[0].runs[0].font.size = Pt(8.5)
            part.paragraphs[0].runs[0].font.color.rgb = RGBColor(0x55, 0x55, 0x55)
    properties = document.core_properties
    properties.title = str(source.settings.get("title", ""))
    properties.author = str(source.settings.get("author", ""))
    properties.created = properties.modified = datetime.fromisoformat(str(source.settings["created"]))
    properties.comments = ""


def _add_block(document: Document, element: Tag, source: Source) -> None:
    if element.name in ("h1", "h2", "h3", "h4"):
        document.add_heading(_squeezed(element.get_text()), level=int(element.name[1]) - 1)
    elif element.name == "p":
        _add_runs(document.add_paragraph(), element)
    elif element.name in LISTS:
        for item in element.find_all("li"):
            _add_runs(document.add_paragraph(style=LISTS[element.name]), item)
    elif element.name == "table":
        _add_table(document, element, str(source.settings.get("table_style", "Table Grid")))
    else:
        raise SourceError(
            f"{source.path.name}: <{element.name}> is not turned into DOCX; use h1-h4, p, ul, ol, table"
        )


def _add_table(document: Document, element: Tag, style: str) -> None:
    rows = [row.find_all(["td", "th"]) for row in element.find_all("tr")]
    width = max(sum(_span(cell) for cell in row) for row in rows)
    table = document.add_table(rows=len(rows), cols=width)
    table.style = style
    for row_index, row in enumerate(rows):
        column = 0
        for cell in row:
            span = _span(cell)
            target = table.cell(row_index, column)
            if span > 1:
                target = target.merge(table.cell(row_index, column + span - 1))
            paragraph = target.paragraphs[0]
            _add_runs(paragraph, cell, bold=cell.name == "th")
            if "r" in (cell.get("class") or []):
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            column += span
    document.add_paragraph()


def _span(cell: Tag) -> int:
    return int(str(cell.get("colspan") or 1))


def _add_runs(paragraph: Paragraph, element: Tag, bold: bool = False) -> None:
    pieces = [piece for child in element.children for piece in _pieces(child)]
    for index, (text, tag) in enumerate(pieces):
        text = text.lstrip() if index == 0 else text
        text = text.rstrip() if index == len(pieces) - 1 else text
        run = paragraph.add_run(text)
        run.bold = True if bold or tag == "b" else None
        run.italic = True if tag == "i" else None


def _pieces(child: PageElement) -> list[tuple[str, str]]:
    if isinstance(child, Tag):
        return [("\n", "br")] if child.name == "br" else [(_collapsed(child.get_text()), child.name)]
    return [(_collapsed(str(child)), "")] if isinstance(child, NavigableString) else []


def _collapsed(text: str) -> str:
    inner = " ".join(text.split())
    if not inner:
        return " " if text else ""
    return (" " if text[0].isspace() else "") + inner + (" " if text[-1].isspace() else "")


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _without_clock(data: bytes) -> bytes:
    """The same archive with every entry dated 1980, so that the bytes depend on the content alone."""
    result = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return result.getvalue()
