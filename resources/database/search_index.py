"""Keeps the partitions and HNSW indexes of `vectors`, as the role that owns the tables.

Which ones there should be follows from how many vectors the tenants have (`wanted`). Everything can be done twice,
killed at any moment and done by several processes: a partition is made in one transaction, indexes are built
concurrently, an advisory lock lets one process work, and what a killed one left half built is dropped first.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from resources.database.engine import Database
from resources.database.repositories.nearest import EXACT_MOST
from resources.database.repositories.vector_models import VectorCount, count_vectors
from resources.database.vector_names import REST, index_of, partition_of

MOST_DIMENSIONS = 4_000
"""Of a half-precision vector that HNSW takes; longer ones are always compared one by one."""

_LOCK = 0x43525649  # 'CRVI': one keeper at a time
_LOCK_WAIT = "900ms"  # less than deadlock_timeout: it is never another's transaction that gives way
_NOTICED = "300ms"  # after which autovacuum makes way for one who waits; a superuser alone may say when
_TRIES = 5
_BYTES_A_ROW = 700  # of the graph beside the vector, while an index is built in memory
_MOST_MEMORY = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Wish:
    """An index there should be."""

    partition: str
    tenant: str
    model: str
    dimension: int
    vectors: int

    @property
    def index(self) -> str:
        """Its name."""
        return index_of(self.partition, self.model, self.dimension)


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """An HNSW index that is there."""

    name: str
    partition: str
    valid: bool  # False: it is being built, or a builder was killed
    rows: int
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class IndexState:
    """The indexes that are there, and what differs from those there should be."""

    partitions: tuple[str, ...]  # of single tenants
    indexes: tuple[VectorIndex, ...]
    to_move: tuple[str, ...]  # tenants who should have a partition of their own
    lacking: tuple[Wish, ...]
    idle: tuple[str, ...]  # indexes that nobody needs any more
    invalid: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether everything is as it should be."""
        return not (self.to_move or self.lacking or self.idle or self.invalid)


@dataclass(slots=True)
class Kept:
    """What was done, by name, with the seconds that indexes took."""

    moved: list[str] = field(default_factory=list)  # tenants
    built: dict[str, float] = field(default_factory=dict)
    rebuilt: dict[str, float] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # tenants and indexes, and why
    busy: bool = False  # another process is at it: nothing was done

    def __str__(self) -> str:
        if self.busy:
            return "another process keeps the search index at the moment"
        done = {"moved": self.moved, "built": self.built, "rebuilt": self.rebuilt, "dropped": self.dropped}
        return ", ".join(f"{len(what)} {name}" for name, what in done.items()) + f", {len(self.failed)} failed"


def wanted(counts: Mapping[str, Sequence[VectorCount]], own: Collection[str]) -> list[Wish]:
    """The indexes there should be, of these tenants' vectors. `own` are those who have a partition already.

    What all tenants share has none: below row-level security it would lose what is near (benchmarks/search_scale.py),
    and whoever has too many vectors to compare one by one has a partition.
    """
    return [
        Wish(partition_of(tenant), tenant, each.model, each.dimension, each.vectors)
        for tenant, models in counts.items()
        if tenant in own or needs_partition(models)
        for each in models
        if is_large(each)
    ]


def is_large(count: VectorCount) -> bool:
    """Whether so many vectors want an index."""
    return count.vectors > EXACT_MOST and count.dimension <= MOST_DIMENSIONS


def needs_partition(models: Sequence[VectorCount]) -> bool:
    """Whether a tenant with these vectors is large."""
    return any(is_large(each) for each in models)


def look_at_indexes(database: Database) -> IndexState:
    """What there is and what is amiss. Only reads; needs no other role than the application's."""
    counts = {tenant: found for tenant in database.tenants() if (found := count_vectors(database, tenant))}
    with database.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        partitions, indexes = _partitions(driver), _indexes(driver)
    own = frozenset(tenant for tenant in counts if partition_of(tenant) in partitions)
    wishes = wanted(counts, own)
    usable = {index.name for index in indexes if index.valid}
    # an index is kept until half as many vectors are left as it was made for
    kept = {
        index_of(partition_of(tenant), each.model, each.dimension)
        for tenant, models in counts.items()
        for each in models
        if each.vectors > EXACT_MOST // 2
    }
    return IndexState(
        partitions=partitions,
        indexes=indexes,
        to_move=tuple(tenant for tenant, models in counts.items() if tenant not in own and needs_partition(models)),
        lacking=tuple(wish for wish in wishes if wish.index not in usable),
        idle=tuple(index.name for index in indexes if index.valid and index.name not in kept),
        invalid=tuple(index.name for index in indexes if not index.valid),
    )


