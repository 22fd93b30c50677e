"""One extracted study, shared by all commands that only look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.homes import fresh_study
from tests.pipeline.study import VARIABLES, Study

TAGS = {
    "name": "tags",
    "type": "CATEGORY",
    "instructions": "The tags of the contract.",
    "classification_rules": {"timber": "", "steel": "", "glass": ""},
    "if_multiple_values": "ALL",
    "max_values": 3,
}


@pytest.fixture(scope="session")
def extracted(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Study]:
    """Five contracts, run once with the reader."""
    with fresh_study(tmp_path_factory.mktemp("study"), model_cache) as study:
        study.write_project([*VARIABLES, TAGS])
        study.write_documents(5)
        first = study.folder / "documents" / "contract-000.txt"
        first.write_text(first.read_text("utf-8") + "\n\ntags: timber; glass\n", encoding="utf-8")
        code, said = study.run_cold("run", str(study.project), "--out", str(study.out), "--format", "csv-wide")
        assert code == 0, said
        code, said = study.run("env")  # from here on the server keeps running, which spares every command its start
        assert code == 0, said
        yield study
