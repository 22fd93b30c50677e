"""A study of a tenant of its own, and the model server that its commands ask."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.database.engine import Database
from tests.model_server import SubprocessModelServer
from tests.pipeline.study import Study


@pytest.fixture
def server() -> Iterator[SubprocessModelServer]:
    with SubprocessModelServer([]) as running:
        yield running


@pytest.fixture
def study(tmp_path: Path, server: SubprocessModelServer, model_cache: Path, database: Database) -> Iterator[Study]:
    """A study of a tenant of its own, on the session's server named by its URL."""
    home = Path(tempfile.mkdtemp(prefix="crucible-"))
    (home / "models").symlink_to(model_cache)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CRUCIBLE_", "DAGSTER_"))}
    env |= database.addresses.export() | {
        "CRUCIBLE_HOME": str(home),
        "CRUCIBLE_TENANT": f"t{uuid.uuid4().hex[:12]}",
        "CRUCIBLE_MODEL": "openai:test",
        "OPENAI_BASE_URL": server.openai_url,
        "CRUCIBLE_CONCURRENCY": "4",
        "CRUCIBLE_PARSER_WORKERS": "1",
    }
    made = Study(tmp_path, home, env)
    made.write_project()
    made.write_documents(6)
    yield made
    made.end()
    shutil.rmtree(home, ignore_errors=True)