def keep_indexes(
    database: Database, *, rebuild: bool = False, report: Callable[[str], None] = lambda _: None
) -> Kept:
    """Make and drop what `look_at_indexes` found amiss; with `rebuild` every index that stays is also made anew.

    Searches and writes go on meanwhile, but for a moment in which a tenant is moved. `report` hears of each step.
    What fails is in the result, and stops nothing else.
    """
    kept = Kept()
    with _keeper(database) as connection:
        if connection is None:
            kept.busy = True
            return kept
        state = look_at_indexes(database)
        for name in (*state.invalid, *state.idle):
            _drop(connection, name)
            kept.dropped.append(name)
        for tenant in state.to_move:
            report(f"moving the vectors of tenant {tenant}")
            with _noted(kept, tenant):
                if move(connection, tenant):
                    kept.moved.append(tenant)
        if state.to_move:
            state = look_at_indexes(database)
        for wish in state.lacking:
            report(f"building {wish.index} over {wish.vectors} vectors of {wish.model}")
            with _noted(kept, wish.index):
                kept.built[wish.index] = build(connection, wish)
        if rebuild:
            for index in look_at_indexes(database).indexes:
                if index.valid and index.name not in kept.built:
                    report(f"rebuilding {index.name}")
                    with _noted(kept, index.name):
                        kept.rebuilt[index.name] = _rebuild(connection, index)
    return kept


def move(connection: psycopg.Connection[Any], tenant: str) -> bool:
    """Give a tenant a partition of its own, with its rows; False when it has one.

    One transaction. Reading goes on until the last moment; who writes vectors or passages waits. Raises
    psycopg.errors.LockNotAvailable when the tables stay in use.
    """
    for left in reversed(range(_TRIES)):
        try:
            with connection.transaction():
                return _move(connection, tenant)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if not left:
                raise
            time.sleep(1)
    raise AssertionError("unreachable")


_COLUMNS = sql.SQL("tenant_id, document_id, passage_index, model, project_id, dimension, embedding")


def _move(connection: psycopg.Connection[Any], tenant: str) -> bool:
    name = partition_of(tenant)
    part, who = sql.Identifier(name), sql.Literal(tenant)

    def run(text: str) -> None:
        connection.execute(sql.SQL(text).format(part=part, who=who, columns=_COLUMNS, rest=sql.Identifier(REST)))

    connection.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_WAIT])
    connection.execute(
        "SELECT set_config('deadlock_timeout', %s, true) FROM pg_roles WHERE rolname = current_user AND rolsuper",
        [_NOTICED],
    )
    # an owner that is no superuser is bound by the policies too, and sees this tenant's rows
    connection.execute("SELECT set_config('app.tenant_id', %s, true)", [tenant])
    run("LOCK TABLE tenants, passages IN SHARE ROW EXCLUSIVE MODE")  # in the order in which writers take them
    run("LOCK TABLE vectors IN SHARE ROW EXCLUSIVE MODE")
    if name in _partitions(connection):
        return False
    run("CREATE TABLE {part} (LIKE vectors INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)")
    run("ALTER TABLE {part} ADD CONSTRAINT ck_vectors_tenant CHECK (tenant_id = {who})")
    run("INSERT INTO {part} ({columns}) SELECT {columns} FROM {rest} WHERE tenant_id = {who}")
    run("DELETE FROM {rest} WHERE tenant_id = {who}")
    # what the partition needs is made before it is attached, which then takes a moment
    run("ALTER TABLE {part} ADD PRIMARY KEY (tenant_id, document_id, passage_index, model)")
    run("CREATE INDEX ON {part} (tenant_id, project_id, model)")
    run(
        "ALTER TABLE {part} ADD FOREIGN KEY (tenant_id, document_id, passage_index) "
        "REFERENCES passages (tenant_id, document_id, index) ON DELETE CASCADE, "
        "ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE CASCADE"
    )
    run("ALTER TABLE {part} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    run(
        "CREATE POLICY tenant ON {part} USING (tenant_id = current_setting('app.tenant_id', true)) "
        "WITH CHECK (tenant_id = current_setting('app.tenant_id', true))"
    )
    # the table itself is locked: a statement that knew the old partitions would look for the rows where they were
    run("LOCK TABLE vectors IN ACCESS EXCLUSIVE MODE")
    run("ALTER TABLE vectors ATTACH PARTITION {part} FOR VALUES IN ({who})")
    run("ALTER TABLE {part} DROP CONSTRAINT ck_vectors_tenant")
    run("ANALYZE {part}")
    return True


