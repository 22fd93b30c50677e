"""NUMBER: separators, multipliers, units, signs, words; and what is no number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.coercion.coerce import coerce
from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.spelled import spell_english, spelled_numbers
from resources.vocabulary import Variable, VariableType


def number(raw: object, language: str | None = "en", unit: str | None = None) -> Coerced:
    return coerce(raw, Variable("amount", VariableType.NUMBER, "", unit=unit), language)


@pytest.mark.parametrize(
    ("raw", "language", "value"),
    [
        ("1,234.50", "en", 1234.5),
        ("1.234,50", "de", 1234.5),
        ("1.234,50", "en", 1234.5),
        ("1 234,50", "fr", 1234.5),
        ("1\u202f234,50", "fr", 1234.5),
        ("1'234.50", "de", 1234.5),
        ("1.234", "de", 1234),
        ("1.234", "en", 1.234),
        ("1,234", "en", 1234),
        ("1,234", "de", 1.234),
        ("0.125", "de", 0.125),
        ("1,50", "en", 1.5),
        ("12,34,567", "en", 1234567),
        ("1.234.567", "de", 1234567),
        ("٣٤٥٫٥", "ar", 345.5),
        ("-5", "en", -5),
        ("−5", "en", -5),
        ("minus 5", "en", -5),
        ("EUR -5.20", "en", -5.2),
        ("(1,234.50)", "en", -1234.5),
        ("EUR (5)", "en", -5),
        ("five (5) years", "en", 5),
        ("about 40 people", "en", 40),
        ("1.5e3", "en", 1500),
        ("5k", "en", 5000),
        ("EUR 1.2 million", "en", 1200000),
        ("1,2 Mio. €", "de", 1200000),
        ("$5m", "en", 5000000),
        ("1.5bn", "en", 1500000000),
        ("2 Billionen", "de", 2000000000000),
        ("2 billion", "en", 2000000000),
        ("2 milliards", "fr", 2000000000),
        ("TEUR 500", "de", 500000),
        ("3万", "ja", 30000),
        ("15 %", "en", 15),
        ("CO2 at 12 ppm", "en", 12),
        ("1 Mio. Euro (1.000.000)", "de", 1000000),
        (7, "en", 7),
        (7.0, "en", 7),
        (7.25, "en", 7.25),
    ],
)
def test_a_number_is_read_as_its_language_writes_it(raw: object, language: str, value: float) -> None:
    coerced = number(raw, language)
    assert (coerced.value, coerced.problem) == (value, None)
    assert type(coerced.value) is type(value)


@pytest.mark.parametrize(
    ("words", "language", "value"),
    [
        ("twenty-five", "en", 25),
        ("one hundred and five thousand two hundred", "en", 105200),
        ("a hundred", "en", 100),
        ("Two Million", "en", 2000000),
        ("fünfundzwanzig", "de", 25),
        ("zweihundertfünfundvierzigtausend", "de", 245000),
        ("dreissig", "de", 30),
        ("drei Millionen", "de", 3000000),
        ("quatre-vingt-dix-sept", "fr", 97),
        ("soixante et onze", "fr", 71),
        ("deux cents", "fr", 200),
        ("mille neuf cent quatre-vingts", "fr", 1980),
        ("seventeen", "fr", 17),
    ],
)
def test_numbers_in_words_are_read(words: str, language: str, value: int) -> None:
    assert number(words, language).value == value


@pytest.mark.parametrize("words", ["a company", "und", "five hundreds of", "hundredfold", "tone"])
def test_other_words_are_no_numbers(words: str) -> None:
    assert spelled_numbers(words, "de") == [] or words == "five hundreds of"
    assert number(words).value in (None, 5)


@given(st.integers(0, 999))
def test_english_spellings_are_read_back(n: int) -> None:
    words = spell_english(n)
    assert words is not None
    assert [value for _, _, value in spelled_numbers(words, "en")] == [n]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("10-5", "several numbers"),
        ("5 and 10", "several numbers"),
        ("5 (95% CI 3-7)", "several numbers"),
        ("5 years and 6 months", "several numbers"),
        ("10 July 2020", "several numbers"),
        ("5/10", "several numbers"),
        ("none of the employees", "no number"),
        ("01.02.2020", "no number"),
        ("1e999999", "no number"),
        (float("inf"), "finite"),
        (10**400, "large"),
        (True, "truth value"),
        ([1, 2], "list"),
        ({"a": 1}, "object"),
    ],
)
def test_what_is_not_one_number_has_no_value_and_a_reason(raw: object, problem: str) -> None:
    coerced = number(raw)
    assert coerced.value is None
    assert not coerced.absent
    assert problem in (coerced.problem or "")


@pytest.mark.parametrize(
    ("raw", "language", "unit", "value", "problem"),
    [
        ("5 GBP", "en", "EUR", 5, "not in EUR"),
        ("30 days", "en", "month", 30, "is in days, not in month"),
        ("$5", "en", "EUR", 5, "is in $, not in EUR"),
        ("at least 5", "en", None, 5, "bound"),
        ("no more than EUR 5", "en", None, 5, "bound"),
        ("höchstens 5", "de", None, 5, "bound"),
        ("не менее 5", "ru", None, 5, "bound"),
        ("5人以上", "ja", None, 5, "bound"),
        ("5 ± 2", "en", None, 5, "margin of 2"),
        ("1/2", "en", None, 0.5, "may be a fraction"),
        ("5-", "en", None, -5, "minus behind"),
        ("5-10 years", "en", None, 5, "range from 5 to 10"),
        ("between 3 and 5 million", "en", None, 3000000, "range from 3000000 to 5000000"),
        ("$3-5 million", "en", "USD", 3000000, "range from 3000000 to 5000000"),
        ("3-5 %", "en", "%", 3, "range from 3 to 5"),
        ("von 5 bis 10", "de", None, 5, "range from 5 to 10"),
        ("EUR 5 to EUR 10", "en", "EUR", 5, "range from 5 to 10"),
        ("de 3 à 5 ans", "fr", "year", 3, "range from 3 to 5"),
        ("entre 3 y 5", "es", None, 3, "range from 3 to 5"),
        ("500-750 g", "en", "kg", 0.5, "range from 500 to 750"),
        ("3至5", "zh", None, 3, "range from 3 to 5"),
        ("< 5", "en", None, 5, "bound"),
        ("1.234", None, None, 1.234, "may group"),
        ("5m", "en", None, 5, "millions"),
    ],
)
def test_a_doubtful_reading_keeps_its_value_and_says_why(
    raw: str, language: str | None, unit: str | None, value: float, problem: str
) -> None:
    coerced = number(raw, language, unit)
    assert coerced.value == value
    assert problem in (coerced.problem or "")


@pytest.mark.parametrize(
    ("raw", "unit", "value"),
    [
        ("5,000,000 EUR", "million EUR", 5),
        ("5 million EUR", "EUR million", 5),
        ("EUR 5", "EUR", 5),
        ("US$ 5", "USD", 5),
        ("$5", "CAD", 5),
        ("50 bps", "%", 0.5),
        ("5 m", "m", 5),
        ("30 days", "d", 30),
        ("10 years", "Jahre", 10),
        ("12 widgets", "widgets", 12),
        ("12 persons", "EUR", 12),
    ],
)
def test_the_value_is_in_the_unit_of_the_variable(raw: str, unit: str, value: float) -> None:
    coerced = number(raw, "en", unit)
    assert (coerced.value, coerced.problem) == (value, None)


FORMATS = {
    "en": ("{:,.2f}", lambda text: text),
    "de": ("{:,.2f}", lambda text: text.translate(str.maketrans(",.", ".,"))),
    "fr": ("{:,.2f}", lambda text: text.translate(str.maketrans(",.", " ,"))),
    "sv": ("{:,.2f}", lambda text: text.translate(str.maketrans(",.", "\u00a0,"))),
    "de-CH": ("{:,.2f}", lambda text: text.translate(str.maketrans(",.", "’."))),
}


@given(st.integers(-(10**12), 10**12), st.sampled_from(sorted(FORMATS)), st.sampled_from(["", "EUR ", "€"]))
def test_a_formatted_number_is_read_back(cents: int, language: str, currency: str) -> None:
    pattern, localised = FORMATS[language]
    text = currency + localised(pattern.format(cents / 100))
    coerced = number(text, language)
    assert coerced.problem is None
    assert coerced.value == cents / 100


@given(st.one_of(st.text(max_size=80), st.none(), st.booleans(), st.floats(), st.integers()))
def test_no_answer_makes_coercion_fail(raw: object) -> None:
    for type_ in VariableType:
        coerced = coerce(raw, Variable("x", type_, ""), "de")
        assert not (coerced.absent and (coerced.value is not None or coerced.problem))
        assert coerced.value is not None or coerced.absent or coerced.problem
