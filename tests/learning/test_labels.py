"""Labels from gold and verdicts: the latest of a person counts, dispute is no label, sides are stable."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.learning.labels import (
    Given,
    Judged,
    Label,
    Side,
    cell_outcome,
    claim_outcome,
    labels_of,
    side_of,
)
from resources.vocabulary import CellState, Verdict
from tests.learning.variables import ALL, DECISION, PARTIES, PRICE, SUPPLIER

DOC = uuid.UUID(int=1)
VALUE, ABSENT, FAILED = CellState.VALUE, CellState.ABSENT, CellState.FAILED


def key(variable):
    return (DOC, "", variable.name)


def verdict(variable, word, value, corrected=None, author="ana", note="", state=VALUE):
    return Given(key(variable), author, Verdict(word), Judged(state, value), corrected, note)


def the(labels):
    (only,) = labels.by_cell.values()
    return only


def test_a_correct_verdict_makes_what_was_seen_the_label():
    label = the(labels_of({}, [verdict(PRICE, "CORRECT", 100)], ALL))
    assert label.values == ((100,),)
    assert cell_outcome(label, PRICE, Judged(VALUE, 100.0)) == 1.0
    assert cell_outcome(label, PRICE, Judged(VALUE, 90)) == 0.0
    assert cell_outcome(label, PRICE, Judged(ABSENT, None)) == 0.0


def test_correct_on_an_empty_cell_says_that_there_is_none():
    label = the(labels_of({}, [verdict(PRICE, "CORRECT", None, state=ABSENT)], ALL))
    assert label.values == ()
    assert claim_outcome(label, PRICE, Judged(ABSENT, None)) == 1.0
    assert claim_outcome(label, PRICE, Judged(VALUE, 5)) == 0.0


def test_wrong_without_a_correction_tells_of_that_value_only():
    label = the(labels_of({}, [verdict(PRICE, "INCORRECT", 100)], ALL))
    assert label.values is None
    assert cell_outcome(label, PRICE, Judged(VALUE, 100)) == 0.0
    assert cell_outcome(label, PRICE, Judged(VALUE, 90)) is None
    assert cell_outcome(label, PRICE, Judged(ABSENT, None)) is None


def test_partly_right_counts_half_and_its_correction_whole():
    label = the(labels_of({}, [verdict(SUPPLIER, "PARTIALLY_CORRECT", "Mill", ("Mill 3 Ltd",))], ALL))
    assert cell_outcome(label, SUPPLIER, Judged(VALUE, "Mill")) == 0.5
    assert cell_outcome(label, SUPPLIER, Judged(VALUE, "mill 3 ltd.")) == 1.0


def test_the_latest_verdict_of_a_person_counts():
    said = [verdict(PRICE, "CORRECT", 100), verdict(PRICE, "INCORRECT", 100, (90,))]
    assert the(labels_of({}, said, ALL)).values == ((90,),)
    assert the(labels_of({}, [*said, said[0]], ALL)).values == ((100,),)


def test_people_who_disagree_make_no_label_and_are_listed():
    said = [verdict(PRICE, "CORRECT", 100), verdict(PRICE, "INCORRECT", 100, (90,), author="ben")]
    found = labels_of({}, said, ALL)
    assert not found.by_cell
    assert found.disputed == ((key(PRICE), "ana says 100, ben 90"),)
    unsure = [verdict(PRICE, "CORRECT", 100), verdict(PRICE, "INCORRECT", 100, author="ben")]
    assert labels_of({}, unsure, ALL).disputed == ((key(PRICE), "people judge the same value differently"),)


def test_people_who_agree_in_other_words_do_not_disagree():
    said = [
        verdict(PRICE, "INCORRECT", 1, (90,), note="net sum"),
        verdict(PRICE, "INCORRECT", 1, (90.0,), author="ben", note="see page 2"),
    ]
    found = labels_of({}, said, ALL)
    assert the(found).notes == ("net sum", "see page 2")
    assert not found.disputed


def test_gold_stands_against_a_verdict_which_is_listed():
    found = labels_of({key(PRICE): ((80,),)}, [verdict(PRICE, "CORRECT", 100, note="sure")], ALL)
    assert the(found).values == ((80,),)
    assert the(found).notes == ("sure",)
    assert found.disputed == ((key(PRICE), "gold says 80, a verdict 100; gold stands"),)
    assert not labels_of({key(PRICE): ((100,),)}, [verdict(PRICE, "CORRECT", 100)], ALL).disputed


def test_of_several_values_a_claim_is_right_if_all_given_are_and_a_cell_if_none_is_missing():
    label = Label(key(PARTIES), (("A",), ("B", "Bee")))
    assert claim_outcome(label, PARTIES, Judged(VALUE, ["bee"])) == 1.0
    assert cell_outcome(label, PARTIES, Judged(VALUE, ["bee"])) == 0.5
    assert cell_outcome(label, PARTIES, Judged(VALUE, ["bee", "A"])) == 1.0
    assert claim_outcome(label, PARTIES, Judged(VALUE, ["A", "C"])) == 0.5
    assert cell_outcome(label, PARTIES, Judged(VALUE, ["C"])) == 0.0


def test_a_failed_cell_is_wrong_but_claims_nothing():
    label = Label(key(DECISION), (("approved",),))
    assert cell_outcome(label, DECISION, Judged(FAILED, None)) == 0.0
    assert cell_outcome(Label(key(DECISION), ()), DECISION, Judged(FAILED, None)) == 0.0


@given(st.lists(st.text(max_size=20), min_size=1, max_size=30))
def test_a_document_is_on_one_side_for_ever(hashes):
    assert [side_of(h) for h in hashes] == [side_of(h) for h in hashes]


def test_the_sides_are_about_halves():
    train = sum(side_of(f"{i:064x}") is Side.TRAIN for i in range(2_000))
    assert train == pytest.approx(1_000, abs=100)
