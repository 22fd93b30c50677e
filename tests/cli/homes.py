"""A CRUCIBLE_HOME of its own for commands under test, and what ends everything in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.pipeline.study import Study

ROOT = Path(__file__).resolve().parents[2]


def database_process(home: Path) -> psutil.Process | None:
    """The embedded server of a home, when it is running."""
    with contextlib.suppress(psutil.NoSuchProcess, OSError, ValueError, IndexError):  # its file is being written
        return psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split()[0]))
    return None


@contextlib.contextmanager
def fresh_study(folder: Path, model_cache: Path, **env: str) -> Iterator[Study]:
    """A study in an empty home, answered by the reader unless `env` says otherwise."""
    home = Path(tempfile.mkdtemp(prefix="crucible-"))  # short, for PostgreSQL's socket lies under it
    home.chmod(0o755)
    (home / "models").symlink_to(model_cache)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CRUCIBLE_", "DAGSTER_"))}
    settings = {"CRUCIBLE_HOME": str(home), "CRUCIBLE_MODEL": "local", "CRUCIBLE_PARSER_WORKERS": "1"}
    folder.mkdir(parents=True, exist_ok=True)
    made = Study(folder, home, inherited | settings | env)
    try:
        yield made
    finally:
        made.end()
        if database := database_process(home):
            database.terminate()
            with contextlib.suppress(psutil.TimeoutExpired):
                database.wait(20)
        shutil.rmtree(home, ignore_errors=True)
