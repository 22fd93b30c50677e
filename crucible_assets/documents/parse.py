"""One function from bytes to a `ParsedDocument`, for every format."""

from collections.abc import Callable
from typing import Final

from crucible_assets.documents.errors import (
    DamagedDocument,
    DocumentError,
    EmptyDocument,
    TooLarge,
    memory_exceeded,
)
from crucible_assets.documents.filetype import Format, detect
from crucible_assets.documents.limits import MAX_FILE_BYTES, MAX_SEGMENTS, MAX_TEXT_CHARACTERS
from crucible_assets.documents.parsed import Draft, ParsedDocument, clean, one_line
from crucible_assets.documents.parsers.csv import parse_csv
from crucible_assets.documents.parsers.docx import parse_docx
from crucible_assets.documents.parsers.html import parse_html
from crucible_assets.documents.parsers.json import parse_json
from crucible_assets.documents.parsers.pdf import parse_pdf
from crucible_assets.documents.parsers.sheet import parse_sheet
from crucible_assets.documents.parsers.text import parse_markdown, parse_text
from crucible_assets.documents.parsers.xml import parse_xml
from crucible_assets.documents.words import count_words, detect_language

PARSERS: Final[dict[Format, Callable[[bytes], Draft]]] = {
    Format.PDF: parse_pdf,
    Format.DOCX: parse_docx,
    Format.SPREADSHEET: parse_sheet,
    Format.HTML: parse_html,
    Format.XML: parse_xml,
    Format.JSON: parse_json,
    Format.CSV: parse_csv,
    Format.MARKDOWN: parse_markdown,
    Format.TEXT: parse_text,
}


def parse_bytes(data: bytes, filename: str) -> ParsedDocument:
    """Read a document.

    `filename` only helps to tell formats of plain text apart. Raises a `DocumentError`, never anything else: what a
    parser raises beyond that is a `DamagedDocument` that names it. Runs in this process, without limits of time
    and memory; use `worker.ParserPool` for files of unknown origin.
    """
    if not data:
        raise EmptyDocument("The file has no content (0 bytes).", "Upload it again; the transfer may have failed.")
    if len(data) > MAX_FILE_BYTES:
        raise TooLarge(
            f"The file has {len(data) / 2**20:,.0f} MiB; at most {MAX_FILE_BYTES // 2**20} MiB are read.",
            "Split it into smaller documents.",
        )
    try:
        kind = detect(data, filename)
        draft = PARSERS[kind.format](data)
    except DocumentError:
        raise
    except MemoryError as error:
        raise memory_exceeded() from error
    except RecursionError as error:
        raise DamagedDocument(
            "The content is nested too deeply.", "Export the file again from where it came."
        ) from error
    except Exception as error:  # a parser's own bug or an unforeseen defect of the file must not stop the others
        raise DamagedDocument(
            f"The parser stopped on the content ({type(error).__name__}: {str(error)[:200]}).",
            "Open the file in its application, save it again and upload that.",
        ) from error
    return _completed(draft, kind.media_type)


def _completed(draft: Draft, media_type: str) -> ParsedDocument:
    if not draft.segments or not draft.text.strip():
        raise EmptyDocument("No text was found in the file.", "Check that the file holds what you expect.")
    if len(draft.text) > MAX_TEXT_CHARACTERS or len(draft.segments) > MAX_SEGMENTS:
        raise TooLarge(
            f"The file gives {len(draft.text):,} characters in {len(draft.segments):,} stretches "
            f"(limits: {MAX_TEXT_CHARACTERS:,} and {MAX_SEGMENTS:,}).",
            "Split it into smaller documents.",
        )
    return ParsedDocument(
        text=draft.text,
        segments=draft.segments,
        title=_short(draft.title),
        author=_short(draft.author),
        created=draft.created,
        language=detect_language(draft.text) or draft.language,
        page_count=draft.page_count,
        word_count=count_words(draft.text),
        metadata={"media_type": media_type, **{k: clean(v)[:2000] for k, v in draft.metadata.items() if v}},
        warnings=draft.warnings,
        parser=draft.parser,
    )


def _short(value: str | None) -> str | None:
    return one_line(clean(value))[:500] or None if value else None
