import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.datasets.compare import alike, as_number, canonical, matches, normalised, same
from crucible_assets.datasets.dates import iso_date
from crucible_assets.datasets.partial_dates import compatible, span_of
from resources.vocabulary import VariableType


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2018-03-08", "2018-03-08"),
        ("2018/3/8", "2018-03-08"),
        ("2018-03-08T10:00:00Z", "2018-03-08"),
        ("8 MAR 2018", "2018-03-08"),
        ("08/03/2018", "2018-03-08"),
        ("03/25/2018", "2018-03-25"),
        ("08-03-18", "2018-03-08"),
        ("08-03-75", "1975-03-08"),
        ("March 8, 2018", "2018-03-08"),
        ("8th of March 2018", "2018-03-08"),
        ("8. März 2018", "2018-03-08"),
        ("8 de marzo de 2018", "2018-03-08"),
        ("2018-03", "2018-03"),
        ("2018", "2018"),
        ("perpetual", None),
        ("March 2018", None),
        ("two years ago", None),
        ("3 days ago", None),
        ("31/02/2018", None),
        ("", None),
    ],
)
def test_dates_are_brought_to_iso_and_nothing_depends_on_today(text, iso):
    assert iso_date(text) == iso


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("RM51.30", 51.3),
        ("1.234,50", 1234.5),
        ("$1,234.50", 1234.5),
        ("12 000", 12000),
        ("1.234.567", 1234567),
        ("-3 %", -3),
        (7, 7),
        ("none", None),
        (True, None),
        (float("inf"), None),
    ],
)
def test_numbers_are_read_from_text(text, number):
    assert as_number(text) == number


def test_text_is_compared_without_case_punctuation_width_and_space():
    assert normalised("Ｓmith &  SONS, Ltd.") == normalised("smith and sons ltd") == "smith and sons ltd"
    assert normalised("—") != normalised("+")


def test_numbers_are_equal_within_a_relative_billionth():
    one, other = canonical(1e9, VariableType.NUMBER), canonical(1e9 + 0.5, VariableType.NUMBER)
    assert same(one, other)
    assert not same(one, canonical(1e9 + 5, VariableType.NUMBER))


def test_categories_ignore_case_and_booleans_are_read_from_words():
    assert canonical("Term Loan", VariableType.CATEGORY) == canonical("term loan", VariableType.CATEGORY)
    assert canonical("Yes", VariableType.BOOLEAN) is True
    assert canonical("perhaps", VariableType.BOOLEAN) is None


def test_partial_dates_are_equal_only_at_the_same_precision_but_may_be_compatible():
    assert canonical("2020-05", VariableType.DATE) != canonical("2020-05-01", VariableType.DATE)
    assert compatible("2020", "2020-05-01")
    assert compatible("2020-05-31", "2020-05")
    assert not compatible("2020-05", "2020-06")
    assert not compatible("2020", "soon")
    assert span_of("2020-13") is None


def test_relaxed_is_containment_or_half_of_the_words():
    assert alike("bank of america", "america")
    assert alike("a b c d", "a b x y")
    assert not alike("a b c d e", "a b x y")
    assert not alike("", "a")


def test_each_value_is_matched_once_in_the_best_way():
    assert matches([["a", "b"], ["b"]], ["b", "a"], same) == 2
    assert matches([["a"], ["a"]], ["a"], same) == 1
    assert matches([], ["a"], same) == 0


@given(st.text(), st.text())
def test_comparison_is_symmetric_and_equal_is_alike(one, other):
    first, second = normalised(one), normalised(other)
    assert alike(first, second) == alike(second, first)
    assert alike(first, first) == bool(first) or first == ""
