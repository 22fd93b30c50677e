"""Aligning the words of a quote with a stretch of a document, word by word."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rapidfuzz.distance import Indel, Opcodes

Pair = tuple[int, int]  # index in the quote, index in the window

_MOST_TRIMS = 6  # gaps at either end of an alignment before or after which it may be cut
_LONGEST_GAP_COMPARED = 12  # words on either side of a gap; in a longer one nothing is taken for a typo
_SHORT = 6  # words of a quote in which every one may have a slip
_LEAST_EQUAL = 0.2  # share of the words of a longer quote that stand in the window as they are
_WIDE_GAP = 3  # words more in the document than in the quote, from which a gap may be a page's foot and head


@dataclass(frozen=True, slots=True)
class Alignment:
    """Matched words, rising in both; `bridged` words of the window between two of them do not count.

    `coverage` is the matched share of the quote's weight, `density` the matched share of the words of the span.
    """

    pairs: tuple[Pair, ...]
    coverage: float
    density: float
    bridged: int = 0

    @property
    def score(self) -> float:
        """The harmonic mean of coverage and density."""
        return 2 * self.coverage * self.density / (self.coverage + self.density)


def align(
    quote: Sequence[str],
    window: Sequence[str],
    weights: Sequence[float],
    similar: Callable[[int, int], bool],
    furniture: Callable[[int, int], bool],
) -> Alignment | None:
    """The best alignment of a quote with a window of a document; None where no word matches, or too few of many.

    `similar` says whether two different words in the same place, by their indices, are one with a slip; `furniture`
    whether the words between two of the window, by their indices, may be the foot and head of a page.
    """
    opcodes = Indel.opcodes(quote, window)
    equal = sum(op.src_end - op.src_start for op in opcodes if op.tag == "equal")
    if len(quote) > _SHORT and equal < _LEAST_EQUAL * len(quote):
        return None
    pairs = _matched(opcodes, similar)
    if not pairs:
        return None
    pairs = _closed_up(pairs, quote, window)
    bridge = max(range(len(pairs)), key=lambda k: _extra(pairs, k))
    bridged = _extra(pairs, bridge)
    if bridged < _WIDE_GAP or not furniture(pairs[bridge - 1][1], pairs[bridge][1]):
        bridge, bridged = 0, 0
    return _best_run(pairs, weights, bridge, bridged)


def _extra(pairs: list[Pair], k: int) -> int:
    """How many words more the document has than the quote before match k; 0 before the first."""
    if k == 0:
        return 0
    (i, at), (j, to) = pairs[k - 1], pairs[k]
    return (to - at) - (j - i)


def _matched(opcodes: Opcodes, similar: Callable[[int, int], bool]) -> list[Pair]:
    """Pairs of equal words or slips, rising in both."""
    pairs: list[Pair] = []
    quote_gap: list[int] = []
    window_gap: list[int] = []

    def settle() -> None:
        if quote_gap and window_gap and max(len(quote_gap), len(window_gap)) <= _LONGEST_GAP_COMPARED:
            free = 0
            for i in quote_gap:
                k = next((k for k in range(free, len(window_gap)) if similar(i, window_gap[k])), None)
                if k is not None:
                    pairs.append((i, window_gap[k]))
                    free = k + 1
        quote_gap.clear()
        window_gap.clear()

    for op in opcodes:
        if op.tag == "equal":
            settle()
            pairs.extend(zip(range(op.src_start, op.src_end), range(op.dest_start, op.dest_end), strict=True))
        else:
            quote_gap.extend(range(op.src_start, op.src_end))
            window_gap.extend(range(op.dest_start, op.dest_end))
    settle()
    return pairs


def _closed_up(pairs: list[Pair], quote: Sequence[str], window: Sequence[str]) -> list[Pair]:
    """The same matches in the shortest span: a repeated word at the ends is matched at its repeat nearest the rest.

    First every match moves right as far as the next one allows, then left as far as the one before allows, unless
    it would leave the next one.
    """
    closed = list(pairs)
    for k in range(len(closed) - 2, -1, -1):
        i, at = closed[k]
        closed[k] = i, next((p for p in range(closed[k + 1][1] - 1, at, -1) if window[p] == quote[i]), at)
    for k in range(1, len(closed)):
        i, at = closed[k]
        behind = closed[k - 1][1] + 1
        # A match that is followed by its neighbour goes only to join the one before.
        followed = k + 1 < len(closed) and closed[k + 1] == (i + 1, at + 1)
        closed[k] = i, next((p for p in range(behind, behind + 1 if followed else at) if window[p] == quote[i]), at)
    return closed


def _best_run(pairs: list[Pair], weights: Sequence[float], bridge: int, bridged: int) -> Alignment:
    """The run of matches with the best score: without stray ones at the ends, far from the rest."""
    total = sum(weights)
    # Cut only where the document has a few words more between two matches than the quote: one or two are a slip.
    gaps = [k for k, ((i, at), (j, to)) in enumerate(pairwise(pairs), start=1) if (to - at) - (j - i) >= _WIDE_GAP]
    sums = [0.0, *accumulate(weights[i] for i, _ in pairs)]

    def run(first: int, end: int) -> Alignment:
        within = bridged if first < bridge < end else 0
        length = pairs[end - 1][1] - pairs[first][1] + 1 - within
        coverage = (sums[end] - sums[first]) / total
        return Alignment(tuple(pairs[first:end]), coverage, (end - first) / length, within)

    starts, ends = [0, *gaps[:_MOST_TRIMS]], [*gaps[-_MOST_TRIMS:], len(pairs)]
    return max((run(a, b) for a in starts for b in ends if a < b), key=lambda alignment: alignment.score)
