"""Rows of cells as readable text: shared by CSV and spreadsheets."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from crucible_assets.documents.parsed import CELL_SEPARATOR, LINE_BREAK, PARAGRAPH_BREAK, Block, one_line
from resources.vocabulary import SegmentKind

_LONGEST_HEADING: Final = 80  # characters


def header_of(rows: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """The first row, when it names the columns.

    That is: at least two rows and two columns, every cell filled, distinct, short and no number.
    """
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    names = tuple(one_line(cell) for cell in rows[0])
    while names and not names[-1]:
        names = names[:-1]
    plain = [name for name in names if name and len(name) <= _LONGEST_HEADING and not _numeric(name)]
    if len(plain) < max(2, len(names)) or len(set(plain)) < len(plain):
        return None
    return names if max(len(row) for row in rows[:50]) <= len(names) + 1 else None


def _numeric(cell: str) -> bool:
    return not any(character.isalpha() for character in cell)


def row_blocks(
    rows: Sequence[Sequence[str]], header: tuple[str, ...] | None, label: Callable[[int], str]
) -> Iterator[Block]:
    """One block per row; rows after a header carry its names: 'Header: value | Header: value'.

    `label` gives the label of the row with this index in `rows`. Empty cells are left out of named rows, and kept
    between filled ones in rows without a header so that columns keep their order.
    """
    for index, row in enumerate(rows):
        cells = [one_line(cell) for cell in row]
        if header is not None and index > 0:
            text = CELL_SEPARATOR.join(
                f"{header[column]}: {cell}" if column < len(header) else cell
                for column, cell in enumerate(cells)
                if cell
            )
        else:
            while cells and not cells[-1]:
                cells.pop()
            text = CELL_SEPARATOR.join(cells)
        separator = LINE_BREAK if index else PARAGRAPH_BREAK
        yield Block(text, SegmentKind.SHEET_ROW, label=label(index), separator=separator)
