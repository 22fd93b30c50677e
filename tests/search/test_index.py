"""Partitions and indexes come, go and are rebuilt while others read and write; what is killed leaves nothing."""

import contextlib
import threading
import time

import dagster as dg
import psycopg
import pytest
import sqlalchemy as sa
from dagster._core.test_utils import create_run_for_test

from jobs.search_index import is_due, keep_search
from jobs.search_index import search_index as job
from resources.database import search_index
from resources.database.repositories.nearest import EXACT_MOST, Lane, nearest, open_lane
from resources.database.repositories.vector_models import VectorCount
from resources.database.search_index import (
    MOST_DIMENSIONS,
    keep_indexes,
    look_at_indexes,
    move,
    wanted,
)
from resources.database.vector_names import index_of, partition_of
from resources.embedding.former import fingerprint_of
from resources.installation import Installation
from resources.search.health import search_health
from sensors.search_index import search_index_sensor
from tests.search.corpora import DIMENSION, EACH, MODEL, PROJECT, add_vectors, count, make_corpus, owner, points
from tests.sensors.ticking import tick


def rows_of(database, tenant):
    with database.transaction(tenant) as session:
        return session.scalar(sa.text("SELECT count(*) FROM vectors"))


def stored_in(database, tenant):
    """The partitions that hold rows of the tenant."""
    with owner(database) as connection:
        rows = connection.execute(
            "SELECT DISTINCT tableoid::regclass::text FROM vectors WHERE tenant_id = %s", [tenant]
        ).fetchall()
    return {row[0] for row in rows}


def test_who_gets_an_index():
    def found(counts, own=()):
        return [(wish.tenant, wish.model, wish.dimension) for wish in wanted(counts, own)]

    big, small = VectorCount("m", 8, EXACT_MOST + 1), VectorCount("m", 8, EXACT_MOST)
    assert found({"a": [big], "b": [small]}) == [("a", "m", 8)]
    assert found({"a": [big, VectorCount("n", 8, 5)]}) == [("a", "m", 8)]
    assert found({"a": [VectorCount("m", MOST_DIMENSIONS + 1, EXACT_MOST + 1)]}) == []
    assert found({"b": [small]}, {"b"}) == []


def test_a_large_tenant_lives_in_its_own_partition_and_others_do_not(database, large):
    small = make_corpus(database, 40)
    assert stored_in(database, large.tenant) == {partition_of(large.tenant)}
    assert stored_in(database, small.tenant) == {"vectors_rest"}
    assert rows_of(database, large.tenant) == 12_060
    state = look_at_indexes(database)
    (index,) = [each for each in state.indexes if each.partition == partition_of(large.tenant)]
    assert index.valid
    assert index.name == index_of(partition_of(large.tenant), MODEL, DIMENSION)
    assert index.size > 0


def test_a_partition_is_protected_as_its_table_is(database, large):
    part = partition_of(large.tenant)
    with owner(database) as connection:
        row = connection.execute(
            "SELECT relrowsecurity, relforcerowsecurity, has_table_privilege('crucible_app', oid, 'SELECT, INSERT, "
            "UPDATE, DELETE, TRUNCATE') FROM pg_class WHERE relname = %s",
            [part],
        ).fetchone()
        assert row == (True, True, False)
        policy = "SELECT polname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) FROM pg_policy "
        own, all_of = (
            connection.execute(f"{policy} WHERE polrelid = %s::regclass", [name]).fetchall()
            for name in (part, "vectors")
        )
        assert own == all_of
        keys = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass ORDER BY 1"
        own, all_of = (connection.execute(keys, [name]).fetchall() for name in (part, "vectors"))
        assert own == all_of
    with database.transaction("other") as session:
        assert session.scalar(sa.text("SELECT count(*) FROM vectors WHERE tenant_id = :t"), {"t": large.tenant}) == 0
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            session.execute(sa.text(f"SELECT count(*) FROM {part}"))


def test_what_is_in_order_is_left_alone(database, large):
    kept = keep_indexes(database)
    assert (kept.moved, kept.built, kept.rebuilt, kept.dropped, kept.failed) == ([], {}, {}, [], {})
    assert look_at_indexes(database).whole


def test_documents_that_are_deleted_leave_the_partition(database):
    corpus = make_corpus(database, 60)
    with owner(database) as connection:
        assert move(connection, corpus.tenant)
        assert not move(connection, corpus.tenant)
    with database.transaction(corpus.tenant) as session:
        session.execute(sa.text("DELETE FROM documents WHERE id = :id"), {"id": corpus.documents[0]})
    assert rows_of(database, corpus.tenant) == 40


