"""Which pairs of names are one entity by rule, by likeness, or left open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.entities.compare import compare_names, contradiction
from crucible_assets.extractions.entities.names import folded_name
from resources.vocabulary import ResolutionMethod

SAME = [
    ("Acme GmbH", "ACME  Gmbh."),
    ("Acme GmbH", "Acme"),
    ("Acme Inc.", "Acme, Incorporated"),
    ("Société Générale S.A.", "Societe Generale"),
    ("J. Smith", "John Smith"),
    ("Smith, John", "John Smith"),
    ("Smith, J.", "Dr. John Smith"),
    ("John Q. Smith", "John Smith"),
    ("WHO", "World Health Organization"),
    ("World Health Organization (WHO)", "World Health Organization"),
    ("Order 4711", "No. 4711"),
    ("HP-2023-0417", "HP-2023/0417"),
    ("Northwind Traders", "Northwnd Traders"),
    ("U.S. Steel", "US Steel"),
    ("Smith & Sons", "Smith and Sons"),
]
DIFFERENT = [
    ("Acme GmbH", "Acme AG"),
    ("Patient 3", "Patient 8"),
    ("Arm A", "Arm B"),
    ("Study II", "Study III"),
    ("Mr Smith", "Mrs Smith"),
    ("Jane Smith", "John Smith"),
    ("University of Bern", "University of Basel"),
    ("HP-2023-0417", "HP-2023-0418"),
    ("2019 report", "2020 report"),
    ("Widget", "Gadget"),
    ("Patient 12 (HP-1001)", "Patient 12 (HP-1002)"),
]
OPEN = [("Acme", "Acme Holdings"), ("Mara Lund", "Maria Lund"), ("Patient 3", "Patient"), ("Müller", "Mueller")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same(one, other):
    assert compare_names(one, other).same is True


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different(one, other):
    assert compare_names(one, other).same is False


@pytest.mark.parametrize(("one", "other"), OPEN)
def test_nothing_but_a_model_can_say(one, other):
    assert compare_names(one, other).same is None


def test_the_method_says_how_it_was_decided():
    assert compare_names("Acme", "ACME").method is ResolutionMethod.SAME_NAME
    assert compare_names("Acme AG", "Acme").method is ResolutionMethod.RULE
    likeness = compare_names("Northwind Traders", "Northwnd Traders")
    assert likeness.method is ResolutionMethod.SIMILARITY and likeness.score and likeness.score > 0.97


NAMES = st.lists(
    st.sampled_from(["Acme", "J.", "John", "Smith", "GmbH", "AG", "3", "4711", "(WHO)", "Dr.", "Bern,", "東京"]),
    min_size=1, max_size=4,
).map(" ".join)  # fmt: skip


@given(NAMES, NAMES)
def test_comparison_knows_no_first_and_second(one, other):
    assert compare_names(one, other) == compare_names(other, one)


@given(NAMES, NAMES)
def test_what_contradicts_is_never_the_same(one, other):
    if contradiction(one, other) is not None and folded_name(one) != folded_name(other):
        assert compare_names(one, other).same is False


@given(st.text(max_size=40))
def test_a_name_is_the_same_as_itself(name):
    assert compare_names(name, name).same is True
