"""Nothing of ours tells anybody about documents, models or machines: libraries that would are told not to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "module",
    ["resources.embedding.model", "resources.rendering_worker", "crucible_assets.documents.worker_main",
     "crucible_assets.documents.parsers.pdf", "crucible_assets.definitions", "sidecar.app", "cli.main"],
)  # fmt: skip
def test_onnx_runtime_keeps_nothing_to_tell(module: str, tmp_path: Path) -> None:
    """It would leave a device id and a queue of events in the cache as soon as it is imported."""
    quiet = {"CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "XDG_CACHE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in quiet} | {"HOME": str(tmp_path)}
    code = f"import {module}, onnxruntime; print(onnxruntime.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.rglob("*") if "onnx" in path.name] == []


def test_dagster_tells_nobody() -> None:
    assert yaml.safe_load((ROOT / "dagster.yaml").read_text())["telemetry"] == {"enabled": False}
