"""`crucible evaluate`: the stored dataset against labels; the figures are counted by hand here."""

from __future__ import annotations

import json
import re

import pytest

GOLD = [
    {"doc": "contract-000.txt", "gold": {"supplier": ["Mill 0 Ltd"], "price": [1000], "tags": ["timber", "glass"]}},
    {"doc": "contract-001.txt", "gold": {"supplier": ["Mill 1 Ltd"], "price": [1001], "tags": []}},
    {"doc": "contract-002.txt", "gold": {"supplier": ["Mill 2 Ltd"], "price": [7], "tags": []}},
    {"doc": "contract-003.txt", "gold": {"supplier": ["Mill 3 Ltd"], "price": [], "tags": ["steel"]}},
    {"doc": "never-seen.txt", "gold": {"price": [5]}},
    {"doc": "contract-004.txt", "gold": {"colour": ["red"]}},
]


@pytest.fixture(scope="module")
def said(extracted, tmp_path_factory):
    path = tmp_path_factory.mktemp("gold") / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, GOLD)), encoding="utf-8")
    code, output = extracted.run("evaluate", str(extracted.project), "--gold", str(path))
    assert code == 0, output
    return output


def figures(said: str) -> dict[str, list[str]]:
    """The rows of the table: the variable, then its figures."""
    rows = [[cell.strip() for cell in line.strip("│ ").split("│")] for line in said.splitlines() if "│" in line]
    return {row[0]: row[1:] for row in rows}


def test_figures_are_those_counted_by_hand(said):
    rows = figures(said)
    #                     accuracy, interval, precision, recall, F1, relaxed F1, absent kept absent
    assert rows["supplier"][0] == "100%"
    assert rows["supplier"][2:] == ["1.00", "1.00", "1.00", "1.00", "0/0"]
    # four prices said, three labelled, two of them right; the one that should be absent is there
    assert rows["price"][0] == "50%"
    assert rows["price"][2:5] == ["0.50", "0.67", "0.57"]
    assert rows["price"][6] == "0/1"
    # two of three tags; both documents without a tag were left empty
    assert rows["tags"][0] == "75%"
    assert rows["tags"][2:5] == ["1.00", "0.67", "0.80"]
    assert rows["tags"][6] == "2/2"
    # right as a whole: 4 + 2 + 3 of 12
    assert rows["all"][0] == "75%"
    assert rows["all"][2:5] == ["0.80", "0.80", "0.80"]
    assert "reader, no language model" in said


def test_labels_that_fit_nothing_are_listed(said):
    assert re.search(r"labelled, but not in the dataset: never-seen\.txt$", said, re.MULTILINE)
    assert re.search(r"labelled, but no variable of this project: colour$", said, re.MULTILINE)


def test_without_a_gold_file_it_says_how_to_name_one(extracted):
    code, said = extracted.run("evaluate", str(extracted.project))
    assert code == 2, said
    assert "gold.jsonl" in said
    assert "--gold" in said


def test_a_broken_line_of_labels_is_named(extracted, tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps(GOLD[0]) + '\n{"doc": "contract-001.txt", "gold": ', encoding="utf-8")
    code, said = extracted.run("evaluate", str(extracted.project), "--gold", str(path))
    assert code == 2, said
    assert re.search(r"labels\.jsonl\D*2", said)
