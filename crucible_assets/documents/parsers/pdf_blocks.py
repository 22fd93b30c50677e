"""From rows to blocks: paragraphs, headings, list items and table rows of one region of a page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from crucible_assets.documents.parsed import CELL_SEPARATOR, LINE_BREAK, PARAGRAPH_BREAK, Block
from crucible_assets.documents.parsers.pdf_layout import Row
from crucible_assets.documents.parsers.pdf_lines import Piece, union
from resources.vocabulary import SegmentKind

_MARKER = re.compile(
    r"(?:[•●▪■◦○‣·–—*➢✓o-]|\(?\d{1,3}[.)]|\d{1,2}(?:\.\d{1,3}){1,4}\.?|\(?[a-zA-Z][.)]|\(?[ivxlcIVXLC]{1,6}[.)])\Z"
)
_ITEM = re.compile(r"(?:[•●▪■◦○‣➢✓]|\((?:\d{1,3}|[a-z]|[ivxlc]{1,6})\)|(?:\d{1,3}|[a-z])[.)])\s")
_CELL_GAP: Final = 1.1  # em between two pieces from which they may be cells
_ALIGNED: Final = 4.0  # points by which edges of cells in a column may differ
_PARAGRAPH_GAP: Final = 0.45  # em of extra leading from which a paragraph ends
_HEADING_SIZE: Final = 1.12  # times the size of the body
_HEADING_LENGTH: Final = 160  # characters
_TERMINAL: Final = (";", ",")


@dataclass(frozen=True, slots=True)
class Typography:
    """What is usual in the document: the body's size in points, and the sizes of headings, largest first."""

    body: float
    headings: tuple[float, ...] = ()
    bold_body: bool = False


class Words:
    """The words of a document, to decide whether a hyphen at the end of a line belongs to the word."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._known: set[str] = set()
        for text in texts:
            self._known.update(re.findall(r"\w+(?:-\w+)*", text.casefold()))

    def join(self, first: str, second: str) -> str:
        """Put two lines of a paragraph together; a word divided at the end of the line is made whole."""
        before = re.search(r"(\w+)-\Z", first)
        after = re.match(r"[a-zß-öø-ÿœ]\w*", second)
        if before is None or after is None or not before.group(1).isalpha():
            return f"{first} {second}" if not (first.endswith("-") and before) else f"{first}{second}"
        whole = (before.group(1) + after.group()).casefold()
        compound = f"{before.group(1)}-{after.group()}".casefold()
        if compound in self._known and whole not in self._known:
            return first + second
        return first[:-1] + second


def region_blocks(rows: Sequence[Row], page: int, usual: Typography, words: Words) -> Iterator[Block]:
    """The blocks of one region in order; `page` counts from 1."""
    tables = _table_rows(rows)
    run: list[Row] = []
    first_of_table = True
    for index, row in enumerate(rows):
        if tables[index]:
            yield from _paragraphs(run, page, usual, words)
            run = []
            text = CELL_SEPARATOR.join(_cells(row))
            first = first_of_table or not tables[index - 1]
            separator = PARAGRAPH_BREAK if first else LINE_BREAK
            yield Block(text, SegmentKind.TABLE_ROW, page, _page_box(row.pieces), separator=separator)
            first_of_table = False
        else:
            run.append(row)
    yield from _paragraphs(run, page, usual, words)


def _cells(row: Row) -> list[str]:
    """The texts of a row's cells; pieces closer than a wide space are one cell, and so is a marker with its text."""
    cells: list[str] = []
    previous: Piece | None = None
    for piece in row.pieces:
        close = previous is not None and piece.box[0] - previous.box[2] < _CELL_GAP * piece.size
        if previous is not None and (close or (len(cells) == 1 and _MARKER.match(cells[0]))):
            cells[-1] += (" " if piece.box[0] - previous.box[2] > 0.15 * piece.size else "") + piece.text
        else:
            cells.append(piece.text)
        previous = piece
    return cells


def _table_rows(rows: Sequence[Row]) -> list[bool]:
    """Which rows belong to a table: those with cells in columns that a neighbouring row has too."""
    counts = [len(_cells(row)) for row in rows]
    member = [False] * len(rows)
    for index in range(len(rows) - 1):
        for other in range(index + 1, min(index + 4, len(rows))):
            if counts[index] > 1 and counts[other] > 1 and _share_columns(rows[index], rows[other]):
                for between in range(index, other + 1):
                    member[between] = member[between] or counts[between] > 1 or other - index > 1
                break
    return member


