"""Third phase: the quote stands in the text but for slips: a word changed, left out or put in, punctuation, a typo.

Words that the quote shares with the document vote for the place where it would start (the rarer words first);
the places with most votes are aligned word by word, and the best alignment must pass the gate:

- coverage: the matched share of the quote's words, rare words weighing more, is at least `MIN_COVERAGE`;
- density: the matched share of the words in the span is at least `MIN_DENSITY`;
- every number of the quote is in the span, in the same digits;
- the span negates as often as the quote does: 'shall be liable' is no evidence of 'shall not be liable'.

The gate on coverage is that of langextract (0.75); its gate on density (1/3) let spans of mostly other words pass.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from crucible_assets.extractions.coercion.wordlist import wordlist
from crucible_assets.extractions.grounding.folding import fold
from crucible_assets.extractions.grounding.prepared import PreparedText, Words, words_of

MIN_COVERAGE = 0.75
MIN_DENSITY = 0.5
MIN_WORD_SIMILARITY = 80.0  # rapidfuzz ratio from which two words in the same place count as one with a typo
_MOST_SEEDS = 3000  # shared word positions that may vote
_MOST_PLACES = 6  # places that are aligned
_MOST_QUOTE_WORDS = 400  # of a longer quote the first words are placed
_MOST_TRIMS = 6  # gaps at either end of an alignment before or after which it may be cut
_LEAST_WORD_FOR_TYPOS = 5  # letters; a shorter word has too many neighbours

_NEGATIONS = frozenset(
    wordlist(
        "not no never without nor neither none cannot nothing nobody "
        "nicht kein keine keinen keinem keiner keines nie niemals ohne weder noch "
        "ne pas sans jamais aucun aucune ni non rien "
        "sin nunca ningun ninguna ninguno senza mai nessun nessuna nessuno "
        "nao sem nenhum nenhuma niet geen zonder nooit inte ikke ei nie bez net не без нет ни 不 无 無 未 没 非"
    )
)
_COMBINING = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class FuzzySpan:
    """A span of the original text and how well the quote's words match it, 0 < score <= 1."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class _Alignment:
    first: int  # index of the first and the last matched word of the document
    last: int
    head: int  # words of the quote before the first matched one and after the last
    tail: int
    coverage: float
    density: float

    @property
    def score(self) -> float:
        """The harmonic mean of coverage and density."""
        return 2 * self.coverage * self.density / (self.coverage + self.density)


def fuzzy_spans(quote: str, document: PreparedText) -> list[FuzzySpan]:
    """The spans that pass the gate and score as well as the best one, rising; mostly one or none."""
    words = words_of(fold(quote)).words[:_MOST_QUOTE_WORDS]
    if not words:
        return []
    weights = _weights(words, document.words)
    accepted: dict[tuple[int, int], float] = {}
    for place in _places(words, document.words):
        alignment = _align(words, weights, document.words, place)
        if alignment is not None and _passes(alignment, words, document.words):
            accepted[(alignment.first, alignment.last)] = alignment.score
    best = max(accepted.values(), default=0.0)
    return [
        _span(document, first, last, score)
        for (first, last), score in sorted(accepted.items())
        if score >= best - 1e-9
    ]


def _span(document: PreparedText, first: int, last: int, score: float) -> FuzzySpan:
    span = document.span(document.words.starts[first], document.words.end(last), widen=True)
    assert span is not None, "a widened span always exists"
    return FuzzySpan(span[0], span[1], min(score, 1.0))


def _weights(words: tuple[str, ...], document: Words) -> list[float]:
    """Weight of each word of the quote: 0.25 for a word that is everywhere, 1 for one that is nowhere."""
    most = math.log(len(document.words) + 2)
    return [0.25 + 0.75 * (1 - math.log(len(document.positions.get(word, ())) + 1) / most) for word in words]


