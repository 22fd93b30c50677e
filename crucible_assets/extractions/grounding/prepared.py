"""A document's text together with its folded forms and its words, made once and shared by all its quotes."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from crucible_assets.extractions.grounding.characters import is_mark, text_of
from crucible_assets.extractions.grounding.folding import Folded, fold_text
from crucible_assets.extractions.grounding.words import Words, bare_of, words_of


@dataclass(frozen=True)
class PreparedText:
    """A document's text; each of its other forms is made on first use and kept, so an exact quote pays for none.

    Pickled as its text alone: every worker process prepares the few documents in hand for itself, once.
    """

    text: str

    @cached_property
    def folded(self) -> str:
        """The folded form of the text (see `folding`)."""
        return text_of(self._folded.codes)

    @cached_property
    def bare(self) -> str:
        """The letters, digits and signs of quantity of the folded text alone (see `words.bare_of`)."""
        return text_of(self._folded.codes[self._bare])

    @cached_property
    def words(self) -> Words:
        """The words of the folded text; only fuzzy placing needs them."""
        return words_of(self._folded.codes)

    def span(self, start: int, end: int, *, widen: bool = False) -> tuple[int, int] | None:
        """The span of the text behind folded[start:end], 0 <= start < end <= len(folded).

        None where that would cut a character or a ligature; with `widen`, all of it instead. Signs that folding left
        out (vowel points) stay with their letter.
        """
        origins = self._folded.origins
        first, last = int(origins[start]), int(origins[end - 1])
        if not widen:
            cut_before = start > 0 and origins[start - 1] == first
            cut_after = end < len(origins) and origins[end] == last
            if cut_before or cut_after:
                return None
        behind = int(origins[end]) if end < len(origins) else len(self.text)
        return first, self.with_marks(last + 1, behind)

    def with_marks(self, end: int, behind: int | None = None) -> int:
        """The end of a span, moved over the marks that belong to its last letter, at most to `behind`."""
        behind = len(self.text) if behind is None else behind
        while end < behind and is_mark(self.text[end]):
            end += 1
        return end

    def bare_span(self, start: int, end: int) -> tuple[int, int] | None:
        """The span of the text behind bare[start:end]; None where that would cut a character or a ligature."""
        return self.span(int(self._bare[start]), int(self._bare[end - 1]) + 1)

    def folded_offset(self, at: int) -> int:
        """The offset into `folded` from which on characters stand for text[at:]."""
        return int(np.searchsorted(self._folded.origins, at)) if at > 0 else 0

    def bare_offset(self, at: int) -> int:
        """The offset into `bare` from which on characters stand for text[at:]."""
        return int(np.searchsorted(self._bare, self.folded_offset(at))) if at > 0 else 0

    def word_spans(self, first: int, end: int) -> list[tuple[str, int, int]]:
        """(folded word, start and end of it in the text) of the words with indices first to end, end excluded."""
        starts, ends = self.words.starts[first:end], self.words.ends[first:end]
        origins = self._folded.origins
        return [
            (self.folded[start:finish], begin, last + 1)
            for start, finish, begin, last in zip(
                starts.tolist(), ends.tolist(), origins[starts].tolist(), origins[ends - 1].tolist(), strict=True
            )
        ]

    @cached_property
    def _folded(self) -> Folded:
        return fold_text(self.text)

    @cached_property
    def _bare(self) -> NDArray[np.intp]:
        """Where the characters of the bare form stand in the folded one."""
        return bare_of(self._folded.codes)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return _shared, (self.text,)


@lru_cache(maxsize=32)
def prepared_quote(quote: str) -> PreparedText:
    """The prepared form of a quote, made once for all phases."""
    return PreparedText(quote)


@lru_cache(maxsize=8)
def _shared(text: str) -> PreparedText:
    """The prepared text of a worker process: the same object for every quote of a document."""
    return PreparedText(text)
