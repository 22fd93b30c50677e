"""Which headings stand over a place in a document."""

from bisect import bisect_right
from collections.abc import Sequence

from resources.vocabulary import Segment, SegmentKind

_LONGEST = 200  # characters; a parser may take a whole paragraph for a heading


class Headings:
    """The headings of a document with their paths; a heading without a level counts as level 1."""

    def __init__(self, text: str, segments: Sequence[Segment]) -> None:
        self._starts: list[int] = []
        self._paths: list[tuple[str, ...]] = []
        open_headings: list[tuple[int, str]] = []
        for segment in segments:
            if segment.kind is not SegmentKind.HEADING:
                continue
            level = segment.level or 1
            title = " ".join(text[segment.start : segment.end][:_LONGEST].split())
            open_headings = [(other, name) for other, name in open_headings if other < level]
            open_headings.append((level, title))
            self._starts.append(segment.start)
            self._paths.append(tuple(name for _, name in open_headings))

    def path_at(self, offset: int) -> tuple[str, ...]:
        """Titles of the headings in force at `offset`, outermost first; one that begins there is included."""
        place = bisect_right(self._starts, offset) - 1
        return self._paths[place] if place >= 0 else ()
