"""NUMBER: the one number that an answer states, in the unit of its variable.

What is not one number is never made one in silence: of a range the lower end is kept, of a bound ('< 5', 'at least
5') its figure, of '5 ± 2' the middle, each with a problem that says what was stated.
"""

import math
import re
from decimal import Decimal

from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.conversion import convert, convertible
from crucible_assets.extractions.coercion.figures import SPACES, Figure, find_figures, words_beside
from crucible_assets.extractions.coercion.rewriting import bare_fraction, rewritten
from crucible_assets.extractions.coercion.units import CURRENCY_MULTIPLIERS, meanings, split_unit

_LARGEST = Decimal("1e300")  # near the end of what a double holds
_BRACKETED = re.compile(
    r"\s*(?:[A-Z]{3}|[$€£¥])?\s*\(\s*(?:[A-Z]{3}|[$€£¥])?\s*[\d.,' ]+%?\s*\)\s*%?(?:[A-Z]{3}|[$€£¥])?\s*"
)
_MINUS_BEHIND = re.compile(r"\s*[\d.,' ]*\d-\s*")
_BOUND = re.compile(
    r"(?:(?:[<>≤≥]|&[lg]t;)\s*=?|"
    r"\b(?:at (?:least|most)|(?:no |not )?(?:more|less|fewer|greater|higher|lower) than|"
    r"mindestens|höchstens|wenigstens|mehr als|weniger als|maximal|minimal|au (?:moins|plus)|plus de|moins de|"
    r"al menos|como máximo|más de|menos de|almeno|al massimo|più di|meno di|pelo menos|no máximo|mais de|"
    r"ten minste|minstens|maximaal|ten hoogste|meer dan|minder dan|co najmniej|co najwyżej|ponad|poniżej|"
    r"minst|högst|mer än|mindre än|en az|en fazla|не менее|не более|более|менее)|"
    r"至少|不少于|不超过|超过|最多|少なくとも)\s*(?:[^\W\d]{0,3}|[$€£¥₹₩₽₺₪])\s*$",
    re.IGNORECASE,
)
_BOUND_BEHIND = re.compile(
    r"\s*[^\W\d]{0,2}\s*(?:以上|以下|以内|未満|or (?:more|less|fewer)\b|oder (?:mehr|weniger)\b|ou plus\b)"
)
_RANGE = re.compile(
    r"\s*(?:[^\W\d]{1,12}\.?|[$€£¥%])?\s*"
    r"(?:[-~〜～至到]|\b(?:bis zu|bis|to|until|through|à|al|a|tot|do|till|até|до|and|und|et|y|e|en|och|i|и)\b)\s*"
    r"(?:[^\W\d]{1,4}\.?|[$€£¥₹₩₽₺₪])?\s*",
    re.IGNORECASE,
)
_LED = re.compile(
    r"\s*(?:between|from|zwischen|von|entre|de|tra|da|van|tussen|mellan|od|między|от|между)\b", re.IGNORECASE
)
_AND = re.compile(r"(?:^|\s)(?:and|und|et|y|e|a|en|och|i|и)(?:\s|$)", re.IGNORECASE)
_MARGIN = re.compile(r"\s*[^\W\d]{0,3}\s*(?:±|\+/-|\+-)\s*")


def coerce_number(raw: object, text: str, unit: str | None, language: str | None) -> Coerced:
    """The one number that the answer states, in the variable's unit; int where it is written without decimals.

    Problems without a value: no number, several numbers, not finite. Problems with a value: a range (its lower
    end), a bound ('< 5'), a margin ('5 ± 2'), an ambiguous separator, multiplier or fraction, a unit from which
    there is no exact way to the variable's (another currency, days for months).
    """
    if isinstance(raw, bool):
        return Coerced(None, text, problem=f"{text!r} is a truth value, not a number")
    if isinstance(raw, int) and abs(raw) < 10**300:
        return Coerced(raw, text)
    if isinstance(raw, float):
        if not math.isfinite(raw):
            return Coerced(None, text, problem=f"{text} is not a finite number")
        return Coerced(int(raw) if raw.is_integer() and abs(raw) < 2**53 else raw, text)
    plain = " ".join(text.translate(SPACES).split())
    fraction = bare_fraction(plain)
    if fraction is not None:
        return Coerced(float(fraction), text, problem=f"{_short(text)} may be a fraction or something else")
    plain = rewritten(plain, language)
    wanted, factor = split_unit(unit, language)
    figures = find_figures(plain, language, convertible(wanted))
    if not figures:
        return Coerced(None, text, problem=f"{_short(text)} holds no number")
    problem = None
    if len({figure.value for figure in figures}) > 1:
        chosen, problem = _of_two(plain, text, figures)
        if chosen is None:
            return Coerced(None, text, problem=problem)
    else:
        chosen = next((f for f in figures if f.multiplied), figures[0])
    problem = problem or _doubt(plain, text, chosen)
    stated = _stated_units(plain, figures)
    value = _signed(plain, chosen)
    if factor != 1 and (chosen.multiplied or any(meanings(word) & wanted for word in stated)):
        value /= factor
    value, unlike = _in_unit(value, text, stated, wanted, unit)
    if not wanted and not chosen.multiplied and any(word.casefold() in CURRENCY_MULTIPLIERS for word in stated):
        unlike = f"{_short(text)} may mean millions"
    if abs(value) >= _LARGEST:
        return Coerced(None, text, problem=f"{_short(text)} is too large for a number")
    return Coerced(_json_number(value), text, problem=unlike or problem)


