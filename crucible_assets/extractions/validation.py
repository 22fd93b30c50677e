"""Validation: the limits that a variable sets on its values."""

import datetime
import json
import math

from resources.patterns import PatternError, matches
from resources.vocabulary import ValidationRules, Variable, VariableType

_LONGEST_MATCHED = 10_000  # characters; beyond, a pattern written without care could hold up the run


def violations(value: object, variable: Variable) -> tuple[str, ...]:
    """What is wrong with one coerced value by the variable's rules, in words; empty when nothing is.

    A partial date violates `earliest` or `latest` only if all of its days do. `required` concerns cells, not
    values, and is not looked at here.
    """
    if value is None:
        return ()
    rules = variable.validation
    found: list[str] = []
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found.extend(_outside_numbers(value, rules))
    if variable.type is VariableType.DATE and isinstance(value, str):
        found.extend(_outside_dates(value, rules))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if rules.pattern is not None:
        found.extend(_mismatch(text, rules.pattern))
    if not is_allowed(value, variable):
        found.append(f"{_short(text)} is not one of the allowed values {', '.join(map(repr, rules.allowed_values))}")
    return tuple(found)


def is_allowed(value: object, variable: Variable) -> bool:
    """Whether a coerced value is one of the variable's allowed values, or there are none.

    Numbers are compared as numbers. A date is allowed if one of its days is ('2020' where '2020-05-01' is, and the
    other way round). Texts are compared character by character.
    """
    allowed = variable.validation.allowed_values
    if not allowed:
        return True
    if variable.type is VariableType.NUMBER and isinstance(value, (int, float)):
        return any(math.isclose(value, _number(one), rel_tol=1e-12) for one in allowed)
    if variable.type is VariableType.DATE and isinstance(value, str):
        return any(_may_be(value, one) for one in allowed)
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) in allowed


def _number(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return math.nan  # equal to nothing; such rules are refused when a project is saved


def _may_be(iso: str, other: str) -> bool:
    (first, last), (one, two) = date_bounds(iso), date_bounds(other)
    return first <= two and one <= last


def date_bounds(iso: str) -> tuple[datetime.date, datetime.date]:
    """First and last day of an ISO date, complete or partial. Raises ValueError for other text."""
    year, month, day = ([int(part) for part in iso.split("-")] + [0, 0])[:3]
    first = datetime.date(year, month or 1, day or 1)
    if day:
        return first, first
    if not month or month == 12:
        return first, datetime.date(year, 12, 31)
    return first, datetime.date(year, month + 1, 1) - datetime.timedelta(days=1)


def _outside_numbers(value: float, rules: ValidationRules) -> list[str]:
    found = []
    if rules.minimum is not None and value < rules.minimum:
        found.append(f"{value} is below the minimum {rules.minimum:g}")
    if rules.maximum is not None and value > rules.maximum:
        found.append(f"{value} is above the maximum {rules.maximum:g}")
    return found


def _outside_dates(value: str, rules: ValidationRules) -> list[str]:
    first, last = date_bounds(value)
    found = []
    if rules.earliest is not None and last < date_bounds(rules.earliest)[0]:
        found.append(f"{value} is before {rules.earliest}")
    if rules.latest is not None and first > date_bounds(rules.latest)[1]:
        found.append(f"{value} is after {rules.latest}")
    return found


def _mismatch(text: str, pattern: str) -> list[str]:
    if len(text) > _LONGEST_MATCHED:
        return [f"the value has {len(text)} characters, more than are matched against a pattern"]
    try:
        matched = matches(pattern, text)
    except PatternError as error:
        return [f"the value could not be matched: {error}"]
    return [] if matched else [f"{_short(text)} does not match the pattern {pattern!r}"]


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
