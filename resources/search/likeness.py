"""How alike texts are by their shingles, and which pairs of many are worth comparing.

Jaccard's coefficient of the shingles; candidates by MinHash (Broder 1997), 128 permutations in 16 bands of 8 rows:
a pair of likeness s is looked at with probability 1 - (1 - s^8)^16, which is 0.95 for 0.8 and 1.00 for 0.9.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Shingles = npt.NDArray[np.uint64]
"""Distinct 64-bit hashes, ascending."""

WORDS, CHARACTERS = 3, 5
"""Length of a shingle of words, and of one of characters."""

_BANDS, _ROWS = 16, 8
_RANDOM = np.random.Generator(np.random.PCG64(20260101))  # fixed: the same texts always give the same candidates
_FACTORS = _RANDOM.integers(0, 2**64, _BANDS * _ROWS, dtype=np.uint64) | np.uint64(1)
_TERMS = _RANDOM.integers(0, 2**64, _BANDS * _ROWS, dtype=np.uint64)
_BASES = _RANDOM.integers(0, 2**64, max(WORDS, CHARACTERS), dtype=np.uint64) | np.uint64(1)


def word_shingles(words: Sequence[str]) -> Shingles:
    """Every three neighbouring words; of a shorter text all of it."""
    return _shingles(np.fromiter(map(_word_hash, words), np.uint64, len(words)), WORDS)


def character_shingles(words: Sequence[str]) -> Shingles:
    """Every five neighbouring characters of the words put together without spaces, which recognition gets wrong."""
    characters = "".join(words).encode("utf-32-le", "surrogatepass")
    return _shingles(_mixed(np.frombuffer(characters, "<u4").astype(np.uint64)), CHARACTERS)


def jaccard(first: Shingles, second: Shingles) -> float:
    """Shared shingles as a share of all, 0 to 1; two empty texts are alike."""
    shared = len(np.intersect1d(first, second, assume_unique=True))
    total = len(first) + len(second) - shared
    return shared / total if total else 1.0


def bands(shingles: Shingles) -> list[bytes]:
    """Sixteen keys; texts that share one at the same place are worth comparing."""
    if not len(shingles):
        return []
    # multiply-shift hashing (Dietzfelbinger et al. 1997): the high half of a * x + b modulo 2^64
    hashed = (shingles[:, None] * _FACTORS + _TERMS) >> np.uint64(32)
    smallest = hashed.min(axis=0).astype(np.uint32).reshape(_BANDS, _ROWS)
    return [row.tobytes() for row in smallest]


def _shingles(hashes: npt.NDArray[np.uint64], length: int) -> Shingles:
    count = len(hashes)
    if not count:
        return hashes
    length = min(length, count)
    total: npt.NDArray[Any] = np.zeros(count - length + 1, np.uint64)
    for place in range(length):
        total += hashes[place : count - length + 1 + place] * _BASES[place]
    return np.unique(_mixed(total))


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Every bit of a number spread over all of them (the finaliser of SplitMix64, Steele et al. 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: npt.NDArray[np.uint64] = numbers ^ (numbers >> np.uint64(31))
    return mixed


def _word_hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
