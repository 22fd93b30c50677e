"""Passages that are about the same, by their vectors: spherical k-means on vectors without what all of them share.

Embedding models put all texts of one language into a narrow cone, so the mean of each language is subtracted first
(Mu and Viswanath 2018; by language Libovický, Rosa and Fraser 2020): themes are then of topics, not of languages.
Passages that nearly repeat another count once (sign random projections, Charikar 2002, find them), so that a sentence
which stands in every document makes no theme. The rest is spherical k-means (Dhillon and Modha 2001) from k-means++
seeds (Arthur and Vassilvitskii 2007). Everything is seeded: the same vectors always give the same themes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

VERSION = "clusters 1"
"""Raise it when the same vectors would give other clusters."""

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
Places = npt.NDArray[np.int64]

FEWEST, MOST = 2, 50
"""Themes that a project may have."""

_SEED = 20260105
_SAME = 0.95  # cosine of centred vectors from which on a passage repeats another
_TABLES = 16
_LEAST_BITS, _MOST_BITS = 10, 18
_APART = 0.2  # share of signs in which rows differ that are not worth comparing
_BLOCK = 8_192  # rows in single precision at a time
_SAMPLE = 4_000  # rows by which the number of themes is chosen, and from which seeds are taken
_ROUNDS, _WHOLE_ROUNDS = 40, 12  # of a sample, and of all rows from its centres
_SETTLED = 1e-3  # share of rows that may still change their cluster
_LADDER = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 50)
_FLOOR, _FEW, _SMALL = 6, 40, 1_000
_LANGUAGE_LEAST = 8  # passages whose mean says something of their language
_FAR = 3.0  # scaled median deviations below the median similarity of its cluster: a passage is of no theme
_FAINT = 0.1  # least cosine to the centre


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which passage is in which cluster. `of` is -1 for those that are left out; clusters are ordered by size.

    `distances` are cosine distances (0 to 2) to the own centre, to the nearest one for those left out. `repeated` is
    how many passages nearly repeat another, which are in its cluster.
    """

    of: Places
    distances: Floats
    number: int
    repeated: int

    @property
    def left_out(self) -> int:
        """Passages of no cluster."""
        return int((self.of < 0).sum())

    def members(self, cluster: int) -> Places:
        """The rows of a cluster, the nearest to its centre first; of equals the earlier ones."""
        rows = np.flatnonzero(self.of == cluster)
        return rows[np.argsort(self.distances[rows], kind="stable")]


