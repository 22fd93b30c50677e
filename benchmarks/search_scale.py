"""Search below row-level security at 200,000 passages of 20 tenants, from 100 to tens of thousands each.

    python -m benchmarks.search_scale [--passages 200000] [--queries 40] [--no-naive]
    python -m benchmarks.search_scale --million

Prints for each tenant: recall@20 of the vectors against exact search, rows returned, p50 and p95 of the whole hybrid
statement as the application's role asks it; beside what one HNSW index for all tenants would give (`naive`: as the
tutorials have it; `iterative`: with pgvector's relaxed iterative scan). `--million` loads one tenant with 1,000,000
vectors, and tells time, size and recall. Targets: recall@20 >= 0.98, rows = min(k, available), p95 <= 40 ms.

Vectors are points around 500 topics that all tenants share (32 dimensions within 384, as real embeddings have few);
words follow Zipf's law. Uses the database of the
installation (CRUCIBLE_HOME or CRUCIBLE_DATABASE_URL), whose owner must be a superuser, and leaves its tenants there.
"""

import argparse
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from resources.database.engine import Database, open_database
from resources.database.repositories.eligible import ALL, eligible
from resources.database.repositories.nearest import Lane, Reach, literal, look, nearest, open_lane
from resources.database.repositories.postings import entry, refresh_statistics
from resources.database.repositories.retrieval import hybrid
from resources.database.search_index import keep_indexes, look_at_indexes
from resources.search.query import Query
from resources.search.tally import TALLY
from resources.settings import load_settings

DIMENSION, INTRINSIC, MODEL, PROJECT = 384, 32, "synthetic@384", "scale"
SHARES = (
    *(100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 4_000),
    *(5_000, 6_000, 8_000, 9_500, 11_000, 13_000, 17_000, 22_000, 30_000, 65_150),
)
"""Passages of the 20 tenants: 200,000 together."""
WORDS, VOCABULARY, EACH = 80, 30_000, 20
"""Words of a passage, words there are, passages of a document."""
K = 20
Matrix = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Figures:
    """One tenant's."""

    passages: int
    lane: Lane
    recall: float
    rows: float
    p50: float  # milliseconds of the whole statement
    p95: float


class Points:
    """Unit vectors around topics, in a space of 32 dimensions turned into 384, as real embeddings lie; and noise."""

    def __init__(self, rng: np.random.Generator, topics: int = 500) -> None:
        self._rng = rng
        self._topics = rng.standard_normal((topics, INTRINSIC), dtype=np.float32)
        turned, _ = np.linalg.qr(rng.standard_normal((DIMENSION, INTRINSIC)))
        self._turn = turned.T.astype(np.float32)

    def draw(self, number: int) -> Matrix:
        """So many, each near a topic; float32 (number, 384)."""
        topic = self._topics[self._rng.integers(0, len(self._topics), number)]
        inner = topic + 0.6 * self._rng.standard_normal((number, INTRINSIC), dtype=np.float32)
        return _unit(inner @ self._turn + 0.07 * self._rng.standard_normal((number, DIMENSION), dtype=np.float32))


def _unit(matrix: Matrix) -> Matrix:
    unit: Matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit


