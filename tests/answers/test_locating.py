"""A statement's citation is the sentence that bears it, or two neighbours; the whole source where none stands out."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crucible_assets.answers.checking.locating import locate

LETTER = (
    "Dear Mr Moynagh, we write about your house. The grant of 12,500 euros is awarded, subject to conditions. "
    "The oil tank must be drained. It must then be removed by a permitted carrier. "
    "Works must be finished by 14 March 2024. Yours sincerely."
)


def located(statement: str, text: str = LETTER, language: str | None = "en") -> str:
    found = locate(statement, text, language)
    return text[found.start : found.end]


@pytest.mark.parametrize(
    "statement, expected",
    [
        ("€12,500 were awarded.", "The grant of 12,500 euros is awarded, subject to conditions."),
        ("The deadline is 2024-03-14.", "Works must be finished by 14 March 2024."),
        ("The owner has to finish the works.", "Works must be finished by 14 March 2024."),
        (
            "The oil tank must be drained and removed by a permitted carrier.",
            "The oil tank must be drained. It must then be removed by a permitted carrier.",
        ),
        ("Nothing of this is said anywhere, only elephants.", LETTER),
    ],
)
def test_the_sentence_that_bears_most(statement, expected):
    assert located(statement) == expected


def test_across_languages_numbers_and_dates_lead():
    assert located("Bis zum 14. März 2024 ist alles fertigzustellen.") == "Works must be finished by 14 March 2024."


def test_rows_of_a_table_are_told_apart():
    table = "Item | EUR\nPump | 6,500\nTank | 750\nCylinder | 1,250"
    assert located("The tank cost 750 euros.", table) == "Tank | 750"


def test_chinese():
    text = "房屋建于1974年。补助金额为二十五万元。申请被批准。"
    assert located("补助25万元。", text, "zh") == "补助金额为二十五万元。"


def test_how_much_of_a_statement_a_source_holds():
    assert locate("The oil tank must be drained.", LETTER, "en").share == 1.0
    assert locate("Elephants sing.", LETTER, "en").whole == 0.0


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=200))
@example("It costs 5 EUR.", "\ue000 It costs\uf0b7 5 EUR.")
def test_it_is_always_a_stretch_of_the_source(statement, text):
    found = locate(statement, text, "en")
    assert 0 <= found.start <= found.end <= len(text)
    assert 0.0 <= found.share <= 1.0
    if text.strip():
        assert found.end > found.start
