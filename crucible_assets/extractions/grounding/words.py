"""The words of a folded text, with an index from a word to its places; and the text without all that is no word.

A word is a run of letters with inner apostrophes, a number with its separators, or a single character where a script
separates no words by spaces, a currency or a percent sign. A 0, 1 or 5 between letters is a letter that was misread.

The index is one sorted array of integers, hash above place: looking a word up costs two binary searches, and no
Python object is made for any word of a document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crucible_assets.extractions.grounding.characters import (
    SIGN,
    TABLES,
    WORD_ALONE,
    WORD_CONTINUED,
    WORD_DIGIT,
    WORD_KIND,
    WORD_LETTER,
    Codes,
    codes_of,
)

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

_PLACE_BITS = 28  # of an index entry; the hash has the other 36
_PLACE_MASK = np.uint64((1 << _PLACE_BITS) - 1)
_LONGEST_WORD = 64  # characters; a longer run of letters is cut, so that no step depends on its length
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
_MISREAD = ((ord("0"), ord("o")), (ord("1"), ord("l")), (ord("5"), ord("s")))
_MISREAD_DIGITS = [digit for digit, _ in _MISREAD]
_APOSTROPHE, _DASH, _DOT, _COMMA = map(ord, "'-.,")


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Where the words of a folded text stand; `starts` and `ends` are offsets into it, rising."""

    starts: Places
    ends: Places
    hashes: Hashes  # by word, only the upper bits are used
    index: Hashes  # sorted: the upper bits of a hash, below them the word's index

    def __len__(self) -> int:
        return len(self.starts)

    def ranges(self, hashes: Hashes) -> tuple[Places, Places]:
        """For each hash the range of the index in which its places are."""
        low = hashes & ~_PLACE_MASK
        return np.searchsorted(self.index, low), np.searchsorted(self.index, low | _PLACE_MASK, side="right")

    def places(self, low: int, high: int) -> Places:
        """The indices of the words in a range of the index, rising."""
        return (self.index[low:high] & _PLACE_MASK).astype(np.int64)


def words_of(codes: Codes) -> Words:
    """Split a folded text into words and index them."""
    kinds = TABLES.word_kinds(codes)
    kinds, misread = _joined(codes, kinds)
    kind = kinds & WORD_KIND
    continued = kinds & WORD_CONTINUED != 0
    before = np.concatenate((np.zeros(1, np.uint8), kind[:-1]))
    begins = (kind > 0) & ((before == 0) | (~continued & ((kind != before) | (kind == WORD_ALONE))))
    _cut_long_words(begins, kind > 0)
    after = np.concatenate((begins[1:] | (kind[1:] == 0), np.ones(1, bool)))
    starts = np.flatnonzero(begins)
    ends = np.flatnonzero((kind > 0) & after) + 1
    read = codes
    if len(misread):
        read = codes.copy()
        for digit, letter in _MISREAD:
            read[misread[codes[misread] == digit]] = letter
    hashes = _hashes(read, starts, ends)
    index = (hashes & ~_PLACE_MASK) | np.arange(len(hashes), dtype=np.uint64)
    index.sort()
    return Words(starts, ends, hashes, index)


def word_list(folded: str) -> list[str]:
    """The words of a short folded text; its characters must have come out of folding."""
    words = words_of(codes_of(folded))
    return [folded[start:end] for start, end in zip(words.starts.tolist(), words.ends.tolist(), strict=True)]


def hashes_of(words: Sequence[str]) -> Hashes:
    """The hashes by which words of a folded text are found in an index."""
    if not words:
        return np.zeros(0, np.uint64)
    lengths = np.array([len(word) for word in words])
    ends = np.cumsum(lengths)
    return _hashes(codes_of("".join(words)), ends - lengths, ends)


def bare_of(codes: Codes) -> NDArray[np.intp]:
    """Where a folded text's letters, digits and signs of quantity stand.

    Of what separates two digits, the first character stays, and a minus before a number.
    """
    kinds = TABLES.word_kinds(codes)
    digit = kinds & WORD_KIND == WORD_DIGIT
    kept = kinds != 0
    minus = np.flatnonzero(codes == _DASH)
    minus = minus[(minus + 1 < len(codes)) & (minus > 0)]
    kept[minus[digit[minus + 1] & (kinds[minus - 1] == 0)]] = True
    places = np.flatnonzero(kept)
    # between two digits that are not neighbours
    split = np.flatnonzero(digit[places[:-1]] & digit[places[1:]] & (np.diff(places) > 1))
    if len(split):
        kept[places[split] + 1] = True
        places = np.flatnonzero(kept)
    return places


def _cut_long_words(begins: NDArray[np.bool_], within: NDArray[np.bool_]) -> None:
    """Let a new word begin wherever one has become too long."""
    starts = np.flatnonzero(begins)
    if not len(starts) or int(np.diff(starts, append=len(begins)).max()) <= _LONGEST_WORD:
        return
    offsets = np.arange(len(begins)) - np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
    begins |= within & (offsets % _LONGEST_WORD == 0)


def _joined(codes: Codes, kinds: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """The kinds with apostrophes and misread digits as letters, separators of numbers as digits; and those digits."""
    kinds = np.where(kinds == SIGN, np.uint8(0), kinds)
    kind = kinds & WORD_KIND
    if len(kind) < 3:
        return kinds, np.zeros(0, np.intp)
    left, right = kind[:-2], kind[2:]
    middle = codes[1:-1]
    between_letters = (left == WORD_LETTER) & (right == WORD_LETTER)
    misread = np.flatnonzero(between_letters & (kind[1:-1] == WORD_DIGIT)) + 1
    misread = misread[np.isin(codes[misread], _MISREAD_DIGITS)] if len(misread) else misread
    between_digits = (left == WORD_DIGIT) & (right == WORD_DIGIT)
    separator = (middle == _DOT) | (middle == _COMMA) | (middle == _APOSTROPHE)
    kinds[misread] = WORD_LETTER
    kinds[1:-1][between_letters & (middle == _APOSTROPHE)] = WORD_LETTER
    kinds[1:-1][between_digits & separator] = WORD_DIGIT
    return kinds, misread


def _hashes(codes: Codes, starts: Places, ends: Places) -> Hashes:
    """Polynomial hashes modulo 2^64 of the stretches of codes, the same wherever a word stands."""
    powers, inverses = _powers(len(codes))
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * powers[: len(codes)], out=sums[1:])
    mixed: Hashes = (sums[ends] - sums[starts]) * inverses[starts]
    return mixed * np.uint64(_BASE)


def _powers(length: int) -> tuple[Hashes, Hashes]:
    """The powers of the base and of its inverse from 0 on, at least as many as asked."""
    return _powers_up_to(1 << max(12, length.bit_length()))


@lru_cache(maxsize=2)
def _powers_up_to(length: int) -> tuple[Hashes, Hashes]:
    made = []
    for base in (_BASE, pow(_BASE, -1, 1 << 64)):
        powers = np.full(length, base, np.uint64)
        powers[0] = 1
        made.append(np.multiply.accumulate(powers))
    return made[0], made[1]
