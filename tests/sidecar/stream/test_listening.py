"""The connection that listens, and what the streams hold of the database."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from resources.database.repositories.events import CHANNEL
from tests.sidecar.stream.conftest import all_of, end, facts_of, make_documents, say, tell, wait_until


def admin(database, statement: str, **values) -> list:
    engine = sa.create_engine(database.addresses.admin, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        return list(connection.execute(sa.text(statement), values))


def listening(database) -> list[int]:
    found = admin(database, "SELECT pid FROM pg_stat_activity WHERE application_name = 'crucible events'")
    return [row.pid for row in found]


def test_a_broken_connection_is_made_again_and_loses_nothing(served, database, tenant, task):
    ids = make_documents(database, tenant, 60)
    with served.watch(task, served.bearer(tenant)) as connection:

        def write() -> None:
            for at in range(0, 60, 2):
                tell(database, tenant, task, ids[at : at + 2])
                say(database, tenant, task, "more")
                time.sleep(0.03)
            end(database, tenant, task)

        writer = threading.Thread(target=write)
        writer.start()
        for _ in range(2):
            before = listening(database)
            assert before
            for pid in before:
                admin(database, "SELECT pg_terminate_backend(:pid)", pid=pid)
            wait_until(lambda before=before: served.streams.listener.connected and _new(database, before))
        heard = all_of(connection)
        writer.join()
    assert facts_of(heard) == list(range(1, 93))


def _new(database, before: list[int]) -> bool:
    return bool(set(listening(database)) - set(before))


def test_streams_go_on_when_every_connection_of_the_application_breaks(served, database, tenant, task):
    with served.terms(poll_deaf=0.2), served.watch(task, served.bearer(tenant)) as connection:
        connection.recv(30)
        admin(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        )
        say(database, tenant, task, "after the restart")
        end(database, tenant, task)
        heard = all_of(connection)
    assert facts_of(heard) == [1, 2, 3]


def test_notifications_that_mean_nothing_are_passed_over(served, database, tenant, task):
    wait_until(lambda: served.streams.listener.connected)  # the test before may have ended its connection
    with served.watch(task, served.bearer(tenant)) as connection:
        for payload in ("", "[]", "{", '{"tenant": 1}', '{"tenant": "t", "task": 7, "seq": 1}', "null"):
            admin(database, "SELECT pg_notify(:channel, :payload)", channel=CHANNEL, payload=payload)
        end(database, tenant, task)
        assert facts_of(all_of(connection)) == [1, 2]
    assert served.streams.listener.connected


def test_many_streams_hold_no_connection_while_they_wait(served, database, tenant, task):
    headers = [served.bearer(tenant) for _ in range(3)]
    with served.terms(most=100, poll=60):
        with ThreadPoolExecutor(10) as pool:
            opened = list(pool.map(lambda n: served.watch(task, headers[n % 3]), range(60)))
        for connection in opened:
            connection.recv(10), connection.recv(10)
        wait_until(lambda: database.engine.pool.checkedout() == 0)
        end(database, tenant, task)
        for connection in opened:
            kinds = [message["kind"] for message in all_of(connection)]
            assert kinds[-1] == "job_completed"
            connection.close()


def test_a_notification_is_sent_by_those_who_write_seldom_only(database, tenant, task):
    """One in the transaction that stores cells would hold a lock of the whole database at its commit."""
    import psycopg

    address = database.addresses.app.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        tell(database, tenant, task, make_documents(database, tenant, 3))
        mine = [n for n in connection.notifies(timeout=0.3) if str(task) in n.payload]
        assert mine == []
        say(database, tenant, task, "a line")
        mine = [
            json.loads(n.payload) for n in connection.notifies(timeout=30, stop_after=1) if str(task) in n.payload
        ]
    assert mine == [{"tenant": tenant, "task": str(task), "seq": 5}]
