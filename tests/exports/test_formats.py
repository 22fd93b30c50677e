import hashlib
import json
import random
import time

import polars as pl
import pytest

from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import Cost, Dataset
from crucible_assets.datasets.errors import CellsDoNotFitError
from crucible_assets.datasets.evaluate import evaluate
from crucible_assets.datasets.gold import parse_gold
from crucible_assets.datasets.long import from_long, long
from crucible_assets.datasets.wide import wide
from crucible_assets.exports.formats import ExportFormat, slug_of, write
from resources.vocabulary import VariableType
from tests.datasets.samples import LOAN_CELLS, LOAN_ROWS, LOANS, cell, row, spec_of, variable

GOLD = parse_gold('{"doc": "a.pdf", "gold": {"lender": ["Bank A"], "amount": [5], "colour": []}}', "gold.jsonl")
EVALUATION = evaluate(LOANS, LOAN_ROWS, LOAN_CELLS, GOLD)
LOAN_DATASET = Dataset(LOANS, LOAN_ROWS, LOAN_CELLS, EVALUATION, Cost(1.25, calls=21))
EVERYTHING = ExportOptions(prompt_version=True, locations=True, evidence_comments=100)


def all_bytes(dataset, folder):
    return {file.path.name: file.path.read_bytes() for file in write(dataset, list(ExportFormat), EVERYTHING, folder)}


def test_the_same_dataset_gives_the_same_bytes_in_another_order_zone_and_time(tmp_path, monkeypatch):
    first = all_bytes(LOAN_DATASET, tmp_path / "first")
    rows, cells = list(LOAN_ROWS), list(LOAN_CELLS)
    random.Random(0).shuffle(rows)
    random.Random(0).shuffle(cells)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: 4e9)
    shuffled = Dataset(LOANS, tuple(rows), tuple(cells), EVALUATION, Cost(1.25, calls=21))
    second = all_bytes(shuffled, tmp_path / "second")
    monkeypatch.undo()
    time.tzset()
    assert first == second
    assert len(first) == 8


def test_each_file_is_described_by_its_size_and_hash_and_named_after_the_project(tmp_path):
    files = write(LOAN_DATASET, list(ExportFormat), ExportOptions(), tmp_path / "new" / "folder")
    for file in files:
        content = file.path.read_bytes()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert [file.path.name for file in files] == [
        "loan-agreements-wide.csv",
        "loan-agreements-long.csv",
        "loan-agreements.xlsx",
        "loan-agreements-wide.parquet",
        "loan-agreements-long.parquet",
        "loan-agreements.jsonl",
        "loan-agreements-codebook.md",
        "loan-agreements-codebook.json",
    ]
    assert {file.path.name for file in files} == {path.name for path in (tmp_path / "new" / "folder").iterdir()}


def test_a_failed_export_leaves_the_files_of_the_last_one_as_they_were(tmp_path):
    (before,) = write(LOAN_DATASET, [ExportFormat.CSV_WIDE], ExportOptions(), tmp_path)
    spec = spec_of(*(variable(f"v{n}", VariableType.TEXT) for n in range(5_000)))
    too_wide = Dataset(spec, (row("a"),), (cell("a", "v0", "x"),))
    with pytest.raises(ValueError, match="an Excel sheet holds"):
        write(too_wide, [ExportFormat.CSV_WIDE, ExportFormat.XLSX], ExportOptions(), tmp_path)
    with pytest.raises(CellsDoNotFitError):
        write(Dataset(LOANS, (), LOAN_CELLS), [ExportFormat.CSV_WIDE], ExportOptions(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [before.path.name]
    assert hashlib.sha256(before.path.read_bytes()).hexdigest() == before.sha256


def test_a_format_named_twice_is_written_once(tmp_path):
    assert len(write(LOAN_DATASET, [ExportFormat.JSON, ExportFormat.JSON], ExportOptions(), tmp_path)) == 1


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Loan agreements", "loan-agreements"),
        ("  Prêts & crédits: 2020/21 ", "prets-credits-2020-21"),
        ("../../etc/passwd", "etc-passwd"),
        ("x" * 100, "x" * 60),
    ],
)
def test_file_names_come_from_the_letters_of_the_project_name(name, slug):
    assert slug_of(name) == slug


def test_names_without_latin_letters_and_names_that_windows_keeps_for_itself_get_a_hash():
    slugs = {slug_of(name) for name in ("Договоры", "契約", "", "CON", "nul")}
    assert len(slugs) == 5
    assert all(slug.startswith("dataset-") for slug in slugs)


def test_parquet_holds_the_typed_table_the_long_table_and_the_codebook(tmp_path):
    wide_file, long_file = write(LOAN_DATASET, [ExportFormat.PARQUET], ExportOptions(), tmp_path)
    assert pl.read_parquet(wide_file.path).equals(wide(LOANS, LOAN_ROWS, LOAN_CELLS))
    rows, cells = from_long(LOANS, pl.read_parquet(long_file.path))
    assert long(LOANS, rows, cells).equals(long(LOANS, LOAN_ROWS, LOAN_CELLS))
    stored = json.loads(pl.read_parquet_metadata(wide_file.path)["crucible.codebook"])
    assert stored["study"]["project"] == "Loan agreements"


def test_json_lines_hold_every_cell_whole(tmp_path):
    (file,) = write(LOAN_DATASET, [ExportFormat.JSON], ExportOptions(), tmp_path)
    records = [json.loads(line) for line in file.path.read_text(encoding="utf-8").split("\n")[:-1]]
    assert [record["document"] for record in records] == ["a.pdf", "b.pdf", "c.pdf"]
    assert records[0]["cells"]["terms"]["value"] == {"years": 3, "rate": "-2 %"}
    assert records[1]["cells"]["lender"]["value"] == '=HYPERLINK("http://x")'
    assert records[2]["cells"]["amount"]["reasons"] == ["no call", "budget"]
    assert records[0]["cells"]["lender"]["evidence"] == {
        "quote": "Bank A lends",
        "status": "NONE",
        "start": 3,
        "end": None,
        "page": 1,
        "place": None,
    }


def test_a_cell_that_is_missing_is_null_in_json(tmp_path):
    dataset = Dataset(spec_of(variable("x", VariableType.TEXT)), (row("a"),), ())
    (file,) = write(dataset, [ExportFormat.JSON], ExportOptions(), tmp_path)
    assert json.loads(file.path.read_text())["cells"] == {"x": None}


def test_a_few_hundred_rows_of_many_variables_take_a_moment(tmp_path):
    variables = [variable(f"v{n}", list(VariableType)[n % 4]) for n in range(20)]
    values = {"TEXT": "some text", "NUMBER": 1.5, "DATE": "2020-01-01", "BOOLEAN": True}
    rows = tuple(row(f"r{n:04}") for n in range(200))
    cells = tuple(cell(r.row_key, v.name, values[v.type.value]) for r in rows for v in variables)
    start = time.process_time()
    write(Dataset(spec_of(*variables), rows, cells), list(ExportFormat), ExportOptions(), tmp_path)
    assert time.process_time() - start < 10  # about half a second; the bound catches quadratic work only