def stated_numbers(text: str, unit: str | None, language: str | None) -> frozenset[float]:
    """All numbers that a text states, each in the variable's unit as far as there is an exact way to it."""
    plain = rewritten(" ".join(text.translate(SPACES).split()), language)
    wanted, factor = split_unit(unit, language)
    found = set()
    for figure in find_figures(plain, language, convertible(wanted)):
        value, _ = _in_unit(figure.value, "", _stated_units(plain, [figure]), wanted, unit)
        if abs(value) < _LARGEST:
            found |= {float(value), float(value / factor)}
    return frozenset(found)


def _of_two(plain: str, text: str, figures: list[Figure]) -> tuple[Figure | None, str]:
    """The figure that stands for two, and what they are: the ends of a range, a value and its margin."""
    if len(figures) == 2:
        low, high = figures
        between = plain[low.end : high.start]
        if _MARGIN.fullmatch(between):
            return low, f"{_short(text)} is stated with a margin of {_said(high.value)}"
        if _RANGE.fullmatch(between) and (_LED.match(plain) or not _AND.search(between)):
            if high.multiplied and not low.multiplied and low.value < high.value / high.factor:  # '3 to 5 million'
                low = Figure(low.start, low.end, low.value * high.factor, high.factor, low.problem)
            if low.value < high.value:
                ends = f"from {_said(low.value)} to {_said(high.value)}"
                return low, f"{_short(text)} is a range {ends}, not one number; its lower end is kept"
    return None, f"{_short(text)} holds several numbers"


def _doubt(plain: str, text: str, figure: Figure) -> str | None:
    before = plain[max(0, figure.start - 40) : figure.start]
    if _BOUND.search(before) or _BOUND_BEHIND.match(plain, figure.end):
        return f"{_short(text)} is a bound, not a value"
    if before.rstrip().endswith("±"):
        return f"{_short(text)} is a margin, not a value"
    if _MINUS_BEHIND.fullmatch(plain):
        return f"{_short(text)} has its minus behind it"
    return figure.problem


def _signed(plain: str, figure: Figure) -> Decimal:
    """Negative in brackets, as in accounts: '(1,234.50)', 'EUR (5)'; and with the minus behind it."""
    negative = _BRACKETED.fullmatch(plain) or _MINUS_BEHIND.fullmatch(plain)
    return -figure.value if figure.value > 0 and negative else figure.value


def _in_unit(
    value: Decimal, text: str, stated: list[str], wanted: frozenset[str], unit: str | None
) -> tuple[Decimal, str | None]:
    """The value in the variable's unit, and a problem where it is stated in one that cannot be converted exactly."""
    if not wanted or not stated or any(meanings(word) & wanted for word in stated):
        return value, None
    pairs = ((one, other) for word in stated for one in sorted(meanings(word)) for other in sorted(wanted))
    converted = {made for one, other in pairs if (made := convert(value, one, other)) is not None}
    if len(converted) == 1:
        return converted.pop(), None
    return value, f"{_short(text)} is in {' '.join(stated)}, not in {unit}"


def _stated_units(plain: str, figures: list[Figure]) -> list[str]:
    """The units that stand directly before or after the figures, once each, in order."""
    beside = (word for figure in figures for word in words_beside(plain, figure.start, figure.end))
    return list(dict.fromkeys(word for word in beside if meanings(word)))


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _said(value: Decimal) -> str:
    return f"{value.normalize():f}" if abs(value) < 10**15 else f"{value:.6g}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
