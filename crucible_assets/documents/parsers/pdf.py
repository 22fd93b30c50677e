"""PDF by PyMuPDF: text in reading order, with the page and the box of every paragraph and table row."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pymupdf

from crucible_assets.documents.errors import (
    DamagedDocument,
    EmptyDocument,
    EncryptedDocument,
    NoTextFound,
    ParseMemoryExceeded,
)
from crucible_assets.documents.parsed import Block, Draft, assemble
from crucible_assets.documents.parsers.office import language_code
from crucible_assets.documents.parsers.pdf_annotations import annotation_blocks
from crucible_assets.documents.parsers.pdf_blocks import Typography, Words, region_blocks
from crucible_assets.documents.parsers.pdf_layout import regions
from crucible_assets.documents.parsers.pdf_lines import Piece, pieces_of
from resources.vocabulary import SegmentKind

# Spaces and soft hyphens as they are; no pictures (nothing is decompressed that holds no text); nothing outside
# the page; ligatures are taken apart
_FLAGS: Final = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP | pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE
_DATE = re.compile(r"(?:D:)?(\d{4})(\d{2})?(\d{2})?")
_FAILURES: Final = (RuntimeError, ValueError, IndexError, pymupdf.mupdf.FzErrorBase)  # what PyMuPDF raises
_OCR: Final = "Run optical character recognition on it (for example with ocrmypdf) and upload the result."
_KEPT: Final = ("subject", "keywords", "creator", "producer", "format")
_TITLE_LETTERS: Final = 12
_UNREADABLE_SHARE: Final = 0.3  # of characters without a meaning from which a text layer is worthless


def parse_pdf(data: bytes) -> Draft:
    """Read a PDF.

    Raises `EncryptedDocument`, `DamagedDocument`, `NoTextFound` (scanned pages only), `EmptyDocument`.
    """
    tools: Any = pymupdf.TOOLS
    tools.mupdf_display_errors(False)
    tools.mupdf_display_warnings(False)
    opened: Any = pymupdf.Document  # PyMuPDF is typed in part only
    try:
        document = opened(stream=data, filetype="pdf")
    except _FAILURES as error:
        raise _damaged(error) from error
    try:
        if document.needs_pass and not document.authenticate(""):
            raise EncryptedDocument(
                "The PDF is protected by a password.", "Remove the password (print it to a new PDF) and upload that."
            )
        return _draft(document)
    finally:
        document.close()


def _damaged(error: Exception) -> DamagedDocument:
    return DamagedDocument(
        f"The PDF cannot be opened ({error}).", "Open it in a viewer, print it to a new PDF and upload that."
    )


def _draft(document: Any) -> Draft:
    try:
        count = int(document.page_count)
    except _FAILURES as error:
        raise _damaged(error) from error
    if count == 0:
        raise DamagedDocument("The PDF has no page that can be found.", "Export it again from where it came.")
    pages: list[list[list[Piece]]] = []
    notes: dict[int, list[Block]] = {}
    has_forms = bool(document.is_form_pdf)
    broken: list[int] = []
    pictured: list[int] = []
    for number in range(count):
        try:
            page = document[number]
            pieces = pieces_of(page.get_text("dict", flags=_FLAGS, sort=False))
            notes[number + 1] = list(annotation_blocks(page, number + 1, pieces, has_forms))
            if not pieces and page.get_images():
                pictured.append(number + 1)
        except _FAILURES as error:
            if "malloc" in str(error) or "memory" in str(error):
                raise ParseMemoryExceeded(
                    f"Page {number + 1} needs more memory than is allowed.",
                    "Split the PDF, or print it to a new one; raise the limit if you trust the file.",
                ) from error
            broken.append(number + 1)
            pieces = []
        pages.append(pieces)
    if not any(notes.values()):
        _check(pages, broken, pictured)
    blocks = _blocks(pages, notes)
    text, segments = assemble(blocks)
    about = {key: str(value).strip() for key, value in (document.metadata or {}).items() if value}
    return Draft(
        text,
        segments,
        "pdf",
        title=about.get("title") or _title(blocks),
        author=about.get("author"),
        created=pdf_date(about.get("creationDate", "")),
        language=language_code(str(document.language or "")),
        page_count=count,
        metadata={key: about[key] for key in _KEPT if key in about},
        warnings=_warnings(document, text, broken, pictured),
    )


def _title(blocks: Sequence[Block]) -> str | None:
    """The first heading of the document's beginning that says something; 'Exhibit 10.1' does not."""
    headings = [block.text for block in blocks[:40] if block.kind is SegmentKind.HEADING]
    return next((text for text in headings if sum(map(str.isalpha, text)) >= _TITLE_LETTERS), None)


