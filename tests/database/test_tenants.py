"""Two tenants, one database: for every table, the other tenant reads, counts, changes and deletes nothing."""

import json
from uuid import uuid4

import pytest
import sqlalchemy as sa

from resources.database.repositories.projects import ensure_tenant
from resources.database.tables import metadata
from tests.tenancy.rows import TABLES, fill

OWNER, OTHER = (f"{name}-{uuid4().hex[:8]}" for name in ("owner", "other"))  # nobody else's rows are counted


@pytest.fixture(scope="module")
def one_row_everywhere(database):
    """A row of the owner in every tenant table; gives the names of the tables that got one."""
    with database.transaction(OTHER) as session:
        ensure_tenant(session)
    return fill(database, OWNER).tables


def test_the_fixture_covers_every_tenant_table(one_row_everywhere):
    assert one_row_everywhere == {table.name for table in TABLES}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_other_tenant_sees_changes_and_deletes_nothing(database, one_row_everywhere, table):
    with database.transaction(OWNER) as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(table))
    assert before
    with database.transaction(OTHER) as session:
        owned = table.c.tenant_id == OWNER
        assert session.execute(sa.select(table)).all() == []
        assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
        assert session.execute(sa.text(f"SELECT 1 FROM {table.name} WHERE tenant_id = '{OWNER}'")).all() == []
        changeable = [c for c in table.c if c.name != "tenant_id"]
        column = next((c for c in changeable if not c.primary_key), changeable[0])
        for statement in (sa.update(table).where(owned).values({column: column}), sa.delete(table).where(owned)):
            try:
                with session.begin_nested():
                    assert session.execute(statement).rowcount == 0
            except sa.exc.ProgrammingError as error:
                assert "permission denied" in str(error)
    with database.transaction(OWNER) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(table)) == before


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_forged_tenant_is_refused(database, one_row_everywhere, table):
    with database.transaction(OWNER) as session:
        row = session.execute(sa.select(table).limit(1)).one()
    generated = {c.name for c in table.c if c.identity is not None}
    forged = {name: value for name, value in row._mapping.items() if name not in generated}
    with (
        pytest.raises(sa.exc.ProgrammingError, match=r"row-level security|permission denied for table audit_log"),
        database.transaction(OTHER) as session,
    ):
        session.execute(sa.insert(table).inline().values(**forged))


def test_what_was_paid_logged_or_superseded_cannot_be_rewritten(database, one_row_everywhere):
    for name in ("calls", "attempts", "events", "cell_history"):
        table = metadata.tables[name]
        for statement in (sa.delete(table), sa.update(table).values(tenant_id=OWNER)):
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), database.transaction(OWNER) as s:
                s.execute(statement)


def test_a_prompt_version_is_immutable(database, one_row_everywhere):
    table = metadata.tables["prompts"]
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), database.transaction(OWNER) as session:
        session.execute(sa.update(table).values(question="another"))


@pytest.mark.parametrize(
    ("table", "column", "word"),
    [("cells", "state", "MAYBE"), ("documents", "status", "LOST"), ("tasks", "status", "STUCK")],
)
def test_a_state_that_does_not_exist_cannot_be_stored(database, one_row_everywhere, table, column, word):
    with pytest.raises(sa.exc.IntegrityError), database.transaction(OWNER) as session:
        session.execute(sa.update(metadata.tables[table]).values({column: word}))


def test_json_of_a_cell_survives(database, one_row_everywhere):
    cells = metadata.tables["cells"]
    value = {"a": [1, "ü\u2028", None]}
    with database.transaction(OWNER) as session:
        session.execute(sa.update(cells).values(value=value))
        assert json.dumps(session.scalars(sa.select(cells.c.value)).first()) == json.dumps(value)
