"""Which headings stand over a place in a document."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Self

from resources.vocabulary import Segment, SegmentKind

LONGEST_HEADING = 200
"""Characters; a parser may take a whole paragraph for a heading."""


class Headings:
    """The headings of a document with their paths; a heading without a level counts as level 1."""

    def __init__(self, text: str, segments: Sequence[Segment]) -> None:
        self._starts: list[int] = []
        self._paths: list[tuple[str, ...]] = []
        self._open(
            (segment.start, segment.level, text[segment.start : segment.end])
            for segment in segments
            if segment.kind is SegmentKind.HEADING
        )

    @classmethod
    def of(cls, headings: Iterable[tuple[int, int | None, str]]) -> Self:
        """From (start, level, text) of each heading, in the order of the document."""
        made = cls("", ())
        made._open(headings)
        return made

    def path_at(self, offset: int) -> tuple[str, ...]:
        """Titles of the headings in force at `offset`, outermost first; one that begins there is included."""
        place = bisect_right(self._starts, offset) - 1
        return self._paths[place] if place >= 0 else ()

    def _open(self, headings: Iterable[tuple[int, int | None, str]]) -> None:
        open_headings: list[tuple[int, str]] = []
        for start, said, text in headings:
            level = said or 1
            open_headings = [(other, name) for other, name in open_headings if other < level]
            open_headings.append((level, " ".join(text[:LONGEST_HEADING].split())))
            self._starts.append(start)
            self._paths.append(tuple(name for _, name in open_headings))
