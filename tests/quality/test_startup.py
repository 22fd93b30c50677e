"""What a process loads before it begins: every SDK is half a second and more, for all commands and every run."""

import subprocess
import sys

import pytest

SDKS = ("anthropic", "openai", "bpe_openai", "onnxruntime", "pymupdf", "trafilatura")


@pytest.mark.parametrize(
    ("modules", "without"),
    [
        pytest.param(
            "cli.commands_look, cli.commands_task, cli.commands_user", ("dagster", "polars", *SDKS), id="look"
        ),
        pytest.param("crucible_assets.definitions, cli.commands_run", SDKS, id="run"),
    ],
)
def test_only_what_is_needed_at_once_is_loaded(modules: str, without: tuple[str, ...]) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {modules}; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout.split()
    assert "sqlalchemy" in loaded  # the list is one of modules
    assert [name for name in without if name in loaded] == []
