"""Dates of which only the year or the month is known (ISO 8601 reduced precision)."""

import calendar
import datetime
import re

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def span_of(text: str) -> tuple[datetime.date, datetime.date] | None:
    """Give the first and last day that YYYY, YYYY-MM or YYYY-MM-DD can mean; None for any other text."""
    match = _PARTIAL.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        if month is None:
            return datetime.date(year, 1, 1), datetime.date(year, 12, 31)
        if day is None:
            last = calendar.monthrange(year, month)[1]
            return datetime.date(year, month, 1), datetime.date(year, month, last)
        return datetime.date(year, month, day), datetime.date(year, month, day)
    except ValueError:
        return None


def compatible(one: str, other: str) -> bool:
    """Whether one of two dates contains the other: 2020 and 2020-05-01, but not 2020-05 and 2020-06."""
    first, second = span_of(one), span_of(other)
    if first is None or second is None:
        return False
    return (first[0] <= second[0] and second[1] <= first[1]) or (second[0] <= first[0] and first[1] <= second[1])
