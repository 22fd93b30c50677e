import pytest

from crucible_assets.datasets.quality import frequencies, quality, quality_frame
from crucible_assets.datasets.table import arrange
from resources.vocabulary import CellState, EvidenceStatus, VariableType
from tests.datasets.samples import ALL, LOAN_CELLS, LOAN_ROWS, LOANS, cell, row, spec_of, variable


def figures(name):
    return next(f for f in quality(LOANS, LOAN_ROWS, LOAN_CELLS) if f.variable == name)


def test_states_values_and_rows_are_counted():
    amount = figures("amount")
    assert (amount.states[CellState.VALUE], amount.states[CellState.FAILED], amount.rows) == (2, 1, 3)
    parties = figures("parties")
    assert (parties.with_value, parties.values, parties.distinct) == (2, 3, 3)


def test_shares_are_of_cells_with_a_value_and_none_without_any():
    assert figures("amount").evidence_share == 0.5
    assert figures("lender").mean_confidence == pytest.approx(0.65)
    empty = quality(spec_of(variable("x", VariableType.TEXT)), [row("a")], [])[0]
    assert (empty.evidence_share, empty.mean_confidence, empty.missing_cells) == (None, None, 1)


def test_evidence_counts_as_found_when_it_was_placed_in_any_way():
    spec = spec_of(variable("x", VariableType.TEXT))
    rows = [row(status.value) for status in EvidenceStatus]
    cells = [cell(status.value, "x", "v", evidence_status=status) for status in EvidenceStatus]
    assert quality(spec, rows, cells)[0].evidence_found == 3


def test_numbers_and_dates_have_a_range():
    amount = figures("amount")
    assert (amount.minimum, amount.maximum, amount.mean, amount.median) == ("-1000.5", "250", -375.25, -375.25)
    spec = spec_of(variable("d", VariableType.DATE, if_multiple_values=ALL))
    dated = quality(spec, [row("a")], [cell("a", "d", ["2020", "2020-06-01", "2019-12-31", "soon"])])[0]
    assert (dated.minimum, dated.maximum) == ("2019-12-31", "2020")


def test_categories_that_never_occur_are_listed():
    table = arrange(LOANS, LOAN_ROWS, LOAN_CELLS)
    assert frequencies(LOANS.variable("kind"), table) == (("term", 2), ("revolving", 0))


def test_the_most_frequent_values_come_first_and_the_list_is_bounded():
    spec = spec_of(variable("x", VariableType.TEXT, if_multiple_values=ALL))
    table = arrange(spec, [row("a")], [cell("a", "x", ["b", "a", "c", "c"])])
    assert frequencies(spec.variables[0], table, most=2) == (("c", 2), ("a", 1))


def test_the_table_has_one_row_per_variable():
    frame = quality_frame(quality(LOANS, LOAN_ROWS, LOAN_CELLS))
    assert frame["variable"].to_list() == [v.name for v in LOANS.variables]
    assert frame.select("value", "absent", "not_applicable", "uncertain", "failed").sum().row(0) == (14, 4, 1, 1, 1)
    assert quality_frame([]).width == frame.width
