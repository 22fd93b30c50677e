import datetime
import zipfile

import openpyxl
import pytest

from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import Cost, Dataset
from crucible_assets.exports import xlsx
from crucible_assets.exports.errors import TooLargeForFormatError
from crucible_assets.exports.formats import ExportFormat, write
from crucible_assets.exports.workbook import MAX_ROWS, MAX_TEXT, Tint, Workbook
from resources.vocabulary import CellState, VariableType
from tests.datasets.samples import ALL, LOAN_CELLS, LOAN_ROWS, LOANS, cell, row, spec_of, variable

LOAN_DATASET = Dataset(LOANS, LOAN_ROWS, LOAN_CELLS, cost=Cost(1.25, calls=21))


def exported(dataset, folder, **options):
    (file,) = write(dataset, [ExportFormat.XLSX], ExportOptions(**options), folder)
    return file, openpyxl.load_workbook(file.path)


def one_value(type_, value, folder, **options):
    dataset = Dataset(spec_of(variable("x", type_)), (row("a"),), (cell("a", "x", value),))
    file, book = exported(dataset, folder, **options)
    return file, book["Data"]["C2"], book


def test_the_workbook_has_its_sheets_with_frozen_filtered_headers(tmp_path):
    _, book = exported(LOAN_DATASET, tmp_path)
    assert book.sheetnames == ["Data", "Evidence", "Codebook", "Quality", "About"]
    assert book["Data"].freeze_panes == "C2"
    assert book["Data"].auto_filter.ref.startswith("A1:")
    assert [c.value for c in book["Data"][1]][:4] == ["_row", "_document", "lender", "amount"]
    assert book["Evidence"].max_row == 1 + 22
    assert book["Codebook"].max_row == book["Quality"].max_row == 1 + 7


def test_values_have_their_types_and_formats(tmp_path):
    _, book = exported(LOAN_DATASET, tmp_path)
    first = {head.value: c for head, c in zip(book["Data"][1], book["Data"][2], strict=True)}
    assert first["amount"].value == -1000.5
    assert first["signed"].value == datetime.datetime(2020, 5, 6)
    assert first["signed"].number_format == "yyyy-mm-dd"
    assert first["secured"].value is True
    assert first["_confidence_lender"].number_format == "0.00"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "{=1}", "http://x", "=cmd|'/c calc'!A1"])
def test_no_text_becomes_a_formula_or_a_link(tmp_path, text):
    _, shown, book = one_value(VariableType.TEXT, text, tmp_path)
    assert (shown.data_type, shown.value, shown.hyperlink) == ("s", text, None)
    assert shown.quotePrefix == (text[0] in "=+-@\t")  # stays text when a person edits the cell
    for sheet in book:
        assert all(c.data_type != "f" for cells in sheet.iter_rows() for c in cells)


@pytest.mark.parametrize(
    "text", ["<r>&nbsp;</r>", "<r><t>x</t></r>", "a & b < c", "_x0041_", "\x01\x0b", " spaces ", "line\nline", "😀"]
)
def test_text_of_documents_is_never_markup_and_comes_back(tmp_path, text):
    _, shown, _ = one_value(VariableType.TEXT, text, tmp_path)
    # Excel's escapes for control characters are read back as they stand by openpyxl.
    assert shown.value.replace("_x0001_", "\x01").replace("_x000B_", "\x0b").replace("_x005F_", "_") == text


def test_dates_before_excel_has_dates_are_text(tmp_path):
    _, shown, _ = one_value(VariableType.DATE, "1848-03-18", tmp_path)
    assert shown.value == "1848-03-18"


def test_flagged_and_failed_cells_are_tinted_and_the_legend_says_so(tmp_path):
    _, book = exported(LOAN_DATASET, tmp_path)
    data = {head.value: number for number, head in enumerate(book["Data"][1])}
    fill = [[c.fill.fgColor.rgb[2:] for c in cells] for cells in book["Data"].iter_rows(min_row=2)]
    assert fill[1][data["lender"]] == fill[1][data["_state_lender"]] == Tint.UNCERTAIN.value[1:]
    assert fill[2][data["amount"]] == Tint.FAILED.value[1:]
    assert fill[2][data["secured"]] == Tint.NOT_APPLICABLE.value[1:]
    assert fill[0][data["lender"]] == "000000"
    legend = {c.value: c.fill.fgColor.rgb[2:] for c in book["About"]["A"]}
    assert legend[CellState.FAILED.value] == Tint.FAILED.value[1:]
    about = dict(book["About"].iter_rows(values_only=True))
    assert about["Complete"] == "yes"
    assert about["Cost"] == "1.2500 USD, 21 calls"


