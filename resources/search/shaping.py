"""Adjacent passages of a document put together into sections, as a reader would take them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Generic
from uuid import UUID

from resources.search.candidates import P, best_rank
from resources.search.duplicates import Distinct

TokenCounter = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Section(Generic[P]):
    """Neighbouring passages as one stretch of a document: `text` is `document[start:end]`.

    Score and ranks are the best of its passages; it answers the questions of all of them, duplicates included.
    `groups` are the groups of variants that its passages belong to.
    """

    document_id: UUID
    start: int
    end: int
    text: str
    score: float
    lexical_rank: int | None
    dense_rank: int | None
    questions: frozenset[str]
    groups: frozenset[int]
    passages: tuple[Distinct[P], ...]

    @property
    def segments(self) -> frozenset[tuple[UUID, int]]:
        """The chunks of the document that it touches."""
        return frozenset((self.document_id, one.candidate.passage.chunk_index) for one in self.passages)


def merge_adjacent(passages: Iterable[Distinct[P]], count: TokenCounter, most_tokens: int) -> list[Section[P]]:
    """Sections, best first (ties by document and place).

    Passages that follow each other, without a gap in the text, become one section of `most_tokens` at most; text
    that both have is not repeated. Each grows from its best passage towards its better neighbour. A passage that
    alone is longer stays alone.
    """
    ordered = sorted(passages, key=lambda one: (one.candidate.passage.document_id, one.candidate.passage.index))
    sections: list[Section[P]] = []
    for _, group in groupby(ordered, key=lambda one: one.candidate.passage.document_id):
        for run in _runs(list(group)):
            sections += _sections(run, count, most_tokens)
    return sorted(sections, key=section_order)


def section_order(section: Section[P]) -> tuple[float, UUID, int, int]:
    """Sorts the best first."""
    return -section.score, section.document_id, section.start, section.end


def _runs(passages: list[Distinct[P]]) -> list[list[Distinct[P]]]:
    runs: list[list[Distinct[P]]] = []
    for one in passages:
        if runs and _follows(runs[-1][-1].candidate.passage, one.candidate.passage):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _follows(first: P, second: P) -> bool:
    """Whether the second passage goes on where the first ends, and says the same where they overlap."""
    if second.index != first.index + 1 or not first.start <= second.start <= first.end < second.end:
        return False
    if len(first.text) != first.end - first.start or len(second.text) != second.end - second.start:
        return False
    return first.text[second.start - first.start :] == second.text[: first.end - second.start]


def _sections(run: list[Distinct[P]], count: TokenCounter, most_tokens: int) -> list[Section[P]]:
    free = set(range(len(run)))
    sections: list[Section[P]] = []
    for seed in sorted(free, key=lambda place: (-run[place].candidate.score, place)):
        if seed not in free:
            continue
        low = high = seed
        section = _section(run[low : high + 1])
        while True:
            neighbours = sorted({low - 1, high + 1} & free, key=lambda place: (-run[place].candidate.score, place))
            for place in neighbours:
                larger = _section(run[min(low, place) : max(high, place) + 1])
                if count(larger.text) <= most_tokens:
                    section, low, high = larger, min(low, place), max(high, place)
                    break
            else:
                break
        free -= set(range(low, high + 1))
        sections.append(section)
    return sections


def _section(passages: list[Distinct[P]]) -> Section[P]:
    candidates = [one.candidate for one in passages]
    first = candidates[0].passage
    text, end = "", first.start
    for candidate in candidates:
        text += candidate.passage.text[end - candidate.passage.start :]
        end = candidate.passage.end
    return Section(
        document_id=first.document_id,
        start=first.start,
        end=end,
        text=text,
        score=max(candidate.score for candidate in candidates),
        lexical_rank=best_rank(*(candidate.lexical_rank for candidate in candidates)),
        dense_rank=best_rank(*(candidate.dense_rank for candidate in candidates)),
        questions=frozenset().union(*(candidate.questions for candidate in candidates)),
        groups=frozenset(one.group for one in passages if one.group is not None),
        passages=tuple(passages),
    )
