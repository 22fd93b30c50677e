import datetime

import polars as pl
import pytest

from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.errors import CellsDoNotFitError, ColumnClashError, SpecError
from crucible_assets.datasets.wide import wide
from resources.vocabulary import CellState, IfMultipleValues, UnitOfObservation, VariableType
from tests.datasets.samples import ALL, LOAN_CELLS, LOAN_ROWS, LOANS, cell, row, spec_of, variable

BARE = ExportOptions(confidence=False, evidence=False, state=False)


def one_column(type_, *values, options=BARE, **fields):
    """The wide table of one variable with one row per value."""
    rows = [row(f"r{n:02}") for n in range(len(values))]
    cells = [cell(r.row_key, "x", value) for r, value in zip(rows, values, strict=True)]
    return wide(spec_of(variable("x", type_, **fields)), rows, cells, options).drop("_row", "_document")


def test_one_row_per_unit_ordered_by_document_name_whatever_the_order_given():
    frame = wide(LOANS, LOAN_ROWS, LOAN_CELLS)
    assert frame["_document"].to_list() == ["a.pdf", "b.pdf", "c.pdf"]
    assert frame.equals(wide(LOANS, LOAN_ROWS[::-1], LOAN_CELLS[::-1]))


def test_entities_of_a_document_are_ordered_and_shown():
    spec = spec_of(variable("x", VariableType.TEXT), unit=UnitOfObservation.ENTITY)
    rows = [row("3", "b.pdf", "Ann"), row("1", "a.pdf", "Zoe"), row("2", "a.pdf", "Ben")]
    frame = wide(spec, rows, [], BARE)
    assert frame["_entity"].to_list() == ["Ben", "Zoe", "Ann"]


def test_columns_have_the_types_of_their_variables():
    schema = wide(LOANS, LOAN_ROWS, LOAN_CELLS, BARE).schema
    assert schema["amount"] == pl.Float64
    assert schema["signed"] == pl.Date
    assert schema["secured"] == pl.Boolean
    assert {schema[name] for name in ("lender", "kind", "parties_1", "parties_2", "terms")} == {pl.String()}


def test_dates_are_dates_only_where_every_one_is_full():
    assert one_column(VariableType.DATE, "2020-05-06", None)["x"].to_list() == [datetime.date(2020, 5, 6), None]
    assert one_column(VariableType.DATE, "2020-05-06", "2020-05")["x"].to_list() == ["2020-05-06", "2020-05"]


@pytest.mark.parametrize("value", ["about 5", 2**53 + 1, True, float("nan")])
def test_a_number_column_becomes_text_rather_than_losing_a_value(value):
    frame = one_column(VariableType.NUMBER, 1.5, value)
    assert frame.schema["x"] == pl.String
    assert frame["x"].to_list() == ["1.5", "true" if value is True else str(value)]


def test_several_values_get_as_many_columns_as_the_largest_cell():
    frame = one_column(VariableType.TEXT, ["a"], ["b", "c"], None, if_multiple_values=ALL)
    assert frame.columns == ["x_1", "x_2"]
    assert frame.rows() == [("a", None), ("b", "c"), (None, None)]
    assert one_column(VariableType.NUMBER, None, if_multiple_values=ALL).columns == ["x_1"]


def test_several_values_are_joined_by_option_and_for_concatenate():
    joined = ExportOptions(confidence=False, evidence=False, state=False, multiple="joined")
    by_option = one_column(VariableType.NUMBER, [1, 2.5], [3.0], if_multiple_values=ALL, options=joined)
    assert by_option["x"].to_list() == ["1; 2.5", "3"]
    concatenated = one_column(VariableType.TEXT, ["a", "b"], if_multiple_values=IfMultipleValues.CONCATENATE)
    assert concatenated["x"].to_list() == ["a; b"]


def test_values_of_a_variable_that_should_have_one_are_not_lost():
    assert one_column(VariableType.TEXT, ["a", "b"]).rows() == [("a", "b")]


def test_a_list_is_one_value_of_a_json_variable_unless_several_are_asked_for():
    assert one_column(VariableType.JSON, [1, {"b": 1, "a": "é"}]).rows() == [('[1,{"a":"é","b":1}]',)]
    assert one_column(VariableType.JSON, [1, [2]], if_multiple_values=ALL).rows() == [("1", "[2]")]


def test_options_add_columns_beside_the_values():
    every = ExportOptions(prompt_version=True, locations=True)
    frame = wide(LOANS, LOAN_ROWS, LOAN_CELLS, every)
    first = frame.row(0, named=True)
    assert first["_confidence_lender"] == 0.9
    assert first["_evidence_lender"] == "Bank A lends"
    assert first["_page_lender"] == 1
    assert first["_prompt_version_lender"] == 1
    assert frame["_state_lender"].to_list() == ["VALUE", "UNCERTAIN", "ABSENT"]
    assert not [name for name in wide(LOANS, LOAN_ROWS, LOAN_CELLS, BARE).columns if name.startswith("_state")]


def test_a_missing_cell_has_no_state_and_an_empty_text_is_no_missing_value():
    frame = wide(spec_of(variable("x", VariableType.TEXT)), [row("a"), row("b")], [cell("a", "x", "")])
    assert frame["x"].to_list() == ["", None]
    assert frame["_state_x"].to_list() == ["VALUE", None]


def test_cells_that_do_not_fit_are_an_error_that_names_them():
    spec = spec_of(variable("x", VariableType.TEXT))
    for cells in ([cell("a", "x"), cell("a", "x")], [cell("b", "x")], [cell("a", "y")]):
        with pytest.raises(CellsDoNotFitError, match=rf"'{cells[-1].row_key}', '{cells[-1].variable}'"):
            wide(spec, [row("a")], cells)
    with pytest.raises(CellsDoNotFitError, match="row given twice: a"):
        wide(spec, [row("a"), row("a")], [])


def test_two_variables_or_columns_of_one_name_are_an_error():
    twice = variable("x", VariableType.TEXT)
    with pytest.raises(SpecError, match="x"):
        wide(spec_of(twice, twice), [], [])
    clash = spec_of(variable("x", VariableType.TEXT, if_multiple_values=ALL), variable("x_1", VariableType.TEXT))
    with pytest.raises(ColumnClashError, match="x_1"):
        wide(clash, [], [])
    assert "x_1" in wide(clash, [], [], ExportOptions(multiple="joined")).columns


def test_an_empty_dataset_has_its_columns():
    frame = wide(LOANS, (), ())
    assert frame.height == 0
    assert "parties_1" in frame.columns


def test_an_unknown_layout_is_refused():
    with pytest.raises(ValueError, match="'columns' or 'joined'"):
        ExportOptions(multiple="stacked")


def test_states_are_shown_as_their_names():
    states = set(wide(LOANS, LOAN_ROWS, LOAN_CELLS).select(pl.col("^_state_.*$")).to_numpy().ravel())
    assert states == {state.value for state in CellState}
