"""Which PostgreSQL: the embedded one under the home folder, or an external one named by its URL.

Dagster's own storage is a second database on the same server. Under SQLAlchemy 2.1 a plain `postgresql://` means
psycopg 3, with which dagster-postgres cannot NOTIFY: its URL therefore says `postgresql+psycopg2://`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from resources.database.embedded import leave_running, start_embedded
from resources.database.migrate import APP_ROLE
from resources.settings import Settings

_DATABASE = "crucible"
_DAGSTER_DATABASE = "crucible_dagster"


class DatabaseUnavailableError(RuntimeError):
    """The database cannot be reached or started; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The URLs of one installation."""

    app: sa.URL  # psycopg 3, the role under row-level security
    admin: sa.URL  # psycopg 3, the role that migrates
    dagster: sa.URL  # psycopg2
    embedded: bool

    def export(self) -> dict[str, str]:
        """As environment variables for child processes, so that they use this very server."""
        return {
            "CRUCIBLE_DATABASE_URL": self.app.render_as_string(hide_password=False),
            "CRUCIBLE_ADMIN_DATABASE_URL": self.admin.render_as_string(hide_password=False),
            "CRUCIBLE_DAGSTER_DATABASE_URL": self.dagster.render_as_string(hide_password=False),
        }


def resolve(settings: Settings) -> Addresses:
    """The addresses to use; starts the embedded server when no URL is set. Raises DatabaseUnavailableError."""
    if settings.database_url is None:
        return _start_embedded(settings.home)
    app = _url(settings.database_url, "CRUCIBLE_DATABASE_URL").set(drivername="postgresql+psycopg")
    admin = _url(settings.admin_database_url or settings.database_url, "CRUCIBLE_ADMIN_DATABASE_URL")
    admin = admin.set(drivername="postgresql+psycopg")
    if settings.dagster_database_url:
        dagster = _url(settings.dagster_database_url, "CRUCIBLE_DAGSTER_DATABASE_URL")
    else:
        dagster = admin.set(database=_DAGSTER_DATABASE)
        _ensure_database(admin, _DAGSTER_DATABASE)
    return Addresses(app, admin, dagster.set(drivername="postgresql+psycopg2"), embedded=False)


def _url(text: str, name: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise DatabaseUnavailableError(
            f"{name} is not a database URL; it should read postgresql://user:password@host:5432/database."
        ) from None
    if not url.drivername.startswith("postgresql"):
        raise DatabaseUnavailableError(f"{name} names {url.drivername}; only PostgreSQL ≥ 16 is supported.")
    return url


def _start_embedded(home: Path) -> Addresses:
    try:
        server = start_embedded(home / "postgres")
    except Exception as error:  # the package has no errors of its own
        raise DatabaseUnavailableError(
            f"The embedded PostgreSQL under {home / 'postgres'} did not start: {error}. "
            f"Its log is {home / 'postgres' / 'log'}. Set CRUCIBLE_DATABASE_URL to use another server."
        ) from error
    base = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    admin = base.set(database=_DATABASE)
    _ensure_database(base, _DATABASE)
    _ensure_database(base, _DAGSTER_DATABASE)
    return Addresses(
        app=admin.set(username=APP_ROLE),
        admin=admin,
        dagster=base.set(drivername="postgresql+psycopg2", database=_DAGSTER_DATABASE),
        embedded=True,
    )


def _ensure_database(url: sa.URL, name: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            if connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :n"), {"n": name}):
                return
            try:
                connection.exec_driver_sql(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0")
            except sa.exc.ProgrammingError as error:
                if "already exists" not in str(error):
                    raise
    except sa.exc.OperationalError as error:
        raise DatabaseUnavailableError(
            f"PostgreSQL at {url.render_as_string()} does not answer: {error.orig}"
        ) from error


def export_to_environment(addresses: Addresses) -> None:
    """Make child processes (Dagster's runs, workers) use the same server instead of starting their own."""
    os.environ.update(addresses.export())


def keep_embedded_running(settings: Settings) -> None:
    """Leave the embedded server up when this process ends, for commands that are given its address."""
    if settings.database_url is None:
        leave_running(settings.home / "postgres")
