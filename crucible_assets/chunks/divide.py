"""Cuts a stretch of text into pieces between two token limits, with overlap, at the best places."""

from dataclasses import dataclass, replace

from crucible_assets.chunks.boundaries import Boundaries
from crucible_assets.chunks.ruler import TokenRuler
from crucible_assets.chunks.tokens import TokenCounter

_ADJUSTMENTS = 6  # tries to bring the exact count into the limits before the smaller limit is given up


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens of a piece and of what it repeats of the piece before.

    `max_tokens` is a law. `min_tokens` and the overlap are kept wherever the text and the arithmetic allow:
    650 tokens, for one, cannot become pieces of 400 to 600.
    """

    min_tokens: int
    max_tokens: int
    overlap_min: int = 0
    overlap_max: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters `start` to `end` (excluded) of the document and the exact count of their tokens."""

    start: int
    end: int
    tokens: int


@dataclass(frozen=True, slots=True)
class _Window:
    """How many tokens the next piece may have, and how many are best."""

    low: float
    target: float
    high: float


def divide(
    text: str, start: int, end: int, limits: Limits, count: TokenCounter, boundaries: Boundaries
) -> list[Piece]:
    """Pieces that cover `text[start:end]` in order, each beginning at or before the end of the piece before.

    The sizes are planned so that the last piece is not a tiny rest. Time is linear in the length of the stretch.
    """
    ruler = TokenRuler(text, start, end, count)
    cutter = _Cutter(text, end, limits, count, boundaries, ruler)
    pieces: list[Piece] = []
    covered = start
    while covered < end:
        piece = cutter.piece_from(start, covered + 1)
        pieces.append(piece)
        covered = piece.end
        start = cutter.next_start(piece) if covered < end else end
    return pieces


def plan(remaining: float, limits: Limits) -> _Window:
    """The window for the next piece when `remaining` tokens, more than fit in one, are left.

    Chooses the number of pieces whose equal share is nearest to the middle of the limits, then allows every size
    that leaves the rest divisible into the other pieces within the limits, whatever their overlaps turn out to be.
    """
    overlap = (limits.overlap_min + limits.overlap_max) / 2
    middle = (limits.min_tokens + limits.max_tokens) / 2
    wished = (remaining - overlap) / max(middle - overlap, 1)
    numbers = [max(2, int(wished)), max(2, int(wished) + 1)]
    shares = {number: (remaining + (number - 1) * overlap) / number for number in numbers}
    fitting = [number for number in numbers if shares[number] <= limits.max_tokens] or [numbers[-1]]
    number = min(fitting, key=lambda candidate: abs(shares[candidate] - middle))
    share = min(shares[number], limits.max_tokens)
    rest = number - 1
    least = rest * limits.min_tokens - (rest - 1) * limits.overlap_min
    most = rest * limits.max_tokens - (rest - 1) * limits.overlap_max
    low = max(limits.min_tokens, remaining + limits.overlap_max - most)
    high = min(limits.max_tokens, remaining + limits.overlap_min - least)
    if low <= high:
        return _Window(low, min(max(share, low), high), high)
    # the limits cannot all be kept: share equally, with some room for a good place
    return _Window(share * 0.9, share, min(share * 1.1, limits.max_tokens))


class _Cutter:
    """Finds the ends and starts of pieces in one stretch."""

    def __init__(
        self,
        text: str,
        end: int,
        limits: Limits,
        count: TokenCounter,
        boundaries: Boundaries,
        ruler: TokenRuler,
    ) -> None:
        self._text = text
        self._end = end
        self._limits = limits
        # what the counter adds to every piece is, for the arithmetic, one more overlap
        added = ruler.overhead
        self._planned = replace(
            limits, overlap_min=limits.overlap_min + added, overlap_max=limits.overlap_max + added
        )
        self._count = count
        self._boundaries = boundaries
        self._ruler = ruler

    def piece_from(self, start: int, floor: int) -> Piece:
        """The piece from `start` to the end if that fits, otherwise to the best place, at least to `floor`."""
        before = self._ruler.tokens_before(start)
        remaining: float = self._ruler.total - before + self._ruler.overhead
        limit = self._limits.max_tokens
        if remaining <= limit * 1.05:  # the ruler is not exact: only the count decides
            whole = self._count(self._text[start : self._end])
            if whole <= limit:
                return Piece(start, self._end, whole)
            remaining = max(remaining, whole)
        return self._cut(start, floor, before - self._ruler.overhead, plan(remaining, self._planned))

    def next_start(self, piece: Piece) -> int:
        """Where the piece after `piece` begins, so that it repeats as much of its end as the limits say."""
        least, most = self._limits.overlap_min, self._limits.overlap_max
        if most == 0:
            return piece.end
        ends_at = self._ruler.tokens_before(piece.end) + self._ruler.overhead
        low, high = float(least), float(most)
        start = piece.end
        for _ in range(_ADJUSTMENTS):
            first = max(self._ruler.offset_at(ends_at - high), piece.start + 1)
            last = min(max(self._ruler.offset_at(ends_at - low), first), piece.end)
            target = self._ruler.offset_at(ends_at - (low + high) / 2)
            start = self._boundaries.best(first, last, target)
            tokens = self._count(self._text[start : piece.end])
            if tokens > most:
                high -= tokens - most
            elif tokens < least:
                low += least - tokens
            else:
                break
            if low > high:
                low = high = (low + high) / 2
        # a repetition that leaves no room for the next character is no help
        fits = self._count(self._text[start : piece.end + 1]) <= self._limits.max_tokens
        return start if fits else piece.end

    def _cut(self, start: int, floor: int, base: float, window: _Window) -> Piece:
        """Choose an end in the window, count exactly, and narrow the window until the limits hold."""
        low, target, high = window.low, window.target, window.high
        tries = 0
        while True:
            last = max(self._ruler.offset_at(base + high), floor)
            first = min(max(self._ruler.offset_at(base + low), floor), last)
            wanted = min(max(self._ruler.offset_at(base + target), first), last)
            end = self._boundaries.best(first, last, wanted)
            tokens = self._count(self._text[start:end])
            tries += 1
            if tokens > self._limits.max_tokens and end > floor:
                high -= tokens - self._limits.max_tokens
                low, target = min(low, high), min(target, high)
            elif tokens < min(self._limits.min_tokens, window.low) and low < high and tries < _ADJUSTMENTS:
                low = min(high, low + (self._limits.min_tokens - tokens))
                target = max(target, low)
            else:
                return Piece(start, end, tokens)
