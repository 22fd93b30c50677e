"""What reading a document gives, and the pieces from which parsers put it together.

A parser returns a `Draft`: text with its map, and what the file says about itself. `parse.py` completes it to a
`ParsedDocument` (language, word count) in one place for all formats.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from resources.vocabulary import Segment, SegmentKind

PARSER_VERSION: Final = "2"
"""Raised whenever the same bytes may give another text; derived data carry it (design, section 4)."""

PARAGRAPH_BREAK: Final = "\n\n"
LINE_BREAK: Final = "\n"
CELL_SEPARATOR: Final = " | "

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# NUL cannot be stored by Postgres, lone surrogates cannot be encoded, the soft hyphen is an invitation to break
# a line and no character of the word; other C0 and C1 controls print nothing
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document as text. `segments` map the text to the file, in text order and without overlap."""

    text: str
    segments: tuple[Segment, ...]
    title: str | None
    author: str | None
    created: str | None  # ISO date
    language: str | None  # ISO 639-1
    page_count: int | None  # None for formats without pages
    word_count: int
    metadata: dict[str, str]
    warnings: tuple[str, ...]
    parser: str  # the format's parser, e.g. 'pdf'
    parser_version: str = PARSER_VERSION


@dataclass(frozen=True, slots=True)
class Draft:
    """What one parser makes of a file, before language and words are counted."""

    text: str
    segments: tuple[Segment, ...]
    parser: str
    title: str | None = None
    author: str | None = None
    created: str | None = None  # ISO date
    language: str | None = None  # what the file declares, ISO 639-1
    page_count: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text before it has offsets; `separator` stands between it and the block before."""

    text: str
    kind: SegmentKind = SegmentKind.PARAGRAPH
    page: int | None = None
    box: tuple[float, float, float, float] | None = None
    label: str | None = None
    level: int | None = None
    separator: str = PARAGRAPH_BREAK


def clean(text: str) -> str:
    """Make `text` storable: '\\n' line ends, no control characters, soft hyphens or lone surrogates."""
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    return _SURROGATES.sub("\ufffd", text)


def one_line(text: str) -> str:
    """`text` on one line with single spaces, as in a table cell."""
    return " ".join(text.split())


def tidy(text: str) -> str:
    """`text` with its lines kept, single spaces within them and no blank lines."""
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def assemble(blocks: Iterable[Block]) -> tuple[str, tuple[Segment, ...]]:
    """Put blocks one after the other; gives the text and its segments. Blank blocks are left out."""
    parts: list[str] = []
    segments: list[Segment] = []
    position = 0
    for block in blocks:
        text = clean(block.text).strip()
        if not text:
            continue
        if segments:
            parts.append(block.separator)
            position += len(block.separator)
        start, position = position, position + len(text)
        parts.append(text)
        segments.append(Segment(start, position, block.kind, block.page, block.box, block.label, block.level))
    return "".join(parts), tuple(segments)