def build(connection: psycopg.Connection[Any], wish: Wish) -> float:
    """Build an index while others read and write; gives the seconds it took."""
    statement = sql.SQL(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {partition} "
        "USING hnsw ((embedding::halfvec({dimension})) halfvec_cosine_ops) "
        "WHERE model = {model} AND dimension = {dimension}"
    ).format(
        index=sql.Identifier(wish.index),
        partition=sql.Identifier(wish.partition),
        model=sql.Literal(wish.model),
        dimension=sql.Literal(wish.dimension),
    )
    _drop(connection, wish.index, only_invalid=True)
    seconds = _with_memory(connection, wish.vectors * (_BYTES_A_ROW + 2 * wish.dimension), statement)
    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(wish.partition)))
    return seconds


def _rebuild(connection: psycopg.Connection[Any], index: VectorIndex) -> float:
    statement = sql.SQL("REINDEX INDEX CONCURRENTLY {}").format(sql.Identifier(index.name))
    return _with_memory(connection, 2 * index.size, statement)


def _with_memory(connection: psycopg.Connection[Any], needed: int, statement: sql.Composed) -> float:
    """Run a statement that builds a graph, in memory as far as that is reasonable; gives the seconds."""
    mebibytes = max(64, min(needed, _MOST_MEMORY) // 2**20)
    connection.execute("SELECT set_config('maintenance_work_mem', %s, false)", [f"{mebibytes}MB"])
    began = time.perf_counter()
    try:
        connection.execute(statement)
    except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory):
        # containers often have 64 MB of shared memory, in which workers cannot build together
        drop_invalid(connection)
        connection.execute("SET max_parallel_maintenance_workers = 0")
        connection.execute(statement)
    return time.perf_counter() - began


def drop_invalid(connection: psycopg.Connection[Any]) -> list[str]:
    """Drop what killed builders left; gives the names."""
    left = [index.name for index in _indexes(connection) if not index.valid]
    for name in left:
        _drop(connection, name)
    return left


def _drop(connection: psycopg.Connection[Any], name: str, *, only_invalid: bool = False) -> None:
    if only_invalid and name not in {index.name for index in _indexes(connection) if not index.valid}:
        return
    connection.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name)))


@contextmanager
def _noted(kept: Kept, what: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        kept.failed[what] = f"{type(error).__name__}: {error}"


@contextmanager
def _keeper(database: Database) -> Iterator[psycopg.Connection[Any] | None]:
    """A connection of the owner's that is the only keeper; None while another one is at work."""
    url = database.addresses.admin.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        yield connection if row is not None and row[0] else None


def _partitions(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'public.vectors'::regclass AND c.relname <> %s ORDER BY 1",
        [REST],
    )
    return tuple(row[0] for row in rows)


def _indexes(connection: psycopg.Connection[Any]) -> tuple[VectorIndex, ...]:
    rows = connection.execute(
        "SELECT c.relname, t.relname, x.indisvalid, greatest(c.reltuples, 0)::bigint, pg_relation_size(c.oid) "
        "FROM pg_inherits i JOIN pg_index x ON x.indrelid = i.inhrelid JOIN pg_class c ON c.oid = x.indexrelid "
        "JOIN pg_class t ON t.oid = x.indrelid JOIN pg_am a ON a.oid = c.relam "
        "WHERE i.inhparent = 'public.vectors'::regclass AND a.amname = 'hnsw' ORDER BY 1"
    )
    return tuple(VectorIndex(*row) for row in rows)
