"""DATE, one phenomenon and one locale at a time."""

import datetime

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.coercion.coerce import coerce
from crucible_assets.extractions.coercion.coerced import Coerced
from resources.vocabulary import Variable, VariableType


def date(raw: object, language: str | None = "en") -> Coerced:
    return coerce(raw, Variable("day", VariableType.DATE, ""), language)


IN_WORDS = [
    ("le 3 mars 2021", "fr"), ("3. März 2021", "de"),
    ("Mittwoch, den 3. März 2021", "de"), ("3 de marzo de 2021", "es"),
    ("3 marzo 2021", "it"), ("3 de março de 2021", "pt"), ("3 maart 2021", "nl"), ("3 marca 2021 r.", "pl"),
    ("3 mars 2021", "sv"), ("3 Mart 2021", "tr"), ("3 марта 2021 года", "ru"), ("2021年3月3日", "zh"),
    ("2021年3月3日", "ja"), ("二〇二一年三月三日", "zh"), ("令和3年3月3日", "ja"), ("令和三年三月三日", "ja"),
    ("R3.3.3", "ja"), ("民國110年3月3日", "zh"), ("٣ مارس ٢٠٢١", "ar"), ("٣ آذار ٢٠٢١", "ar"),
    ("３/３/２０２１", "ja"),
    ("March 3rd, 2021", "en-US"), ("3 March 2021", "en-GB"),
    ("the third of March, two thousand and twenty-one", "en"),
    ("tre marzo duemilaventuno", "it"), ("3.III.2021", "pl"), ("03-Mar-2021", "en"), ("Wed, 3 Mar 2021 10:00", "en"),
]  # fmt: skip
IN_FIGURES = {
    "en-US": "12/31/2019", "en-GB": "31/12/2019", "de": "31.12.2019", "fr": "31/12/2019", "es": "31-12-2019",
    "it": "31/12/2019", "pt": "31/12/2019", "nl": "31-12-2019", "pl": "31.12.2019", "sv": "2019-12-31",
    "tr": "31.12.2019", "ru": "31.12.2019", "zh": "2019/12/31", "ja": "2019.12.31", "ar": "٣١/١٢/٢٠١٩",
}  # fmt: skip
RANGES = [  # text, language, first, last
    ("3-5 March 2020", "en", "2020-03-03", "2020-03-05"),
    ("between 1 and 3 May 2020", "en", "2020-05-01", "2020-05-03"),
    ("March 3-5, 2020", "en", "2020-03-03", "2020-03-05"),
    ("March-May 2020", "en", "2020-03", "2020-05"),
    ("1 March to 2 April 2020", "en", "2020-03-01", "2020-04-02"),
    ("March 3 – April 5, 2020", "en", "2020-03-03", "2020-04-05"),
    ("from 1 March 2019 to 2 April 2020", "en", "2019-03-01", "2020-04-02"),
    ("2021-03-03/2021-04-03", "en", "2021-03-03", "2021-04-03"),
    ("1.3.2020-5.3.2020", "de", "2020-03-01", "2020-03-05"),
    ("1.-5.3.2020", "de", "2020-03-01", "2020-03-05"),
    ("1.3. bis 5.4.2020", "de", "2020-03-01", "2020-04-05"),
    ("vom 3. bis 5. März 2020", "de", "2020-03-03", "2020-03-05"),
    ("du 3 au 5 mars 2020", "fr", "2020-03-03", "2020-03-05"),
    ("del 3 al 5 de marzo de 2020", "es", "2020-03-03", "2020-03-05"),
    ("dal 3 al 5 marzo 2021", "it", "2021-03-03", "2021-03-05"),
    ("3 t/m 5 maart 2020", "nl", "2020-03-03", "2020-03-05"),
    ("2021年3月3日から5日まで", "ja", "2021-03-03", "2021-03-05"),
    ("2021年3月至5月", "zh", "2021-03", "2021-05"),
    ("2019-2021", "en", "2019", "2021"),
    ("between 2019 and 2021", "en", "2019", "2021"),
    ("FY2019/20", "en", "2019", "2020"),
    ("the 1990s", "en", "1990", "1999"),
    ("années 1990", "fr", "1990", "1999"),
]
PARTS = [
    ("Q3 2020", "en"), ("2020 Q3", "en"), ("Q3/2020", "en"), ("third quarter of 2020", "en"), ("H1 2020", "en"),
    ("first half of 2020", "en"), ("spring 2020", "en"), ("early 2020", "en"), ("mid-2020", "en"),
    ("3. Quartal 2020", "de"), ("im Frühjahr 2020", "de"), ("Ende 2020", "de"), ("3e trimestre 2020", "fr"),
    ("automne 2020", "fr"), ("été 2020", "fr"), ("primavera de 2020", "es"), ("2020年第3四半期", "ja"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language"), IN_WORDS)
def test_a_date_in_the_words_of_its_language(text: str, language: str) -> None:
    assert date(text, language) == Coerced("2021-03-03", text)


@pytest.mark.parametrize(("language", "text"), IN_FIGURES.items())
def test_a_date_in_the_figures_of_its_locale(language: str, text: str) -> None:
    assert date(text, language) == Coerced("2019-12-31", text)


@pytest.mark.parametrize(("text", "language", "first", "last"), RANGES)
def test_a_range_keeps_its_beginning_and_names_both_ends(text: str, language: str, first: str, last: str) -> None:
    coerced = date(text, language)
    assert coerced.value == first
    assert f"is a range from {first} to {last}" in (coerced.problem or "")


@pytest.mark.parametrize(("text", "language"), PARTS)
def test_a_part_of_a_year_keeps_the_year_and_says_so(text: str, language: str) -> None:
    coerced = date(text, language)
    assert coerced.value == "2020"
    assert "names a part of 2020" in (coerced.problem or "")


@pytest.mark.parametrize(
    ("text", "language", "iso"),
    [
        ("mars 2021", "fr", "2021-03"), ("03/2021", "es", "2021-03"), ("2021年3月", "zh", "2021-03"),
        ("令和3年", "ja", "2021"), ("平成元年", "ja", "1989"), ("昭和64年1月7日", "ja", "1989-01-07"),
        ("FY2019", "en", "2019"), ("c. 1850", "en", "1850"), ("2020-12", "en", "2020-12"),
        ("Frühjahrstagung am 3. März 2020", "de", "2020-03-03"), ("a été signé en 2020", "fr", "2020"),
        ("2020 million", "en", "2020"), ("nineteen ninety-eight", "en", "1998"),
        ("03/04/2020 (3 April 2020)", "en", "2020-04-03"),
    ],
)  # fmt: skip
def test_a_partial_date_stays_as_partial_as_it_is(text: str, language: str, iso: str) -> None:
    assert date(text, language) == Coerced(iso, text)


@pytest.mark.parametrize(
    ("text", "language", "problem"),
    [
        ("3 and 5 March 2020", "en", "several dates"), ("2019 and 2021", "en", "year"),
        ("31 juin 2020", "fr", "not exist"),
        ("١٤٤٢/٧/١٩", "ar", "another calendar"), ("3 March", "en", "year"), ("last spring", "en", "year"),
        ("平成99年13月1日", "ja", "not exist"), ("5 March 2020 – 3 March 2020", "en", "several dates"),
    ],
)  # fmt: skip
def test_what_is_not_one_date_has_no_value(text: str, language: str, problem: str) -> None:
    coerced = date(text, language)
    assert coerced.value is None
    assert problem in (coerced.problem or "")


LOCALES = {"en_US": "en-US", "en_GB": "en-GB"} | {
    code: code for code in ("de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr", "ru", "zh", "ja", "da", "cs")
}


@given(st.dates(datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)), st.sampled_from(sorted(LOCALES)))
def test_the_long_form_of_every_locale_is_read_back(day: datetime.date, locale: str) -> None:
    for form in ("full", "long"):
        written = format_date(day, form, locale=locale)
        assert date(written, LOCALES[locale]) == Coerced(day.isoformat(), written)


@given(
    st.text(alphabet="0123456789-/. –年月日令和〇一二三QTHanuary Mars to and été", max_size=40),
    st.sampled_from(["en", "ja", "fr", "ar"]),
)
def test_no_text_makes_dates_fail(text: str, language: str) -> None:
    coerced = date(text, language)
    assert coerced.value is not None or coerced.absent or coerced.problem
