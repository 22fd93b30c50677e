"""What a transaction asks of the server, and connections that died while nobody used them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
import sqlalchemy as sa

from resources.database.engine import Database
from resources.database.repositories.audit import audit
from resources.database.repositories.projects import ensure_tenant

_PID = sa.text("SELECT pg_backend_pid()")


@pytest.fixture
def own(database):
    """A pool of this test's own."""
    made = Database(database.addresses)
    yield made
    made.dispose()


@pytest.fixture
def tenant(own):
    """One of this test's own."""
    name = f"connections-{uuid4().hex[:8]}"
    with own.transaction(name) as session:
        ensure_tenant(session)
    return name


@pytest.fixture
def killed(own, tenant):
    """Six connections that died in the pool."""
    together = Barrier(6)

    def pid(_: int) -> int:
        with own.transaction(tenant) as session:
            together.wait(30)
            return session.scalar(_PID)

    with ThreadPoolExecutor(6) as pool:
        pids = list(pool.map(pid, range(6)))
    assert len(set(pids)) == 6
    admin = sa.create_engine(own.addresses.admin, poolclass=sa.NullPool)
    with admin.connect() as connection:
        for one in pids:
            assert connection.scalar(sa.text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": one})
    return pids


def test_a_transaction_begins_on_another_connection_when_the_first_is_dead(own, tenant, killed):
    for _ in killed:
        with own.transaction(tenant) as session:
            assert session.scalar(_PID) not in killed
            assert session.scalar(sa.text("SELECT current_setting('app.tenant_id')")) == tenant


def test_a_connection_without_tenant_is_another_when_the_first_is_dead(own, killed):
    for _ in killed:
        with own.connect() as connection:
            assert connection.scalar(_PID) not in killed


def test_one_that_dies_within_a_transaction_fails_it(own, tenant):
    with pytest.raises(sa.exc.OperationalError), own.transaction(tenant) as session:
        session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))


def statements_of(own, work) -> list[str]:
    """The first words of what is sent to the server while `work` runs."""
    sent = []

    @sa.event.listens_for(own.engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, _parameters, _context, _many):
        sent.append(" ".join(statement.split()[:2]))

    work()
    sa.event.remove(own.engine, "before_cursor_execute", note)
    return sent


def test_a_transaction_asks_for_its_tenant_and_for_nothing_else(own, tenant):
    def work():
        with own.transaction(tenant, read_only=True, seconds=5, lock_seconds=1) as session:
            session.execute(_PID)

    work()
    assert [words.partition("(")[0] for words in statements_of(own, work)] == [
        "SELECT set_config",
        "SELECT pg_backend_pid",
    ]


def test_all_audit_entries_of_a_transaction_are_one_statement(own, tenant):
    def work():
        with own.transaction(tenant) as session:
            for number in range(5):
                audit(session, "project.changed", "project:a", number=number)

    assert statements_of(own, work)[1:] == ["INSERT INTO"]
