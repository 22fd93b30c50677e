"""What retrieval found for one question or several, as the steps that shape a context take it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID


class Found(Protocol):
    """A passage that retrieval found: `text` is `document[start:end]`, ranks count from 1 (None: not found so)."""

    @property
    def document_id(self) -> UUID:
        """Its document."""
        ...

    @property
    def index(self) -> int:
        """Its place among the passages of the document."""
        ...

    @property
    def chunk_index(self) -> int:
        """The chunk of the document that it is a part of."""
        ...

    @property
    def start(self) -> int:
        """Its first character in the document."""
        ...

    @property
    def end(self) -> int:
        """The character behind its last one."""
        ...

    @property
    def text(self) -> str:
        """Its words."""
        ...

    @property
    def score(self) -> float:
        """Higher is better."""
        ...

    @property
    def lexical_rank(self) -> int | None:
        """Its place by words."""
        ...

    @property
    def dense_rank(self) -> int | None:
        """Its place by vectors."""
        ...


P = TypeVar("P", bound=Found)


@dataclass(frozen=True, slots=True)
class Candidate(Generic[P]):
    """A passage, its best score and ranks over all questions, and the questions for which it was found."""

    passage: P
    score: float
    lexical_rank: int | None
    dense_rank: int | None
    questions: frozenset[str]


def gather(found: Mapping[str, Sequence[P]], score: Callable[[P], float] | None = None) -> list[Candidate[P]]:
    """The passages found for each question, every passage once, best first (ties by document and place).

    `score` is the passage's own where none is given; give another after reranking.
    """
    made: dict[tuple[UUID, int], Candidate[P]] = {}
    for question, passages in found.items():
        for passage in passages:
            place = (passage.document_id, passage.index)
            value = passage.score if score is None else score(passage)
            known = made.get(place)
            made[place] = Candidate(
                passage if known is None else known.passage,
                value if known is None else max(value, known.score),
                passage.lexical_rank if known is None else best_rank(passage.lexical_rank, known.lexical_rank),
                passage.dense_rank if known is None else best_rank(passage.dense_rank, known.dense_rank),
                frozenset((question,)) | (known.questions if known else frozenset()),
            )
    return sorted(made.values(), key=order)


def order(candidate: Candidate[P]) -> tuple[float, UUID, int]:
    """Sorts the best first; equal scores by document and place, so that the order never depends on chance."""
    return -candidate.score, candidate.passage.document_id, candidate.passage.index


def best_rank(*ranks: int | None) -> int | None:
    """The smallest of the ranks that there are."""
    return min((rank for rank in ranks if rank is not None), default=None)
