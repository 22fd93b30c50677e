"""Values of rules as spans: what is known in part is all that it can mean.

A number is the span from itself to itself; a date, complete or partial, the span of the numbers of its days.
Comparisons give true, false, or None where it depends on what is not known. All of it is decimal arithmetic within
`CONTEXT`; nothing takes longer than a few digits of it.
"""

import ast
import datetime
import decimal
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crucible_assets.extractions.validation import date_bounds

CONTEXT = decimal.Context(
    prec=34,
    Emax=10_000,
    Emin=-10_000,
    traps=[decimal.Overflow, decimal.InvalidOperation, decimal.DivisionByZero],
)
_ISO = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_SAME = Decimal("1e-12")  # relative difference below which numbers are equal: what a division leaves
_LARGEST = 1e300
_LARGEST_POWER = 100


@dataclass(frozen=True, slots=True)
class Span:
    """A number or a date (as the number of its day) that lies from `low` to `high`."""

    low: Decimal
    high: Decimal
    kind: str  # 'number' or 'date'


Value = Span | str | bool | None | tuple["Value", ...]  # None: true or false, it depends on what is not known


class NotJudged(Exception):  # noqa: N818 - no error of the program: the rule does not fit the values
    """Why a rule cannot be judged on these values."""


def held(value: Any) -> Value:
    """A value of a cell or a constant as the rules see it. Raises NotJudged for structures and infinities."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        if not math.isfinite(value) or abs(value) >= _LARGEST:
            raise NotJudged("a number is not finite")
        number = Decimal(repr(value))
        return Span(number, number, "number")
    if isinstance(value, (list, tuple)):
        return tuple(held(part) for part in value)
    raise NotJudged(f"{short(value)} is neither number, text, date nor list")


def _date(text: str) -> Span | None:
    if not _ISO.fullmatch(text):
        return None
    try:
        first, last = date_bounds(text)
    except ValueError:
        return None
    return Span(Decimal(first.toordinal()), Decimal(last.toordinal()), "date")


def as_span(value: Value) -> Span:
    """A number, or a text that is an ISO date. Raises NotJudged for others."""
    found = _date(value) if isinstance(value, str) else value
    if not isinstance(found, Span):
        raise NotJudged(f"{said(value)} is neither a number nor a date")
    return found


def as_number(value: Value) -> Span:
    """A number. Raises NotJudged for others."""
    if not isinstance(value, Span) or value.kind != "number":
        raise NotJudged(f"{said(value)} is not a number")
    return value


def as_date(value: Value) -> Span:
    """A date. Raises NotJudged for others."""
    span = as_span(value)
    if span.kind != "date":
        raise NotJudged(f"{said(value)} is not a date")
    return span


def as_truth(value: Value) -> bool | None:
    """True, false or unknown. Raises NotJudged for others."""
    if value is None or isinstance(value, bool):
        return value
    raise NotJudged(f"{said(value)} is neither true nor false")


def joined(op: ast.boolop, truths: list[bool | None]) -> bool | None:
    """'and' and 'or' of truths that may be unknown (Kleene's strong logic)."""
    decisive = isinstance(op, ast.Or)
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


def negated(truth: bool | None) -> bool | None:
    """'not' of a truth that may be unknown."""
    return None if truth is None else not truth


def _pair(left: Value, right: Value) -> tuple[Span, Span]:
    one, other = as_span(left), as_span(right)
    if one.kind != other.kind:
        raise NotJudged(f"a {one.kind} is compared with a {other.kind}")
    return one, other


def less(left: Value, right: Value) -> bool | None:
    """Whether every reading of `left` is below every one of `right` (True), or none is (False)."""
    one, other = _pair(left, right)
    if one.high < other.low and not _same(one.high, other.low):
        return True
    return False if one.low > other.high or _same(one.low, other.high) else None


def equal(left: Value, right: Value) -> bool | None:
    """Whether two values are the same: texts character by character, all else by what they can mean."""
    if isinstance(left, bool) and isinstance(right, bool):
        return left == right
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            return False
        return joined(ast.And(), [equal(one, other) for one, other in zip(left, right, strict=True)])
    if isinstance(left, str) and isinstance(right, str) and not (_date(left) and _date(right)):
        return left == right
    one, other = _pair(left, right)
    if one.low == one.high and other.low == other.high:
        return _same(one.low, other.low)
    return False if one.high < other.low or other.high < one.low else None


def _same(one: Decimal, other: Decimal) -> bool:
    return one == other or abs(one - other) <= _SAME * max(abs(one), abs(other))


def within(part: Value, whole: Value) -> bool | None:
    """Whether a list holds a value, or a text another. Values of another kind are not in a list."""
    if isinstance(part, str) and isinstance(whole, str):
        return part in whole
    if not isinstance(whole, tuple):
        raise NotJudged(f"{said(whole)} is neither a list nor a text")
    return joined(ast.Or(), [equal(part, other) for other in whole if _comparable(part, other)])


def _comparable(one: Value, other: Value) -> bool:
    return type(one) is type(other) and (not isinstance(one, Span) or one.kind == getattr(other, "kind", None))


def calculated(op: ast.operator, left: Span, right: Span) -> Span:
    """Arithmetic of spans: dates may be subtracted, and moved by days; everything else is for numbers."""
    dates = (left.kind == "date", right.kind == "date")
    match op, dates:
        case ast.Add(), (False, False):
            return Span(left.low + right.low, left.high + right.high, "number")
        case ast.Add(), (True, False) | (False, True):
            return Span(left.low + right.low, left.high + right.high, "date")
        case ast.Sub(), (False, False) | (True, True):
            return Span(left.low - right.high, left.high - right.low, "number")
        case ast.Sub(), (True, False):
            return Span(left.low - right.high, left.high - right.low, "date")
        case ast.Mult(), (False, False):
            return hull([a * b for a in (left.low, left.high) for b in (right.low, right.high)])
        case ast.Div(), (False, False):
            if right.low < 0 < right.high:
                raise NotJudged("what is divided by may be zero")
            return hull([a / b for a in (left.low, left.high) for b in (right.low, right.high)])
        case ((ast.Mod() | ast.Pow()), (False, False)):
            return _of_points(op, left, right)
        case _:
            raise NotJudged("dates can be subtracted from each other and moved by days, nothing else")


def _of_points(op: ast.operator, left: Span, right: Span) -> Span:
    if left.low != left.high or right.low != right.high:
        raise NotJudged("% and ** need numbers that are known exactly")
    one, other = left.low, right.low
    if isinstance(op, ast.Mod):
        return hull([one - other * (one / other).to_integral_value(decimal.ROUND_FLOOR)])
    if abs(other) > _LARGEST_POWER:
        raise NotJudged(f"a power above {_LARGEST_POWER}")
    return hull([one**other])


def hull(numbers: list[Decimal]) -> Span:
    """The span of some numbers."""
    return Span(min(numbers), max(numbers), "number")


def rounded(number: Decimal, places: int) -> Decimal:
    """Half away from zero, as accounts do."""
    return number.quantize(Decimal(1).scaleb(-places), decimal.ROUND_HALF_UP)


def year_of(ordinal: Decimal) -> Decimal:
    """The year of a day. Raises NotJudged outside the calendar."""
    try:
        return Decimal(datetime.date.fromordinal(int(ordinal)).year)
    except (ValueError, OverflowError):
        raise NotJudged("a date lies outside the years 1 to 9999") from None


def said(value: Value) -> str:
    """A value in the words of a reason."""
    if isinstance(value, Span):
        return f"a {value.kind}"
    return "a list" if isinstance(value, tuple) else short(value)


def short(value: object) -> str:
    """What a cell holds, cut to 60 characters."""
    text = repr(value) if not isinstance(value, (list, tuple)) else repr(value[:3])
    return text if len(text) <= 60 else text[:59] + "…"
