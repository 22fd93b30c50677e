"""PDF from a marked source: letterhead, running head, footer with page numbers, one or two columns.

Sections of the source: `style` (CSS), `letterhead` (first page), `running` (further pages), `footer` (every page;
`{page}` and `{pages}` are filled in), `body`. Settings of the front matter: `columns` (1 or 2), `margin` (points).
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import pymupdf

from generator.marks import Source, SourceError

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in points from the page's top left

_OPEN: Final[Any] = pymupdf.Document  # PyMuPDF is typed in part only
_WRITER: Final[Any] = pymupdf.DocumentWriter
_STORY: Final[Any] = pymupdf.Story

WIDTH, HEIGHT = 595.0, 842.0  # A4 in points
GUTTER = 18.0  # points between two columns
FOOTER_HEIGHT = 34.0
MOST_PAGES = 12  # a story that never ends would mean a block higher than the page


@dataclass(frozen=True, slots=True)
class _Parts:
    style: str
    letterhead: str
    running: str
    footer: str
    body: str
    columns: int
    margin: float


def render_pdf(source: Source) -> bytes:
    """The document as PDF bytes, the same for the same source and library version."""
    sections = source.sections
    if "body" not in sections:
        raise SourceError(f"{source.path.name}: a PDF source needs a section '=== body'")
    parts = _Parts(
        style=sections.get("style", ""),
        letterhead=sections.get("letterhead", ""),
        running=sections.get("running", ""),
        footer=sections.get("footer", ""),
        body=sections["body"],
        columns=int(source.settings.get("columns", 1)),
        margin=float(source.settings.get("margin", 62)),
    )
    pages = _page_count(_draw(parts, pages=0))
    document = _OPEN("pdf", _draw(parts, pages=pages))
    document.set_metadata(
        {
            "title": source.settings.get("title", ""),
            "author": source.settings.get("author", ""),
            "creationDate": source.settings.get("created", ""),
            "producer": "",
        }
    )
    pymupdf.mupdf.pdf_subset_fonts2(
        pymupdf.mupdf.pdf_document_from_fz_document(document), list(range(document.page_count))
    )
    return bytes(document.tobytes(garbage=4, deflate=True, no_new_id=True))


def _page_count(data: bytes) -> int:
    with _OPEN("pdf", data) as document:
        return int(document.page_count)


def _draw(parts: _Parts, pages: int) -> bytes:
    buffer = BytesIO()
    writer = _WRITER(buffer)
    body = _STORY(parts.body, user_css=parts.style)
    number, more = 0, 1
    while more:
        number += 1
        if number > MOST_PAGES:
            raise SourceError(f"the text does not fit {MOST_PAGES} pages; is one table row higher than a page?")
        device = writer.begin_page((0.0, 0.0, WIDTH, HEIGHT))
        top = _draw_head(parts, number, device)
        _draw_footer(parts, number, pages, device)
        for column in _columns(parts, top):
            if more:
                more, _ = body.place(column)
                body.draw(device)
        writer.end_page()
    writer.close()
    return buffer.getvalue()


def _draw_head(parts: _Parts, number: int, device: object) -> float:
    """Draw the head of a page and give the height at which the body begins, in points from the top."""
    markup = parts.letterhead if number == 1 else parts.running
    if not markup:
        return parts.margin
    head = _STORY(markup, user_css=parts.style)
    top = 36.0
    _, filled = head.place((parts.margin, top, WIDTH - parts.margin, HEIGHT / 2))
    head.draw(device)
    return float(filled[3]) + 14.0


def _draw_footer(parts: _Parts, number: int, pages: int, device: object) -> None:
    if parts.footer:
        text = parts.footer.replace("{page}", str(number)).replace("{pages}", str(pages))
        footer = _STORY(text, user_css=parts.style)
        bottom = HEIGHT - 22.0
        footer.place((parts.margin, bottom - FOOTER_HEIGHT, WIDTH - parts.margin, bottom))
        footer.draw(device)


def _columns(parts: _Parts, top: float) -> list[Box]:
    left, right, bottom = parts.margin, WIDTH - parts.margin, HEIGHT - 30.0 - FOOTER_HEIGHT
    if parts.columns == 1:
        return [(left, top, right, bottom)]
    width = (right - left - GUTTER) / 2
    return [(left, top, left + width, bottom), (right - width, top, right, bottom)]
