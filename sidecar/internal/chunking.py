"""Chunks of other services: each held against the document's text before it is stored."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from crucible_assets.chunks.tokens import content_hash, count_tokens
from resources.database.engine import TenantSession
from resources.database.repositories.postings import replace_postings
from resources.database.repositories.service_chunks import (
    BY_SERVICE,
    CutDocument,
    hashes_of,
    lock_document,
    take_over,
    upsert_chunks,
    upsert_vectors,
)
from resources.search import analysis
from sidecar.internal.schemas import ChunkIn, ChunkOutcome

_TOGETHER = 200


def store_chunks(session: TenantSession, chunks: Sequence[ChunkIn], *, replace: bool) -> list[ChunkOutcome]:
    """Store those that hold; gives what became of each, in order."""
    outcomes: dict[int, ChunkOutcome] = {}
    order = sorted(range(len(chunks)), key=lambda place: chunks[place].document_id.bytes)  # so that none deadlock
    for document_id, group in groupby(order, key=lambda place: chunks[place].document_id):
        places = list(group)
        document = lock_document(session, document_id)
        if document is None:
            outcomes |= dict.fromkeys(places, ChunkOutcome.NOT_FOUND)
        elif document.chunks_version not in (None, BY_SERVICE) and not replace:
            outcomes |= dict.fromkeys(places, ChunkOutcome.CUT_BY_PIPELINE)
        else:
            outcomes |= _store(session, document, {place: chunks[place] for place in places})
    return [outcomes[place] for place in range(len(chunks))]


def _store(session: TenantSession, document: CutDocument, chunks: dict[int, ChunkIn]) -> dict[int, ChunkOutcome]:
    outcomes: dict[int, ChunkOutcome] = {}
    good: dict[int, ChunkIn] = {}  # by index
    places: dict[int, int] = {}
    for place, chunk in chunks.items():
        refusal = ChunkOutcome.DUPLICATE if chunk.index in good else _refusal(document.text, chunk)
        if refusal is not None:
            outcomes[place] = refusal
        else:
            good[chunk.index], places[chunk.index] = chunk, place
    if not good:
        return outcomes
    if document.chunks_version != BY_SERVICE:
        take_over(session, document.id)
    known = hashes_of(session, document.id, good)
    hashes = {index: content_hash(chunk.text) for index, chunk in good.items()}
    changed = {index for index, old in known.items() if old != hashes[index]}
    rows = [
        {
            "index": index,
            "start": chunk.start,
            "end": chunk.end,
            "text": chunk.text,
            "tokens": count_tokens(chunk.text),
            "heading_path": chunk.heading_path,
            "content_hash": hashes[index],
        }
        for index, chunk in sorted(good.items())
    ]
    for first in range(0, len(rows), _TOGETHER):
        batch = rows[first : first + _TOGETHER]
        upsert_chunks(session, document.id, batch, changed & {row["index"] for row in batch})
    made = [(i, e.model, unit(e.vector)) for i, chunk in sorted(good.items()) for e in chunk.embeddings]
    for first in range(0, len(made), _TOGETHER):
        upsert_vectors(session, document.id, made[first : first + _TOGETHER])
    replace_postings(session, document.id, analysis.count_terms)
    for index, place in places.items():
        if index not in known:
            outcomes[place] = ChunkOutcome.CREATED
        else:
            outcomes[place] = ChunkOutcome.UPDATED if index in changed else ChunkOutcome.UNCHANGED
    return outcomes


def _refusal(text: str | None, chunk: ChunkIn) -> ChunkOutcome | None:
    if chunk.end - chunk.start != len(chunk.text):
        return ChunkOutcome.MISMATCH
    if text is not None and text[chunk.start : chunk.end] != chunk.text:
        return ChunkOutcome.MISMATCH
    models = [embedding.model for embedding in chunk.embeddings]
    if len(set(models)) < len(models) or not all(any(embedding.vector) for embedding in chunk.embeddings):
        return ChunkOutcome.BAD_VECTOR
    return None


def unit(vector: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The vector at length 1; it must not be all zeros. Numbers near the largest or smallest do not overflow."""
    array = np.asarray(vector, dtype=np.float64)
    array = array / np.abs(array).max()
    unit_vector: np.ndarray[tuple[int], np.dtype[np.float32]] = (array / np.linalg.norm(array)).astype(np.float32)
    return unit_vector
