"""A project with a few documents that were read, cut and embedded by a small model of words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import sqlalchemy as sa

from resources.database.engine import Database
from resources.database.repositories.documents import DocumentText, NewFile, save_read, take_in
from resources.database.repositories.passages import add_vectors, replace_chunks, replace_passages
from resources.database.repositories.postings import refresh_statistics, replace_postings
from resources.database.tables import documents
from resources.embedding.contract import check_not_blank
from resources.embedding.errors import EndpointUnavailableError, TextTooLongError
from resources.search import analysis
from resources.vocabulary import DocumentOrigin, Segment, SegmentKind
from sidecar.search import service
from tests.sidecar.context.conftest import make_project


class WordEmbedder:
    """Vectors of hashed words: alike where words are the same, and made in no time."""

    name = "hashed words"
    dimension = 64
    window = 50
    fingerprint = "hashed words@64"

    def embed_passages(self, texts: list[str]) -> Any:
        check_not_blank(texts)
        made = np.full((len(texts), self.dimension), 0.01, dtype=np.float32)
        for row, text in zip(made, texts, strict=True):
            words = text.lower().split()
            if len(words) > self.window:
                raise TextTooLongError(0, len(words), self.window, self.name, text)
            for word in words:
                row[int(hashlib.sha256(word.strip('.,?"').encode()).hexdigest(), 16) % self.dimension] += 1
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    embed_queries = embed_passages

    def count_tokens(self, text: str) -> int:
        return len(text.split())


class BrokenEmbedder(WordEmbedder):
    """One that is there, and does not answer."""

    def embed_queries(self, texts: list[str]) -> Any:
        raise EndpointUnavailableError("nobody answers")


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> WordEmbedder:
    """The embedder of the installation."""
    made = WordEmbedder()
    monkeypatch.setattr(service, "embedder_of", lambda _: made)
    return made


@dataclass
class Corpus:
    """Documents of one project; every paragraph is a chunk and a passage."""

    database: Database
    tenant: str
    embedder: WordEmbedder
    project: str = "study"

    def add(self, name: str, *paragraphs: str, model: str | None = "", language: str = "en", **fields: Any) -> UUID:
        """`model` None: without vectors."""
        text = "\n\n".join(paragraphs)
        starts = [sum(len(before) + 2 for before in paragraphs[:n]) for n in range(len(paragraphs))]
        spans = [(start, start + len(one)) for start, one in zip(starts, paragraphs, strict=True)]
        segments = [
            Segment(start, end, SegmentKind.PARAGRAPH, page=n + 1, box=(72, 90, 300, 104))
            for n, (start, end) in enumerate(spans)
        ]
        rows = [
            {"index": n, "start": start, "end": end, "text": one, "tokens": 5,
             "content_hash": hashlib.sha256(one.encode()).hexdigest()}
            for n, ((start, end), one) in enumerate(zip(spans, paragraphs, strict=True))
        ]  # fmt: skip
        digest = hashlib.sha256(f"{name} {text}".encode()).hexdigest()
        with self.database.transaction(self.tenant) as session:
            file = NewFile(name, digest, len(text), f"{self.tenant}/{digest}")
            (taken,) = take_in(session, self.project, [file], DocumentOrigin.UPLOAD)
            made = taken.document_id
            save_read(session, made, {"language": language, "parser_version": "1"}, DocumentText(text, segments))
            if fields:
                session.execute(sa.update(documents).where(documents.c.id == made).values(**fields))
            replace_chunks(session, made, [{**row, "heading_path": ["Report"]} for row in rows])
            replace_passages(session, made, [{**row, "chunk_index": row["index"]} for row in rows])
            replace_postings(session, made, analysis.count_terms)
            if model is not None:
                matrix = self.embedder.embed_passages(list(paragraphs))
                add_vectors(session, made, model or self.embedder.fingerprint, range(len(rows)), matrix)
            refresh_statistics(session, self.project)
        return made


@pytest.fixture
def corpus(database: Database, tenant: str, embedder: WordEmbedder) -> Corpus:
    make_project(database, tenant)
    return Corpus(database, tenant, embedder)
