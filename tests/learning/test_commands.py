"""`crucible feedback`, `refine` and `evaluate --calibrate`, from a file of verdicts to a better dataset."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.learning.bench import GOOD, VARIABLES, Scripted, proposal, text_of
from tests.pipeline.study import Study

pytestmark = pytest.mark.timeout(480)
DOCUMENTS = 16


@pytest.fixture
def study(tmp_path, model_server, model_cache, database) -> Iterator[Study]:
    """A study of a tenant of its own, whose model takes the price without tax."""
    home = Path(tempfile.mkdtemp(prefix="crucible-"))
    (home / "models").symlink_to(model_cache)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CRUCIBLE_", "DAGSTER_"))}
    env |= database.addresses.export() | {
        "CRUCIBLE_HOME": str(home),
        "CRUCIBLE_TENANT": f"t{uuid.uuid4().hex[:12]}",
        "CRUCIBLE_MODEL": "openai:test",
        "OPENAI_BASE_URL": model_server.openai_url,
        "CRUCIBLE_PARSER_WORKERS": "1",
    }
    model_server.answer_with(Scripted([proposal()]))
    made = Study(tmp_path, home, env)
    made.write_project(VARIABLES)
    (tmp_path / "documents").mkdir()
    for index in range(DOCUMENTS):
        (tmp_path / "documents" / f"contract-{index}.txt").write_text(text_of(index), encoding="utf-8")
    yield made
    shutil.rmtree(home, ignore_errors=True)


def prices(study: Study) -> list[int]:
    with (study.out / "contracts-wide.csv").open(encoding="utf-8", newline="") as file:
        return sorted(int(row["price"]) for row in csv.DictReader(file))


def write_verdicts(study: Study) -> Path:
    path = study.folder / "verdicts.csv"
    lines = ["document,variable,verdict,corrected_value,note"]
    for index in range(DOCUMENTS):
        lines.append(f"contract-{index}.txt,price,INCORRECT,{2000 + index},we need the price with tax")
        lines.append(f"contract-{index}.txt,buyer,CORRECT,,")
    path.write_text("\n".join([*lines, "contract-99.txt,price,CORRECT,,", ""]), encoding="utf-8")
    return path


def test_verdicts_become_a_better_wording_and_a_better_dataset(study):
    code, said = study.extract("--format", "csv-wide")
    assert code == 0, said
    assert prices(study) == [1000 + i for i in range(DOCUMENTS)]
    verdicts = write_verdicts(study)

    code, said = study.run("feedback", str(study.project), str(verdicts), "--author", "ana")
    assert code == 1, said
    assert "32 verdicts kept; 32 in all." in said
    assert "line 34 (contract-99.txt, price): no document of this project is called contract-99.txt" in said
    assert "OTHER_VALUE 16" in said
    assert "PLATT" in said
    code, said = study.run("feedback", str(study.project), str(verdicts), "--author", "ana")
    assert "0 verdicts kept, 32 known before; 32 in all." in said, said

    code, said = study.run("refine", str(study.project))
    assert code == 0, said
    assert "price: ACTIVE, not worse: 0 → " in said
    assert GOOD in said
    code, said = study.extract("--format", "csv-wide,codebook")
    assert code == 0, said
    assert prices(study) == [2000 + i for i in range(DOCUMENTS)]
    assert "## Calibration of confidences" in (study.out / "contracts-codebook.md").read_text(encoding="utf-8")

    gold = study.folder / "gold.jsonl"
    gold.write_text('{"doc": "contract-0.txt", "gold": {"price": [2000], "buyer": []}}\n', encoding="utf-8")
    code, said = study.run("evaluate", str(study.project), "--calibrate")
    assert code == 0, said
    assert "Calibration (after: cross-validated)" in said
    assert "all together" in said


def test_refining_without_a_language_model_says_that_one_is_needed(study):
    study.env["CRUCIBLE_MODEL"] = "local"
    code, said = study.extract("--format", "csv-wide")
    assert code in (0, 1), said
    code, said = study.run("refine", str(study.project))
    assert code == 2
    assert "takes a language model; the reader is none" in said
    code, said = study.run("feedback", str(study.project), str(study.project))
    assert code == 2
    assert "give a .csv, .jsonl or .xlsx file of verdicts" in said


def test_an_example_that_contradicts_itself_stops_the_run_before_anything_is_asked(study, model_server):
    wrong = {**VARIABLES[0], "examples": [{"text": "Price: 7 EUR.", "value": 8}]}
    study.write_project([wrong, VARIABLES[1]])
    code, said = study.extract()
    assert code == 2
    assert "variable price, example 1: value '8' does not stand in text" in " ".join(said.split())
    assert model_server.stats().calls == 0
