"""A document's text together with its folded form and its words, made once and shared by all its quotes."""

import re
import unicodedata
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache

from crucible_assets.extractions.grounding.folding import CJK, pieces

_WORD = re.compile(rf"\d+(?:[.,']\d+)*|[{CJK}]|(?:(?![\d_{CJK}])\w)+(?:'(?:(?![\d_{CJK}])\w)+)*")


@dataclass(frozen=True)
class PreparedText:
    """A document's text; its folded form and its words are made on first use and kept.

    Pickled as its text alone: every worker process prepares the few documents in hand for itself, once.
    """

    text: str

    @property
    def folded(self) -> str:
        """The folded form of the text (see `folding`)."""
        return self._map.folded

    def span(self, start: int, end: int, *, widen: bool = False) -> tuple[int, int] | None:
        """The span of the text behind folded[start:end], 0 <= start < end <= len(folded).

        None where that would cut a character, a ligature or a run of spaces; with `widen`, all of it instead.
        Signs that folding left out (vowel points) stay with their letter.
        """
        span = self._map.span(start, end, widen=widen)
        if span is None:
            return None
        finish = span[1]
        while finish < len(self.text) and unicodedata.combining(self.text[finish]):
            finish += 1
        return span[0], finish

    @cached_property
    def words(self) -> "Words":
        """The words of the folded text; only fuzzy placing needs them."""
        return words_of(self.folded)

    @cached_property
    def _map(self) -> "_FoldMap":
        return _fold_map(self.text)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return _shared, (self.text,)


@lru_cache(maxsize=8)
def _shared(text: str) -> PreparedText:
    """The prepared text of a worker process: the same object for every quote of a document."""
    return PreparedText(text)


@dataclass(frozen=True, slots=True)
class _FoldMap:
    """A folded text as pieces: piece i is folded[folded_starts[i]:…[i + 1]] and text[text_starts[i]:…[i + 1]].

    An atomic piece (a ligature, an accented letter, a run of spaces) is mapped as a whole; in any other, the
    characters correspond one to one.
    """

    folded: str
    folded_starts: "array[int]"
    text_starts: "array[int]"
    atomic: bytes

    def span(self, start: int, end: int, *, widen: bool) -> tuple[int, int] | None:
        first = bisect_right(self.folded_starts, start) - 1
        last = bisect_right(self.folded_starts, end - 1) - 1
        begin, finish = self.text_starts[first], self.text_starts[last + 1]
        if not self.atomic[first]:
            begin += start - self.folded_starts[first]
        elif start != self.folded_starts[first] and not widen:
            return None
        if not self.atomic[last]:
            finish = self.text_starts[last] + end - self.folded_starts[last]
        elif end != self.folded_starts[last + 1] and not widen:
            return None
        return begin, finish


def _fold_map(text: str) -> _FoldMap:
    folded: list[str] = []
    folded_starts, text_starts, atomic = array("l"), array("l"), bytearray()
    length = 0
    for start, _, form, whole in pieces(text):
        folded_starts.append(length)
        text_starts.append(start)
        atomic.append(whole)
        folded.append(form)
        length += len(form)
    folded_starts.append(length)
    text_starts.append(len(text))
    return _FoldMap("".join(folded), folded_starts, text_starts, bytes(atomic))


@dataclass(frozen=True)
class Words:
    """The words of a folded text: numbers with their separators, letters with inner apostrophes, CJK signs."""

    words: tuple[str, ...]
    starts: tuple[int, ...]  # character offsets into the folded text
    positions: dict[str, list[int]]  # word → indices at which it stands, rising

    def end(self, index: int) -> int:
        """The offset at which word `index` ends in the folded text."""
        return self.starts[index] + len(self.words[index])


def words_of(folded: str) -> Words:
    """Split a folded text into words and index them."""
    words: list[str] = []
    starts: list[int] = []
    positions: dict[str, list[int]] = {}
    for match in _WORD.finditer(folded):
        word = match.group()
        positions.setdefault(word, []).append(len(words))
        words.append(word)
        starts.append(match.start())
    return Words(tuple(words), tuple(starts), positions)
