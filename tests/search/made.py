"""Passages as retrieval finds them, made up."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Hit:
    document_id: UUID
    index: int
    start: int
    end: int
    text: str
    score: float
    chunk_index: int = 0
    lexical_rank: int | None = None
    dense_rank: int | None = None


def hit(
    text: str,
    score: float = 1.0,
    *,
    document: int = 1,
    index: int = 0,
    start: int = 0,
    chunk: int | None = None,
    lexical_rank: int | None = None,
    dense_rank: int | None = None,
) -> Hit:
    """A passage; each is in a chunk of its own unless told."""
    place = index if chunk is None else chunk
    return Hit(UUID(int=document), index, start, start + len(text), text, score, place, lexical_rank, dense_rank)
