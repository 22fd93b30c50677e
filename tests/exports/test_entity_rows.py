"""Files of a dataset whose rows are entities."""

import json
from pathlib import Path

import openpyxl
import polars as pl

from crucible_assets.datasets.cells import DocumentRecord, RowRecord
from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import Dataset
from crucible_assets.exports.formats import ExportFormat, write
from resources.vocabulary import EvidenceStatus, UnitOfObservation, VariableType
from tests.datasets.samples import cell, spec_of, variable

DOCUMENTS = (
    DocumentRecord("a.pdf", 2, 3, ("the source has 3 (table rows), of which 2 were found",)),
    DocumentRecord("b.pdf", 0),
)
ROWS = (
    RowRecord("1/bolt", "a.pdf", "Bolt", 1, ("BOLT",), EvidenceStatus.EXACT, "Bolt | 2"),
    RowRecord("1/nut", "a.pdf", "Nut", 2, (), EvidenceStatus.NOT_FOUND, None),
)
CELLS = tuple(cell(row.row_key, "price", 2, document_name="a.pdf", entity=row.entity) for row in ROWS)
PARTS = Dataset(
    spec_of(variable("price", VariableType.NUMBER), unit=UnitOfObservation.ENTITY), ROWS, CELLS, documents=DOCUMENTS
)


def written(folder: Path, format_: ExportFormat) -> list[Path]:
    return [file.path for file in write(PARTS, [format_], ExportOptions(), folder)]


def test_csv_has_one_line_per_entity_in_the_order_of_the_document(tmp_path):
    (path,) = written(tmp_path, ExportFormat.CSV_WIDE)
    frame = pl.read_csv(path)
    assert frame["_entity"].to_list() == ["Bolt", "Nut"]
    assert frame["_entity_status"].to_list() == ["EXACT", "NOT_FOUND"]


def test_the_workbook_lists_the_documents_those_without_rows_included(tmp_path):
    (path,) = written(tmp_path, ExportFormat.XLSX)
    book = openpyxl.load_workbook(path)
    rows = list(book["Documents"].iter_rows(values_only=True))
    assert rows[1:] == [("a.pdf", 2, 3, DOCUMENTS[0].warnings[0]), ("b.pdf", 0, None, None)]
    about = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True)}
    assert about["Documents without rows"] == "1: see Documents"
    assert about["Rows"] == "2 from 2 documents"
    assert book["Data"].freeze_panes == "D2"


def test_the_codebook_says_what_the_searches_could_not_settle(tmp_path):
    markdown, as_json = (path.read_text(encoding="utf-8") for path in written(tmp_path, ExportFormat.CODEBOOK))
    assert "| b.pdf | 0 |  |  |" in markdown
    assert "of which 2 were found" in markdown
    documents = json.loads(as_json)["documents"]
    assert [(d["name"], d["rows"], d["rows_in_the_source"]) for d in documents] == [
        ("a.pdf", 2, 3),
        ("b.pdf", 0, None),
    ]


def test_json_lines_have_the_evidence_and_other_names_of_an_entity(tmp_path):
    (path,) = written(tmp_path, ExportFormat.JSON)
    first = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    assert (first["entity"], first["entity_names"]) == ("Bolt", ["BOLT"])
    assert first["entity_evidence"] == {"quote": "Bolt | 2", "status": "EXACT"}
