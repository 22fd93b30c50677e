"""Finding the numbers in a text: digits with their separators, words, multipliers and signs.

Of a single separator, the shape decides where it can: '1,50' has decimals, '1,234,567' has groups. '1,234' and
'1.234' alone may be either; the document's language decides, and without one '.' before three digits is flagged.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from crucible_assets.extractions.coercion.spelled import spelled_numbers
from crucible_assets.extractions.coercion.units import (
    CURRENCY_MULTIPLIERS,
    in_thousands,
    is_currency,
    meanings,
    multiplier,
)
from crucible_assets.extractions.coercion.wordlist import wordlist

_POINT_LANGUAGES = frozenset(wordlist("en zh ja ko th he hi bn ta te ur ms tl sw mt ga cy"))
_COMMA_LANGUAGES = frozenset(
    wordlist(
        "de fr es it pt nl da sv nb nn no fi pl cs sk sl hr sr bs bg mk ro hu ru uk be et lv lt el tr id vi ca gl eu "
        "is af sq az ka kk"
    )
)
FIGURE = re.compile(
    r"(?<![\d.,])(?:\d{1,3}(?:[ '’_]\d{3})+(?![\d])(?:[.,]\d+)?|\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+-]?\d{1,3}(?!\w))?"
    r"(?![\d]|[eE][+-]?\d)"
)
SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ") | {
    0x2212: "-", 0x2013: "-", 0x2014: "-", 0xFE63: "-", 0xFF0D: "-", 0x066B: ".", 0x066C: ",",
    0xFF0C: ",", 0xFF0E: ".", 0xFF05: "%", 0x066A: "%", 0x02B9: "'",
}  # fmt: skip
_LETTERS_BEFORE = re.compile(r"([^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+)$")  # not those that need no space
_MINUS_BEFORE = re.compile(
    r"(?:(?:^|[\s(]|[^\W\d_]\s|[$€£¥])-\(?[$€£¥]?|(?:^|\s)(?:minus|moins|menos|meno|eksi|минус|negative)\s+[$€£¥]?|"
    r"(?:マイナス|负|負|▲|△)\s*)$",
    re.IGNORECASE,
)
_WORD_AFTER = re.compile(r"[\s-]?\s*\(?([^\W\d_]+\.?|[万萬億亿兆])")
_UNIT = r"[A-Za-z]{0,3}[$€£¥₹₩₽₺₪]|[%‰]|°[CFK]|℃|℉|[^\W\d_]+[²³23]?\.?"
_UNIT_BEFORE = re.compile(rf"(?:^|(?<=[\s\d(\-]))({_UNIT})\s*-?\s*\(?$")
_UNIT_AFTER = re.compile(rf"[\s-]*\)?[\s-]*({_UNIT})")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it stands in a text: its value with the multiplier behind it, and the multiplier alone."""

    start: int
    end: int
    value: Decimal
    factor: Decimal = Decimal(1)
    problem: str | None = None  # why the reading is not certain

    @property
    def multiplied(self) -> bool:
        """Whether a multiplier stands with it."""
        return self.factor != 1


def find_figures(plain: str, language: str | None, units: frozenset[str] = frozenset()) -> list[Figure]:
    """Every number of a text, digits or words, in order. What may mean one of `units` is no multiplier."""
    found: list[Figure] = []
    for match in FIGURE.finditer(plain):
        before = _LETTERS_BEFORE.search(plain[max(0, match.start() - 40) : match.start()])
        if before is not None and not is_currency(before.group(1)):
            continue  # 'CO2', 'H1': a digit in a name
        value, problem = read_figure(match.group(), language)
        if value is None:
            continue
        if _MINUS_BEFORE.search(plain[max(0, match.start() - 20) : match.start()]):
            value = -value
        found.append(_scaled(plain, match.span(), value, problem, language, units))
    taken = [(f.start, f.end) for f in found]
    for start, end, number in spelled_numbers(plain, language):
        if not any(a < end and start < b for a, b in taken):
            found.append(_scaled(plain, (start, end), Decimal(number), None, language, units))
    return sorted(found, key=lambda f: f.start)


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


def _scaled(
    plain: str,
    span: tuple[int, int],
    value: Decimal,
    problem: str | None,
    language: str | None,
    units: frozenset[str],
) -> Figure:
    """A figure with the multiplier that follows it."""
    start, end = span
    word = _WORD_AFTER.match(plain, end)
    if word is not None and not meanings(word.group(1)) & units:
        factor = multiplier(word.group(1), language)
        bare = word.group(1).casefold().rstrip(".")
        if bare in CURRENCY_MULTIPLIERS:
            money = _currency_beside(plain, start, word.end())
            factor = Decimal(10) ** CURRENCY_MULTIPLIERS[bare] if money else None
        if factor is not None:
            return Figure(start, word.end(), value * factor, factor, problem)
    if any(in_thousands(word) for word in words_beside(plain, start, end)):  # 'TEUR 500'
        return Figure(start, end, value * 1000, Decimal(1000), problem)
    return Figure(start, end, value, problem=problem)


def words_beside(plain: str, start: int, end: int) -> list[str]:
    """The words or symbols directly before and after a stretch, where there are any."""
    beside = (_UNIT_BEFORE.search(plain[max(0, start - 20) : start]), _UNIT_AFTER.match(plain, end))
    return [found.group(1) for found in beside if found is not None]


def _currency_beside(plain: str, start: int, end: int) -> bool:
    return any(is_currency(word) for word in words_beside(plain, start, end))
