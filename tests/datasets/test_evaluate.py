"""The figures below were computed by hand from the made-up labels and predictions."""

import json
import random

import numpy as np
import pytest

from crucible_assets.datasets.evaluate import evaluate
from crucible_assets.datasets.gold import GoldDocument, parse_gold
from crucible_assets.datasets.intervals import bootstrap_f1, wilson
from resources.vocabulary import CellState, UnitOfObservation, VariableType
from tests.datasets.samples import ALL, cell, row, spec_of, variable

SPEC = spec_of(
    variable("party", VariableType.TEXT, if_multiple_values=ALL),
    variable("signed", VariableType.DATE),
    variable("amount", VariableType.NUMBER),
    variable("secured", VariableType.BOOLEAN),
    variable("kind", VariableType.CATEGORY),
)
LABELS = [
    {"party": ["Bank A Ltd", "Smith & Sons"], "signed": ["2020-05-06"], "amount": [1000], "secured": [True]},
    {"party": ["Bank B"], "signed": ["2020-05-07"], "amount": [], "secured": [False], "kind": []},
    {"party": [], "signed": [], "amount": [5.5], "secured": [True], "kind": ["line"]},
]
LABELS[0]["kind"] = ["Term"]
GOLD = parse_gold(
    "\n".join(
        json.dumps({"doc": f"docs/{name}.pdf", "gold": labels}) for name, labels in zip("abc", LABELS, strict=True)
    ),
    "gold.jsonl",
)
ROWS = [row("a"), row("b"), row("c")]
CELLS = [
    cell("a", "party", ["bank a, LTD.", "Smith and Sons", "Smith & Sons"]),  # 2 of 2; the repetition counts once
    cell("a", "signed", "6 May 2020"),  # right
    cell("a", "amount", 1000.0),  # right
    cell("a", "secured", True),  # right
    cell("a", "kind", "TERM"),  # right
    cell("b", "party", ["the Bank B of Berlin"]),  # relaxed only
    cell("b", "signed", "2020-05"),  # wrong, a compatible partial date
    cell("b", "amount", 3),  # nothing there
    cell("b", "secured", True),  # wrong
    cell("b", "kind"),  # kept empty
    cell("c", "party"),  # kept empty
    cell("c", "signed"),  # kept empty
    cell("c", "amount", 5.5, state=CellState.UNCERTAIN),  # right, though flagged
    cell("c", "secured", False),  # missed
    cell("c", "kind", state=CellState.FAILED),  # missed
]


def scores(**arguments):
    result = evaluate(SPEC, ROWS, CELLS, GOLD, **arguments)
    return result, {score.variable: score for score in result.variables}


def test_counts_of_each_variable_agree_with_those_computed_by_hand():
    _, by_name = scores()
    counted = {name: (s.strict.matched, s.strict.gold, s.strict.predicted) for name, s in by_name.items()}
    assert counted == {
        "party": (2, 3, 3),
        "signed": (1, 2, 2),
        "amount": (2, 2, 3),
        "secured": (1, 2, 2),
        "kind": (1, 2, 1),
    }
    assert by_name["party"].relaxed.matched == 3
    assert by_name["signed"].relaxed.matched == 1
    assert by_name["signed"].partial_dates == 1


def test_overall_figures_agree_with_those_computed_by_hand():
    result, by_name = scores()
    assert (result.strict.matched, result.strict.gold, result.strict.predicted) == (7, 11, 11)
    assert result.strict.f1 == pytest.approx(7 / 11)
    assert result.relaxed.f1 == pytest.approx(8 / 11)
    # F1 per variable: 2/3, 1/2, 4/5, 1/2, 2/3
    assert result.macro_strict_f1 == pytest.approx((2 / 3 + 1 / 2 + 4 / 5 + 1 / 2 + 2 / 3) / 5)
    assert by_name["kind"].strict.precision == 1.0
    assert by_name["kind"].strict.recall == 0.5


def test_a_document_counts_as_right_when_all_of_it_is_and_absence_counts():
    result, by_name = scores()
    assert {name: s.correct for name, s in by_name.items()} == {
        "party": 2,
        "signed": 2,
        "amount": 2,
        "secured": 1,
        "kind": 2,
    }
    assert result.accuracy == pytest.approx(9 / 15)


def test_abstention_is_the_share_of_documents_without_gold_left_empty():
    _, by_name = scores()
    kept = {name: s.abstention_kept for name, s in by_name.items()}
    assert kept == {"party": 1.0, "signed": 1.0, "amount": 0.0, "secured": 0.0, "kind": 1.0}


def test_figures_do_not_depend_on_the_order_of_cells_or_labels():
    cells, gold = list(CELLS), list(GOLD)
    random.Random(1).shuffle(cells)
    assert evaluate(SPEC, ROWS, cells, gold) == scores()[0]


def test_unknown_documents_and_variables_are_listed_and_left_out_or_counted():
    extra = (*GOLD, GoldDocument("new.pdf", {"kind": (("term",),), "colour": (("red",),)}))
    left_out = evaluate(SPEC, ROWS, CELLS, extra)
    assert left_out.unknown_documents == ("new.pdf",)
    assert left_out.unknown_variables == ("colour",)
    assert left_out.strict == scores()[0].strict
    assert evaluate(SPEC, ROWS, CELLS, extra, count_unknown=True).strict.gold == 12


def test_entities_of_a_document_are_measured_together_and_shared_names_are_listed():
    spec = spec_of(variable("x", VariableType.TEXT), unit=UnitOfObservation.ENTITY)
    rows = [row("1", "a.pdf", "Ann"), row("2", "a.pdf", "Ben")]
    cells = [cell("1", "x", "u", document_name="a.pdf"), cell("2", "x", "v", document_name="a.pdf")]
    gold = parse_gold('{"doc": "a.pdf", "gold": {"x": ["v", "u"]}}', "g")
    result = evaluate(spec, rows, cells, gold)
    assert result.strict.f1 == 1.0
    assert result.ambiguous_documents == ()
    assert evaluate(spec, [row("1", "x/a.pdf"), row("2", "y/a.pdf")], [], gold).ambiguous_documents == ("a.pdf",)


def test_nothing_labelled_gives_no_figures():
    result = evaluate(SPEC, [], [], [])
    assert (result.documents, result.accuracy, result.f1_interval) == (0, None, None)
    assert all(score.f1_interval is None and score.accuracy is None for score in result.variables)


def test_an_alternative_spelling_counts_as_the_value():
    gold = parse_gold('{"doc": "a.pdf", "gold": {"kind": ["x"]}, "alternatives": {"kind": [["term"]]}}', "g")
    assert evaluate(SPEC, ROWS, CELLS, gold).strict.matched == 1


def test_wilson_interval_agrees_with_the_published_example():
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263, without continuity correction.
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 0) is None
    assert wilson(0, 20)[0] == 0.0


def test_the_bootstrap_is_repeatable_holds_the_figure_and_is_a_point_when_all_is_right():
    counts = np.array([[[1, 1, 1]], [[0, 1, 1]], [[1, 2, 1]], [[2, 2, 3]]] * 5, dtype=float)
    ((low, high),) = bootstrap_f1(counts)
    assert ((low, high),) == bootstrap_f1(counts)
    assert 0 < low < 2 * 20 / (30 + 30) < high < 1
    assert bootstrap_f1(np.ones((3, 1, 3))) == ((1.0, 1.0),)
    assert bootstrap_f1(np.zeros((0, 2, 3))) == (None, None)
