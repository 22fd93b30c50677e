"""From answers to cells: states, policies, confidence, evidence."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.answer import Answer, Item
from crucible_assets.extractions.cell import Cell, dependency_met, failed_cell, not_applicable_cell
from crucible_assets.extractions.decide import decide_cell
from crucible_assets.extractions.grounding.prepared import PreparedText
from resources.vocabulary import (
    CellState,
    Dependency,
    EvidenceStatus,
    IfMultipleValues,
    IfUncertain,
    ValidationRules,
    Variable,
    VariableType,
)
from tests.grounding.texts import LEASE

DOCUMENT = PreparedText(LEASE)


def variable(type_: str = "TEXT", **more: Any) -> Variable:
    return Variable("x", VariableType(type_), "", **more)


def found(value: Any, quote: str | None = None, confidence: float | None = 0.9) -> Answer:
    return Answer(True, (Item(value, quote, confidence),))


def decide(answer: Answer, asked: Variable, text: PreparedText = DOCUMENT, language: str = "en") -> Cell:
    return decide_cell(answer, asked, text, language)


def test_a_value_with_its_quote_is_a_value_as_sure_as_the_model() -> None:
    cell = decide(found("7 years", "runs for seven (7) years"), variable("NUMBER", unit="years"))
    assert (cell.state, cell.value, cell.values, cell.raw) == (CellState.VALUE, 7, (7,), "7 years")
    assert cell.confidence == pytest.approx(0.9)
    assert cell.reasons == ()
    (evidence,) = cell.evidence
    assert evidence.status is EvidenceStatus.EXACT
    assert LEASE[evidence.start : evidence.end] == "runs for seven (7) years"


def test_an_absent_value_is_absent_and_never_a_default() -> None:
    cell = decide(Answer(False, (), 0.8), variable(default_value="x", if_uncertain=IfUncertain.DEFAULT))
    assert (cell.state, cell.value, cell.confidence, cell.reasons) == (CellState.ABSENT, None, 0.8, ())
    assert decide(found("not stated", None, 0.7), variable()).state is CellState.ABSENT


def test_a_required_value_that_is_absent_says_so() -> None:
    cell = decide(Answer(False), variable(validation=ValidationRules(required=True)))
    assert cell.state is CellState.ABSENT
    assert "required" in cell.reasons[0]


def test_a_value_that_is_none_of_the_type_fails_with_its_raw_answer() -> None:
    cell = decide(found("for some years", "runs for seven (7) years"), variable("NUMBER"))
    assert (cell.state, cell.value, cell.raw) == (CellState.FAILED, None, "for some years")
    assert cell.reasons


@pytest.mark.parametrize(
    ("value", "quote", "status", "factor"),
    [
        ("Leeds", "courts of Leeds", EvidenceStatus.EXACT, 1.0),
        ("Leeds", "COURTS  OF LEEDS", EvidenceStatus.NORMALISED, 1.0),
        ("Freiburg", "Freiburg is the seat of the bakery, as agreed", EvidenceStatus.NOT_FOUND, 0.6),
        ("Paris", "the courts in Paris shall decide everything", EvidenceStatus.NOT_FOUND, 0.4),
        ("Leeds", None, EvidenceStatus.EXACT, 0.9),
        ("Paris", None, EvidenceStatus.NOT_FOUND, 0.4),
    ],
)
def test_confidence_is_corrected_by_the_evidence(
    value: str, quote: str | None, status: EvidenceStatus, factor: float
) -> None:
    cell = decide(found(value, quote), variable("LOCATION", confidence_threshold=0.0))
    assert cell.evidence[0].status is status
    assert cell.confidence == pytest.approx(0.9 * factor)
    assert (cell.state is CellState.UNCERTAIN) == (status is EvidenceStatus.NOT_FOUND)


def test_a_fuzzy_quote_lowers_confidence_by_its_score() -> None:
    quote = "The landlord lets the ground floor of that former spinning mill, measuring 1,250.5 square metres"
    cell = decide(found("1,250.5", quote), variable("NUMBER"))
    assert cell.evidence[0].status is EvidenceStatus.FUZZY
    assert cell.confidence == pytest.approx(0.9 * cell.evidence[0].score)
    assert cell.state is CellState.VALUE


def test_a_negative_answer_needs_no_quote() -> None:
    cell = decide(found(False), variable("BOOLEAN"))
    assert (cell.state, cell.value, cell.evidence[0].status) == (CellState.VALUE, False, EvidenceStatus.NONE)
    assert decide(found(True), variable("BOOLEAN")).state is CellState.UNCERTAIN


def test_a_value_without_a_quote_gets_the_words_of_the_document_as_evidence() -> None:
    cell = decide(found("2019-03-03"), variable("DATE"))
    assert cell.evidence[0].quote == "3rd day of March, 2019"
    assert cell.state is CellState.VALUE


def test_without_a_confidence_the_evidence_decides_and_none_is_made_up() -> None:
    sure = decide(found("Leeds", "courts of Leeds", None), variable("LOCATION"))
    assert (sure.state, sure.confidence) == (CellState.VALUE, None)
    unsure = decide(found("Leeds", "not a quote from this at all", None), variable("LOCATION"))
    assert (unsure.state, unsure.confidence) == (CellState.UNCERTAIN, None)


@pytest.mark.parametrize(
    ("policy", "value"), [(IfUncertain.KEEP_FLAGGED, "Leeds"), (IfUncertain.NULL, None), (IfUncertain.DEFAULT, "?")]
)
def test_an_uncertain_value_is_kept_emptied_or_replaced_and_stays_uncertain(policy: IfUncertain, value: Any) -> None:
    asked = variable("LOCATION", if_uncertain=policy, default_value="?")
    cell = decide(found("Leeds", "courts of Leeds", 0.3), asked)
    assert (cell.state, cell.value, cell.values) == (CellState.UNCERTAIN, value, ("Leeds",))
    assert any("below the threshold" in reason for reason in cell.reasons)
    assert any("default" in reason for reason in cell.reasons) == (policy is IfUncertain.DEFAULT)


def test_a_broken_rule_or_a_doubtful_reading_makes_a_value_uncertain() -> None:
    rules = ValidationRules(maximum=5)
    cell = decide(found(7, "runs for seven (7) years"), variable("NUMBER", validation=rules))
    assert (cell.state, cell.value) == (CellState.UNCERTAIN, 7)
    assert "above the maximum 5" in cell.reasons[0]
    doubtful = decide(found("03/04/2020"), variable("DATE"), PreparedText("on 03/04/2020"))
    assert (doubtful.state, doubtful.value) == (CellState.UNCERTAIN, "2020-04-03")


def test_other_dates_of_the_document_settle_an_ambiguous_one() -> None:
    text = PreparedText("Signed 04/25/2019, in force from 03/04/2020.")
    cell = decide(found("03/04/2020", "in force from 03/04/2020"), variable("DATE"), text)
    assert (cell.state, cell.value) == (CellState.VALUE, "2020-03-04")


def items(*values: tuple[Any, str | None, float]) -> Answer:
    return Answer(True, tuple(Item(*value) for value in values))


PARTIES = items(
    ("Harrow Mills Limited", "between Harrow Mills Limited", 0.9),
    ("Orchard Bakery GmbH", "Orchard Bakery GmbH, whose seat", 0.8),
    ("HARROW MILLS LIMITED", "Harrow Mills Limited, a company", 0.7),
)


def test_all_values_are_kept_once_in_their_order() -> None:
    cell = decide(PARTIES, variable(if_multiple_values=IfMultipleValues.ALL))
    assert cell.state is CellState.VALUE
    assert cell.value == ["Harrow Mills Limited", "Orchard Bakery GmbH"]
    assert len(cell.evidence) == len(cell.values) == 2
    assert cell.confidence == pytest.approx(0.8)


def test_values_are_concatenated() -> None:
    cell = decide(PARTIES, variable(if_multiple_values=IfMultipleValues.CONCATENATE))
    assert cell.value == "Harrow Mills Limited; Orchard Bakery GmbH"


def test_more_values_than_are_kept_are_counted_in_the_reasons() -> None:
    cell = decide(PARTIES, variable(if_multiple_values=IfMultipleValues.ALL, max_values=1))
    assert cell.value == ["Harrow Mills Limited"]
    assert cell.reasons == ("1 more values were found than the 1 that are kept",)


def test_first_and_most_confident_name_the_others_and_lower_confidence() -> None:
    answer = items(("Leeds", "registered\nin Leeds", 0.6), ("Freiburg", "seat is in Freiburg", 0.9))
    first = decide(answer, variable("LOCATION"))
    surest = decide(answer, variable("LOCATION", if_multiple_values=IfMultipleValues.MOST_CONFIDENT))
    assert (first.value, surest.value) == ("Leeds", "Freiburg")
    assert "1 other value found: Freiburg" in first.reasons
    assert first.confidence is not None and first.confidence < 0.6
    assert surest.confidence is not None and surest.confidence < 0.9


def test_agreement_counts_for_a_value() -> None:
    rival = ("Freiburg", "seat is in Freiburg", 0.9)
    once = decide(items(("Leeds", "courts of Leeds", 0.9), rival), variable("LOCATION"))
    thrice = decide(items(*[("Leeds", "courts of Leeds", 0.9)] * 3, rival), variable("LOCATION"))
    assert once.confidence is not None and thrice.confidence is not None
    assert once.confidence < thrice.confidence < 0.9


def test_first_prefers_a_value_that_is_in_the_document() -> None:
    answer = items(("Paris", "in Paris, the capital", 0.9), ("Leeds", "courts of Leeds", 0.9))
    assert decide(answer, variable("LOCATION")).value == "Leeds"


def test_a_list_of_which_a_part_cannot_be_read_is_uncertain_and_keeps_the_rest() -> None:
    answer = items((14200, "EUR 14,200.00", 0.9), ("a lot", "EUR 42,600.00", 0.9))
    cell = decide(answer, variable("NUMBER", if_multiple_values=IfMultipleValues.ALL))
    assert (cell.state, cell.value, cell.raw) == (CellState.UNCERTAIN, [14200], [14200, "a lot"])
    assert "a lot" in cell.reasons[0]


def test_nulling_a_list_leaves_its_certain_values() -> None:
    answer = items(("Leeds", "courts of Leeds", 0.9), ("Paris", "the streets of Paris", 0.9))
    asked = variable("LOCATION", if_multiple_values=IfMultipleValues.ALL, if_uncertain=IfUncertain.NULL)
    cell = decide(answer, asked)
    assert (cell.state, cell.value, cell.values) == (CellState.UNCERTAIN, ["Leeds"], ("Leeds", "Paris"))


def test_repeated_quotes_of_a_list_point_to_successive_places() -> None:
    text = PreparedText("Total 5. Tax 2. Total 7.")
    answer = items((5, "Total", 0.9), (2, "Tax", 0.9), (7, "Total", 0.9))
    cell = decide(answer, variable("NUMBER", if_multiple_values=IfMultipleValues.ALL), text)
    assert [evidence.start for evidence in cell.evidence] == [0, 9, 16]


JSON_VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20))


@given(
    st.lists(st.builds(Item, JSON_VALUES, st.none() | st.text(max_size=20), st.none() | st.floats(0, 1)), max_size=4),
    st.sampled_from(list(VariableType)),
    st.sampled_from(list(IfMultipleValues)),
    st.sampled_from(list(IfUncertain)),
)
def test_every_answer_ends_in_one_state_with_its_evidence(
    given_items: list[Item], type_: VariableType, several: IfMultipleValues, uncertain: IfUncertain
) -> None:
    asked = variable(type_.value, if_multiple_values=several, if_uncertain=uncertain)
    cell = decide(Answer(bool(given_items), tuple(given_items)), asked)
    assert len(cell.values) == len(cell.evidence)
    assert cell.confidence is None or 0 <= cell.confidence <= 1
    if cell.state is CellState.VALUE:
        assert cell.value is not None
    else:
        assert cell.reasons or cell.state is CellState.ABSENT
    if cell.state in (CellState.ABSENT, CellState.FAILED):
        assert cell.value is None and cell.values == ()


def test_a_dependency_is_met_by_a_value_or_by_a_given_value() -> None:
    by_value = variable(depends_on=(Dependency("kind"),))
    by_given = variable(depends_on=(Dependency("kind", ("lease", "sale")),))
    lease = {"kind": Cell(CellState.VALUE, ("Lease",), "Lease")}
    gift = {"kind": Cell(CellState.VALUE, ("Gift",), "Gift")}
    assert dependency_met(variable(), {})
    assert dependency_met(by_value, gift) and dependency_met(by_given, lease)
    assert not dependency_met(by_given, gift)
    assert dependency_met(by_given, {"kind": Cell(CellState.UNCERTAIN, ("Lease",), ["Gift", "Lease"])})
    yes = variable(depends_on=(Dependency("kind", ("true",)),))
    assert dependency_met(yes, {"kind": Cell(CellState.VALUE, (True,), True)})
    assert not dependency_met(by_value, {"kind": Cell(CellState.ABSENT)})
    assert not dependency_met(by_value, {"kind": Cell(CellState.UNCERTAIN, ("Lease",), None)})
    assert not dependency_met(by_value, {"kind": failed_cell("no answer")})


def test_an_undecided_dependency_is_an_error_of_the_plan() -> None:
    with pytest.raises(KeyError, match="kind"):
        dependency_met(variable(depends_on=(Dependency("kind"),)), {})


def test_a_cell_that_does_not_apply_says_when_it_would() -> None:
    cell = not_applicable_cell(variable(depends_on=(Dependency("kind", ("Lease", "Sale")),)))
    assert (cell.state, cell.reasons) == (CellState.NOT_APPLICABLE, ("asked only if kind is Lease or Sale",))
