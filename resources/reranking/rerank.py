"""A new order for the first hits of a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from resources.search.scoring import RRF


class Reranker(Protocol):
    """Scores passages for a query by reading both."""

    @property
    def name(self) -> str:
        """What it is, for a person."""
        ...

    @property
    def depth(self) -> int:
        """How many of the first hits it is to read."""
        ...

    @property
    def decides_alone(self) -> bool:
        """Whether its order replaces that of the search; otherwise the two are fused by reciprocal rank."""
        ...

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, higher is better; only its order means something. Raises `RerankError`."""
        ...


class _Readable(Protocol):
    @property
    def text(self) -> str: ...


R = TypeVar("R", bound=_Readable)


@dataclass(frozen=True, slots=True)
class Reranked(Generic[R]):
    """A hit at its new place. `score` falls with the place; `rank_before` is from 1.

    `rerank_score` is the reranker's; None for a hit beyond its depth.
    """

    passage: R
    score: float
    rank_before: int
    rerank_score: float | None


def rerank(reranker: Reranker, query: str, passages: Sequence[R]) -> list[Reranked[R]]:
    """All passages, the first `depth` in a new order, the others behind them as they were. Raises `RerankError`.

    Equal scores keep the order of the search.
    """
    head = passages[: reranker.depth]
    scores = reranker.scores(query, [passage.text for passage in head]) if head else []
    order = sorted(range(len(head)), key=lambda place: (-scores[place], place))
    ranks = {place: rank for rank, place in enumerate(order, 1)}
    made = []
    for place, passage in enumerate(passages):
        before = place + 1
        after = ranks.get(place, before)
        first = after if reranker.decides_alone else before
        score = 1 / (RRF + first) + 1 / (RRF + after)
        made.append(Reranked(passage, score, before, scores[place] if place < len(head) else None))
    return sorted(made, key=lambda one: (-one.score, one.rank_before))
