"""What every command needs: the installation, and Dagster's instance on the same server."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from resources.database.repositories.projects import ensure_tenant
from resources.database.server import export_to_environment
from resources.installation import Installation
from resources.settings import load_settings

if TYPE_CHECKING:
    import dagster as dg

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def open_installation() -> Installation:
    """Open the database as the default tenant. Child processes and Dagster will find the same server.

    Its connections are closed when the command has ended.
    """
    installation = Installation(load_settings())
    if (command := click.get_current_context(silent=True)) is not None:
        command.find_root().call_on_close(installation.database.dispose)
    export_to_environment(installation.database.addresses)
    with installation.database.transaction(installation.settings.tenant) as session:
        ensure_tenant(session)
    return installation


def dagster_home(installation: Installation) -> Path:
    """Dagster's home under our own, with the instance's configuration of this version."""
    home = installation.settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    target = home / "dagster.yaml"
    source = PROJECT_ROOT / "dagster.yaml"
    if not target.exists() or target.read_bytes() != source.read_bytes():
        shutil.copyfile(source, target)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def open_instance(installation: Installation) -> "dg.DagsterInstance":
    """Dagster's instance; its runs, events and partitions lie beside our tables."""
    import dagster as dg  # takes a second, which commands that only look need not wait for

    dagster_home(installation)
    return dg.DagsterInstance.get()
