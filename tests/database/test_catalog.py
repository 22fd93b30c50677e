"""What the database itself guarantees: tenants, states, immutability. A tenant table without it fails the build."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from resources.database.engine import Database, TenantSession, make_engine
from resources.database.migrate import APP_ROLE, migrate, newest_revision
from resources.database.tables import metadata, tenants

TENANT_TABLES = sorted(name for name, table in metadata.tables.items() if "tenant_id" in table.c)
SHARED_TABLES = {"lanes", "rate_buckets"}  # of the installation, and no one's data
DEFINER_FUNCTIONS = {"tenant_ids", "forget_call_of_sources"}


@pytest.fixture
def admin(database: Database):
    engine = sa.create_engine(database.addresses.admin, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


def test_the_tables_in_code_are_the_tables_in_the_database(admin):
    parts = partitions(admin)
    options = {
        "compare_server_default": True,
        "include_object": lambda thing, name, kind, *_: not (kind == "table" and name in parts),
    }
    context = MigrationContext.configure(admin, opts=options)
    assert compare_metadata(context, metadata) == []


def partitions(admin) -> set[str]:
    """Tables that hold a part of another one's rows."""
    return set(admin.scalars(sa.text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")))


def test_a_partition_is_reached_through_its_table_only(admin):
    found = partitions(admin)
    assert "vectors_rest" in found
    for name in found:
        row = admin.execute(
            sa.text(
                "SELECT relrowsecurity, relforcerowsecurity, has_table_privilege(CAST(:role AS text), oid, 'SELECT, "
                "INSERT, UPDATE, DELETE, TRUNCATE') FROM pg_class WHERE oid = CAST(:t AS regclass)"
            ),
            {"t": name, "role": APP_ROLE},
        ).one()
        assert row == (True, True, False), name


def test_migrating_again_changes_nothing(database):
    assert migrate(database.addresses.admin) == newest_revision()


def test_every_table_is_a_tenant_table_the_list_of_tenants_or_known_to_be_shared(admin):
    found = set(sa.inspect(admin).get_table_names()) - {"alembic_version"} - partitions(admin)
    assert found == {*TENANT_TABLES, *SHARED_TABLES, "tenants"}


@pytest.mark.parametrize("table", sorted(SHARED_TABLES))
def test_a_shared_table_says_nothing_of_tenants(table):
    named = {column.name for column in metadata.tables[table].c}
    assert not named & {"tenant_id", "project_id", "document_id", "task_id"}


@pytest.mark.parametrize("table", [*TENANT_TABLES, "tenants"])
def test_row_level_security_is_forced(admin, table):
    row = admin.execute(
        sa.text("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = CAST(:t AS regclass)"),
        {"t": table},
    ).one()
    assert row == (True, True)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_every_policy_compares_the_tenant_and_nothing_else(admin, table):
    policies = admin.execute(
        sa.text("SELECT qual, with_check, cmd FROM pg_policies WHERE tablename = :t"), {"t": table}
    ).all()
    condition = "(tenant_id = current_setting('app.tenant_id'::text, true))"
    assert policies == [(condition, condition, "ALL")]


def test_every_unique_index_begins_with_the_tenant(admin):
    rows = admin.execute(
        sa.text(
            "SELECT c.relname, (SELECT attname FROM pg_attribute a WHERE a.attrelid = i.indrelid "
            "AND a.attnum = i.indkey[0]) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "JOIN pg_class t ON t.oid = i.indrelid WHERE i.indisunique AND t.relname = ANY(:tables)"
        ),
        {"tables": TENANT_TABLES},
    ).all()
    assert rows
    assert [name for name, first in rows if first != "tenant_id"] == []


def test_the_application_role_is_bound(admin):
    row = admin.execute(
        sa.text("SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = :r"),
        {"r": APP_ROLE},
    ).one()
    assert row == (False, False, False, False)
    owned = admin.scalar(
        sa.text("SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = :r)"),
        {"r": APP_ROLE},
    )
    assert owned == 0


def test_functions_that_run_as_their_owner_are_listed_and_keep_their_search_path(admin):
    rows = admin.execute(
        sa.text(
            "SELECT proname, proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE prosecdef AND n.nspname = 'public'"
        )
    ).all()
    assert {name for name, _ in rows} == DEFINER_FUNCTIONS
    assert all(any(c.startswith("search_path=pg_catalog") for c in config) for _, config in rows)


def test_no_view_shows_rows_of_its_owner(admin):
    rows = admin.execute(
        sa.text(
            "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace "
            "AND NOT coalesce(reloptions::text LIKE '%security_invoker=true%', false)"
        )
    ).all()
    assert rows == []


def test_a_session_without_a_tenant_cannot_begin(database):
    with TenantSession(database.engine) as session, pytest.raises(RuntimeError, match="No tenant"):
        session.execute(sa.text("SELECT 1"))


def test_a_connection_without_a_tenant_sees_and_writes_nothing(database):
    with database.engine.connect() as connection:
        for table in [*TENANT_TABLES, "tenants"]:
            assert connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            connection.execute(sa.insert(tenants).values(id="forged", name="x"))


def test_the_application_cannot_become_the_owner(database):
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT current_user")) == APP_ROLE
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            connection.execute(sa.text("SET ROLE postgres"))


def test_a_login_of_the_owner_still_works_as_the_application_role(database):
    engine = make_engine(database.addresses.admin, poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT current_user")) == APP_ROLE


def test_plans_are_made_for_each_tenant(database):
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("SHOW plan_cache_mode")) == "force_custom_plan"


def test_the_scheduler_learns_ids_of_tenants_and_no_more(database):
    assert {"default", "other"} <= set(database.tenants())
    with database.transaction("default") as session:
        assert session.scalars(sa.select(tenants.c.id)).all() == ["default"]
