"""Passages that say the same are shown once; those that only nearly do are shown side by side.

Nothing is lost in silence: what is removed stays listed with the passage that stands for it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Generic

from resources.search.candidates import Candidate, P, best_rank, order
from resources.search.differences import Difference, Words, differences, only_noise, plain, words_of
from resources.search.likeness import Shingles, bands, character_shingles, jaccard, word_shingles

NEAR = 0.8
"""Least share of common three-word shingles of near-duplicates."""
NOISY = 0.7
"""Least share of common five-character shingles of texts that differ by slips of character recognition alone."""


class Likeness(StrEnum):
    """Why a passage is a duplicate."""

    EXACT = "exact"  # but for white space, case and forms of characters
    NEAR = "near"
    NOISY = "noisy"  # slips of character recognition


@dataclass(frozen=True, slots=True)
class Duplicate(Generic[P]):
    """A passage that another one stands for, and how alike they are (Jaccard's coefficient, 1 for exact ones)."""

    candidate: Candidate[P]
    likeness: Likeness
    similarity: float


@dataclass(frozen=True, slots=True)
class Distinct(Generic[P]):
    """A passage that is shown. It answers all questions that its duplicates answer, with the best of their ranks.

    Passages of the same `group` are variants: nearly the same text that says something else.
    """

    candidate: Candidate[P]
    duplicates: tuple[Duplicate[P], ...] = ()
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Deduplicated(Generic[P]):
    """Distinct passages, best first, and for each group of variants (from 1) what sets its members apart."""

    passages: tuple[Distinct[P], ...]
    groups: dict[int, frozenset[Difference]]


def without_duplicates(candidates: Iterable[Candidate[P]]) -> Deduplicated[P]:
    """Every text once, by its best passage. The result does not depend on the order given."""
    kept: list[_Kept[P]] = []
    index: dict[tuple[int, bytes], list[int]] = {}
    links: list[tuple[int, int, frozenset[Difference]]] = []
    for candidate in sorted(candidates, key=order):
        text = _prepared(candidate.passage.text)
        near = sorted({place for key in text.keys for place in index.get(key, ())})
        duplicate_of: int | None = None
        apart: list[tuple[int, frozenset[Difference]]] = []
        for place in near:
            verdict = _compare(kept[place].text, text)
            if verdict is None:
                continue
            likeness, similarity, differ = verdict
            if differ:
                apart.append((place, differ))
            elif duplicate_of is None:
                duplicate_of = place
                kept[place].duplicates.append(Duplicate(candidate, likeness, similarity))
        if duplicate_of is None:
            duplicate_of = len(kept)
            kept.append(_Kept(candidate, text))
            for key in text.keys:
                index.setdefault(key, []).append(duplicate_of)
        links += [(place, duplicate_of, differ) for place, differ in apart]
    group_of, groups = _groups(len(kept), links)
    passages = tuple(
        Distinct(_together(one.candidate, one.duplicates), tuple(one.duplicates), group_of.get(place))
        for place, one in enumerate(kept)
    )
    return Deduplicated(passages, groups)


def text_hash(text: str) -> str:
    """SHA-256, in hexadecimal, of the text without regard to white space, case and forms of characters."""
    return hashlib.sha256(plain(text).casefold().encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Text:
    hash: str
    words: Words
    by_words: Shingles
    by_characters: Shingles
    keys: tuple[tuple[int, bytes], ...]  # (place of the band, its value): what like texts are found by


@dataclass(slots=True)
class _Kept(Generic[P]):
    candidate: Candidate[P]
    text: _Text
    duplicates: list[Duplicate[P]] = field(default_factory=list)


def _prepared(text: str) -> _Text:
    words = words_of(text)
    by_words, by_characters = word_shingles(words.words), character_shingles(words.words)
    whole = text_hash(text)
    keys = enumerate([whole.encode(), *bands(by_words), *bands(by_characters)])
    return _Text(whole, words, by_words, by_characters, tuple(keys))


def _compare(first: _Text, second: _Text) -> tuple[Likeness, float, frozenset[Difference]] | None:
    """How two texts are alike and what sets them apart; None when they are just two texts."""
    if first.hash == second.hash:
        return Likeness.EXACT, 1.0, differences(first.words, second.words)
    similarity = jaccard(first.by_words, second.by_words)
    if similarity >= NEAR:
        return Likeness.NEAR, similarity, differences(first.words, second.words)
    similarity = jaccard(first.by_characters, second.by_characters)
    if similarity >= NOISY and only_noise(first.words.words, second.words.words):
        return Likeness.NOISY, similarity, differences(first.words, second.words)
    return None


def _groups(
    count: int, links: Iterable[tuple[int, int, frozenset[Difference]]]
) -> tuple[dict[int, int], dict[int, frozenset[Difference]]]:
    """The group of each place that has variants, and what sets each group's members apart."""
    parent = list(range(count))

    def root(place: int) -> int:
        while parent[place] != place:
            place = parent[place]
        return place

    links = list(links)
    for first, second, _ in links:
        low, high = sorted((root(first), root(second)))
        parent[high] = low
    numbers: dict[int, int] = {}
    for place in sorted({place for first, second, _ in links for place in (first, second)}):
        numbers.setdefault(root(place), len(numbers) + 1)
    members = {place: numbers[root(place)] for place in range(count) if root(place) in numbers}
    groups: dict[int, frozenset[Difference]] = dict.fromkeys(numbers.values(), frozenset())
    for first, _, differ in links:
        groups[numbers[root(first)]] |= differ
    return members, groups


def _together(candidate: Candidate[P], duplicates: Iterable[Duplicate[P]]) -> Candidate[P]:
    """The candidate with the questions and best ranks of all that it stands for."""
    others = [duplicate.candidate for duplicate in duplicates]
    return replace(
        candidate,
        lexical_rank=best_rank(candidate.lexical_rank, *(other.lexical_rank for other in others)),
        dense_rank=best_rank(candidate.dense_rank, *(other.dense_rank for other in others)),
        questions=candidate.questions.union(*(other.questions for other in others)),
    )
