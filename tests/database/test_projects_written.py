"""Projects are read in one statement, and of their variables only those that changed are written."""

from dataclasses import replace
from uuid import uuid4

import pytest
import sqlalchemy as sa

from resources.database.repositories.projects import add_project, load_project, project_record, save_project
from resources.project import project_from_data

_VARIABLES = [
    {"name": name, "type": "NUMBER", "instructions": f"The {name}.", "unit": "EUR"} for name in ("sum", "rate", "fee")
]


@pytest.fixture
def stored(database):
    """A tenant with one project of three variables."""
    tenant = f"projects-{uuid4().hex[:8]}"
    project = project_from_data({"id": "loans", "name": "Loans", "variables": _VARIABLES})
    with database.transaction(tenant) as session:
        assert add_project(session, project)
        assert not add_project(session, replace(project, name="Another"))
    return tenant, project


def rows(database, tenant) -> dict[str, tuple[int, bool]]:
    """Of each variable, the transaction that wrote its row, and whether it is active."""
    with database.transaction(tenant) as session:
        found = session.execute(sa.text("SELECT name, xmin::text::bigint AS written, active FROM variables"))
        return {row.name: (row.written, row.active) for row in found}


def test_a_project_is_read_in_one_statement_as_it_was_stored(database, stored):
    tenant, project = stored
    sent = []
    with database.transaction(tenant, read_only=True) as session:
        connection = session.connection()
        sa.event.listen(connection, "before_cursor_execute", lambda *sending: sent.append(sending[2]))
        assert load_project(session, "loans") == project
        assert project_record(session, "loans").project == project
    assert len(sent) == 2


def test_a_project_without_variables_is_read(database, stored):
    tenant, project = stored
    with database.transaction(tenant) as session:
        save_project(session, replace(project, variables=()))
        assert load_project(session, "loans") == replace(project, variables=())
        assert load_project(session, "none") is None
    assert [active for _, active in rows(database, tenant).values()] == [False] * 3


def test_only_what_changed_of_the_variables_is_written(database, stored):
    tenant, project = stored
    before = rows(database, tenant)
    with database.transaction(tenant) as session:
        save_project(session, replace(project, description="About loans."))
    assert rows(database, tenant) == before
    worded = replace(project.variables[1], instructions="The yearly rate.")
    with database.transaction(tenant) as session:
        save_project(session, replace(project, variables=(project.variables[0], worded)))
        assert load_project(session, "loans").variables == (project.variables[0], worded)
    after = rows(database, tenant)
    assert {name for name in before if after[name] != before[name]} == {"rate", "fee"}
    assert {name: active for name, (_, active) in after.items()} == {"sum": True, "rate": True, "fee": False}
