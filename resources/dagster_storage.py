"""Dagster's storage on our own server, found the way everything else finds it (`dagster.yaml` names this class).

With it, `dagster dev`, `dg check defs` and the other tools of Dagster work in any shell: an external server by the
environment, else the embedded one, which is started when nobody has.
"""

import functools
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from dagster._config import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage

from resources.database.server import export_to_environment, resolve
from resources.settings import load_settings


class CrucibleStorage(DagsterPostgresStorage):
    """PostgreSQL storage that needs no URL in its configuration, and keeps its connections."""

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, inst_data=inst_data)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            storage._engine = _engine(postgres_url)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Nothing to configure: the environment says it all."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "CrucibleStorage":
        """Find or start the server; child processes will find the same one."""
        addresses = resolve(load_settings())
        export_to_environment(addresses)
        return cls(addresses.dagster.render_as_string(hide_password=False), inst_data=inst_data)


@functools.cache
def _engine(url: str) -> sa.Engine:
    """The engine of this process for a server.

    Dagster's own makes a connection for every statement, some 440 for a small run, each of which PostgreSQL starts a
    process for. This one keeps two of them, opens more while more are used at once, and asks before each use whether
    the server is still there.
    """
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", pool_size=2, max_overflow=-1, pool_pre_ping=True)