def test_readers_see_every_row_while_a_tenant_is_moved(database):
    corpus = make_corpus(database, 2_000)
    stop, seen, wrong = threading.Event(), [], []

    def read():
        while not stop.is_set():
            try:
                seen.append(rows_of(database, corpus.tenant))
            except Exception as error:  # whatever it is, the reader was disturbed
                wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        with owner(database) as connection:
            assert move(connection, corpus.tenant)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert set(seen) == {2_000}
    assert stored_in(database, corpus.tenant) == {partition_of(corpus.tenant)}


def test_a_move_that_is_killed_leaves_everything_as_it_was(database, monkeypatch):
    corpus = make_corpus(database, 60)
    with owner(database) as victim, owner(database) as killer:
        real = search_index._partitions

        def killed(connection):
            found = real(connection)
            if connection is victim:
                killer.execute("SELECT pg_terminate_backend(%s)", [victim.info.backend_pid])
            return found

        monkeypatch.setattr(search_index, "_partitions", killed)
        with pytest.raises(psycopg.OperationalError):
            move(victim, corpus.tenant)
        monkeypatch.undo()
    assert stored_in(database, corpus.tenant) == {"vectors_rest"}
    assert partition_of(corpus.tenant) not in look_at_indexes(database).partitions
    with owner(database) as connection:
        assert move(connection, corpus.tenant)
    assert rows_of(database, corpus.tenant) == 60


def test_a_table_in_use_is_given_up_for_now_and_its_user_is_not_disturbed(database, monkeypatch):
    corpus = make_corpus(database, 40)
    monkeypatch.setattr(search_index, "_TRIES", 1)
    with owner(database) as connection, database.transaction(corpus.tenant) as session:
        session.execute(sa.text("UPDATE vectors SET dimension = dimension"))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            move(connection, corpus.tenant)
        session.execute(sa.text("DELETE FROM passages WHERE index = 0"))
    assert rows_of(database, corpus.tenant) == 38


def kill_a_builder(database, index):
    """A killed builder leaves an index that is not valid: it waits for the transaction that holds the table."""
    with owner(database) as holder, owner(database) as builder, owner(database) as killer, holder.transaction():
        holder.execute(f"LOCK TABLE {index.partition} IN ROW EXCLUSIVE MODE")

        def build():
            with contextlib.suppress(psycopg.Error):
                builder.execute(f"REINDEX INDEX CONCURRENTLY {index.name}")

        thread = threading.Thread(target=build)
        thread.start()
        for _ in range(1200):
            if look_at_indexes(database).invalid:
                break
            time.sleep(0.05)
        killer.execute("SELECT pg_terminate_backend(%s)", [builder.info.backend_pid])
        thread.join()


def test_what_a_killed_builder_leaves_is_dropped_and_never_used(database, large):
    (index,) = [each for each in look_at_indexes(database).indexes if each.partition == partition_of(large.tenant)]
    kill_a_builder(database, index)
    state = look_at_indexes(database)
    assert state.invalid
    assert not state.whole
    assert any("half built" in trouble for trouble in search_health(database, "local").troubles())
    assert set(keep_indexes(database).dropped) == set(state.invalid)
    assert look_at_indexes(database).whole


def test_without_its_index_a_tenant_is_searched_exactly_until_it_is_built(database, large):
    name = index_of(partition_of(large.tenant), MODEL, DIMENSION)
    reach = large.reach(points(1, seed=80)[0])
    with owner(database) as connection:
        connection.execute(f"DROP INDEX {name}")
    with database.transaction(large.tenant) as session:
        assert open_lane(session, reach) is Lane.EXACT
        assert nearest(session, reach, Lane.EXACT)[:20] == large.nearest(reach.vector, 20)
    assert [wish.index for wish in look_at_indexes(database).lacking] == [name]
    said = []
    assert list(keep_indexes(database, report=said.append).built) == [name]
    assert name in said[0]
    with database.transaction(large.tenant) as session:
        assert open_lane(session, reach) is Lane.OWN


def test_an_index_is_rebuilt_while_it_is_used(database, large):
    name = index_of(partition_of(large.tenant), MODEL, DIMENSION)
    stop, short = threading.Event(), []

    def search():
        while not stop.is_set():
            with database.transaction(large.tenant) as session:
                reach = large.reach(points(1, seed=79)[0])
                short.append(100 - len(nearest(session, reach, open_lane(session, reach))))

    def file_of():
        with owner(database) as connection:
            return connection.execute("SELECT pg_relation_filenode(%s::regclass)", [name]).fetchone()

    before = file_of()
    searcher = threading.Thread(target=search)
    searcher.start()
    kept = keep_indexes(database, rebuild=True)
    stop.set()
    searcher.join()
    assert name in kept.rebuilt
    assert file_of() != before
    assert short
    assert set(short) == {0}


