"""DATE: to ISO, as partial as it is, never completed."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.extractions.coercion.coerce import coerce
from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.date import DateOrder, infer_order
from resources.vocabulary import Variable, VariableType


def date(raw: object, language: str | None = "en", order: DateOrder | None = None) -> Coerced:
    return coerce(raw, Variable("day", VariableType.DATE, ""), language, order)


@pytest.mark.parametrize(
    ("text", "language", "iso"),
    [
        ("2019-03-05", "en", "2019-03-05"),
        ("2019-03-05T10:00:00Z", "en", "2019-03-05"),
        ("20190305", "en", "2019-03-05"),
        ("2019/3/5", "en", "2019-03-05"),
        ("2019-03", "en", "2019-03"),
        ("2019", "en", "2019"),
        (2019, "en", "2019"),
        ("fiscal year 2019", "en", "2019"),
        ("March 2019", "en", "2019-03"),
        ("03/2019", "de", "2019-03"),
        ("3 March 2019", "en", "2019-03-03"),
        ("March 3rd, 2019", "en", "2019-03-03"),
        ("the 3rd day of March, 2019", "en", "2019-03-03"),
        ("the twenty-first day of June, in the year 2011", "en", "2011-06-21"),
        ("as of the 1st of May, 2005", "en", "2005-05-01"),
        ('March 31st, 2019 (the "Effective Date")', "en", "2019-03-31"),
        ("Tuesday, 5 January 2021", "en", "2021-01-05"),
        ("8 MAR 2018", "en", "2018-03-08"),
        ("Sept 5, 2001 10:23", "en", "2001-09-05"),
        ("10 Oct '98", "en", "1998-10-10"),
        ("3. März 2019", "de", "2019-03-03"),
        ("5. Jänner 2020", "de", "2020-01-05"),
        ("03.04.20", "de", "2020-04-03"),
        ("1er janvier 2020", "fr", "2020-01-01"),
        ("3 de marzo de 2019", "es", "2019-03-03"),
        ("5 марта 2019 г.", "ru", "2019-03-05"),
        ("1 stycznia 2020", "pl", "2020-01-01"),
        ("2020. április 5.", "hu", "2020-04-05"),
        ("2019年3月5日", "ja", "2019-03-05"),
        ("2019년 3월", "ko", "2019-03"),
        ("5 مارس 2019", "ar", "2019-03-05"),
        ("3. März 2019", "en", "2019-03-03"),
        ("3 March 2019", None, "2019-03-03"),
        ("1 Jan 2019 (2019-01-01)", "en", "2019-01-01"),
        ("13/04/2020", "en", "2020-04-13"),
        ("04/13/2020", "de", "2020-04-13"),
        ("03/03/2020", "en", "2020-03-03"),
        ("03/04/2020", "de", "2020-04-03"),
        ("03/04/2020", "en-US", "2020-03-04"),
        ("03/04/2020", "en-GB", "2020-04-03"),
    ],
)
def test_a_date_becomes_iso_and_no_more_than_it_says(text: object, language: str | None, iso: str) -> None:
    coerced = date(text, language)
    assert (coerced.value, coerced.problem) == (iso, None)


@pytest.mark.parametrize("language", ["en", None, "zh"])
def test_an_ambiguous_order_is_read_day_first_and_flagged(language: str | None) -> None:
    coerced = date("03/04/2020", language)
    assert coerced.value == "2020-04-03"
    assert "ambiguous" in (coerced.problem or "")


def test_a_given_order_settles_an_ambiguous_date() -> None:
    assert date("03/04/2020", "en", DateOrder.MDY) == Coerced("2020-03-04", "03/04/2020")
    assert date("03/04/2020", "de", DateOrder.MDY).value == "2020-03-04"


def test_the_order_is_inferred_from_dates_that_allow_one_reading_only() -> None:
    assert infer_order("signed 04/25/2019, due 03/04/2020") is DateOrder.MDY
    assert infer_order("signed 25.04.2019") is DateOrder.DMY
    assert infer_order("signed 25/04/2019 and 04/25/2019") is None
    assert infer_order("signed 03/04/2020") is None


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("2019-02-30", "does not exist"),
        ("30 February 2019", "does not exist"),
        ("31/31/2019", "does not exist"),
        ("May 5", "year"),
        ("yesterday", "year"),
        ("12.5", "year"),
        ("soon", "year"),
        ("1 March 2019 and 2 April 2020", "several dates"),
        ("2 April 2020 to 1 March 2019", "several dates"),
        (True, "truth value"),
    ],
)
def test_what_is_no_date_has_no_value_and_a_reason(raw: object, problem: str) -> None:
    coerced = date(raw)
    assert coerced.value is None
    assert problem in (coerced.problem or "")


PATTERNS = {
    "%Y-%m-%d": "en",
    "%d.%m.%Y": "de",
    "%d/%m/%Y": "fr",
    "%m/%d/%Y": "en-US",
    "%B %d, %Y": "en",
    "%d %b %Y": "en",
    "the %dth day of %B, %Y": "en",
    "%Y年%m月%d日": "zh",
}


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 1, 1)), st.sampled_from(sorted(PATTERNS)))
def test_a_formatted_date_is_read_back(day: datetime.date, pattern: str) -> None:
    assert date(day.strftime(pattern), PATTERNS[pattern]) == Coerced(day.isoformat(), day.strftime(pattern))