def _share_columns(first: Row, second: Row) -> bool:
    """Whether at least two cells of the rows stand in the same columns."""
    shared = 0
    for a in first.pieces:
        for b in second.pieces:
            edges = (a.box[0] - b.box[0], a.box[2] - b.box[2], (a.box[0] + a.box[2] - b.box[0] - b.box[2]) / 2)
            if min(map(abs, edges)) <= _ALIGNED:
                shared += 1
                break
    return shared >= 2


def _page_box(pieces: Sequence[Piece]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = union([piece.page_box for piece in pieces])
    return (round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1))


def _paragraphs(rows: Sequence[Row], page: int, usual: Typography, words: Words) -> Iterator[Block]:
    """Group rows of running text to paragraphs."""
    group: list[Row] = []
    left = min((row.left for row in rows), default=0.0)
    right = max((row.right for row in rows), default=0.0)
    leading = _leading(rows)
    for row in rows:
        if group and _begins_paragraph(group, row, left, right, leading):
            yield _paragraph(group, page, usual, words)
            group = []
        group.append(row)
    if group:
        yield _paragraph(group, page, usual, words)


def _leading(rows: Sequence[Row]) -> float:
    """The usual distance from one line's top to the next in points; the lower third, as gaps only add to it."""
    steps = sorted(b.top - a.top for a, b in pairwise(rows) if 0 < b.top - a.top < 3 * a.size)
    return steps[len(steps) // 3] if steps else 0.0


def _begins_paragraph(group: list[Row], row: Row, left: float, right: float, leading: float) -> bool:
    above = group[-1]
    if abs(row.size - above.size) > 0.08 * max(row.size, above.size):
        return True
    if row.top - above.top > max(leading, above.size) + _PARAGRAPH_GAP * row.size:
        return True
    if _is_bold(row) != _is_bold(above) and (_is_short(above, right) or _is_bold(above)):
        return not (_is_bold(above) and len(group) == 1 and _ends_open(above) and not _is_short(above, right))
    if _ITEM.match(_text(row)) or (len(row.pieces) > 1 and _MARKER.match(row.pieces[0].text)):
        return True
    indented = row.left - above.left > 0.8 * row.size and row.left - left > 0.8 * row.size
    outdented_item = _ITEM.match(_text(group[0])) is not None and len(group) == 1
    if indented and not outdented_item and _is_short(above, right):
        return True
    # a line that stops far short of the margin ends its paragraph, unless all lines here are short
    return _is_short(above, right) and not _ends_open(above) and row.left <= above.left + 0.5 * row.size


def _is_bold(row: Row) -> bool:
    return all(piece.bold for piece in row.pieces)


def _is_short(row: Row, right: float) -> bool:
    return right - row.right > 4 * row.size


def _ends_open(row: Row) -> bool:
    """Whether the line ends in the middle of a sentence."""
    return row.pieces[-1].text[-1:] not in (".", ":", ";", "!", "?", "。")


def _text(row: Row) -> str:
    return " ".join(piece.text for piece in row.pieces)


def _paragraph(group: Sequence[Row], page: int, usual: Typography, words: Words) -> Block:
    text = ""
    soft = False
    for row in group:
        line = " ".join(_cells(row))
        if not text:
            text = line
        elif soft:
            text += line
        else:
            text = words.join(text, line)
        soft = row.pieces[-1].soft_hyphen
    pieces = [piece for row in group for piece in row.pieces]
    level = _heading_level(group, text, usual)
    kind = SegmentKind.HEADING if level else SegmentKind.PARAGRAPH
    if level is None and (_ITEM.match(text) or _MARKER.match(group[0].pieces[0].text)):
        kind = SegmentKind.LIST_ITEM
    return Block(text, kind, page, _page_box(pieces), level=level)


def _heading_level(group: Sequence[Row], text: str, usual: Typography) -> int | None:
    """The level of a heading by its size, or one below the sizes for bold lines; None for body text."""
    if len(text) > _HEADING_LENGTH or len(group) > 4 or not any(character.isalpha() for character in text):
        return None
    size = max(row.size for row in group)
    if size >= _HEADING_SIZE * usual.body and not text.endswith((";", ",")):
        larger = [known for known in usual.headings if known > size + 0.25]
        return min(6, len(larger) + 1)
    bold = all(_is_bold(row) for row in group)
    if bold and not usual.bold_body and len(group) <= 2 and not text.endswith(_TERMINAL) and len(text) > 2:
        return min(6, len(usual.headings) + 1)
    return None
