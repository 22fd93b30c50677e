"""NUMBER: figures and words, with the separators of their language, multipliers, units, signs and brackets.

Of a single separator, the shape decides where it can: '1,50' has decimals, '1,234,567' has groups. '1,234' and
'1.234' alone may be either; the document's language decides, and without one '.' before three digits is flagged.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.spelled import spelled_numbers
from crucible_assets.extractions.coercion.units import (
    CURRENCY_MULTIPLIERS,
    in_thousands,
    is_currency,
    meanings,
    multiplier,
    split_unit,
)
from crucible_assets.extractions.coercion.wordlist import wordlist

_POINT_LANGUAGES = frozenset(wordlist("en zh ja ko th he hi bn ta te ur ms tl sw mt ga cy"))
_COMMA_LANGUAGES = frozenset(
    wordlist(
        "de fr es it pt nl da sv nb nn no fi pl cs sk sl hr sr bs bg mk ro hu ru uk be et lv lt el tr id vi ca gl eu "
        "is af sq az ka kk"
    )
)
_LARGEST = Decimal("1e300")  # near the end of what a double holds
FIGURE = re.compile(
    r"(?<![\d.,])(?:\d{1,3}(?:[ '’_]\d{3})+(?![\d])(?:[.,]\d+)?|\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+-]?\d{1,3}(?!\w))?"
    r"(?![\d]|[eE][+-]?\d)"
)
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ") | {
    0x2212: "-", 0x2013: "-", 0x2014: "-", 0xFE63: "-", 0xFF0D: "-", 0x066B: ".", 0x066C: ",",
    0xFF0C: ",", 0xFF0E: ".", 0xFF05: "%", 0x066A: "%", 0x02B9: "'",
}  # fmt: skip
_LETTERS_BEFORE = re.compile(r"([^\W\d_]+)$")
_MINUS_BEFORE = re.compile(
    r"(?:(?:^|[\s(]|[^\W\d_]\s|[$€£¥])-[$€£¥]?|(?:^|\s)(?:minus|moins|negative)\s+[$€£¥]?)$", re.IGNORECASE
)
_BRACKETED = re.compile(
    r"\s*(?:[A-Z]{3}|[$€£¥])?\s*\(\s*(?:[A-Z]{3}|[$€£¥])?\s*[\d.,' ]+%?\s*\)\s*%?(?:[A-Z]{3}|[$€£¥])?\s*"
)
_WORD_AFTER = re.compile(r"[\s-]?\s*\(?([^\W\d_]+\.?|[万萬億亿兆])")
_BOUND = re.compile(r"(?:[<>≤≥]|&[lg]t;)\s*=?\s*(?:[^\W\d]{0,3}|[$€£¥])\s*$")
_RANGE = re.compile(
    r"\s*(?:[^\W\d]{1,12}\.?|[$€£¥%])?\s*"
    r"(?:[-~〜～]|\b(?:bis|to|until|through|à|a|al|bis zu|tot|до|and|und|et|y|e)\b)\s*(?:[^\W\d]{1,4}\.?|[$€£¥])?\s*",
    re.IGNORECASE,
)
_UNIT = r"[A-Za-z]{0,3}[$€£¥₹₩₽₺₪]|%|°[CF]|℃|℉|[^\W\d_]+[²2]?\.?"
_UNIT_BEFORE = re.compile(rf"(?:^|(?<=[\s\d(\-]))({_UNIT})\s*-?\s*\(?$")
_UNIT_AFTER = re.compile(rf"[\s-]*\)?[\s-]*({_UNIT})")


@dataclass(frozen=True, slots=True)
class _Figure:
    """A number as it stands in a text: its value without and with the multiplier behind it."""

    start: int
    end: int
    value: Decimal
    has_decimals: bool
    multiplied: bool = False
    problem: str | None = None  # why the reading is not certain


def coerce_number(raw: object, text: str, unit: str | None, language: str | None) -> Coerced:
    """The one number that the answer states, in the variable's unit; int where it is written without decimals.

    Problems without a value: no number, several numbers, a range, not finite. Problems with a value: a bound
    ('< 5'), an ambiguous separator or multiplier, another unit than the variable's.
    """
    if isinstance(raw, bool):
        return Coerced(None, text, problem=f"{text!r} is a truth value, not a number")
    if isinstance(raw, int) and abs(raw) < 10**300:
        return Coerced(raw, text)
    if isinstance(raw, float):
        if not math.isfinite(raw):
            return Coerced(None, text, problem=f"{text} is not a finite number")
        return Coerced(int(raw) if raw.is_integer() and abs(raw) < 2**53 else raw, text)
    plain = text.translate(_SPACES)
    figures = _figures(plain, language)
    if not figures:
        return Coerced(None, text, problem=f"{_short(text)} holds no number")
    if len({figure.value for figure in figures}) > 1:
        return Coerced(None, text, problem=_several(plain, text, figures))
    chosen = next((f for f in figures if f.multiplied), figures[0])
    return _in_unit(plain, text, chosen, _stated_units(plain, figures), unit, language)


def read_figure(figure: str, language: str | None) -> tuple[Decimal | None, str | None]:
    """The value of digits with separators, and a problem where it is not certain; no value where it is no number."""
    mantissa, _, exponent = re.sub(r"[ '’_]", "", figure).lower().partition("e")
    value, problem = _separated(mantissa, language)
    if value is not None and exponent:
        value = value.scaleb(int(exponent))
    return value, problem


def _separated(digits: str, language: str | None) -> tuple[Decimal | None, str | None]:
    separators = [c for c in digits if c in ".,"]
    if not separators:
        return Decimal(digits), None
    if len(set(separators)) == 2:
        decimal = separators[-1]
        whole, _, fraction = digits.rpartition(decimal)
        if decimal in whole or not _grouped(whole, separators[0]):
            return None, None
        return Decimal(f"{re.sub('[.,]', '', whole)}.{fraction}"), None
    mark = separators[0]
    if len(separators) > 1:
        return (Decimal(digits.replace(mark, "")), None) if _grouped(digits, mark) else (None, None)
    whole, _, fraction = digits.partition(mark)
    as_decimal = Decimal(f"{whole or 0}.{fraction}")
    if len(fraction) != 3 or len(whole) > 3 or not whole or whole.startswith("0"):
        return as_decimal, None
    as_group = Decimal(whole + fraction)
    base = (language or "").replace("_", "-").split("-")[0].lower()
    if base in _POINT_LANGUAGES:
        return (as_group if mark == "," else as_decimal), None
    if base in _COMMA_LANGUAGES:
        return (as_decimal if mark == "," else as_group), None
    return (as_group if mark == "," else as_decimal), f"in {digits!r} the {mark!r} may group or begin decimals"


def _grouped(digits: str, mark: str) -> bool:
    """Whether groups of three (or the Indian two, two, three) stand between the marks."""
    first, *groups = digits.split(mark)
    return (
        0 < len(first) <= 3
        and len(groups[-1]) == 3
        and (all(len(g) == 3 for g in groups) or (len(first) <= 2 and all(len(g) == 2 for g in groups[:-1])))
    )


def _figures(plain: str, language: str | None) -> list[_Figure]:
    """Every number of the text, digits or words, in order."""
    found: list[_Figure] = []
    for match in FIGURE.finditer(plain):
        before = _LETTERS_BEFORE.search(plain[max(0, match.start() - 40) : match.start()])
        if before is not None and not is_currency(before.group(1)):
            continue  # 'CO2', 'H1': a digit in a name
        value, problem = read_figure(match.group(), language)
        if value is None:
            continue
        found.append(_scaled(plain, match, value, problem, language))
    taken = [(f.start, f.end) for f in found]
    for start, end, number in spelled_numbers(plain, language):
        if not any(a < end and start < b for a, b in taken):
            found.append(_Figure(start, end, Decimal(number), has_decimals=False))
    return sorted(found, key=lambda f: f.start)


def _scaled(plain: str, match: re.Match[str], value: Decimal, problem: str | None, language: str | None) -> _Figure:
    """A figure with its sign and the multiplier that follows it."""
    start, end = match.span()
    if _MINUS_BEFORE.search(plain[max(0, start - 20) : start]):
        value = -value
    word = _WORD_AFTER.match(plain, end)
    multiplied = False
    if word is not None:
        factor = multiplier(word.group(1), language)
        bare = word.group(1).casefold().rstrip(".")
        if bare in CURRENCY_MULTIPLIERS:
            money = _currency_beside(plain, start, word.end())
            factor = Decimal(10) ** CURRENCY_MULTIPLIERS[bare] if money else None
        if factor is not None:
            value, end, multiplied = value * factor, word.end(), True
    if not multiplied and any(in_thousands(word) for word in _words_beside(plain, start, end)):  # 'TEUR 500'
        value, multiplied = value * 1000, True
    return _Figure(start, end, value, "." in f"{value.normalize():f}", multiplied, problem)


def _words_beside(plain: str, start: int, end: int) -> list[str]:
    """The words or symbols directly before and after a stretch, where there are any."""
    beside = (_UNIT_BEFORE.search(plain[max(0, start - 20) : start]), _UNIT_AFTER.match(plain, end))
    return [found.group(1) for found in beside if found is not None]


def _currency_beside(plain: str, start: int, end: int) -> bool:
    return any(is_currency(word) for word in _words_beside(plain, start, end))


def _several(plain: str, text: str, figures: list[_Figure]) -> str:
    if len(figures) == 2:
        between = plain[figures[0].end : figures[1].start]
        led = re.match(r"\s*(?:between|from|zwischen|von|entre|de|tra|da|van|tussen)\b", plain, re.IGNORECASE)
        joined = re.search(r"(?:^|\s)(?:and|und|et|y|e|a)(?:\s|$)", between, re.IGNORECASE)
        if _RANGE.fullmatch(between) and (led or not joined):
            return f"{_short(text)} is a range, not one number"
    return f"{_short(text)} holds several numbers"


def _in_unit(
    plain: str, text: str, figure: _Figure, stated: list[str], unit: str | None, language: str | None
) -> Coerced:
    value, problem = figure.value, figure.problem
    if value > 0 and _BRACKETED.fullmatch(plain):  # negative, as in accounts: '(1,234.50)', 'EUR (5)'
        value = -value
    if _BOUND.search(plain[max(0, figure.start - 20) : figure.start]):
        problem = f"{_short(text)} is a bound, not a value"
    wanted, factor = split_unit(unit, language)
    if factor != 1 and (figure.multiplied or any(meanings(word) & wanted for word in stated)):
        value /= factor
    if wanted and stated:
        if wanted == {"%"} and any("bp" in meanings(word) for word in stated):
            value /= 100
        elif not any(meanings(word) & wanted for word in stated):
            problem = f"{_short(text)} is in {' '.join(stated)}, not in {unit}"
    elif not figure.multiplied and any(word in CURRENCY_MULTIPLIERS for word in map(str.casefold, stated)):
        problem = f"{_short(text)} may mean millions"
    if abs(value) >= _LARGEST:
        return Coerced(None, text, problem=f"{_short(text)} is too large for a number")
    return Coerced(_json_number(value), text, problem=problem)


def _stated_units(plain: str, figures: list[_Figure]) -> list[str]:
    """The units that stand directly before or after the figures, once each, in order."""
    beside = (word for figure in figures for word in _words_beside(plain, figure.start, figure.end))
    return list(dict.fromkeys(word for word in beside if meanings(word)))


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
