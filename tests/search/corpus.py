"""Small projects whose passages are given as they are, with vectors of four numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

import numpy as np

from crucible_assets.chunks.tokens import content_hash
from resources.database.engine import Database
from resources.database.repositories.documents import DocumentText, NewFile, save_read, take_in
from resources.database.repositories.passages import add_vectors, replace_chunks, replace_passages
from resources.database.repositories.postings import refresh_statistics, replace_postings
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.project import Project
from resources.search import analysis
from resources.vocabulary import DocumentOrigin

MODEL = "four numbers"


def unit(*numbers: float) -> np.ndarray:
    vector = np.asarray(numbers, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def fresh_project(database: Database, tenant: str = "default") -> str:
    name = f"search-{uuid4().hex[:12]}"
    with database.transaction(tenant) as session:
        ensure_tenant(session)
        save_project(session, Project(name, name, ()))
    return name


def add(
    database: Database,
    project: str,
    name: str,
    passages: Sequence[str],
    *,
    tenant: str = "default",
    language: str | None = "en",
    vectors: Sequence[np.ndarray] = (),
    **fields: object,
) -> UUID:
    """A document of these passages, each a chunk of its own; ready to be searched but for the statistics."""
    text = "\n\n".join(passages)
    digest = content_hash(f"{project} {name} {text}")
    with database.transaction(tenant) as session:
        file = NewFile(name, digest, len(text), f"{tenant}/{digest[:2]}/{digest}")
        (taken,) = take_in(session, project, [file], DocumentOrigin.UPLOAD)
        save_read(session, taken.document_id, {"language": language, **fields}, DocumentText(text, ()))
        rows, start = [], 0
        for index, passage in enumerate(passages):
            place = {"index": index, "start": start, "end": start + len(passage), "text": passage, "tokens": 1}
            rows.append({**place, "content_hash": content_hash(passage)})
            start += len(passage) + 2
        replace_chunks(session, taken.document_id, [{**row, "heading_path": []} for row in rows])
        replace_passages(session, taken.document_id, [{**row, "chunk_index": row["index"]} for row in rows])
        replace_postings(session, taken.document_id, analysis.count_terms)
        if len(vectors):
            add_vectors(session, taken.document_id, MODEL, range(len(vectors)), np.stack(vectors))
    return taken.document_id


def refresh(database: Database, project: str, tenant: str = "default") -> None:
    with database.transaction(tenant) as session:
        refresh_statistics(session, project)


def bm25(texts: Mapping[str, Sequence[str]], words: Sequence[Sequence[str]]) -> dict[str, float]:
    """Robertson and Zaragoza's BM25 (k1 = 1.2, b = 0.75) of passages given as terms; a word has one form or several.

    The document frequency of a word is the sum of its forms'.
    """
    counted = {name: Counter(terms) for name, terms in texts.items()}
    mean = sum(map(len, texts.values())) / len(texts)
    scores: dict[str, float] = {}
    for forms in words:
        frequencies = {name: sum(counts[form] for form in forms) for name, counts in counted.items()}
        df = sum(counts[form] > 0 for counts in counted.values() for form in forms)
        weight = math.log(1 + (max(len(texts), df) - df + 0.5) / (df + 0.5))
        for name, tf in frequencies.items():
            if tf:
                long = 0.25 + 0.75 * len(texts[name]) / mean
                scores[name] = scores.get(name, 0.0) + weight * tf * 2.2 / (tf + 1.2 * long)
    return scores
