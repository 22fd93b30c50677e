"""Tenants with many short passages and vectors, stored as the owner: there the application would be slow."""

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from resources.database.engine import Database
from resources.database.repositories.eligible import ALL, Filters, eligible
from resources.database.repositories.nearest import Reach
from resources.database.repositories.postings import refresh_statistics

MODEL, PROJECT, DIMENSION = "made@16", "study", 16
EACH = 20
Matrix = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Corpus:
    """A tenant's documents, and the vectors of their passages (20 of each) in order."""

    tenant: str
    project: str
    documents: list[uuid.UUID]
    points: Matrix
    model: str = MODEL

    def nearest(self, vector: Matrix, k: int, documents: int | None = None) -> list[tuple[uuid.UUID, int]]:
        """(document, passage) by comparing with all, or with those of the first `documents`."""
        points = self.points if documents is None else self.points[: documents * EACH]
        halves, half = (array.astype(np.float16).astype(np.float64) for array in (points, vector))
        cosines = halves @ half / np.linalg.norm(halves, axis=1)
        order = np.argsort(-cosines, kind="stable")[:k]
        return [(self.documents[place // EACH], int(place % EACH)) for place in order]

    def reach(self, vector: Matrix, candidates: int = 100, documents: int | None = None) -> Reach:
        """All of the project, or its first documents."""
        filters = ALL if documents is None else Filters(documents=tuple(self.documents[:documents]))
        return Reach(self.project, self.model, vector, candidates, eligible(self.project, filters))


def owner(database: Database) -> psycopg.Connection[Any]:
    """A connection of the tables' owner."""
    url = database.addresses.admin.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(url, autocommit=True)
    register_vector(connection)
    return connection


def points(number: int, seed: int = 1) -> Matrix:
    """Unit vectors around forty topics."""
    rng, topics = np.random.default_rng(seed), np.random.default_rng(0).standard_normal((40, DIMENSION))
    made = topics[rng.integers(0, 40, number)] + 0.5 * rng.standard_normal((number, DIMENSION))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def make_corpus(database: Database, number: int, tenant: str | None = None, project: str = PROJECT) -> Corpus:
    """A tenant (a new one unless named) with a project of so many passages, a multiple of 20."""
    tenant = tenant or f"t-{uuid.uuid4().hex[:12]}"
    ids = [uuid.uuid4() for _ in range(number // EACH)]
    corpus = Corpus(tenant, project, ids, points(number, seed=number))
    with owner(database) as connection:
        connection.execute("INSERT INTO tenants (id, name) VALUES (%s, 'x') ON CONFLICT DO NOTHING", [tenant])
        connection.execute(
            "INSERT INTO projects (tenant_id, id, name, unit_of_observation) VALUES (%s, %s, 'x', 'DOCUMENT')",
            [tenant, project],
        )
        connection.execute(
            "INSERT INTO documents (tenant_id, id, project_id, batch, sha256, name, size_bytes, blob, status, "
            "origin, indexed_passages) SELECT %s, id, %s, 1, id, id || '.txt', 1, 'x', 'READY', 'UPLOAD', %s "
            "FROM unnest(%s::uuid[]) id",
            [tenant, project, EACH, ids],
        )
        connection.execute(
            'INSERT INTO chunks (tenant_id, document_id, index, start, "end", text, tokens, content_hash) '
            "SELECT %s, id, 0, 0, 1, 'x', 1, 'x' FROM unnest(%s::uuid[]) id",
            [tenant, ids],
        )
        connection.execute(
            'INSERT INTO passages (tenant_id, document_id, index, chunk_index, start, "end", text, tokens, '
            "content_hash) SELECT %s, id, n, 0, 0, 1, 'a passage', 2, 'x' "
            "FROM unnest(%s::uuid[]) id, generate_series(0, %s) n",
            [tenant, ids, EACH - 1],
        )
    add_vectors(database, corpus, MODEL)
    count(database, corpus)
    return corpus


def add_vectors(database: Database, corpus: Corpus, model: str, documents: int | None = None) -> None:
    """Store the vectors under a model's name: all, or those of the first documents."""
    with (
        owner(database) as connection,
        connection.cursor().copy(
            "COPY vectors (tenant_id, document_id, passage_index, model, project_id, dimension, embedding) "
            "FROM STDIN WITH (FORMAT BINARY)"
        ) as copy,
    ):
        copy.set_types(["text", "uuid", "int4", "text", "text", "int4", "halfvec"])
        for at, point in enumerate(corpus.points if documents is None else corpus.points[: documents * EACH]):
            place = (corpus.documents[at // EACH], at % EACH)
            copy.write_row((corpus.tenant, *place, model, corpus.project, DIMENSION, HalfVector(point)))


def count(database: Database, corpus: Corpus) -> None:
    """Refresh the project's statistics."""
    with database.transaction(corpus.tenant) as session:
        refresh_statistics(session, corpus.project)
