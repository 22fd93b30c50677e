"""Numbers and dates that follow from others in the same sentence: what `from 5 to 8` differs by, `half` of 900, two
days after the 4th. They stand nowhere, so nothing is supported by them; but nothing is refuted by them either."""

import calendar
import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import combinations

import regex

from crucible_assets.answers.text.ratios import ratios
from crucible_assets.answers.text.spans import spans_of
from crucible_assets.answers.text.tokens import Kind, Token, tokens_of

_MOST = 12  # numbers of a sentence that are worked with
_DAYS = {"d": 1, "week": 7}


_RANGE = frozenset({"and", "to", "or", "-", "und", "bis", "oder", "et", "à", "ou", "y", "a", "o"})
_FACTORS = (1000, 10**6, 10**9)
_PERIOD = regex.compile(r"([qh])([1-4])")
_NTH = (
    "first|erste[sn]?|premier|primer",
    "second|zweite[sn]?|deuxième|segundo",
    "third|dritte[sn]?|troisième|tercer",
    "fourth|vierte[sn]?|quatrième|cuarto",
)
_QUARTERS = tuple(rf"(?:{nth})[\s-]+(?:fiscal\s+)?(?:quarter|quartal|trimestre)" for nth in _NTH)
_HALVES = tuple(rf"(?:{nth})[\s-]+(?:fiscal\s+)?(?:half|halbjahr|semestre)" for nth in _NTH)


def follows(own: Sequence[Token], at: int, cited: Sequence[tuple[str, str | None]]) -> bool:
    """Whether a number or day follows from others, or is another way of writing one, for all that can be seen."""
    token = own[at]
    if token.kind is Kind.CODE:
        period = _PERIOD.fullmatch(token.key)
        return period is not None and any(_names_period(period, text) for text, _ in cited)
    if token.kind is Kind.DAY:
        return any(
            (year, month, day) == (one.year, one.month, one.day)
            for text, language in cited
            for one in worked_out(text, language)[1]
            for year, month, day in token.days
        )
    if token.kind is not Kind.NUMBER:
        return False
    value = token.values[0].normalize()
    if any((value, unit) in worked_out(text, language)[0] for text, language in cited for unit in token.unit or {""}):
        return True
    behind = own[at + 2] if at + 2 < len(own) and own[at + 1].key in _RANGE else None
    if behind is None or behind.kind is not Kind.NUMBER or token.unit or not token.values[0]:
        return False
    factors = [factor for factor in _FACTORS if behind.values[0] >= factor]  # `40 to 45 million`
    numbers = [one for text, language in cited for one in tokens_of(text, language) if one.kind is Kind.NUMBER]
    return any(token.values[0] * factor == number.values[0] for factor in factors for number in numbers)


def _names_period(period: "regex.Match[str]", text: str) -> bool:
    names = _QUARTERS if period[1] == "q" else _HALVES
    return regex.search(names[int(period[2]) - 1], text, regex.IGNORECASE) is not None


@lru_cache(maxsize=256)
def worked_out(text: str, language: str | None) -> tuple[frozenset[tuple[Decimal, str]], frozenset[dt.date]]:
    """What follows in any sentence: (value, its unit, "" without one) and days."""
    numbers: set[tuple[Decimal, str]] = set()
    days: set[dt.date] = set()
    for span in spans_of(text):
        tokens = tokens_of(span.of(text), language)
        counted = [token for token in tokens if token.kind is Kind.NUMBER][:_MOST]
        numbers |= _differences(counted)
        for ratio, _, _ in ratios(tokens):
            for token in counted:
                value = token.values[0] * ratio.numerator / ratio.denominator
                numbers |= {(value.normalize(), unit) for unit in token.unit or {""}}
        days |= _later([token for token in tokens if token.kind is Kind.DAY], counted)
    return frozenset(numbers), frozenset(days)


def _differences(counted: Sequence[Token]) -> set[tuple[Decimal, str]]:
    found: set[tuple[Decimal, str]] = set()
    for one, other in combinations(counted, 2):
        shared = one.unit & other.unit or ({""} if not one.unit and not other.unit else set())
        for unit in shared:
            gap = abs(one.values[0] - other.values[0]).normalize()
            found.add((gap, "percentage point" if unit == "%" else unit))
    return found


def _later(days: Sequence[Token], counted: Sequence[Token]) -> set[dt.date]:
    starts = [_date(*one) for day in days for one in day.days]
    return {
        start + dt.timedelta(sign * factor * int(token.values[0]))
        for start in starts
        if start is not None
        for token in counted
        for unit, factor in _DAYS.items()
        if unit in token.unit and abs(token.values[0]) < _LONGEST
        for sign in (1, -1)
    }


_LONGEST = 1000  # days or weeks that are counted on


def _date(year: int | None, month: int, day: int | None) -> dt.date | None:
    if year is None or day is None or not dt.MINYEAR + 10 < year < dt.MAXYEAR - 100:
        return None
    return dt.date(year, month, day) if day <= calendar.monthrange(year, month)[1] else None
