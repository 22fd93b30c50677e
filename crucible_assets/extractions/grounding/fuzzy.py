"""Third phase: the quote stands in the text but for slips: a word changed, left out or put in, a letter misread.

The places at which its words let it stand (`seeds`) are aligned word by word (`align`), and the best alignment must
pass the gate:

- coverage: the matched share of the quote's words, rare words weighing more, is at least `MIN_COVERAGE`;
- density: the matched share of the words in the span is at least `MIN_DENSITY`; the foot and head of a page in the
  middle of the quote do not count;
- nothing that decides what it says differs (`slips`): numbers, quantities, names, negations.

The gate on coverage is that of langextract (0.75); its gate on density (1/3) let spans of mostly other words pass.
"""

from dataclasses import dataclass

from crucible_assets.extractions.grounding.align import Alignment, align
from crucible_assets.extractions.grounding.exact import exact_spans
from crucible_assets.extractions.grounding.prepared import PreparedText, prepared_quote
from crucible_assets.extractions.grounding.seeds import likely_places, shared_words, weights
from crucible_assets.extractions.grounding.slips import Comparison, Stretch

MIN_COVERAGE = 0.75
MIN_DENSITY = 0.5
_PROMISING = 0.3  # coverage from which a place is looked at again with room for a page's foot and head
_WORTH_TIGHTENING = 0.6  # coverage
_ROOM = 80  # words of a page's foot and head
_MOST_BROKEN_PAGES = 2  # places that are looked at again
_SURE = 0.95  # score from which less likely places are not looked at
_MOST_QUOTE_WORDS = 800  # of a longer quote the first words are placed


@dataclass(frozen=True, slots=True)
class FuzzySpan:
    """A span of the original text and how well the quote's words match it, 0 < score <= 1."""

    start: int
    end: int
    score: float


def fuzzy_spans(quote: str, document: PreparedText, near: int | None = None) -> list[FuzzySpan]:
    """The spans that pass the gate and score as well as the best one, rising; mostly one or none.

    Where the words of the best one stand again, in the same spelling, those places count as well.
    """
    prepared = prepared_quote(quote.strip())
    stretch = Stretch(prepared, prepared.word_spans(0, _MOST_QUOTE_WORDS))
    words = [word for word, _, _ in stretch.words]
    if not words:
        return []
    shared = shared_words(words, document)
    wanted = _Quote(stretch, weights(shared, len(document.words)), [count > 0 for count in shared.counts.tolist()])
    accepted: dict[tuple[int, int], float] = {}
    for number, place in enumerate(likely_places(words, shared, document)):
        found = _at(wanted, document, place, broken_page=number < _MOST_BROKEN_PAGES)
        if found is not None:
            accepted[found.start, found.end] = max(found.score, accepted.get((found.start, found.end), 0.0))
            if found.score >= _SURE:
                break
    best = max(accepted.values(), default=0.0)
    equal = {span for span, score in accepted.items() if score >= best - 1e-9}
    texts = {document.text[start:end] for start, end in equal}
    again = {span for text in texts for span in exact_spans(text, document.text, near)}
    return [FuzzySpan(start, end, best) for start, end in sorted(equal | again)]


@dataclass(frozen=True, slots=True)
class _Quote:
    """A quote's words, their weights, and whether each stands anywhere in the document."""

    stretch: Stretch
    weights: list[float]
    standing: list[bool]


@dataclass(frozen=True, slots=True)
class _Aligned:
    """A quote aligned with the words of a document with the indices begin to end."""

    begin: int
    end: int
    comparison: Comparison
    alignment: Alignment

    @property
    def extent(self) -> tuple[int, int]:
        """The indices that the whole quote would take up, with its words that were not matched at either end."""
        (i, at), (j, to) = self.alignment.pairs[0], self.alignment.pairs[-1]
        return self.begin + at - i, self.begin + to + len(self.comparison.quote.words) - j

    @property
    def passes(self) -> bool:
        """Whether enough of the quote and of the span is matched."""
        return self.alignment.coverage >= MIN_COVERAGE and self.alignment.density >= MIN_DENSITY


def _at(quote: _Quote, document: PreparedText, place: int, *, broken_page: bool) -> FuzzySpan | None:
    length = len(quote.stretch.words)
    slack = max(4, length // 2)
    found = _aligned(quote, document, place - slack, place + length + slack)
    if found is None or found.alignment.coverage < _PROMISING:
        return None
    span = _accepted(found, quote, document, slack)
    if broken_page and (span is None or span.score < _SURE):
        begin, end = found.extent
        wide = _aligned(quote, document, begin - slack - _ROOM, end + slack + _ROOM)
        across = None if wide is None else _accepted(wide, quote, document, slack)
        if across is not None and (span is None or across.score > span.score):
            return across
    return span


def _accepted(found: _Aligned, quote: _Quote, document: PreparedText, slack: int) -> FuzzySpan | None:
    """The span of an alignment that passes the gate, when the whole quote has been seen beside it."""
    begin, end = found.extent
    if begin < found.begin or end > found.end:
        again = _aligned(quote, document, begin - slack, end + slack)
        found = found if again is None else again
    # With nothing beside it, no repeat near by can draw a word away.
    doubtful = found.alignment.coverage >= _WORTH_TIGHTENING and found.alignment.score < _SURE
    tight = _aligned(quote, document, *found.extent) if doubtful else None
    if tight is not None and tight.alignment.score > found.alignment.score:
        found = tight
    if not found.passes or not found.comparison.says_the_same(found.alignment):
        return None
    words, pairs = found.comparison.window.words, found.alignment.pairs
    start, finish = words[pairs[0][1]][1], words[pairs[-1][1]][2]
    return FuzzySpan(start, document.with_marks(finish), min(found.alignment.score, 1.0))


def _aligned(quote: _Quote, document: PreparedText, begin: int, end: int) -> _Aligned | None:
    first = max(0, begin)
    window = Stretch(document, document.word_spans(first, max(first, end)))
    comparison = Comparison(quote.stretch, window, quote.standing)
    alignment = align(quote.stretch.forms, window.forms, quote.weights, comparison.similar, comparison.furniture)
    return None if alignment is None else _Aligned(first, end, comparison, alignment)
