"""What a slip is and what says something else: the words of a quote against those of a stretch of a document."""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from crucible_assets.extractions.grounding.align import Alignment
from crucible_assets.extractions.grounding.exact import exact_spans
from crucible_assets.extractions.grounding.folding import fold
from crucible_assets.extractions.grounding.meaning import (
    canonical,
    is_number,
    is_quantity,
    is_scale,
    negates,
    negating_parts,
    opposed,
    skeleton,
)
from crucible_assets.extractions.grounding.prepared import PreparedText

MIN_WORD_SIMILARITY = 80.0  # rapidfuzz ratio from which two words in the same place count as one with a slip
_LEAST_LIKENESS = 50.0  # rapidfuzz ratio; below it words have no slip in common, however they are read
_LEAST_WORD_WITH_A_SLIP = 3  # letters
_CLAUSE, _MOST_OF_A_CLAUSE = 8, 4  # words in a row of a quote, and how many of them may be unmatched
_LONGEST_PARTICLE = 3  # letters of a word that may be another where no capitals tell names
_SENTENCE_ENDS = re.compile(r"[.!?:;…|#*•\n\"“„«]")
_WORD_BREAK = re.compile("[-\u00ad\u2010\u2011]\\s*?[\n\f]")  # a hyphen at the end of a line
_PAGE_EDGE = re.compile(r"[^\w\n]*(?:\w+-)?[^\w\n]*\n(?:.*\n)?[^\w\n]*(?:\w+[^\w\n]*)?", re.DOTALL)


@dataclass(frozen=True)
class Stretch:
    """Consecutive words of a text: folded forms and where each stands in it."""

    document: PreparedText
    words: list[tuple[str, int, int]]

    @cached_property
    def forms(self) -> list[str]:
        """The canonical form of each word: equal for equal words and for numbers of equal value."""
        return [canonical(word) for word, _, _ in self.words]

    @cached_property
    def cased(self) -> bool:
        """Whether capitals tell anything: there are words that begin small and words that begin large."""
        initials = [self.document.text[start] for _, start, _ in self.words]
        return any(c.islower() for c in initials) and any(c.isupper() for c in initials)

    @cached_property
    def has_small(self) -> bool:
        """Whether any word begins small: capitals would be seen."""
        return any(self.document.text[start].islower() for _, start, _ in self.words)

    def original(self, index: int) -> str:
        """A word as it stands in the text."""
        _, start, end = self.words[index]
        return self.document.text[start:end]

    def between(self, left: int, right: int) -> str:
        """The text between two words."""
        return self.document.text[self.words[left][2] : self.words[right][1]]

    def hyphenated(self, left: int, right: int) -> str | None:
        """The word that begins in one word, up to a hyphen at the end of a line, and ends in a later one, if any.

        Folding has joined the first half with a word that begins the next line: 'mis-⏎Page' of 'missing'.
        """
        _, start, end = self.words[left]
        text = self.document.text
        line_end = _WORD_BREAK.search(text, start, self.words[right][1])
        if line_end is None or line_end.start() > end:
            return None
        return fold(text[start : line_end.start()]) + self.words[right][0]

    def is_large(self, index: int) -> bool:
        """Whether a word has a capital."""
        return any(c.isupper() for c in self.original(index))

    def is_caseless(self, index: int) -> bool:
        """Whether a word is of a script without capitals."""
        return not any(c.isupper() or c.islower() for c in self.original(index))

    def begins_sentence(self, index: int) -> bool:
        """Whether a word may have its capital from standing first."""
        return index == 0 or _SENTENCE_ENDS.search(self.between(index - 1, index)) is not None

    def negates(self, index: int) -> bool:
        """Whether a word negates."""
        following = self.words[index + 1][0] if index + 1 < len(self.words) else ""
        return negates(self.words[index][0], following)