def cluster(vectors: Halves, languages: Sequence[str | None], number: int | None = None) -> Clusters:
    """Clusters of vectors, (n, dimension) of length 1. Without a `number` it is chosen by held-out silhouette.

    There may come out fewer: what has too few passages of different words is no theme. Needs about twice the memory
    of the vectors.
    """
    rows = len(vectors)
    if rows == 0:
        return Clusters(np.zeros(0, np.int64), np.zeros(0, np.float32), 0, 0)
    centred = _centred(vectors, languages)
    first = repeats(centred)
    distinct = np.flatnonzero(first == np.arange(rows))
    least = 2 if len(distinct) < _FEW else 3  # passages of different words in a theme
    most = 1 if len(distinct) < _FLOOR else min(MOST, len(distinct) // least)
    chosen = min(number, most) if number is not None else choose_number(centred[distinct], most)
    if chosen == 1:
        return _one(vectors, rows - len(distinct))
    centres = _fit(centred, distinct, chosen)
    of, near = _nearest(centred, distinct, centres)
    of = _without_small(centred, distinct, centres, of, near, least)
    near = _similarity(centred, distinct, centres, of, near)
    of[_stray(of, near)] = -1
    whole = np.full(rows, -1, np.int64)
    similar = np.zeros(rows, np.float32)
    whole[distinct], similar[distinct] = of, near
    whole = whole[first]
    others = np.flatnonzero(first != np.arange(rows))
    if len(others):
        similar[others] = _similarity(centred, others, centres, whole[others], similar[first[others]])
    found = _by_size(whole, 1 - similar, len(others))
    return found if found.number else _one(vectors, len(others))


def _one(vectors: Halves, repeated: int) -> Clusters:
    """All passages as one cluster."""
    centre = _mean(vectors, np.arange(len(vectors)))
    length = float(np.linalg.norm(centre))
    similar = vectors.astype(np.float32) @ (centre / length if length > 1e-6 else centre)
    return Clusters(np.zeros(len(vectors), np.int64), (1 - similar).astype(np.float32), 1, repeated)


def choose_number(vectors: Halves, most: int) -> int:
    """How many clusters vectors fall into, by the simplified silhouette (Hruschka, de Castro and Campello 2004).

    It is taken of one half of a sample by the centres of the other half: too many centres fit the half that they were
    made from, and lose on the other. Two heaps score well on any text and tell nobody anything, so it is looked from
    half the root of the vectors' number upwards, but from no more than six.
    """
    least = min(most, max(FEWEST, min(_FLOOR, round(len(vectors) ** 0.5 / 2))))
    picked = np.random.default_rng(_SEED).permutation(len(vectors))[:_SAMPLE]
    sample = vectors[picked].astype(np.float32)
    halves = sample[::2], sample[1::2]
    best, highest = int(least), -np.inf
    for number in [one for one in _LADDER if least <= one <= min(most, len(halves[1]))]:
        starts = 4 if len(sample) <= _SMALL else 1
        widths = [_silhouette(judged, _lloyd(made, number, starts)) for made, judged in (halves, halves[::-1])]
        mean = float(np.concatenate(widths).mean())
        if mean > highest + 1e-6:
            best, highest = number, mean
    return best


def repeats(centred: Halves) -> Places:
    """For each row the first row that it nearly repeats; its own place where it repeats none."""
    rows, dimension = centred.shape
    # so that few rows have the same signs by chance
    bits = min(_MOST_BITS, max(_LEAST_BITS, rows.bit_length()))
    planes = np.random.default_rng(_SEED).standard_normal((dimension, _TABLES * bits), dtype=np.float32)
    signs = np.concatenate([_signs(centred[at : at + _BLOCK], planes, bits) for at in range(0, rows, _BLOCK)])
    first = np.arange(rows)
    for keys in signs.T:
        order = np.argsort(keys, kind="stable")
        begins = np.flatnonzero(np.r_[True, np.diff(keys[order]) != 0])
        heads = np.repeat(order[begins], np.diff(np.r_[begins, rows]))
        before = np.r_[order[:1], order[:-1]]
        before = np.where(heads == order, order, before)
        for other in (heads, before):  # the first of those with the same signs, and the one just before
            _link(centred, signs, bits, first, order, other)
    return first


def _link(centred: Halves, signs: Places, bits: int, first: Places, rows: Places, others: Places) -> None:
    """Let each row repeat what its other repeats, where the two are nearly the same.

    Only those are compared number by number whose signs nearly agree: their share is the angle between the two, and
    at the least likeness looked for a tenth of them differs.
    """
    places = np.flatnonzero(first[rows] != first[others])
    for at in range(0, len(places), _BLOCK):
        some = places[at : at + _BLOCK]
        one, two = rows[some], first[others[some]]
        apart = np.bitwise_count(signs[one] ^ signs[two]).sum(axis=1, dtype=np.int64)
        near = apart <= _APART * _TABLES * bits
        one, two = one[near], two[near]
        alike = np.einsum("ij,ij->i", centred[one].astype(np.float32), centred[two].astype(np.float32)) >= _SAME
        for row, head in zip(one[alike], two[alike], strict=True):
            low, high = sorted((int(first[row]), int(first[head])))
            if low != high and first[high] == high:
                first[first == high] = low


def _signs(block: Halves, planes: Floats, bits: int) -> Places:
    """For each row and table a number of so many bits: on which side of each plane the row lies."""
    positive = (block.astype(np.float32) @ planes > 0).reshape(len(block), _TABLES, bits)
    keys: Places = positive @ (1 << np.arange(bits, dtype=np.int64))
    return keys


def _centred(vectors: Halves, languages: Sequence[str | None]) -> Halves:
    """Vectors without the mean of their language, of length 1; one that is the mean is left at 0."""
    names = np.asarray([language or "" for language in languages])
    mean = _mean(vectors, np.arange(len(vectors)))
    centred = np.empty_like(vectors)
    for name in sorted(set(names.tolist())):
        places = np.flatnonzero(names == name)
        own = _mean(vectors, places) if len(places) >= _LANGUAGE_LEAST else mean
        for at in range(0, len(places), _BLOCK):
            block = vectors[places[at : at + _BLOCK]].astype(np.float32) - own
            lengths = np.linalg.norm(block, axis=1, keepdims=True)
            centred[places[at : at + _BLOCK]] = block / np.where(lengths > 1e-6, lengths, 1)
    return centred


def _mean(vectors: Halves, places: Places) -> Floats:
    total = np.zeros(vectors.shape[1], np.float64)
    for at in range(0, len(places), _BLOCK):
        total += vectors[places[at : at + _BLOCK]].astype(np.float32).sum(axis=0)
    mean: Floats = (total / max(1, len(places))).astype(np.float32)
    return mean


def _fit(centred: Halves, rows: Places, number: int) -> Floats:
    """Centres from the seeds of a sample, moved until nearly no row changes its cluster."""
    picked = np.random.default_rng(_SEED).permutation(len(rows))[:_SAMPLE]
    centres = _lloyd(centred[rows[picked]].astype(np.float32), number, starts=3, rounds=_ROUNDS)
    of = np.full(len(rows), -1, np.int64)
    for _ in range(_WHOLE_ROUNDS):
        now, near, sums = _round(centred, rows, centres)
        centres = _moved(sums, centres, centred[rows[np.argsort(near, kind="stable")[: len(centres)]]])
        if (now != of).sum() <= _SETTLED * len(rows):
            break
        of = now
    return centres


def _lloyd(sample: Floats, number: int, starts: int = 1, rounds: int = 15) -> Floats:
    """Centres of a sample: the best of some starts."""
    best, most = sample[:1], -np.inf
    for start in range(starts):
        centres = _seeds(sample, number, np.random.default_rng(_SEED + start))
        of = np.full(len(sample), -1, np.int64)
        near = np.zeros(len(sample), np.float32)
        for _ in range(rounds):
            similar = sample @ centres.T
            now = similar.argmax(axis=1)
            near = similar[np.arange(len(sample)), now]
            if (now == of).all():
                break
            of = now
            sums = _one_hot(of, number).T @ sample
            centres = _moved(sums, centres, sample[np.argsort(near, kind="stable")[:number]])
        if near.sum() > most:
            best, most = centres, float(near.sum())
    return best


def _seeds(sample: Floats, number: int, random: np.random.Generator) -> Floats:
    """k-means++: each next seed with a probability by its distance to those that are there."""
    chosen = [int(random.integers(len(sample)))]
    distance = 1 - sample @ sample[chosen[0]]
    for _ in range(number - 1):
        weights = np.clip(distance, 0, None).astype(np.float64)
        total = weights.sum()
        place = int(random.choice(len(sample), p=weights / total)) if total > 0 else int(random.integers(len(sample)))
        chosen.append(place)
        distance = np.minimum(distance, 1 - sample @ sample[place])
    return sample[chosen]


def _moved(sums: Floats, centres: Floats, spare: npt.NDArray[np.floating]) -> Floats:
    """The centres of what was summed; one that has nothing begins anew at a row that is far from all."""
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    moved: Floats = (sums / np.where(lengths > 1e-6, lengths, 1)).astype(np.float32)
    empty = np.flatnonzero(lengths[:, 0] <= 1e-6)
    for count, place in enumerate(empty):
        moved[place] = spare[count].astype(np.float32) if count < len(spare) else centres[place]
    return moved


def _round(centred: Halves, rows: Places, centres: Floats) -> tuple[Places, Floats, Floats]:
    """The nearest centre of each row, how near it is, and for each centre the sum of its rows."""
    of = np.empty(len(rows), np.int64)
    near = np.empty(len(rows), np.float32)
    sums = np.zeros_like(centres)
    for at in range(0, len(rows), _BLOCK):
        block = centred[rows[at : at + _BLOCK]].astype(np.float32)
        similar = block @ centres.T
        own = similar.argmax(axis=1)
        of[at : at + len(block)], near[at : at + len(block)] = own, similar[np.arange(len(block)), own]
        sums += _one_hot(own, len(centres)).T @ block
    return of, near, sums


def _nearest(centred: Halves, rows: Places, centres: Floats) -> tuple[Places, Floats]:
    of, near, _ = _round(centred, rows, centres)
    return of, near


def _similarity(centred: Halves, rows: Places, centres: Floats, of: Places, otherwise: Floats) -> Floats:
    """The cosine of each row to the centre that it is of; `otherwise` where it is of none."""
    near = otherwise.copy()
    for at in range(0, len(rows), _BLOCK):
        own = of[at : at + _BLOCK]
        block = centred[rows[at : at + _BLOCK]].astype(np.float32)
        cosine = np.einsum("ij,ij->i", block, centres[np.maximum(own, 0)])
        near[at : at + _BLOCK] = np.where(own >= 0, cosine, near[at : at + _BLOCK])
    return near


def _without_small(centred: Halves, rows: Places, centres: Floats, of: Places, near: Floats, least: int) -> Places:
    """Give what is in clusters of fewer than `least` rows to the nearest other one; if there is none, to none."""
    sizes = np.bincount(of, minlength=len(centres))
    small, large = np.flatnonzero(sizes < least), np.flatnonzero(sizes >= least)
    moving = np.flatnonzero(np.isin(of, small))
    if not len(moving):
        return of
    if not len(large):
        return np.full_like(of, -1)
    moved = of.copy()
    nearest, _ = _nearest(centred, rows[moving], centres[large])
    moved[moving] = large[nearest]
    return moved


def _stray(of: Places, near: Floats) -> npt.NDArray[np.bool_]:
    """Rows that are unusually far from their centre, by the median deviation in their own cluster."""
    stray = near < _FAINT
    for one in np.unique(of[of >= 0]):
        places = np.flatnonzero(of == one)
        middle = np.median(near[places])
        spread = 1.4826 * np.median(np.abs(near[places] - middle))
        stray[places] |= near[places] < middle - _FAR * max(float(spread), 0.02)
    return stray


def _silhouette(rows: Floats, centres: Floats) -> Floats:
    """How much nearer each row is to its own centre than to the next one, -1 to 1."""
    distance = 1 - rows @ centres.T
    two = np.partition(distance, 1, axis=1)[:, :2]
    widths: Floats = ((two[:, 1] - two[:, 0]) / np.maximum(two[:, 1], 1e-6)).astype(np.float32)
    return widths


def _one_hot(of: Places, number: int) -> Floats:
    hot = np.zeros((len(of), number), np.float32)
    hot[np.arange(len(of)), of] = 1
    return hot


def _by_size(of: Places, distances: Floats, repeated: int) -> Clusters:
    """Number clusters by how many passages they have; of equals the one that comes first."""
    present = np.unique(of[of >= 0])
    sizes = {int(one): int((of == one).sum()) for one in present}
    begins = {int(one): int(np.flatnonzero(of == one)[0]) for one in present}
    ordered = sorted(sizes, key=lambda one: (-sizes[one], begins[one]))
    renamed = np.full(len(of), -1, np.int64)
    for place, one in enumerate(ordered):
        renamed[of == one] = place
    return Clusters(renamed, distances.astype(np.float32), len(ordered), repeated)
