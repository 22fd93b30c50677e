"""Statements that nobody had in mind when the lists were written: the bounds of what words decide of them."""

import pytest

from crucible_assets.answers.checking.judging import Judgement, with_judgement
from resources.statements import CheckedBy, Support
from tests.answers.held_out import HALVES, cases

CASES = cases()
CHECKED = {case.name: case.check() for case in CASES}


def found(mark: str, support: Support, half: str | None = None) -> list[str]:
    """The names of the cases of a mark whose words got this support."""
    return [
        case.name
        for case in CASES
        if case.mark == mark and half in (None, case.half) and CHECKED[case.name].support is support
    ]


def test_the_table_has_both_halves_of_every_kind():
    assert len(CASES) >= 600 and len(CHECKED) == len(CASES)
    assert {case.sources[0].language for case in CASES} == {"en", "de", "es", "fr", "zh", "ja"}
    for half in HALVES:
        marks = [case.mark for case in CASES if case.half == half]
        assert marks.count("W") >= 190 and marks.count("S") + marks.count("T") >= 125


@pytest.mark.parametrize("half", HALVES)
class TestHalf:
    def test_nothing_wrong_is_ever_supported_by_words(self, half):
        assert found("W", Support.SUPPORTED, half) == found("W", Support.PARTLY, half) == []

    def test_at_most_two_in_a_hundred_true_statements_are_accused(self, half):
        true = [case for case in CASES if case.half == half and case.mark in "ST"]
        accused = found("S", Support.UNSUPPORTED, half) + found("T", Support.UNSUPPORTED, half)
        assert len(accused) <= 0.02 * len(true), accused

    def test_words_refute_seven_in_ten_wrong_statements(self, half):
        wrong = [case for case in CASES if case.half == half and case.mark == "W"]
        assert len(found("W", Support.UNSUPPORTED, half)) >= 0.7 * len(wrong)

    def test_true_statements_in_the_words_of_the_source_need_no_model(self, half):
        copies = [case for case in CASES if case.half == half and case.category == "copy"]
        assert all(CHECKED[case.name].support is Support.SUPPORTED for case in copies)
        near = [case for case in CASES if case.half == half and case.mark == "S"]
        assert len(found("S", Support.SUPPORTED, half)) >= 0.7 * len(near)


@pytest.mark.parametrize("judgement", Judgement)
def test_no_judgement_lifts_what_words_refute_or_lowers_a_copy(judgement):
    for statement in CHECKED.values():
        judged = with_judgement(statement, judgement)
        if statement.support is Support.UNSUPPORTED:
            assert judged == statement
        if statement.checked_by is CheckedBy.COPY:
            assert judged == statement


def test_what_decides_is_of_few_kinds():
    """Numbers, units, dates, labels and opposites are left to no model; an exception is named here."""
    sure = {"number", "number_word", "percent", "comparative", "ordinal", "label", "identifier", "date"}
    left = [case.name for case in CASES if case.category in sure and CHECKED[case.name].support is Support.UNCHECKED]
    assert left == []
