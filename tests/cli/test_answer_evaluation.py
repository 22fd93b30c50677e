"""`crucible evaluate-answers`: labelled questions over three short documents, answered without a language model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.homes import fresh_study

DOCUMENTS = {
    "grant.txt": "The lighthouse trust received a grant of 9,500 euros for a heat pump. It rained a lot.",
    "visit.txt": "Conor Madigan inspected the lighthouse boiler on 3 May 2024. The tea was cold.",
    "soup.txt": "Boil the potatoes with leeks for half an hour. Then salt the soup.",
}
GRANT = "What grant did the lighthouse trust receive for a heat pump?"
VISIT = "Who inspected the lighthouse boiler?"
NOBODY = [f"Which wine goes with roast penguin number {number}?" for number in range(6)]
QUESTIONS: list[dict[str, Any]] = [
    {"question": GRANT, "documents": ["grant.txt"], "quotes": ["a grant of 9,500 euros"]},
    {"question": VISIT, "documents": ["visit.txt"], "quotes": ["Conor Madigan inspected the lighthouse boiler"]},
    *({"question": one, "answerable": False} for one in NOBODY),
]


@pytest.fixture(scope="module")
def study(tmp_path_factory, model_cache):
    with fresh_study(tmp_path_factory.mktemp("study"), model_cache) as made:
        made.write_project()
        folder = made.project.parent / "documents"
        folder.mkdir(exist_ok=True)
        for name, text in DOCUMENTS.items():
            (folder / name).write_text(text, encoding="utf-8")
        lines = "".join(json.dumps(one) + "\n" for one in QUESTIONS)
        (made.project.parent / "questions.jsonl").write_text(lines, encoding="utf-8")
        yield made


@pytest.fixture(scope="module")
def measured(study, tmp_path_factory) -> tuple[str, dict[str, Any], Path]:
    """(what was said, the figures, where they lie) of a first run."""
    out = tmp_path_factory.mktemp("figures") / "new" / "figures.json"
    code, said = study.run("evaluate-answers", str(study.project), "--out", str(out))
    assert code == 0, said
    return said, json.loads(out.read_text("utf-8")), out


def test_copied_sentences_answer_and_nothing_is_answered_without_them(measured):
    said, figures, _ = measured
    assert "citation precision" in said and "no language" in " ".join(said.split())
    found = figures["figures"]
    assert (found["questions"], found["failed"]) == (8, 0)
    assert found["supported"] == found["citation precision"] == found["citation recall"] == 1.0
    assert found["coverage"] == 1.0
    assert found["abstention precision"] == found["abstention recall"] == 1.0
    assert figures["per_question"][GRANT]["score"] == 1.0
    assert figures["per_question"][NOBODY[0]] == {"score": 1.0}


def test_a_second_run_is_no_worse_and_better_ones_before_are_told(study, measured, tmp_path):
    before = dict(measured[1])
    before["per_question"] = {question: {"score": 2.0} for question in before["per_question"]}
    better = tmp_path / "better.json"
    better.write_text(json.dumps(before), encoding="utf-8")
    code, said = study.run("evaluate-answers", str(study.project), "--against", str(better))
    assert code == 1, said
    assert "Answers became worse." in said
    assert "score -1.0000, better in 0 and worse in 8 of 8 questions, p = 0.0078" in " ".join(said.split())
    code, said = study.run("evaluate-answers", str(study.project), "--against", str(measured[2]))
    assert code == 0, said
    assert "score +0.0000" in said and "became worse" not in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--against", "QUESTIONS"], "these are no figures that --out wrote"),
        (["--questions", "FIGURES"], "line 1: not of the form"),
        (["--questions", "OTHER", "--against", "FIGURES"], "the figures are of other questions"),
        (["--model", "nobody:x"], "nobody"),
    ],
)
def test_what_cannot_be_read_or_compared_ends_with_2(study, measured, tmp_path, options, said):
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps({"question": "Who?", "answerable": False}), encoding="utf-8")
    named = {
        "FIGURES": str(measured[2]),
        "QUESTIONS": str(study.project.parent / "questions.jsonl"),
        "OTHER": str(other),
    }
    code, output = study.run(
        "evaluate-answers", str(study.project), *(named.get(option, option) for option in options)
    )
    assert code == 2, output
    assert said in " ".join(output.split())
