"""What words that stand in the document are worth for a value: do they state it?"""

from typing import Any

import pytest

from crucible_assets.extractions.answer import Answer, Item
from crucible_assets.extractions.cell import Cell
from crucible_assets.extractions.decide import decide_cell
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.support import BESIDE, IN_OTHER_WORDS, NOT_STATED
from resources.vocabulary import CellState, EvidenceStatus, Variable, VariableType

TEXT = PreparedText(
    "Ferry service agreement no. 4410\n\nOperator: Brightwater Lines Ltd, registered in Oban.\n\n"
    "The agreement was signed on 3 March 2021 and runs for seven (7) years. The subsidy is 1,250 thousand pounds a "
    "year, paid in monthly instalments.\n\nTotal due\n\nGBP 8,750,000\n\nThe vessel has a power of 1.2 MW. "
    "The operator must keep all terminals open on public holidays and may not raise fares without consent. "
    "Disputes are settled by the courts of Inverness."
)


def cell(type_: str, value: Any, quote: str, **more: Any) -> Cell:
    variable = Variable("x", VariableType(type_), "", **more)
    return decide_cell(Answer(True, (Item(value, quote, 0.9),)), variable, TEXT, "en")


STATED = [
    ("TEXT", "Brightwater Lines Ltd", "Operator: Brightwater Lines Ltd", {}),
    ("TEXT", "BRIGHTWATER LINES, LTD.", "Operator: Brightwater Lines Ltd", {}),
    ("NUMBER", 7, "runs for seven (7) years", {}),
    ("NUMBER", 1_250_000, "The subsidy is 1,250 thousand pounds a year", {}),
    ("NUMBER", 1200, "The vessel has a power of 1.2 MW", {"unit": "kW"}),
    ("DATE", "2021-03-03", "signed on 3 March 2021", {}),
    ("DATE", "2021-03", "signed on 3 March 2021", {}),
    ("LOCATION", "Inverness", "the courts of Inverness", {}),
    ("BOOLEAN", True, "may not raise fares without consent", {}),
]


@pytest.mark.parametrize(("type_", "value", "quote", "more"), STATED)
def test_words_that_state_the_value_cost_no_confidence(type_: str, value: Any, quote: str, more: Any) -> None:
    found = cell(type_, value, quote, **more)
    assert (found.state, found.confidence, found.reasons) == (CellState.VALUE, pytest.approx(0.9), ())


INVENTED = [
    ("NUMBER", 8, "runs for seven (7) years"),
    ("NUMBER", 1_260_000, "The subsidy is 1,250 thousand pounds a year"),
    ("NUMBER", 7, "The vessel has a power of 1.2 MW"),
    ("DATE", "2021-03-04", "signed on 3 March 2021"),
    ("DATE", "2021-03-03", "The vessel has a power of 1.2 MW"),
    ("LOCATION", "Oban", "the courts of Inverness"),
    ("LOCATION", "Glasgow", "the courts of Inverness"),
    ("TEXT", "Brightwater Holdings Ltd", "Operator: Brightwater Lines Ltd"),
    ("TEXT", "Silverstone Marine", "Operator: Brightwater Lines Ltd"),
    ("TEXT", "Brightwater Lines Ltd", "Disputes are settled by the courts of Inverness."),
    ("TEXT", "all terminals open on public Saturnalia", "keep all terminals open on public holidays"),
    ("TEXT", "paid in 12 instalments", "paid in monthly instalments"),
    ("TEXT", "A penalty applies whenever passengers complain", "Disputes are settled by the courts of Inverness."),
    ("JSON", {"operator": "Silverstone Marine", "years": 31}, "Operator: Brightwater Lines Ltd"),
]


@pytest.mark.parametrize(("type_", "value", "quote"), INVENTED)
def test_true_words_that_do_not_state_the_value_show_nothing(type_: str, value: Any, quote: str) -> None:
    found = cell(type_, value, quote)
    assert found.state is CellState.UNCERTAIN
    assert any(NOT_STATED in reason for reason in found.reasons)
    assert found.confidence is not None and found.confidence < 0.6


@pytest.mark.parametrize(
    ("value", "quote"),
    [
        (
            "A yearly subsidy is granted in monthly instalments",
            "The subsidy is 1,250 thousand pounds a year, paid in",
        ),
        (
            "Terminals stay open on holidays; fares need consent to rise",
            "The operator must keep all terminals open on public holidays and may not raise fares without consent.",
        ),
    ],
)
def test_a_fair_summary_of_its_words_is_a_value(value: str, quote: str) -> None:
    found = cell("TEXT", value, quote)
    assert (found.state, found.reasons) == (CellState.VALUE, (IN_OTHER_WORDS,))


def test_a_value_beside_its_quoted_label_is_shown_together_with_it() -> None:
    found = cell("NUMBER", 8_750_000, "Total due", unit="GBP")
    (evidence,) = found.evidence
    assert (found.state, found.reasons, evidence.status) == (CellState.VALUE, (BESIDE,), EvidenceStatus.FUZZY)
    assert TEXT.text[evidence.start : evidence.end] == "Total due\n\nGBP 8,750,000"


def test_of_several_answers_the_one_that_is_shown_is_the_first() -> None:
    answer = Answer(True, (Item(31, "the courts of Inverness", 0.9), Item(7, "runs for seven (7) years", 0.9)))
    found = decide_cell(answer, Variable("x", VariableType.NUMBER, ""), TEXT, "en")
    assert found.value == 7


def test_a_long_quote_that_ends_within_a_number_is_placed_without_it() -> None:
    found = cell("TEXT", "Brightwater Lines Ltd", TEXT.text[: TEXT.text.index("250 thousand") + 2])
    (evidence,) = found.evidence
    assert (found.state, evidence.status) == (CellState.VALUE, EvidenceStatus.FUZZY)
    assert TEXT.text[: evidence.end].endswith("The subsidy is")
