"""Where a text may be cut, best places first: headings, paragraphs, rows, sentences, lines, words, characters."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from resources.vocabulary import Segment, SegmentKind

_LEVELS = 9  # headings deeper than this cut as this
_PARAGRAPH = _LEVELS + 1
_ROW = _LEVELS + 2
_ROWS = frozenset({SegmentKind.LIST_ITEM, SegmentKind.TABLE_ROW, SegmentKind.SHEET_ROW})

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
# an end mark, closing quotes and brackets, then white space; scripts that write no spaces need none
_SENTENCE = re.compile(r"[.!?…][\"'”’»)\]]*\s+|[。！？｡][”』」）】]*\s*|[।؟۔][\"”»)\]]*\s+")
_LINE = re.compile(r"\n\s*")
_WORD = re.compile(r"\s+")
_LAST_WORD = re.compile(r"[\w.]*$")
_ABBREVIATION = re.compile(
    r"mr|mrs|ms|dr|prof|st|jr|sr|nos?|nr|arts?|sec|figs?|eq|ch|vol|pp?|para|cf|vs|al|approx|e\.g|i\.e|inc|ltd|co|corp"
    r"|dept|est|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|bzw|ca|abs|bd|hr|fr|z\.b|d\.h|[^\W\d_]|\d{1,2}"
)  # the last two: initials, and numbers of list items
_MARKS = frozenset({"Mn", "Mc", "Me"})
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


class Boundaries:
    """The cut places of one document.

    Places come in ranks. A place before a heading ranks by the heading's level, a place straight after a heading is
    none (a heading stays with what it heads). What lies inside the segments is found in the text itself, so a
    document without segments, or with one of 20 MB, is cut as well.
    """

    def __init__(self, text: str, segments: Sequence[Segment]) -> None:
        self._text = text
        places: list[tuple[int, int]] = []
        self._after_heading: set[int] = set()
        for before, after in pairwise(segments):
            if before.kind is SegmentKind.HEADING:
                self._after_heading.add(after.start)
            else:
                places.append((after.start, _rank(before, after)))
        self._offsets = [offset for offset, _ in places]
        self._ranks = [rank for _, rank in places]

    def best(self, low: int, high: int, target: int) -> int:
        """The best place in `low..high` (both included): highest rank, and of these the nearest to `target`.

        Without any place between words it is `target`, moved so that no letter is parted from its marks.
        """
        first, last = bisect_left(self._offsets, low), bisect_right(self._offsets, high)
        if first < last:
            ranked = zip(self._ranks[first:last], self._offsets[first:last], strict=True)
            rank, offset = min(ranked, key=lambda place: (place[0], abs(place[1] - target)))
            if rank <= _PARAGRAPH:
                return offset
            paragraph = _nearest(self._ends(_BLANK_LINE, low, high), target)
            return offset if paragraph is None else paragraph
        for places in (
            self._ends(_BLANK_LINE, low, high),
            self._sentence_ends(low, high),
            self._ends(_LINE, low, high),
            self._ends(_WORD, low, high),
        ):
            found = _nearest(places, target)
            if found is not None:
                return found
        return self._between_characters(low, high, target)

    def _ends(self, pattern: re.Pattern[str], low: int, high: int) -> Iterator[int]:
        """Ends of matches in `low..high`, apart from those that would part a heading from its text."""
        for match in pattern.finditer(self._text, max(0, low - 1), high):
            if match.end() >= low and match.end() not in self._after_heading:
                yield match.end()

    def _sentence_ends(self, low: int, high: int) -> Iterator[int]:
        for match in _SENTENCE.finditer(self._text, max(0, low - 2), high):
            end = match.end()
            if end >= low and end not in self._after_heading and self._ends_sentence(match.start(), end):
                yield end

    def _ends_sentence(self, mark: int, end: int) -> bool:
        """Whether the mark ends a sentence, and not an abbreviation, an initial, or a number in a list."""
        following = self._text[end : end + 1]
        if following.islower():
            return False
        if self._text[mark] != ".":
            return True
        word = _LAST_WORD.search(self._text, max(0, mark - 12), mark)
        return word is None or _ABBREVIATION.fullmatch(word.group().casefold()) is None

    def _between_characters(self, low: int, high: int, target: int) -> int:
        offset = min(max(target, low), high)
        while offset > low and offset < len(self._text) and _belongs_to_previous(self._text, offset):
            offset -= 1
        return offset


def _nearest(places: Iterable[int], target: int) -> int | None:
    return min(places, key=lambda place: abs(place - target), default=None)


def _rank(before: Segment, after: Segment) -> int:
    if after.kind is SegmentKind.HEADING:
        return min(max(after.level or 1, 1), _LEVELS)
    return _ROW if before.kind in _ROWS and after.kind is before.kind else _PARAGRAPH


def _belongs_to_previous(text: str, offset: int) -> bool:
    """Whether the character at `offset` forms one letter or sign with the one before."""
    here, before = text[offset], text[offset - 1]
    joined = here in _JOINERS or before == "\u200d" or (before == "\r" and here == "\n")
    return joined or unicodedata.category(here) in _MARKS