def test_one_keeper_works_at_a_time(database, large):
    with search_index._keeper(database) as connection:
        assert connection is not None
        kept = keep_indexes(database, rebuild=True)
    assert kept.busy
    assert kept.rebuilt == {}
    assert "another process" in str(kept)


def test_a_vector_of_another_length_is_stored_beside_the_index(database, large):
    """A service may send what it likes under a model's name; it must not break the tenant's writes."""
    insert = sa.text(
        "INSERT INTO vectors (tenant_id, document_id, passage_index, model, project_id, dimension, embedding) "
        "VALUES (:t, :d, 0, :m, :p, 3, '[1,2,3]')"
    )
    with database.transaction(large.tenant) as session:
        session.execute(sa.text("DELETE FROM vectors WHERE document_id = :d"), {"d": large.documents[-1]})
        session.execute(insert, {"t": large.tenant, "d": large.documents[-1], "m": MODEL, "p": PROJECT})
        reach = large.reach(points(1, seed=78)[0])
        assert len(nearest(session, reach, open_lane(session, reach))) == 100
        session.rollback()


def test_an_index_over_what_is_gone_is_dropped(database):
    corpus = make_corpus(database, EXACT_MOST + EACH)
    name = index_of(partition_of(corpus.tenant), MODEL, DIMENSION)
    assert name in keep_indexes(database).built
    with database.transaction(corpus.tenant) as session:
        session.execute(sa.text("DELETE FROM documents WHERE id = ANY(:ids)"), {"ids": corpus.documents[200:]})
    assert look_at_indexes(database).idle == (name,)
    assert keep_indexes(database).dropped == [name]
    assert rows_of(database, corpus.tenant) == 4_000


@pytest.fixture
def installation(database, settings):
    made = Installation(settings)
    made.__dict__["database"] = database
    return made


def test_the_sensor_starts_one_run_where_something_is_due_and_the_run_does_it(database, installation, large):
    name = index_of(partition_of(large.tenant), MODEL, DIMENSION)
    keep_search(installation)
    with dg.DagsterInstance.ephemeral() as instance:
        assert tick(search_index_sensor, instance, installation)[0] == []
        with owner(database) as connection:
            connection.execute(f"DROP INDEX {name}")
        (request,) = tick(search_index_sensor, instance, installation)[0]
        create_run_for_test(instance, job_name=job.name, tags=dict(request.tags), status=dg.DagsterRunStatus.STARTED)
        assert tick(search_index_sensor, instance, installation)[0] == []
    assert job.execute_in_process(resources={"installation": installation}).success
    assert look_at_indexes(database).whole


def test_the_job_refreshes_statistics_and_forgets_a_former_model_when_another_has_taken_its_place(
    database, settings, installation, large
):
    corpus = make_corpus(database, 100)
    new = fingerprint_of(settings.embedding)
    old_statistics = sa.text("UPDATE search_statistics SET updated_at = now() - interval '2 minutes'")

    def look():
        with database.transaction(corpus.tenant) as session:
            session.execute(old_statistics)
        keep_search(installation)
        with database.transaction(corpus.tenant) as session:
            return dict(session.execute(sa.text("SELECT model, count(*) FROM vectors GROUP BY 1")).tuples().all())

    add_vectors(database, corpus, new, documents=2)
    count(database, corpus)
    assert look() == {MODEL: 100, new: 40}  # not done: nothing may go
    with database.transaction(corpus.tenant) as session:
        session.execute(sa.text("DELETE FROM vectors WHERE model = :m"), {"m": new})
    add_vectors(database, corpus, new)
    count(database, corpus)
    with database.transaction(corpus.tenant) as session:
        session.execute(
            sa.text("UPDATE documents SET chunks_version = 'service' WHERE id = :d"), {"d": corpus.documents[0]}
        )
        session.execute(old_statistics)
    assert is_due(installation)
    assert look() == {MODEL: 20, new: 100}  # what a service stored stays
    with database.transaction(corpus.tenant) as session:
        session.execute(
            sa.text("UPDATE documents SET indexed_passages = 7 WHERE id = :d"), {"d": corpus.documents[1]}
        )
    assert is_due(installation)
    look()
    with database.transaction(corpus.tenant) as session:
        assert session.scalar(sa.text("SELECT passages FROM search_statistics")) == 87
