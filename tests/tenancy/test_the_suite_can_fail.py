"""The isolation tests find a hole when there is one: in a database of its own, one policy at a time is taken away."""

import uuid
from dataclasses import replace

import pytest
import sqlalchemy as sa

from resources.database.engine import Database
from resources.database.migrate import migrate
from resources.installation import Installation
from tests.tenancy.attack import attempt_requests
from tests.tenancy.conftest import make_stage
from tests.tenancy.statements import attempt_statements

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def scratch(database, settings, secrets):
    """A stage on a database that may be broken, and its superuser."""
    name = f"scratch_{uuid.uuid4().hex[:8]}"
    server = sa.create_engine(database.addresses.admin, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    addresses = replace(
        database.addresses,
        app=database.addresses.app.set(database=name),
        admin=database.addresses.admin.set(database=name),
    )
    migrate(addresses.admin)
    installation = Installation(settings)
    installation.__dict__["database"] = Database(addresses)
    stage = make_stage(installation, secrets)
    superuser = sa.create_engine(addresses.admin, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    yield stage, superuser
    stage.app.state.rates.dispose()
    stage.database.dispose()
    with server.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize("table", ["tasks", "documents", "users"])
def test_a_table_without_its_policy_is_found_by_statement_and_by_request(scratch, table):
    stage, superuser = scratch
    with superuser.connect() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    try:
        statements = attempt_statements(stage.database, stage.owned, "has-nothing", only={table})
        requests = attempt_requests(stage, only=table.removesuffix("s"), first=True)
    finally:
        with superuser.connect() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    assert any(table in leak for leak in statements.leaks)
    assert requests.leaks != []
