"""PDF from a marked source: letterhead, running head, footer with page numbers, one or two columns.

Sections of the source: `style` (CSS), `letterhead` (first page), `running` (further pages), `footer` (every page;
`{page}` and `{pages}` are filled in), `body`. Settings of the front matter: `columns` (1 or 2), `margin` (points).
"""

from dataclasses import dataclass
from io import BytesIO

import pymupdf

from generator.marks import Source, SourceError

PAGE = pymupdf.paper_rect("a4")
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
    document = pymupdf.open("pdf", _draw(parts, pages=pages))
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
    with pymupdf.open("pdf", data) as document:
        return int(document.page_count)


def _draw(parts: _Parts, pages: int) -> bytes:
    buffer = BytesIO()
    writer = pymupdf.DocumentWriter(buffer)
    body = pymupdf.Story(parts.body, user_css=parts.style)
    number, more = 0, 1
    while more:
        number += 1
        if number > MOST_PAGES:
            raise SourceError(f"the text does not fit {MOST_PAGES} pages; is one table row higher than a page?")
        device = writer.begin_page(PAGE)
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
    head = pymupdf.Story(markup, user_css=parts.style)
    top = 36.0
    _, filled = head.place(pymupdf.Rect(parts.margin, top, PAGE.width - parts.margin, PAGE.height / 2))
    head.draw(device)
    return float(pymupdf.Rect(filled).y1) + 14.0


def _draw_footer(parts: _Parts, number: int, pages: int, device: object) -> None:
    if parts.footer:
        text = parts.footer.replace("{page}", str(number)).replace("{pages}", str(pages))
        footer = pymupdf.Story(text, user_css=parts.style)
        bottom = PAGE.height - 22.0
        footer.place(pymupdf.Rect(parts.margin, bottom - FOOTER_HEIGHT, PAGE.width - parts.margin, bottom))
        footer.draw(device)


def _columns(parts: _Parts, top: float) -> list[pymupdf.Rect]:
    left, right, bottom = parts.margin, PAGE.width - parts.margin, PAGE.height - 30.0 - FOOTER_HEIGHT
    if parts.columns == 1:
        return [pymupdf.Rect(left, top, right, bottom)]
    width = (right - left - GUTTER) / 2
    return [pymupdf.Rect(left, top, left + width, bottom), pymupdf.Rect(right - width, top, right, bottom)]
