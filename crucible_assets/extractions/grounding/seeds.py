"""Where in a document a quote with slips may stand: its words vote for the place at which it would start.

All work is on integer arrays and bounded: a document that repeats one word a hundred thousand times costs no more
than any other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.grounding.words import Hashes, Places, hashes_of

_MOST_SEEDS = 40_000  # shared word positions that may vote
_MOST_PLACES = 6  # places that are given
_LEAST_SHARE = 0.4  # of the votes of the likeliest place
_LEAST_WORD_FOR_HALVES = 6  # letters; half of a shorter word stands everywhere
_MOST_HALVED = 4  # words of the quote that are looked for by their halves
_MOST_OF_A_HALF = 40  # places of one half


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """How often each word of a quote stands in a document, and where it is in the document's index."""

    lows: Places
    highs: Places

    @property
    def counts(self) -> Places:
        """For each word of the quote the number of its places."""
        return self.highs - self.lows


def shared_words(words: list[str], document: PreparedText) -> Shared:
    """Look up the words of a quote."""
    hashes: Hashes = hashes_of(words)
    return Shared(*document.words.ranges(hashes))


def weights(shared: Shared, length: int) -> list[float]:
    """Weight of each word of the quote: 0.25 for a word that is everywhere, 1 for one that is nowhere."""
    rarity = 1 - np.log(shared.counts + 1) / np.log(length + 2)
    found: list[float] = (0.25 + 0.75 * rarity).tolist()
    return found


def likely_places(words: list[str], shared: Shared, document: PreparedText) -> list[int]:
    """Indices of document words at which the quote may start, the likeliest first; at most a few."""
    width = max(2, len(words) // 4)
    diagonals, votes = _votes(words, shared, document)
    if not len(diagonals):
        return []
    lowest = int(diagonals.min())
    sums = np.bincount(diagonals - lowest, votes)
    sums = np.concatenate((sums, np.zeros(-len(sums) % width)))
    # Buckets overlap, so that no place is split between neighbours.
    buckets = np.concatenate(([0.0], sums.reshape(-1, width).sum(axis=1), [0.0]))
    totals = buckets[:-1] + buckets[1:]
    places: list[int] = []
    for bucket in _highest(totals, 4 * _MOST_PLACES):
        low, high = max(0, (bucket - 1) * width), (bucket + 1) * width
        place = lowest + low + int(np.argmax(sums[low:high]))
        if all(abs(place - other) >= width for other in places):
            places.append(place)
    return places[:_MOST_PLACES]


def _highest(totals: NDArray[np.float64], most: int) -> list[int]:
    """Indices of the highest totals, falling, the first of equals; only those that are not far below the highest."""
    bound = _LEAST_SHARE * totals.max()
    if len(totals) > most:
        bound = max(bound, np.partition(totals, -most)[-most])
    above, equal = np.flatnonzero(totals > bound), np.flatnonzero(totals == bound)
    found = np.concatenate((above, equal[: max(0, most - len(above))]))
    best: list[int] = found[np.lexsort((found, -totals[found]))].tolist()
    return best


def _votes(words: list[str], shared: Shared, document: PreparedText) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(document index − quote index, weight of the vote) of the seeds: the rarest words first, up to a limit."""
    counts = shared.counts
    standing = np.flatnonzero(counts)
    standing = standing[np.argsort(counts[standing], kind="stable")]
    enough = int(np.searchsorted(np.cumsum(counts[standing]), _MOST_SEEDS, side="right"))
    weighed = weights(shared, len(document.words))
    diagonals: list[NDArray[np.int64]] = []
    votes: list[NDArray[np.float64]] = []

    def vote(index: int, places: NDArray[np.int64]) -> None:
        diagonals.append(places - index)
        votes.append(np.full(len(places), weighed[index]))

    for index in standing[: max(1, enough)].tolist():
        low = int(shared.lows[index])
        vote(index, document.words.places(low, min(int(shared.highs[index]), low + _MOST_SEEDS)))
    if 2 * len(standing) < len(words):
        for index in _missing(words, counts):
            vote(index, _by_halves(words[index], document))
    if not diagonals:
        return np.zeros(0, np.int64), np.zeros(0, np.float64)
    return np.concatenate(diagonals), np.concatenate(votes)


def _missing(words: list[str], counts: Places) -> list[int]:
    """The longest words of the quote that are not in the document."""
    missing = [i for i in np.flatnonzero(counts == 0).tolist() if len(words[i]) >= _LEAST_WORD_FOR_HALVES]
    return sorted(missing, key=lambda i: -len(words[i]))[:_MOST_HALVED]


def _by_halves(word: str, document: PreparedText) -> NDArray[np.int64]:
    """Places of words that share a half with this one: a slip leaves one half of a word as it was."""
    middle = len(word) // 2
    offsets: list[int] = []
    for half in (word[:middle], word[middle:]):
        at = document.folded.find(half)
        for _ in range(_MOST_OF_A_HALF):
            if at < 0:
                break
            offsets.append(at)
            at = document.folded.find(half, at + 1)
    places = np.searchsorted(document.words.starts, np.array(offsets, np.int64), side="right") - 1
    return np.unique(np.maximum(places, 0))
