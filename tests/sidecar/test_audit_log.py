"""The audit log: written with what it records, in a chain, and never rewritten."""

import pytest
import sqlalchemy as sa

from resources.database.repositories.audit import audit
from resources.database.tables import audit_log


def entries(database, tenant):
    with database.transaction(tenant) as session:
        return session.execute(sa.select(audit_log).order_by(audit_log.c.n)).all()


def test_entries_are_chained_in_the_order_of_commits(database, tenant):
    for number in range(3):
        with database.transaction(tenant) as session:
            session.info["actor"] = "user:ada"
            audit(session, "project.created", f"project:{number}")
            audit(session, "project.changed", f"project:{number}", field="name")
    found = entries(database, tenant)
    assert [row.n for row in found] == [1, 2, 3, 4, 5, 6]
    assert [row.previous for row in found] == [b"", *(row.hash for row in found[:-1])]


def test_what_is_rolled_back_is_not_recorded(database, tenant):
    with pytest.raises(ZeroDivisionError), database.transaction(tenant) as session:
        audit(session, "project.created", "project:a")
        _ = 1 / 0
    assert entries(database, tenant) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_nobody_rewrites_it(database, tenant, statement):
    with database.transaction(tenant) as session:
        audit(session, "project.created", "project:a")
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), database.transaction(tenant) as session:
        session.execute(sa.text(statement))
    engine = sa.create_engine(database.addresses.admin, poolclass=sa.NullPool)
    with engine.connect() as owner, pytest.raises(sa.exc.DBAPIError, match="append-only"):
        owner.execute(sa.text(statement))
