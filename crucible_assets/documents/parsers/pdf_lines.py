"""Pieces of text on a PDF page, in the page's own reading direction.

MuPDF gives lines; a line is cut where a gap is wider than a word space, so table cells and columns come apart.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from crucible_assets.documents.parsed import one_line

Box = tuple[float, float, float, float]
_BOLD: Final = 1 << 4  # MuPDF's span flags
_GAP: Final = 1.6  # em between spans from which they are cells of their own
_LIGATURES: Final = {ord(sign): unicodedata.normalize("NFKC", sign) for sign in "ﬀﬁﬂﬃﬄﬅﬆ"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text on one baseline. `box` is in reading direction, `page_box` as the page shows it; points."""

    text: str
    box: Box
    page_box: Box
    size: float
    bold: bool
    order: int  # place in the content stream
    soft_hyphen: bool = False  # ends with a soft hyphen: the word goes on in the next line

    @property
    def height(self) -> float:
        """Height of the line in points."""
        return self.box[3] - self.box[1]

    @property
    def middle(self) -> float:
        """Vertical middle."""
        return (self.box[1] + self.box[3]) / 2


def pieces_of(page: dict[str, Any]) -> list[list[Piece]]:
    """The pieces of a page from MuPDF's dictionary; one list per reading direction, the commonest first."""
    turned: dict[tuple[int, int], list[Piece]] = {}
    weight: Counter[tuple[int, int]] = Counter()
    order = 0
    for block in page["blocks"]:
        for line in block.get("lines", ()):
            direction = (round(line["dir"][0]), round(line["dir"][1]))
            for spans in _runs(line["spans"], direction):
                piece = _piece(spans, direction, order)
                if piece is None:
                    continue
                turned.setdefault(direction, []).append(piece)
                weight[direction] += len(piece.text)
                order += 1
    return [_without_doubles(turned[direction]) for direction, _ in weight.most_common()]


def _runs(spans: Sequence[dict[str, Any]], direction: tuple[int, int]) -> list[list[dict[str, Any]]]:
    """Cut a line's spans where the gap between two is wide."""
    runs: list[list[dict[str, Any]]] = []
    end = math.inf
    for span in spans:
        box = _turn(span["bbox"], direction)
        if not runs or box[0] - end > _GAP * span["size"]:
            runs.append([])
        runs[-1].append(span)
        end = box[2]
    return runs


def _piece(spans: list[dict[str, Any]], direction: tuple[int, int], order: int) -> Piece | None:
    raw = "".join(span["text"] for span in spans).translate(_LIGATURES)
    text = one_line(raw.replace("\xad", ""))
    if not text:
        return None
    filled = [span for span in spans if span["text"].strip()]
    boxes = [span["bbox"] for span in filled]
    page_box = union(boxes)
    weights: Counter[float] = Counter()
    bold = 0
    for span in filled:
        characters = len(span["text"].strip())
        weights[round(span["size"] * 2) / 2] += characters
        name = span["font"].lower()
        bold += characters if span["flags"] & _BOLD or "bold" in name or "black" in name else 0
    return Piece(
        text=text,
        box=_turn(page_box, direction),
        page_box=page_box,
        size=weights.most_common(1)[0][0],
        bold=2 * bold > sum(weights.values()),
        order=order,
        soft_hyphen=raw.rstrip().endswith("\xad"),
    )


def _turn(box: Sequence[float], direction: tuple[int, int]) -> Box:
    """The box in coordinates in which text of this direction runs from left to right."""
    x0, y0, x1, y1 = box
    if direction == (0, -1):  # upwards
        return (-y1, x0, -y0, x1)
    if direction == (0, 1):  # downwards
        return (y0, -x1, y1, -x0)
    if direction == (-1, 0):  # upside down
        return (-x1, -y1, -x0, -y0)
    return (x0, y0, x1, y1)


def _without_doubles(pieces: list[Piece]) -> list[Piece]:
    """Leave out text printed twice at the same place (shadows, poor man's bold)."""
    seen: set[tuple[str, int, int]] = set()
    kept = []
    for piece in pieces:
        x, y = round(piece.box[0] / 2), round(piece.box[1] / 2)
        if any((piece.text, x + dx, y + dy) in seen for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
            continue
        seen.add((piece.text, x, y))
        kept.append(piece)
    return kept


def union(boxes: Sequence[Sequence[float]]) -> Box:
    """The smallest box round all of them."""
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
