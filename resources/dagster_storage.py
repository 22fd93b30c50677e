"""Dagster's storage on our own server, found the way everything else finds it (`dagster.yaml` names this class).

With it, `dagster dev`, `dg check defs` and the other tools of Dagster work in any shell: an external server by the
environment, else the embedded one, which is started when nobody has.
"""

from collections.abc import Mapping
from typing import Any

from dagster._config import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage

from resources.database.server import export_to_environment, resolve
from resources.settings import load_settings


class CrucibleStorage(DagsterPostgresStorage):
    """PostgreSQL storage that needs no URL in its configuration."""

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
