"""Fixtures for tests that need the real database: one embedded server for the whole session."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from psycopg import sql

# The same examples in every run, so that a failure is seen again; HYPOTHESIS_PROFILE=search looks for new ones.
hypothesis_settings.register_profile("suite", derandomize=True)
hypothesis_settings.register_profile("search", derandomize=False)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of hundreds of processes compiles all of our code anew
gc.set_threshold(50_000, 20, 50)  # a process that has imported everything is slow to look through
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "CRUCIBLE_MODEL"):
    os.environ.pop(name, None)  # a test never reaches a real provider

from crucible_assets.documents.worker import ParserPool
from resources.database.embedded import stop_embedded
from resources.database.engine import Database, open_database
from resources.database.repositories.projects import ensure_tenant
from resources.database.server import export_to_environment
from resources.settings import Settings, load_settings
from tests.model_server.fixtures import model_server  # noqa: F401 - a fixture

SLOW = (
    "pipeline/", "cli/", "sidecar/test_journey", "sidecar/operations/test_traces", "learning/test_commands",
    "tenancy/", "batches/test_crashes",
)  # fmt: skip
"""Files of tests that take minutes: first, so that no worker has one of them left when the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.removeprefix("tests/").startswith(SLOW))


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """CRUCIBLE_HOME of the session. A short path: PostgreSQL's socket lies under it."""
    with tempfile.TemporaryDirectory(prefix="crucible-", ignore_cleanup_errors=True) as folder:
        path = Path(folder)
        path.chmod(0o755)
        os.environ["CRUCIBLE_HOME"] = str(path)
        yield path


@pytest.fixture(scope="session")
def settings(home: Path) -> Settings:
    return load_settings()


def _unsynced(database: Database) -> Database:
    """A server that does not wait for the disk: what it has written outlives a killed process, not a lost machine."""
    with psycopg.connect(database.addresses.admin.set(drivername="postgresql").render_as_string(False)) as admin:
        admin.autocommit = True
        for name in ("fsync", "full_page_writes"):
            admin.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        admin.execute("SELECT pg_reload_conf()")
    return database


@pytest.fixture(scope="session")
def database(settings: Settings) -> Iterator[Database]:
    """The migrated database; child processes find it through the environment."""
    opened = _unsynced(open_database(settings))
    export_to_environment(opened.addresses)
    for tenant in ("default", "other"):
        with opened.transaction(tenant) as session:
            ensure_tenant(session)
    yield opened
    opened.dispose()


@contextlib.contextmanager
def own_server() -> Iterator[tuple[Settings, Database]]:
    """A server besides the session's, for tests that look at all tenants, or kill it."""
    with tempfile.TemporaryDirectory(prefix="crucible-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        settings = load_settings({"CRUCIBLE_HOME": folder})
        opened = _unsynced(open_database(settings))
        try:
            yield settings, opened
        finally:
            opened.dispose()
            stop_embedded(settings.home / "postgres")


@pytest.fixture(scope="session", autouse=True)
def parsers() -> Iterator[None]:
    """Documents that a test has read in this process are read by parser workers of the session.

    Their start is most of what it takes to read a few small files. tests/documents opens pools of its own.
    """
    pools: dict[tuple[float, ...], ParserPool] = {}

    @contextlib.contextmanager
    def shared(*limits: float) -> Iterator[ParserPool]:
        if limits not in pools:
            pools[limits] = ParserPool(1, *limits[1:])
        yield pools[limits]

    reading = sys.modules.get("crucible_assets.documents.asset")  # None when no collected test reads any
    with mock.patch.object(reading, "ParserPool", shared) if reading else contextlib.nullcontext():
        yield
    for pool in pools.values():
        pool.close()


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """Where the embedding model is converted to, once per machine."""
    folder = Path.home() / ".cache" / "crucible-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
