from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.datasets.reconcile import reconcile
from resources.vocabulary import CellState, VariableType
from tests.datasets.samples import LOAN_CELLS, LOAN_ROWS, LOANS, cell, row, variable

X, Y = variable("x", VariableType.TEXT), variable("y", VariableType.TEXT)


def test_rows_times_variables_equals_the_sum_of_states_overall_and_per_variable():
    account = reconcile(LOAN_ROWS, LOANS.variables, LOAN_CELLS)
    assert account.complete
    assert account.expected == sum(account.by_state.values()) == 21
    assert {sum(counts.values()) for counts in account.by_variable.values()} == {3}
    assert account.by_variable["amount"][CellState.FAILED] == 1
    assert "21 cells expected, 21 found" in account.explain()


def test_missing_duplicated_and_unexpected_cells_are_named():
    cells = [cell("a", "x", "1"), cell("a", "x", "2"), cell("b", "y"), cell("z", "x"), cell("a", "gone")]
    account = reconcile([row("a"), row("b")], [X, Y], cells)
    assert account.missing == (("a", "y"), ("b", "x"))
    assert account.duplicated == (("a", "x"),)
    assert account.unexpected == (("z", "x"), ("a", "gone"))
    assert not account.complete
    assert "2 missing: ('a', 'y'), ('b', 'x')" in account.explain()


def test_a_row_given_twice_is_counted_once_and_named():
    account = reconcile([row("a"), row("a")], [X], [cell("a", "x")])
    assert (account.expected, account.duplicated_rows, account.complete) == (1, ("a",), False)


@given(
    st.lists(st.sampled_from("abc"), unique=True),
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"), st.sampled_from(CellState))),
)
def test_every_expected_cell_is_either_counted_or_missing(keys, triples):
    cells = [cell(key, name, state=state) for key, name, state in triples]
    account = reconcile([row(key) for key in keys], [X, Y], cells)
    assert account.expected == account.found + len(account.missing)
    extra = len(triples) - account.found - len(account.unexpected)
    assert (extra > 0) == bool(account.duplicated)
