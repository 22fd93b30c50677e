"""Reading order of a page: columns are told from tables, and rows are put together from pieces.

A gutter is a vertical stretch of white. Text that crosses it cuts the page into bands; within a band the left
column is read before the right one when both look like prose, and row by row when they look like a table. This is
the recursive XY cut (Nagy and Seth 1984) with the content stream's own order as a further witness: a program that
sets columns writes one after the other, one that sets a table goes from cell to cell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from crucible_assets.documents.parsers.pdf_lines import Piece

_MINIMUM_GUTTER: Final = 0.8  # em
_MINIMUM_LINES: Final = 4  # of a column
_PROSE_CHARACTERS: Final = 16  # median length of the lines of a column of prose
_PROSE_FILL: Final = 0.55  # median width of its lines as a share of the column
_SAME_LINE: Final = 0.5  # overlap of heights from which two pieces stand on one line
_DEEPEST: Final = 4
_MOST_CROSSING: Final = 0.6  # share of pieces that may run across a gutter
_CANDIDATES: Final = 3  # gutters tried in earnest, for the time it takes


@dataclass(frozen=True, slots=True)
class Row:
    """The pieces of one line within one column, from left to right."""

    pieces: tuple[Piece, ...]

    @property
    def top(self) -> float:
        """Upper edge in points."""
        return min(piece.box[1] for piece in self.pieces)

    @property
    def bottom(self) -> float:
        """Lower edge in points."""
        return max(piece.box[3] for piece in self.pieces)

    @property
    def left(self) -> float:
        """Left edge in points."""
        return self.pieces[0].box[0]

    @property
    def right(self) -> float:
        """Right edge in points."""
        return max(piece.box[2] for piece in self.pieces)

    @property
    def size(self) -> float:
        """Type size of the longest piece in points."""
        return max(self.pieces, key=lambda piece: len(piece.text)).size


def regions(pieces: Sequence[Piece]) -> list[list[Row]]:
    """Regions of a page in reading order, each a list of rows from top to bottom."""
    if not pieces:
        return []
    return [rows_of(region) for region in _columns(list(pieces), 0)]


def rows_of(pieces: Sequence[Piece]) -> list[Row]:
    """Put pieces that stand on one line together."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda p: (p.middle, p.box[0])):
        for row in reversed(rows[-3:]):
            if _on_one_line(row[0], piece) and not any(_covers(other, piece) for other in row):
                row.append(piece)
                break
        else:
            rows.append([piece])
    return [Row(tuple(sorted(row, key=lambda p: p.box[0]))) for row in rows]


def _on_one_line(first: Piece, second: Piece) -> bool:
    overlap = min(first.box[3], second.box[3]) - max(first.box[1], second.box[1])
    return overlap > _SAME_LINE * min(first.height, second.height)


def _covers(first: Piece, second: Piece) -> bool:
    """Whether one stands over the other, as a line over the next in tight type."""
    overlap = min(first.box[2], second.box[2]) - max(first.box[0], second.box[0])
    return overlap > 0.5 * min(first.box[2] - first.box[0], second.box[2] - second.box[0])


def _columns(pieces: list[Piece], depth: int) -> Iterator[list[Piece]]:
    gutter = _gutter(pieces) if depth < _DEEPEST else None
    if gutter is None:
        yield pieces
        return
    for band, split in _bands(pieces, gutter):
        if split:
            for side in (True, False):
                yield from _columns([p for p in band if (_centre(p) < gutter) == side], depth + 1)
        elif len(band) < len(pieces):
            yield from _columns(band, depth + 1)
        else:
            yield band


def _centre(piece: Piece) -> float:
    return (piece.box[0] + piece.box[2]) / 2


def _gutter(pieces: list[Piece]) -> float | None:
    """The x of the best gutter between two columns of prose, None when there is none.

    Candidates are the left edges at which several lines begin; the best is crossed by the fewest pieces.
    """
    if len(pieces) < 2 * _MINIMUM_LINES:
        return None
    em = median(piece.size for piece in pieces)
    left, right = min(p.box[0] for p in pieces), max(p.box[2] for p in pieces)
    starts: dict[int, int] = {}
    for piece in pieces:
        starts[round(piece.box[0] / 3)] = starts.get(round(piece.box[0] / 3), 0) + 1
    candidates: list[tuple[int, float]] = []
    for start, count in starts.items():
        x = start * 3 - _MINIMUM_GUTTER * em / 2 - 1.5
        near = count + starts.get(start - 1, 0) + starts.get(start + 1, 0)
        if near < _MINIMUM_LINES or not left + 6 * em < x < right - 6 * em:
            continue
        crossing = sum(p.box[0] < x - 1 and p.box[2] > x + 1 for p in pieces)
        if crossing <= _MOST_CROSSING * len(pieces):
            candidates.append((near - crossing, x))
    best: tuple[float, float] | None = None
    for _, x in sorted(candidates, reverse=True)[:_CANDIDATES]:
        score = sum(len(band) for band, split in _bands(pieces, x) if split) / len(pieces)
        if score > 0.2 and (best is None or score > best[0]):
            best = (score, x)
    return best[1] if best else None


def _bands(pieces: list[Piece], gutter: float) -> list[tuple[list[Piece], bool]]:
    """Cut the page at the pieces that cross the gutter; True where a band reads as two columns."""
    bands: list[tuple[list[Piece], bool]] = []
    run: list[Piece] = []
    loose: list[Piece] = []  # what reads straight across

    def close() -> None:
        nonlocal run, loose
        if run and _are_columns(run, gutter):
            if loose:
                bands.append((loose, False))
            bands.append((run, True))
            loose = []
        else:
            loose += run
        run = []

    for piece in sorted(pieces, key=lambda p: p.box[1]):
        if piece.box[0] < gutter - 1 and piece.box[2] > gutter + 1:
            close()
            loose.append(piece)
        else:
            run.append(piece)
    close()
    if loose:
        bands.append((loose, False))
    return bands


def _are_columns(band: list[Piece], gutter: float) -> bool:
    """Whether the pieces left and right of the gutter are two columns of prose."""
    sides = [[p for p in band if p.box[2] <= gutter + 1], [p for p in band if p.box[2] > gutter + 1]]
    for side in sides:
        rows = rows_of(side)
        if len(rows) < _MINIMUM_LINES:
            return False
        width = max(p.box[2] for p in side) - min(p.box[0] for p in side)
        lengths = [sum(len(p.text) for p in row.pieces) for row in rows]
        fills = [(row.right - row.left) / max(1.0, width) for row in rows]
        if median(lengths) < _PROSE_CHARACTERS or median(fills) < _PROSE_FILL:
            return False
        if 2 * sum(len(row.pieces) > 1 for row in rows) > len(rows) and median(lengths) < 2 * _PROSE_CHARACTERS:
            return False
    ordered = sorted(band, key=lambda p: p.order)
    is_left = [p.box[2] <= gutter + 1 for p in ordered]
    switches = sum(a != b for a, b in pairwise(is_left))
    return switches <= max(3, 0.35 * len(rows_of(band)))