def _places(words: tuple[str, ...], document: Words) -> list[int]:
    """Indices of document words at which the quote may start, most votes first."""
    positions = _seed_positions(words, document)
    width = max(2, len(words) // 4)
    votes: Counter[int] = Counter()
    seeds = 0
    for index, standing in sorted(positions, key=lambda item: len(item[1])):
        if seeds and seeds + len(standing) > _MOST_SEEDS:
            break
        seeds += len(standing)
        # A word votes once for each of two overlapping buckets, so that no place is split between neighbours.
        voted: set[int] = set()
        for at in standing[:_MOST_SEEDS]:
            bucket = (at - index) // width
            voted.update((bucket, bucket + 1))
        votes.update(voted)
    best = sorted(votes.items(), key=lambda item: (-item[1], item[0]))[: 2 * _MOST_PLACES]
    places: list[int] = []
    for bucket, _ in best:
        if bucket - 1 not in places and bucket + 1 not in places:
            places.append(bucket)
    return [bucket * width for bucket in places[:_MOST_PLACES]]


def _seed_positions(words: tuple[str, ...], document: Words) -> list[tuple[int, list[int]]]:
    """(index in the quote, where the word stands in the document), with near spellings where few words are shared."""
    found = [(i, document.positions[word]) for i, word in enumerate(words) if word in document.positions]
    if len(found) * 2 >= len(words):
        return found
    missing = sorted(
        ((i, word) for i, word in enumerate(words) if word not in document.positions),
        key=lambda item: -len(item[1]),
    )
    for i, word in missing[:3]:
        if len(word) < _LEAST_WORD_FOR_TYPOS or word[0].isdigit():
            continue
        near = process.extract(
            word, document.positions.keys(), scorer=fuzz.ratio, score_cutoff=MIN_WORD_SIMILARITY, limit=3
        )
        found.extend((i, document.positions[spelling]) for spelling, _, _ in near)
    return found


def _align(words: tuple[str, ...], weights: list[float], document: Words, place: int) -> _Alignment | None:
    """Align the quote with the document's words round a place; None where nothing matches."""
    slack = max(4, len(words) // 2)
    begin = max(0, place - slack)
    window = document.words[begin : place + len(words) + 2 * slack]
    matched = _matched(words, window)
    if not matched:
        return None
    matched = _trimmed(_closed_up(matched, words, window), weights)
    covered = sum(weights[i] for i, _ in matched)
    first, last = matched[0][1], matched[-1][1]
    return _Alignment(
        first=begin + first,
        last=begin + last,
        head=matched[0][0],
        tail=len(words) - 1 - matched[-1][0],
        coverage=covered / sum(weights),
        density=len(matched) / (last - first + 1),
    )


def _matched(words: tuple[str, ...], window: tuple[str, ...]) -> list[tuple[int, int]]:
    """Pairs (index in the quote, index in the window) of equal words or typos, rising in both."""
    pairs: list[tuple[int, int]] = []
    quote_gap: list[int] = []
    window_gap: list[int] = []

    def settle() -> None:
        if quote_gap and window_gap:
            pairs.extend(_typos(words, window, quote_gap, window_gap))
        quote_gap.clear()
        window_gap.clear()

    for op in Indel.opcodes(words, window):
        if op.tag == "equal":
            settle()
            pairs.extend(zip(range(op.src_start, op.src_end), range(op.dest_start, op.dest_end), strict=True))
        else:
            quote_gap.extend(range(op.src_start, op.src_end))
            window_gap.extend(range(op.dest_start, op.dest_end))
    settle()
    return pairs


def _typos(
    words: tuple[str, ...], window: tuple[str, ...], quote_gap: list[int], window_gap: list[int]
) -> list[tuple[int, int]]:
    """Pairs of similar words within a gap of an alignment, in order; numbers are never similar."""
    pairs: list[tuple[int, int]] = []
    free = 0
    for i in quote_gap:
        if words[i][0].isdigit():
            continue
        for k in range(free, min(len(window_gap), free + 2 * len(quote_gap) + 4)):
            other = window[window_gap[k]]
            if not other[0].isdigit() and fuzz.ratio(words[i], other) >= MIN_WORD_SIMILARITY:
                pairs.append((i, window_gap[k]))
                free = k + 1
                break
    return pairs


def _closed_up(
    pairs: list[tuple[int, int]], words: tuple[str, ...], window: tuple[str, ...]
) -> list[tuple[int, int]]:
    """The same matches in the shortest span: a repeated word at the ends is matched at its repeat nearest the rest.

    First every match moves right as far as the next one allows, then left as far as the one before allows.
    """
    closed = list(pairs)
    for k in range(len(closed) - 2, -1, -1):
        i, at = closed[k]
        closed[k] = i, next((p for p in range(closed[k + 1][1] - 1, at, -1) if window[p] == words[i]), at)
    for k in range(1, len(closed)):
        i, at = closed[k]
        closed[k] = i, next((p for p in range(closed[k - 1][1] + 1, at) if window[p] == words[i]), at)
    return closed


def _trimmed(pairs: list[tuple[int, int]], weights: list[float]) -> list[tuple[int, int]]:
    """The run of matches with the best score: without stray ones at the ends, far from the rest."""
    total = sum(weights)
    # Cut only where the document has a few words more between two matches than the quote: one or two are a slip.
    gaps = [k for k, ((i, at), (j, to)) in enumerate(pairwise(pairs), start=1) if (to - at) - (j - i) > 2]
    sums = [0.0, *accumulate(weights[i] for i, _ in pairs)]
    starts, ends = [0, *gaps[:_MOST_TRIMS]], [*gaps[-_MOST_TRIMS:], len(pairs)]

    def score(run: tuple[int, int]) -> float:
        first, last = run
        coverage = (sums[last] - sums[first]) / total
        density = (last - first) / (pairs[last - 1][1] - pairs[first][1] + 1)
        return 2 * coverage * density / (coverage + density)

    first, last = max(((a, b) for a in starts for b in ends if a < b), key=score)
    return pairs[first:last]


def _passes(alignment: _Alignment, words: tuple[str, ...], document: Words) -> bool:
    if alignment.coverage < MIN_COVERAGE or alignment.density < MIN_DENSITY:
        return False
    span = document.words[alignment.first : alignment.last + 1]
    standing = Counter(_digits(word) for word in span if word[0].isdigit())
    if Counter(_digits(word) for word in words if word[0].isdigit()) - standing:
        return False
    # Words at the quote's ends that were not matched stand for as many beside the span: those may negate too.
    beside = document.words[max(0, alignment.first - alignment.head) : alignment.last + 1 + alignment.tail]
    return negations(words) == negations(beside)


def _digits(number: str) -> str:
    """A number without its separators: '1,234.50' and '1.234,50' are the same digits."""
    return re.sub(r"[.,']", "", number)


def negations(words: tuple[str, ...]) -> int:
    """How many of the folded words negate, both of 'ne … pas' counted. 'No' before a number means 'number'."""
    count = 0
    for word, following in zip(words, (*words[1:], ""), strict=True):
        bare = _COMBINING.sub("", word)
        numbering = bare == "no" and following[:1].isdigit()
        if (bare in _NEGATIONS and not numbering) or bare.endswith("n't") or bare.startswith("n'"):
            count += 1
    return count