def load(
    connection: psycopg.Connection[Any], tenant: str, points: Matrix, words: np.random.Generator | None
) -> float:
    """Store a tenant with these vectors, and with words if they are given; gives the seconds that vectors took."""
    connection.execute("INSERT INTO tenants (id, name) VALUES (%s, %s)", [tenant, tenant])
    connection.execute(
        "INSERT INTO projects (tenant_id, id, name, unit_of_observation) VALUES (%s, %s, 'Scale', 'DOCUMENT')",
        [tenant, PROJECT],
    )
    number = len(points)
    ids = [uuid.uuid4() for _ in range(-(-number // EACH))]
    sizes = [min(EACH, number - EACH * at) for at in range(len(ids))]
    with _copy(
        connection,
        "documents (tenant_id, id, project_id, batch, sha256, name, size_bytes, blob, status, origin, "
        "indexed_passages, indexed_words)",
    ) as copy:
        for at, document in enumerate(ids):
            name, words_of = f"{document}.txt", sizes[at] * WORDS
            row = (tenant, document, PROJECT, 1, document.hex, name, 1, name, "READY", "UPLOAD", sizes[at], words_of)
            copy.write_row(row)
    with _copy(
        connection, 'chunks (tenant_id, document_id, index, start, "end", text, tokens, content_hash)'
    ) as copy:
        for document in ids:
            copy.write_row((tenant, document, 0, 0, 1, "x", 1, "x"))
    with _copy(
        connection, 'passages (tenant_id, document_id, index, chunk_index, start, "end", text, tokens, content_hash)'
    ) as copy:
        for at, document in enumerate(ids):
            for index in range(sizes[at]):
                text = f"Passage {index} of document {at}: " + "words that stand for a text. " * 10
                copy.write_row((tenant, document, index, 0, 0, 1, text, 70, f"{at}/{index}"))
    if words is not None:
        connection.execute("SET session_replication_role = replica")  # no look at foreign keys for millions of rows
        with _copy(connection, "postings (tenant_id, document_id, term, project_id, entries)") as copy:
            for at, document in enumerate(ids):
                for term, entries in _postings(words, sizes[at]):
                    copy.write(f"{tenant}\t{document}\t{term}\t{PROJECT}\t{{{entries}}}\n")
        connection.execute("RESET session_replication_role")
    began = time.perf_counter()
    statement = (
        "COPY vectors (tenant_id, document_id, passage_index, model, project_id, dimension, embedding) "
        "FROM STDIN WITH (FORMAT BINARY)"
    )
    with connection.cursor().copy(statement) as copy:
        copy.set_types(["text", "uuid", "int4", "text", "text", "int4", "halfvec"])
        for at, point in enumerate(points):
            row = (tenant, ids[at // EACH], at % EACH, MODEL, PROJECT, DIMENSION, HalfVector(point))
            copy.write_row(row)
    return time.perf_counter() - began


def _copy(connection: psycopg.Connection[Any], into: str) -> Any:
    return connection.cursor().copy(f"COPY {into} FROM STDIN".encode())


def zipf(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Numbers of words, frequent ones small: the r-th word is r times as rare as the first."""
    return np.floor(np.exp(rng.random(shape) * np.log(VOCABULARY))).astype(np.int64)


def _postings(rng: np.random.Generator, passages: int) -> Iterator[tuple[str, str]]:
    drawn = zipf(rng, (passages, WORDS))
    keys, counts = np.unique(drawn * EACH + np.arange(passages)[:, None], return_counts=True)
    entries: dict[int, list[str]] = {}
    for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
        entries.setdefault(key // EACH, []).append(str(entry(key % EACH, WORDS, count)))
    for term, found in entries.items():
        yield f"w{term}", ",".join(found)


def measure(database: Database, tenant: str, queries: Matrix, words: np.random.Generator | None) -> Figures:
    """Ask every query: the vectors alone and exactly for the recall, and both legs together for the time."""
    recalls, rows, took = [], [], []
    with database.transaction(tenant, read_only=True) as session:
        for vector in queries:
            reach = _reach(vector)
            lane = open_lane(session, reach)
            exact = nearest(session, reach, Lane.EXACT)[:K]
            found = nearest(session, reach, lane)[:K]
            recalls.append(len(set(exact) & set(found)) / len(exact))
        passages = look(session, reach).reachable
    for vector in queries:
        query = _query(words) if words is not None else None
        with database.transaction(tenant, read_only=True) as session:
            began = time.perf_counter()
            hits = hybrid(session, PROJECT, query, MODEL, vector, K)
            took.append(1000 * (time.perf_counter() - began))
        rows.append(len(hits))
    p50, p95 = np.percentile(took, [50, 95])
    return Figures(passages, lane, float(np.mean(recalls)), float(np.mean(rows)), float(p50), float(p95))


def _reach(vector: Matrix) -> Reach:
    return Reach(PROJECT, MODEL, vector, max(100, 5 * K), eligible(PROJECT, ALL))


def _query(rng: np.random.Generator) -> Query:
    """Eight words: some that stand nearly everywhere, some that are rare, as in a question."""
    terms = tuple(dict.fromkeys(f"w{word}" for word in zipf(rng, (8,))))
    return Query(" ".join(terms), terms, tuple(range(len(terms))), (), ())


def naive(
    database: Database, connection: psycopg.Connection[Any], tenants: list[str], queries: Matrix
) -> dict[str, tuple[float, ...]]:
    """(recall, rows, recall, rows, p95 ms) by one HNSW index over everybody's vectors: as it is, and iterative."""
    connection.execute(
        "CREATE TABLE naive AS SELECT tenant_id, document_id, passage_index, embedding::halfvec(384) AS embedding "
        "FROM vectors"
    )
    connection.execute("ALTER TABLE naive ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    connection.execute("CREATE POLICY tenant ON naive USING (tenant_id = current_setting('app.tenant_id', true))")
    connection.execute("GRANT SELECT ON naive TO crucible_app")
    connection.execute("CREATE INDEX ON naive (tenant_id)")
    connection.execute("SET maintenance_work_mem = '1GB'")
    began = time.perf_counter()
    connection.execute("CREATE INDEX naive_hnsw ON naive USING hnsw (embedding halfvec_cosine_ops)")
    connection.execute("ANALYZE naive")
    print(f"naive: one index over all, built in {time.perf_counter() - began:.0f} s")
    ask = (
        "SELECT document_id, passage_index FROM (SELECT *, embedding <=> %s::halfvec AS distance FROM naive "
        "ORDER BY embedding <=> %s::halfvec LIMIT %s) x ORDER BY distance LIMIT 20"
    )
    exactly = "SELECT document_id, passage_index FROM naive ORDER BY (embedding <=> %s::halfvec) + 0 LIMIT 20"
    found = {}
    connection.execute("SET ROLE crucible_app")
    connection.execute("SET plan_cache_mode = force_custom_plan")
    for tenant in tenants:
        connection.execute("SELECT set_config('app.tenant_id', %s, false)", [tenant])
        figures: list[float] = []
        for setting, ef, limit in (("off", "40", K), ("relaxed_order", "100", 100)):
            connection.execute("SELECT set_config('hnsw.iterative_scan', %s, false)", [setting])
            connection.execute("SELECT set_config('hnsw.ef_search', %s, false)", [ef])
            recalls, rows, took = [], [], []
            for vector in queries:
                text = literal(vector)
                exact = connection.execute(exactly, [text]).fetchall()
                began = time.perf_counter()
                got = connection.execute(ask, [text, text, limit]).fetchall()
                took.append(1000 * (time.perf_counter() - began))
                recalls.append(len(set(exact) & set(got)) / len(exact))
                rows.append(len(got))
            figures += [float(np.mean(recalls)), float(np.mean(rows)), float(np.percentile(took, 95))]
        found[tenant] = tuple(figures)
    connection.execute("RESET ROLE")
    connection.execute("DROP TABLE naive")
    return found


def _owner(database: Database) -> psycopg.Connection[Any]:
    url = database.addresses.admin.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(url, autocommit=True)
    register_vector(connection)
    return connection


def _prepare(database: Database, connection: psycopg.Connection[Any], tenants: list[str]) -> None:
    for tenant in tenants:
        with database.transaction(tenant) as session:
            refresh_statistics(session, PROJECT)
    began = time.perf_counter()
    kept = keep_indexes(database, report=lambda said: print(f"  {said}", flush=True))
    print(f"partitions and indexes: {kept} in {time.perf_counter() - began:.0f} s; {kept.failed or ''}")
    connection.execute("VACUUM (ANALYZE) vectors, postings, passages, documents, search_statistics")


def scale(database: Database, passages: int, queries: int, with_naive: bool) -> None:
    """20 tenants."""
    rng = np.random.default_rng(7)
    points, run = Points(rng), uuid.uuid4().hex[:6]
    sizes = [max(100, share * passages // sum(SHARES)) for share in SHARES]
    tenants = [f"scale-{run}-{share}" for share in SHARES]
    with _owner(database) as connection:
        began = time.perf_counter()
        for tenant, size in zip(tenants, sizes, strict=True):
            load(connection, tenant, points.draw(size), rng)
        print(f"loaded {sum(sizes):,} passages of {len(tenants)} tenants in {time.perf_counter() - began:.0f} s")
        _prepare(database, connection, tenants)
        asked = points.draw(queries)
        figures = {tenant: measure(database, tenant, asked, rng) for tenant in tenants}
        shared = naive(database, connection, tenants, asked) if with_naive else {}
    print(f"{'passages':>9} {'lane':>7} {'recall@20':>9} {'rows':>5} {'p50 ms':>7} {'p95 ms':>7}", end="")
    print("   naive: recall rows   iterative: recall rows p95 ms" if shared else "")
    for tenant, each in figures.items():
        print(
            f"{each.passages:>9,} {each.lane:>7} {each.recall:>9.3f} {each.rows:>5.1f} "
            f"{each.p50:>7.1f} {each.p95:>7.1f}",
            end="",
        )
        if shared:
            off, few, _, on, rows, p95 = shared[tenant]
            print(f"   {off:>13.3f} {few:>4.1f}   {on:>17.3f} {rows:>4.1f} {p95:>6.1f}", end="")
        print()
    print(f"repeated exactly because an index gave too few: {TALLY.read().underfilled}")


def million(database: Database, number: int, queries: int) -> None:
    """One tenant."""
    rng = np.random.default_rng(11)
    points, tenant = Points(rng), f"million-{uuid.uuid4().hex[:6]}"
    with _owner(database) as connection:
        seconds = load(connection, tenant, points.draw(number), None)
        print(f"loaded {number:,} vectors by binary COPY in {seconds:.0f} s ({number / seconds:,.0f} a second)")
        _prepare(database, connection, [tenant])
        for index in look_at_indexes(database).indexes:
            print(f"index {index.name}: {index.rows:,} rows, {index.size / 2**20:,.0f} MiB, valid {index.valid}")
        each = measure(database, tenant, points.draw(queries), None)
    print(f"{each.lane}: recall@20 {each.recall:.3f}, rows {each.rows:.1f}, p50 {each.p50:.1f} p95 {each.p95:.1f} ms")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int)
    parser.add_argument("--queries", type=int, default=40)
    parser.add_argument("--no-naive", action="store_true")
    parser.add_argument("--million", action="store_true")
    given = parser.parse_args()
    database = open_database(load_settings())
    if given.million:
        million(database, given.passages or 1_000_000, given.queries)
    else:
        scale(database, given.passages or sum(SHARES), given.queries, not given.no_naive)
    database.dispose()


if __name__ == "__main__":
    main()
