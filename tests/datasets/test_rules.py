import polars as pl
import pytest

from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.errors import SpecError
from crucible_assets.datasets.rules import Violation, check, rules_for
from crucible_assets.datasets.wide import wide
from resources.vocabulary import CellState, IfMultipleValues, ValidationRules, VariableType
from tests.datasets.samples import ALL, LOAN_CELLS, LOAN_ROWS, LOANS, cell, row, spec_of, variable


def violations(type_, values, limits=None, options=None, **fields):
    """Check one variable x with one row per value."""
    spec = spec_of(variable("x", type_, validation=limits or ValidationRules(), **fields))
    rows = [row(f"r{n}") for n in range(len(values))]
    cells = [v if hasattr(v, "state") else cell(r.row_key, "x", v) for r, v in zip(rows, values, strict=True)]
    return [(v.row, v.rule, v.value) for v in check(wide(spec, rows, cells, options), spec)]


def test_all_violations_are_listed_with_row_rule_and_value_ordered_by_variable_and_row():
    assert check(wide(LOANS, LOAN_ROWS, LOAN_CELLS), LOANS) == (
        Violation("lender", "c", "required", None),
        Violation("amount", "a", "minimum", "-1000.5"),
    )


def test_numbers_keep_their_limits_and_are_numbers():
    limits = ValidationRules(minimum=0, maximum=10)
    found = violations(VariableType.NUMBER, [0, 10, -1, 11.5, None], limits)
    assert found == [("r2", "minimum", "-1.0"), ("r3", "maximum", "11.5")]
    assert violations(VariableType.NUMBER, [5, "about 5", 20], limits) == [
        ("r1", "type", "about 5"),
        ("r2", "maximum", "20"),
    ]


def test_a_partial_date_breaks_a_limit_only_when_every_day_of_it_does():
    limits = ValidationRules(earliest="2020-05-05", latest="2021-06-15")
    values = ["2020", "2020-05", "2020-04", "2021-06", "2021-07", "2020-05-04", "May"]
    assert violations(VariableType.DATE, values, limits) == [
        ("r2", "earliest", "2020-04"),
        ("r4", "latest", "2021-07"),
        ("r5", "earliest", "2020-05-04"),
        ("r6", "type", "May"),
    ]


def test_a_pattern_must_match_the_whole_text():
    limits = ValidationRules(pattern=r"[A-Z]{2}\d+")
    assert violations(VariableType.TEXT, ["AB1", "AB1x", "xAB1", "AB1\n"], limits) == [
        ("r1", "pattern", "AB1x"),
        ("r2", "pattern", "xAB1"),
        ("r3", "pattern", "AB1\n"),
    ]


def test_categories_must_be_among_the_allowed():
    rules = {"term": "", "line": ""}
    assert violations(VariableType.CATEGORY, ["term", "Term"], classification_rules=rules) == [
        ("r1", "allowed_values", "Term")
    ]


def test_every_one_of_several_values_is_checked_in_columns_and_joined():
    limits = ValidationRules(maximum=5)
    assert violations(VariableType.NUMBER, [[1, 9], [7]], limits, if_multiple_values=ALL) == [
        ("r0", "maximum", "9.0"),
        ("r1", "maximum", "7.0"),
    ]
    joined = ExportOptions(multiple="joined")
    assert violations(VariableType.NUMBER, [[1, 9], [2, 3]], limits, joined, if_multiple_values=ALL) == [
        ("r0", "maximum", "1; 9")
    ]
    rule = ValidationRules(pattern="[a-z]+")
    several = IfMultipleValues.CONCATENATE
    assert violations(VariableType.TEXT, [["a", "b"], ["a", "B"]], rule, if_multiple_values=several) == [
        ("r1", "pattern", "a; B")
    ]


def test_a_required_value_may_be_missing_only_where_the_variable_is_not_applicable():
    limits = ValidationRules(required=True)
    excused = cell("r1", "x", state=CellState.NOT_APPLICABLE)
    assert violations(VariableType.TEXT, ["a", excused, None], limits) == [("r2", "required", None)]
    assert violations(VariableType.TEXT, [["a"], [], None], limits, if_multiple_values=ALL) == [
        ("r1", "required", None),
        ("r2", "required", None),
    ]


def test_a_variable_without_a_column_is_a_violation_of_the_table():
    frame = wide(LOANS, LOAN_ROWS, LOAN_CELLS).drop("kind")
    assert Violation("kind", None, "column_in_dataframe", None) in check(frame, LOANS)


def test_the_numbered_column_of_one_variable_is_not_taken_for_another_variable():
    limit = ValidationRules(maximum=1)
    spec = spec_of(variable("x", VariableType.NUMBER, validation=limit), variable("x_1", VariableType.NUMBER))
    frame = wide(spec, [row("a")], [cell("a", "x", 1), cell("a", "x_1", 9)])
    assert check(frame, spec) == ()


def test_rules_that_contradict_themselves_name_the_variable():
    broken = (ValidationRules(pattern="["), VariableType.TEXT), (ValidationRules(latest="May"), VariableType.DATE)
    for limits, type_ in broken:
        with pytest.raises(SpecError, match="'x'"):
            rules_for(spec_of(variable("x", type_, validation=limits)))


def test_checks_hold_when_the_environment_switches_pandera_off(monkeypatch):
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", "False")
    frame = pl.DataFrame({"_row": ["a"], "x": ["no number"]})
    assert len(check(frame, spec_of(variable("x", VariableType.NUMBER)))) == 1
