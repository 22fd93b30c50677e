"""Tokens as a measure along a text, without counting the same stretch again and again."""

import re
from bisect import bisect_right

from crucible_assets.chunks.tokens import TokenCounter

_BLOCK = 256  # characters; a block ends at the next white space, or at twice this
_SPACE = re.compile(r"\s")


class TokenRuler:
    """Positions of `text[start:end]` in tokens, counted from `start`.

    The stretch is counted once in blocks, and inside a block when asked. The sum over blocks differs from a count
    of the whole by a few tokens in a thousand, so a caller that promises a limit counts its result once more.
    Building it takes time linear in the length of the stretch. What a counter adds to every text (a prefix, special
    tokens) is left out here.
    """

    def __init__(self, text: str, start: int, end: int, count: TokenCounter) -> None:
        self._text = text
        self._end = end
        self._count = count
        self.overhead = count("")
        self._starts = [start]
        self._totals = [0]
        while self._starts[-1] < end:
            first = self._starts[-1]
            last = self._block_end(first)
            self._totals.append(self._totals[-1] + self._tokens(first, last))
            self._starts.append(last)

    @property
    def total(self) -> int:
        """Tokens of the whole stretch."""
        return self._totals[-1]

    def tokens_before(self, offset: int) -> int:
        """Tokens between the start of the stretch and the character `offset`."""
        block = bisect_right(self._starts, offset) - 1
        return self._totals[block] + self._tokens(self._starts[block], offset)

    def offset_at(self, tokens: float) -> int:
        """The last character offset that has at most `tokens` before it, inside the stretch."""
        block = bisect_right(self._totals, tokens) - 1
        if block < 0:
            return self._starts[0]
        if block >= len(self._starts) - 1:
            return self._end
        low, high = self._starts[block], self._starts[block + 1] - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._totals[block] + self._tokens(self._starts[block], middle) <= tokens:
                low = middle
            else:
                high = middle - 1
        return low

    def _block_end(self, first: int) -> int:
        if first + 2 * _BLOCK >= self._end:
            return self._end
        space = _SPACE.search(self._text, first + _BLOCK, first + 2 * _BLOCK)
        return space.start() if space else first + 2 * _BLOCK

    def _tokens(self, first: int, last: int) -> int:
        return self._count(self._text[first:last]) - self.overhead if last > first else 0