def _check(pages: Sequence[Sequence[Sequence[Piece]]], broken: list[int], pictured: list[int]) -> None:
    """Raise the fitting error when no page has text."""
    if any(pages):
        return
    if pictured:
        raise NoTextFound(f"The PDF's {len(pages):,} pages hold pictures only, no text.", _OCR)
    if len(broken) == len(pages):
        raise DamagedDocument(
            "No page of the PDF can be read.", "Open it in a viewer, print it to a new PDF and upload that."
        )
    raise EmptyDocument(
        f"The PDF's {len(pages):,} pages hold no text.",
        "If text shows in a viewer, it is drawn as pictures or curves: run optical character recognition on it.",
    )


def _blocks(pages: Sequence[Sequence[Sequence[Piece]]], notes: Mapping[int, list[Block]]) -> list[Block]:
    everything = [piece for page in pages for direction in page for piece in direction]
    usual = typography(everything)
    words = Words([piece.text for piece in everything])
    blocks: list[Block] = []
    for number, page in enumerate(pages, start=1):
        for direction in page:
            for rows in regions(direction):
                fresh = list(region_blocks(rows, number, usual, words))
                if fresh and blocks and _continues(blocks[-1], fresh[0]):
                    fresh[0] = _following(fresh[0])
                blocks += fresh
        blocks += notes.get(number, [])
    return blocks


def typography(pieces: Sequence[Piece]) -> Typography:
    """The body's type size, the sizes that headings have, and whether the body is bold."""
    weights: Counter[float] = Counter()
    bold = 0
    for piece in pieces:
        weights[piece.size] += len(piece.text)
        bold += len(piece.text) if piece.bold else 0
    if not weights:
        return Typography(0.0)
    body = weights.most_common(1)[0][0]
    headings = sorted((size for size in weights if size >= 1.12 * body), reverse=True)
    return Typography(body, tuple(headings), 2 * bold > sum(weights.values()))


def _continues(last: Block, first: Block) -> bool:
    """Whether a paragraph goes on in the next column or on the next page."""
    return (
        last.kind is first.kind is SegmentKind.PARAGRAPH
        and last.text[-1:] not in '.:;!?。"”'
        and len(last.text) > 60
        and first.text[:1].islower()
    )


def _following(block: Block) -> Block:
    return Block(block.text, block.kind, block.page, block.box, block.label, block.level, separator=" ")


def _warnings(document: Any, text: str, broken: list[int], pictured: list[int]) -> tuple[str, ...]:
    warnings = []
    if document.is_repaired:
        warnings.append("The PDF was damaged and has been repaired; parts may be missing.")
    if broken:
        warnings.append(f"{_pages(broken)} could not be read.")
    if pictured:
        warnings.append(f"{_pages(pictured)} hold pictures only; their text, if any, was not read. {_OCR}")
    unknown = text.count("\ufffd")
    if unknown > _UNREADABLE_SHARE * len(text):
        raise NoTextFound("The PDF's fonts do not say which characters they show.", _OCR)
    if unknown:
        warnings.append(f"{unknown:,} characters have no meaning in the PDF's fonts and show as U+FFFD.")
    return tuple(warnings)


def _pages(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:20])) + (" …" if len(numbers) > 20 else "")
    return f"Page {shown}" if len(numbers) == 1 else f"Pages {shown}"


def pdf_date(stamp: str) -> str | None:
    """The ISO date of a PDF date ('D:20130405140000+02'00''); None when it states no day."""
    found = _DATE.match(stamp.strip())
    if found is None or found.group(3) is None:
        return None
    year, month, day = found.groups()
    return f"{year}-{month}-{day}" if 1 <= int(month) <= 12 and 1 <= int(day) <= 31 else None
