"""`crucible export`: the stored dataset again, with other columns and formats, in a folder of one's choice."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_without_options_every_format_is_delivered(extracted, tmp_path):
    out = tmp_path / "new" / "folder"
    code, said = extracted.run("export", str(extracted.project), "--out", str(out))
    assert code == 0, said
    names = {path.name for path in out.iterdir()}
    assert names == {
        "contracts-wide.csv", "contracts-long.csv", "contracts.xlsx", "contracts-wide.parquet",
        "contracts-long.parquet", "contracts.jsonl", "contracts-codebook.md", "contracts-codebook.json",
    }  # fmt: skip
    assert all(str(out / name) in said.split() for name in names)
    wide = rows_of(out / "contracts-wide.csv")
    assert [row["supplier"] for row in wide] == [f"Mill {n} Ltd" for n in range(5)]
    assert all(row["_evidence_price"] and row["_confidence_price"] for row in wide)
    assert {wide[0]["tags_1"], wide[0]["tags_2"]} == {"timber", "glass"}
    assert pl.read_parquet(out / "contracts-wide.parquet")["price"].to_list() == [1000, 1001, 1002, 1003, 1004]
    assert len((out / "contracts.jsonl").read_text("utf-8").splitlines()) == 5
    assert json.loads((out / "contracts-codebook.json").read_text("utf-8"))


def test_columns_are_those_that_were_asked_for(extracted, tmp_path):
    out = tmp_path / "out"
    options = ["--no-evidence", "--no-confidence", "--no-state", "--prompt-version", "--multiple", "joined", "--bom"]
    code, said = extracted.run(
        "export", str(extracted.project), "--out", str(out), "--format", "csv-wide,codebook", *options
    )
    assert code == 0, said
    assert {path.name for path in out.iterdir()} == {
        "contracts-wide.csv", "contracts-codebook.md", "contracts-codebook.json",
    }  # fmt: skip
    path = out / "contracts-wide.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    first = rows_of(path)[0]
    kinds = ("_evidence_", "_confidence_", "_state_")
    assert [column for column in first if column.startswith(kinds)] == []
    assert {column for column in first if column.startswith("_prompt_version_")} == {
        f"_prompt_version_{name}" for name in ("supplier", "price", "signed", "tags")
    }
    assert sorted(first["tags"].split("; ")) == ["glass", "timber"]


def test_a_format_that_does_not_exist_ends_with_2_and_names_those_that_do(extracted, tmp_path):
    out = tmp_path / "out"
    code, said = extracted.run("export", str(extracted.project), "--out", str(out), "--format", "csv-wide,spss")
    assert code == 2, said
    assert "spss" in said
    assert "csv-wide, csv-long, xlsx, parquet, json, codebook" in said
    assert not out.exists()
