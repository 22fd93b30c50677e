"""Dates as people write them, brought to ISO for comparison."""

import datetime
import re
from functools import lru_cache

import dateparser

from crucible_assets.datasets.partial_dates import span_of

_ISO_LIKE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:\D.*)?", re.DOTALL)
_NUMERIC = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/., ]+(\d{2}|\d{4})")
_CENTURY_PIVOT = 70  # two-digit years below it are of this century
# Nothing may depend on the day of the measurement, so relative dates and completion from today are off.
_SETTINGS = {
    "PARSERS": ["absolute-time"],
    "REQUIRE_PARTS": ["day", "month", "year"],
    "DATE_ORDER": "DMY",
    "RELATIVE_BASE": datetime.datetime(2000, 1, 1),
    "RETURN_AS_TIMEZONE_AWARE": False,
}


@lru_cache(maxsize=100_000)
def iso_date(text: str) -> str | None:
    """Give YYYY-MM-DD (or YYYY-MM, YYYY when no more is said); None for text that is no date.

    Of numeric dates the day comes first, unless the second number cannot be a month. Names of months are
    read in every language that dateparser finds in the text.
    """
    text = text.strip()
    if span_of(text) is not None:
        return text
    if match := _ISO_LIKE.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
        return _date(year, month, day)
    if match := _NUMERIC.fullmatch(text):
        first, second, year = (int(part) for part in match.groups())
        if len(match.group(3)) == 2:
            year += 2000 if year < _CENTURY_PIVOT else 1900
        return _date(year, first, second) if second > 12 else _date(year, second, first)
    if not re.search(r"\d", text) or len(text) > 60:
        return None
    # English first: without a language the search through all of them is slow and finds odd abbreviations.
    for languages in (["en"], None):
        found = dateparser.parse(text, languages=languages, settings=_SETTINGS)
        if found is not None:
            return found.date().isoformat()
    return None


def _date(year: int, month: int, day: int) -> str | None:
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None
