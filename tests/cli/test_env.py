"""`crucible env`: what it prints is enough for Dagster's own commands, and nobody outside is told of them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from tests.cli.homes import ROOT, database_process
from tests.pipeline.study import Study

BIN = Path(sys.executable).parent


def in_shell(study: Study, commands: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Commands as the README gives them: after the exports, in one shell, from the root of the repository."""
    exports = f'eval "$({shlex.quote(sys.executable)} -m cli.main env)"'
    shell = " && ".join([exports, *(f"{shlex.quote(str(BIN))}/{command}" for command in commands)])
    env = study.env | {"HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    return subprocess.run(["bash", "-c", shell], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def test_the_environment_names_the_home_and_leaves_the_server_running(extracted):
    code, said = extracted.run("env")
    assert code == 0, said
    values = dict(shlex.split(line)[1].split("=", 1) for line in said.splitlines())
    assert values["CRUCIBLE_HOME"] == str(extracted.home)
    assert values["DAGSTER_HOME"] == str(extracted.home / "dagster")
    assert values["CRUCIBLE_DAGSTER_DATABASE_URL"].startswith("postgresql+psycopg2://")
    assert values["CRUCIBLE_DATABASE_URL"].startswith("postgresql+psycopg://")
    assert all(line.startswith("export ") for line in said.splitlines())
    server = database_process(extracted.home)
    assert server is not None
    assert server.is_running()


def test_dagster_loads_the_definitions_and_tells_nobody(extracted, tmp_path):
    done = in_shell(extracted, ["dagster definitions validate -w workspace.yaml", "dg check defs"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All code locations passed validation." in done.stdout + done.stderr
    assert "All definitions loaded successfully." in done.stdout + done.stderr
    assert "usage statistics" not in done.stdout + done.stderr
    assert list(tmp_path.rglob(".telemetry")) == []
    assert list((extracted.home / "dagster").glob(".telemetry")) == []
    assert list((extracted.home / "dagster").glob("logs/event.log")) == []  # where telemetry waits to be sent
