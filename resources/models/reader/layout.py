"""Lines, sentences and sections of a text: the units that the reader compares with a question.

Parsers give hard-wrapped lines, table rows with ' | ' and one-line paragraphs alike. A line that is long for this
document and does not end a sentence is continued by the next one; everything else ends where its line ends.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from resources.models.reader.spans import Span

QUOTE_LIMIT = 300  # characters of a quoted source text

_LINE = re.compile(r"[^\n\r\f\v\x1c-\x1e\x85\u2028\u2029]+")
_BOUNDARY = re.compile(r"[.!?。！？][\"”’')\]]*\s+(?=[\"“‘'(\[]?[^\Wa-z_])|;\s+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|no|nos|inc|ltd|llc|co|corp|bros|vs|v|e\.g|i\.e|cf|al|art|sec|fig|approx|dept"
    r"|jr|sr|nr|bzw|ca|z\.b|abs|str|tel|vol|pp|p|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|rs)|\b[^\W\d_])\.$",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"\s*(?:[-*•–▪◦·]\s|\(?[0-9ivxlc]{1,4}[.)]\s|\(?[a-z][.)]\s|#|\|)")
_LABELLED = re.compile(r"[\w.\[\]/()-]+(?: [\w.\[\]/()-]+){0,5}\s?[:：]\s")
_MAX_BLOCK = 4_000  # characters; longer blocks are cut so that no later step is quadratic in one of them


@dataclass(frozen=True, slots=True)
class Sentence:
    """One unit of comparison, and the number of its block (lines that run on form one block)."""

    start: int
    end: int
    block: int


def lines_of(text: str) -> list[Span]:
    """The non-blank lines without surrounding blanks, in order."""
    found: list[Span] = []
    for match in _LINE.finditer(text):
        line = match.group()
        stripped = line.strip()
        if stripped:
            start = match.start() + line.index(stripped[0])
            found.append(Span(start, start + len(stripped)))
    return found


def _runs_on(text: str, line: Span, following: Span, width: int) -> bool:
    """Whether the line is continued by the next one."""
    gap = text[line.end : following.start]
    if gap.count("\n") > 1 or "|" in (text[line.start], text[following.start]) or " | " in line.of(text):
        return False
    if _LIST_ITEM.match(text, following.start, following.end):
        return False
    if _LABELLED.match(text, following.start, following.end) and _LABELLED.match(text, line.start, line.end):
        return False
    if text[following.start].islower():
        return text[line.end - 1] not in ".!?"
    return width >= 50 and line.end - line.start >= 0.6 * width


def blocks_of(text: str, lines: list[Span]) -> list[Span]:
    """Lines joined to the paragraphs that they were before they were wrapped."""
    if not lines:
        return []
    lengths = sorted(line.end - line.start for line in lines)
    width = lengths[int(0.9 * (len(lengths) - 1))]
    blocks: list[Span] = []
    start = lines[0].start
    for line, following in pairwise(lines):
        if line.end - start > _MAX_BLOCK or not _runs_on(text, line, following, width):
            blocks.append(Span(start, line.end))
            start = following.start
    blocks.append(Span(start, lines[-1].end))
    return blocks


def _cuts(text: str, block: Span) -> Iterator[int]:
    for match in _BOUNDARY.finditer(text, block.start, block.end):
        before = text[max(block.start, match.start() - 12) : match.start() + 1]
        if before.endswith(".") and _ABBREVIATION.search(before):
            continue
        yield match.end()


def sentences_of(text: str, blocks: list[Span]) -> list[Sentence]:
    """The sentences of every block, in order, without surrounding blanks."""
    found: list[Sentence] = []
    for number, block in enumerate(blocks):
        start = block.start
        for cut in (*_cuts(text, block), block.end):
            end = cut
            while end > start and text[end - 1].isspace():
                end -= 1
            if end > start:
                found.append(Sentence(start, end, number))
            start = cut
    return found


def quote(text: str, unit: Span, focus: Span, limit: int = QUOTE_LIMIT) -> Span:
    """At most `limit` characters of the unit, cut at blanks, that hold the focus (or its beginning)."""
    start, end = min(unit.start, focus.start), max(unit.end, focus.end)
    if end - start <= limit:
        return Span(start, end)
    if focus.end - focus.start >= limit:
        return Span(focus.start, _back_to_blank(text, focus.start, focus.start + limit))
    room = limit - (focus.end - focus.start)
    first = max(start, focus.start - room // 2)
    last = min(end, first + limit)
    first = max(start, last - limit)
    while start < first < focus.start and not text[first - 1].isspace():
        first += 1
    if last < end:
        last = max(focus.end, _back_to_blank(text, first, last))
    while first < focus.start and text[first].isspace():
        first += 1
    return Span(first, last)


def _back_to_blank(text: str, start: int, end: int) -> int:
    if end >= len(text) or text[end].isspace():
        return end
    cut = end
    while cut > start and not text[cut - 1].isspace():
        cut -= 1
    while cut > start and text[cut - 1].isspace():
        cut -= 1
    return cut if cut > start else end