def test_text_beyond_the_limit_of_a_cell_is_cut_with_a_mark_and_listed(tmp_path):
    file, shown, book = one_value(VariableType.TEXT, "😀" * 20_000, tmp_path, evidence=False)
    assert len(shown.value.encode("utf-16-le")) // 2 <= MAX_TEXT
    assert shown.value.endswith("[cut: 40,000 characters; the CSV, JSON and Parquet files have the whole text]")
    assert file.notes[0] == "Data!C2: text of 40,000 characters was cut at 32,767"
    about = [text for name, text in book["About"].iter_rows(values_only=True) if name == "Cut or left out"]
    assert tuple(about) == file.notes
    assert any(note.startswith("Evidence!") for note in file.notes)
    exact, shown, _ = one_value(VariableType.TEXT, "x" * MAX_TEXT, tmp_path)
    assert (len(shown.value), exact.notes) == (MAX_TEXT, ())


def test_characters_that_xml_cannot_hold_are_replaced_and_listed(tmp_path):
    file, shown, _ = one_value(VariableType.TEXT, "a\uffffb", tmp_path)
    assert shown.value == "a\ufffdb"
    assert "Data!C2" in file.notes[0]


def test_too_many_columns_or_rows_are_an_error_that_says_what_to_do(tmp_path):
    spec = spec_of(variable("x", VariableType.TEXT, if_multiple_values=ALL))
    dataset = Dataset(spec, (row("a"),), (cell("a", "x", ["v"] * 16_383),))
    with pytest.raises(TooLargeForFormatError, match=r"'Data'.*16,388 columns.*joined"):
        exported(dataset, tmp_path)
    assert list(tmp_path.iterdir()) == []
    (file,) = write(dataset, [ExportFormat.XLSX], ExportOptions(multiple="joined"), tmp_path)
    assert "Data!C2: text of 49,147 characters was cut" in file.notes[0]
    book = Workbook(tmp_path / "x.xlsx", "x")
    with pytest.raises(TooLargeForFormatError, match="1,048,577 rows"):
        book.sheet("Data", MAX_ROWS + 1, 1)
    book.close()


def test_evidence_longer_than_a_sheet_goes_on_in_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "MAX_ROWS", 11)
    _, book = exported(LOAN_DATASET, tmp_path)
    assert [name for name in book.sheetnames if "Evidence" in name] == ["Evidence", "Evidence 2", "Evidence 3"]
    assert [book[name].max_row for name in ("Evidence", "Evidence 2", "Evidence 3")] == [11, 11, 3]


def test_evidence_comments_are_written_up_to_a_number_and_their_absence_is_said(tmp_path):
    _, with_comments = exported(LOAN_DATASET, tmp_path, evidence_comments=1)
    assert "Bank A lends" in with_comments["Data"]["C2"].comment.text
    cells = (*LOAN_CELLS[1:], cell("a", "lender", "x", evidence_quote="x y"))
    more = (
        *(c for c in cells if c.variable != "kind"),
        *(cell(k, "kind", "term", evidence_quote="q") for k in "abc"),
    )
    file, without = exported(Dataset(LOANS, LOAN_ROWS, more), tmp_path, evidence_comments=1)
    assert without["Data"]["C2"].comment is None
    assert "4 cells have evidence, more than the 1 comments allowed" in file.notes[0]


def test_nothing_in_the_file_tells_when_it_was_made(tmp_path):
    file, book = exported(LOAN_DATASET, tmp_path)
    with zipfile.ZipFile(file.path) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 31, 0, 0, 0)}
    assert book.properties.created == book.properties.modified == datetime.datetime(2000, 1, 1)


def test_an_empty_dataset_makes_a_workbook(tmp_path):
    _, book = exported(Dataset(LOANS, (), ()), tmp_path)
    assert book["Data"].max_row == 1
    _, book = exported(Dataset(spec_of(), (), ()), tmp_path)
    assert book.sheetnames[0] == "Data"