@dataclass(frozen=True)
class Comparison:
    """A quote beside a window of the document."""

    quote: Stretch
    window: Stretch
    standing: list[bool]  # for each word of the quote whether it stands anywhere in the document

    def similar(self, i: int, at: int) -> bool:
        """Whether two different words in the same place are one with a slip."""
        quoted, standing = self.quote.words[i][0], self.window.words[at][0]
        if fuzz.ratio(quoted, standing) < _LEAST_LIKENESS:
            return False
        if is_quantity(quoted) or is_quantity(standing) or self.quote.negates(i) or self.window.negates(at):
            return False
        if skeleton(quoted) == skeleton(standing):
            return True
        if self._is_half(quoted, at):
            return False  # the other half would be left over, and may look like a negation
        if self.standing[i] or opposed(quoted, standing):
            return False  # a word that stands elsewhere is another word, not a slip
        long_enough = min(len(quoted), len(standing)) >= _LEAST_WORD_WITH_A_SLIP
        if long_enough and quoted[0] == standing[0] and OSA.distance(quoted, standing, score_cutoff=1) <= 1:
            return True
        return not self._is_name(i, at) and fuzz.ratio(quoted, standing) >= MIN_WORD_SIMILARITY

    def furniture(self, left: int, right: int) -> bool:
        """Whether what stands between two words of the window are whole lines: the foot and the head of a page."""
        return _PAGE_EDGE.fullmatch(self.window.between(left, right)) is not None

    def says_the_same(self, alignment: Alignment) -> bool:
        """Whether nothing that decides the meaning differs.

        The quote has no clause of its own. Every number, quantity, currency, month, negation and name of the quote is
        matched; no negation of the span is left over; no number is cut; where no capitals tell names, no longer word
        stands for another.
        """
        pairs = alignment.pairs
        length = len(self.quote.words)
        # Words at the quote's ends that were not matched stand for as many beside the span: those may negate too.
        start = max(0, pairs[0][1] - pairs[0][0])
        end = min(len(self.window.words), pairs[-1][1] + length - pairs[-1][0])
        between = pairwise([(-1, start - 1), *pairs, (length, end)])
        gaps = [(range(i + 1, j), range(at + 1, to)) for (i, at), (j, to) in between]
        return (
            not _has_own_clause([i for i, _ in pairs], length)
            and not any(self._differs(quoted, standing) for quoted, standing in gaps if quoted or standing)
            and not self._cut_number([at for _, at in pairs])
            and negating_parts([word for word, _, _ in self.quote.words])
            == negating_parts([word for word, _, _ in self.window.words[start:end]])
        )

    def _differs(self, quoted: range, standing: range) -> bool:
        """Whether words of the quote say something else than those that stand in their place."""
        if self._broken(quoted, standing):
            # The halves of a hyphenated word are no words: 'mai-' of 'mainly' negates in Italian, 'not-' of 'notice'.
            hyphenated = self.window.hyphenated(standing[0], standing[-1]) == self.quote.words[quoted[0]][0]
            return any(self.window.negates(at) for at in (standing[1:-1] if hyphenated else standing))
        return (
            any(is_quantity(self.quote.words[i][0]) or self.quote.negates(i) for i in quoted)
            or any(self.window.negates(at) for at in standing)
            or any(opposed(self.quote.words[i][0], self.window.words[at][0]) for i in quoted for at in standing)
            or any(self._another(i, standing) for i in quoted)
            or bool(standing and self._others(quoted, standing))
        )

    def _broken(self, quoted: range, standing: range) -> bool:
        """Whether a single word of the quote is broken in the document, by the foot and head of a page."""
        if len(quoted) != 1 or len(standing) < 2:
            return False
        words, first, last = self.window.words, standing[0], standing[-1]
        halves = words[first][0] + words[last][0], self.window.hyphenated(first, last)
        return self.quote.words[quoted[0]][0] in halves

    def _is_half(self, quoted: str, at: int) -> bool:
        """Whether a word of the window is one half of a word of the quote, hyphenated over a page break.

        The halves of a word over a mere line's end have been joined by folding.
        """
        window = self.window
        head, tail = quoted.removesuffix(window.words[at][0]), quoted.removeprefix(window.words[at][0])
        if head == tail:  # it neither begins nor ends the word
            return False
        return any(
            (other < at and word.startswith(head) and window.hyphenated(other, at) == quoted)
            or (other > at and word == tail and window.hyphenated(at, other) == quoted)
            for other, (word, _, _) in enumerate(window.words)
        )

    def _is_name(self, i: int, at: int) -> bool:
        """Whether either of two words in the same place is a name by its capital."""
        quoted = self.quote.has_small and self.quote.is_large(i) and not self.quote.begins_sentence(i)
        standing = self.window.has_small and self.window.is_large(at) and not self.window.begins_sentence(at)
        return quoted or standing

    def _another(self, i: int, standing: range) -> bool:
        """Whether an unmatched word of the quote names somebody or something that is not there."""
        if not self.quote.has_small or not self.quote.is_large(i):
            return False
        if not self.quote.begins_sentence(i):
            return True
        # 'The' may have become 'This', but a word that is never written small is a name.
        return any(not self._common(self.quote, i) or self._names(at) for at in standing)

    def _names(self, at: int) -> bool:
        if not self.window.has_small or not self.window.is_large(at):
            return False
        return not self.window.begins_sentence(at) or not self._common(self.window, at)

    def _common(self, stretch: Stretch, index: int) -> bool:
        return bool(exact_spans(stretch.original(index).lower(), self.window.document.text))

    def _others(self, quoted: range, standing: range) -> bool:
        """Whether, without capitals in the quote, what stands in place of its words may be another name."""
        if not self.quote.cased and self.window.has_small:
            return bool(quoted) and any(
                self.window.is_large(at) and not self.window.begins_sentence(at) for at in standing
            )
        words = [self.quote.words[i][0] for i in quoted if not self.quote.cased or self.quote.is_caseless(i)]
        alone = all(len(word) == 1 for word in words)
        return len(words) > 1 if alone else any(len(word) > _LONGEST_PARTICLE for word in words)

    def _cut_number(self, matched: list[int]) -> bool:
        """Whether within the span a number goes on in a word that is not matched: '14 200', '2.5 million'."""
        words, among = self.window.words, set(matched)
        for left, right in pairwise(range(matched[0], matched[-1] + 1)):
            if (left in among) == (right in among) or not is_number(words[left][0]):
                continue
            between = self.window.between(left, right)
            if left and not self.window.between(left - 1, left):
                continue  # a footnote's mark, glued to a word
            if len(between) != 1 or not between.isspace():
                continue
            group = words[right][0].isdecimal() and len(words[right][0]) == 3 and len(words[left][0]) <= 3
            if group or is_scale(words[right][0]):
                return True
        return False


def _has_own_clause(matched: list[int], length: int) -> bool:
    """Whether, somewhere in a quote of so many words, most of a few in a row are not matched."""
    among = set(matched)
    missing = list(accumulate((i not in among for i in range(length)), initial=0))
    return any(missing[min(length, i + _CLAUSE)] - missing[i] > _MOST_OF_A_CLAUSE for i in range(length))
