"""Servers as `crucible up` looks after them: the embedded one is kept running, external ones are looked at first."""

from pathlib import Path

import sqlalchemy as sa

from resources.database.embedded import running, start_embedded
from resources.database.server import DatabaseUnavailableError, resolve
from resources.settings import Settings

LEAST_VERSION = 160000
_PATIENCE_SECONDS = 30.0  # the other processes wait to be looked after meanwhile


class EmbeddedKeeper:
    """Knows whether the embedded server of this process's installation runs, and starts it again."""

    def __init__(self, home: Path) -> None:
        self._data = home / "postgres"

    def running(self) -> bool:
        """Whether the server's process is there."""
        return running(self._data)

    def start(self) -> None:
        """Start it again where it was, so that the addresses that others know stay right.

        Raises DatabaseUnavailableError.
        """
        try:
            start_embedded(self._data, patience=_PATIENCE_SECONDS)
        except Exception as error:  # the package has no errors of its own
            raise DatabaseUnavailableError(
                f"The embedded PostgreSQL did not start again ({type(error).__name__}; processes of the one that "
                f"died may still be ending). Its log is {self._data / 'log'}."
            ) from error


def check_external(settings: Settings) -> None:
    """Look at the servers that the environment names before anything is started on them.

    Raises DatabaseUnavailableError, which says what to set or to mend.
    """
    if settings.database_url is None:
        raise DatabaseUnavailableError(
            "--external runs on servers that the environment names: set CRUCIBLE_DATABASE_URL to "
            "postgresql://user:password@host:5432/database (and CRUCIBLE_ADMIN_DATABASE_URL where another role "
            "migrates, CRUCIBLE_DAGSTER_DATABASE_URL where Dagster's storage lies elsewhere). "
            "Without --external a PostgreSQL of its own is started."
        )
    addresses = resolve(settings)
    for name, url in (
        ("CRUCIBLE_ADMIN_DATABASE_URL", addresses.admin),
        ("CRUCIBLE_DATABASE_URL", addresses.app),
        ("CRUCIBLE_DAGSTER_DATABASE_URL", addresses.dagster.set(drivername="postgresql+psycopg")),
    ):
        engine = sa.create_engine(url.update_query_dict({"connect_timeout": "10"}), poolclass=sa.NullPool)
        try:
            with engine.connect() as connection:
                version = int(connection.scalar(sa.text("SHOW server_version_num")) or 0)
                vector = connection.scalar(
                    sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
                )
        except sa.exc.DBAPIError as error:
            shown = url.render_as_string()
            raise DatabaseUnavailableError(f"{name}: PostgreSQL at {shown} does not answer: {error.orig}") from error
        if version < LEAST_VERSION:
            raise DatabaseUnavailableError(f"{name}: PostgreSQL ≥ 16 is needed; the server is {version // 10000}.")
        if name != "CRUCIBLE_DAGSTER_DATABASE_URL" and not vector:
            raise DatabaseUnavailableError(f"{name}: the server lacks the extension pgvector; install it there.")
