"""Bring a database to the newest revision, as the role that owns the tables."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

APP_ROLE = "crucible_app"
"""Reads and writes under row-level security; owns nothing."""
SCHEDULER_ROLE = "crucible_scheduler"
"""Owns the one function that lists tenants; nobody logs in as it."""

_LOCK = 0x43525543  # 'CRUC': one migration at a time


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def newest_revision() -> str:
    """The revision this code was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def current_revision(connection: sa.Connection) -> str | None:
    """The revision the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def _ensure_roles(connection: sa.Connection) -> None:
    for role, login in ((APP_ROLE, "LOGIN"), (SCHEDULER_ROLE, "NOLOGIN")):
        if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :r"), {"r": role}):
            connection.exec_driver_sql(f"CREATE ROLE {role} {login} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
        connection.exec_driver_sql(f"GRANT {role} TO CURRENT_USER")


def migrate(admin_url: sa.URL) -> str:
    """Create the roles and run what revisions are missing. Returns the revision reached.

    Several processes may call this at once: they wait for each other on an advisory lock.
    """
    engine = sa.create_engine(admin_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        if current_revision(connection) == newest_revision():
            return newest_revision()
        connection.rollback()
        connection.execute(sa.text("SELECT pg_advisory_lock(:k)"), {"k": _LOCK})
        connection.commit()
        try:
            _ensure_roles(connection)
            connection.commit()
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(sa.text("SELECT pg_advisory_unlock(:k)"), {"k": _LOCK})
            connection.commit()
    return newest_revision()
