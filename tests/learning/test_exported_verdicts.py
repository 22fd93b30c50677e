"""An export with columns for verdicts, filled by a person, is a file of verdicts."""

import csv
import uuid

import openpyxl
import pytest

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, RowRecord
from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import Dataset
from crucible_assets.exports.formats import ExportFormat, write
from crucible_assets.learning.feedback_file import read_feedback
from crucible_assets.learning.labels import Judged
from crucible_assets.learning.matching import KnownRow, Matcher
from resources.vocabulary import CellState, UnitOfObservation, Verdict
from tests.learning.variables import PARTIES, PRICE

A = uuid.UUID(int=1)
NAMED = {v.name: v for v in (PRICE, PARTIES)}


def exported(folder, format_, **options):
    def cell(variable, value):
        return CellRecord(
            row_key=str(A), document_name="a.txt", variable=variable, state=CellState.VALUE, prompt_version=1,
            model="m", value=value, confidence=0.9,
        )  # fmt: skip

    spec = DatasetSpec("Study", "", "", None, UnitOfObservation.DOCUMENT, (PRICE, PARTIES))
    data = Dataset(spec, (RowRecord(str(A), "a.txt"),), (cell("price", 100), cell("parties", ["=Ann", "Bob"])))
    (file,) = write(data, [format_], ExportOptions(**options), folder)
    return file.path


def matched(path):
    cells = {
        (A, "", "price"): Judged(CellState.VALUE, 100),
        (A, "", "parties"): Judged(CellState.VALUE, ["=Ann", "Bob"]),
    }
    file = read_feedback(path.read_bytes(), path.name)
    given, refused = Matcher([KnownRow(A, "", ("a.txt",))], cells, NAMED, None, "me").match(file.lines)
    assert [*file.refused, *refused] == []
    return {item.key[2]: item for item in given}


def fill_csv(path, fill):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= fill(row)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def fill_xlsx(path, fill):
    book = openpyxl.load_workbook(path)
    sheet = book["Evidence"]
    names = [cell.value for cell in sheet[1]]
    for line in sheet.iter_rows(min_row=2):
        row = dict(zip(names, [cell.value for cell in line], strict=True))
        for name, value in fill(row).items():
            line[names.index(name)].value = value
    book.save(path)


def fill(row):
    if row["variable"] == "price":
        return {"verdict": "INCORRECT", "corrected_value": "90", "note": "net"}
    return (
        {"verdict": "CORRECT"} if str(row["value"]) == "Bob" else {"verdict": "INCORRECT", "corrected_value": "Anna"}
    )


@pytest.mark.parametrize(("format_", "filled"), [(ExportFormat.CSV_LONG, fill_csv), (ExportFormat.XLSX, fill_xlsx)])
def test_a_filled_export_becomes_verdicts(tmp_path, format_, filled):
    path = exported(tmp_path, format_, verdicts=True)
    filled(path, fill)
    given = matched(path)
    assert (given["price"].verdict, given["price"].corrected, given["price"].note) == (
        Verdict.INCORRECT,
        (90,),
        "net",
    )
    assert given["price"].judged == Judged(CellState.VALUE, 100)
    assert given["parties"].verdict is Verdict.PARTIALLY_CORRECT
    assert given["parties"].corrected == ("Anna", "Bob")
    assert given["parties"].judged.value == ["=Ann", "Bob"]


def test_without_the_option_there_are_no_such_columns(tmp_path):
    head = exported(tmp_path, ExportFormat.CSV_LONG).read_text(encoding="utf-8").splitlines()[0]
    assert "verdict" not in head
