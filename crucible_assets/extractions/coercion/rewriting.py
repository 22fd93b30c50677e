"""Numbers that are written in parts, rewritten as decimals before figures are read.

'2½' and '3 1/4' become '2.5' and '3.25', 'two and a half million' becomes '2.5 million', 'half a dozen' '0.5 dozen',
'3 × 10⁶' becomes '3e6', and Chinese and Japanese numerals become figures. What is not recognised stays as it is.
"""

import re
import unicodedata
from decimal import Decimal
from math import gcd

from crucible_assets.extractions.coercion.cjk import cjk_numbers
from crucible_assets.extractions.coercion.spelled import spelled_numbers

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_POWER = re.compile(
    r"(?<![\w.,])(?:(?P<mantissa>-?\d+(?:[.,]\d+)?)\s*[x×·*]\s*)?10"
    r"(?:\s*(?:\^|\*\*)\s*\(?(?P<exponent>[-+]?\d{1,2})\)?|(?P<raised>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})|(?P<lost>-\d{1,2}))(?![\w.,]\d|\d)"
)
_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_MIXED = re.compile(
    rf"(?<![\d.,/])(?:(?P<whole>\d+)\s*)?(?P<vulgar>[{_VULGAR}])|"
    r"(?<![\d.,/-])(?:(?P<whole2>\d+)[\s-]+)(?P<over>\d{1,2})\s?[/⁄]\s?(?P<under>\d{1,2})(?![\d/.,])"
)
_BARE = re.compile(r"\s*(?P<over>[1-9]\d?)\s?[/⁄]\s?(?P<under>[1-9]\d?)\s*(?:[^\W\d].*)?", re.DOTALL)
_LONGEST_SPELLED = 60  # characters of a number in words before 'and a half'
_MOST_PARTS = 16  # '1/16' of an inch; a larger denominator is hardly a fraction

_SCALE = (
    r"(?:hundred|thousand|million|billion|trillion|dozen|tausend|Million|Millionen|Milliarden?|mille|millions?|"
    r"milliards?|mil|mill[oó]n(?:es)?|milion[ei]|miliard[oi]|milh(?:ão|ões)|bilh(?:ão|ões))"
)
_HALF_LAST = re.compile(rf"\b({_SCALE})\s+(and a half|et demie?|y medi[oa]|e mezz[oa]|e mei[oa])\b", re.IGNORECASE)
_AND_A_HALF = re.compile(
    r"\s*[-\s]\s*(?:and[\s-](?:a|one)[\s-]half|et[\s-]demie?|y medi[oa]|e mezz[oa]|e mei[oa])\b", re.IGNORECASE
)
_HALF_OF = re.compile(
    rf"\b(?:half(?: of)?(?: an?)?|one[\s-]half|eine halbe|ein halbes|un demi|medio|meio|mezzo)\s+(?={_SCALE}\b)",
    re.IGNORECASE,
)
_GERMAN_HALVES = re.compile(r"\b(?P<stem>[a-zäöüß]{2,20}?)(?:und)?einhalb\b|\banderthalb\b", re.IGNORECASE)
_A_DOZEN = re.compile(r"\ba (?=(?:dozen|lakh|crore)\b)", re.IGNORECASE)


def rewritten(text: str, language: str | None) -> str:
    """The text with its compound numbers as decimals with a point; figures without such parts are not touched."""
    text = _POWER.sub(_power, text)
    text = _MIXED.sub(_mixed, text)
    text = _GERMAN_HALVES.sub(_german_half, text)
    text = _halves(_HALF_LAST.sub(r"\2 \1", text), language)  # 'deux millions et demi' as 'deux et demi millions'
    text = _A_DOZEN.sub("1 ", _HALF_OF.sub("0.5 ", text))
    for start, end, value in reversed(cjk_numbers(text)):
        text = f"{text[:start]}{_decimal(value)} {text[end:]}"
    return text


def bare_fraction(text: str) -> Decimal | None:
    """The value of an answer that is one fraction ('1/2', '3/4 inch'); None for others. It may mean a score."""
    match = _BARE.fullmatch(text)
    return None if match is None else _ratio(int(match["over"]), int(match["under"]))


def _halves(text: str, language: str | None) -> str:
    for match in reversed(list(_AND_A_HALF.finditer(text))):
        before = text[: match.start()]
        figure = re.search(r"(?<![\d.,])\d+$", before)
        if figure is not None:
            start, value = figure.start(), int(figure.group())
        else:
            near = before[-_LONGEST_SPELLED:]
            spelled = [one for one in spelled_numbers(near, language) if one[1] == len(near)]
            if not spelled:
                continue
            start, value = len(before) - len(near) + spelled[0][0], spelled[0][2]
        text = f"{text[:start]}{value}.5{text[match.end() :]}"
    return text


def _power(match: re.Match[str]) -> str:
    if match["lost"] is not None and match["mantissa"] is None:
        return match.group()  # '10-6' is a range or a difference
    exponent = (match["exponent"] or match["raised"] or match["lost"]).translate(_SUPERSCRIPTS)
    return f"{match['mantissa'] or '1'}e{int(exponent)}"


def _mixed(match: re.Match[str]) -> str:
    if match["vulgar"]:
        part = Decimal(str(round(unicodedata.numeric(match["vulgar"]), 6)))
        return _decimal(Decimal(match["whole"] or 0) + part)
    part_or_none = _ratio(int(match["over"]), int(match["under"]))
    return match.group() if part_or_none is None else _decimal(Decimal(match["whole2"]) + part_or_none)


def _ratio(over: int, under: int) -> Decimal | None:
    """A proper fraction in lowest terms; '5/10' is rather a score, '24/7' no fraction at all."""
    if not 0 < over < under <= _MOST_PARTS or gcd(over, under) != 1:
        return None
    return (Decimal(over) / Decimal(under)).quantize(Decimal("1e-6")).normalize()


def _german_half(match: re.Match[str]) -> str:
    if match["stem"] is None:
        return "1.5"
    stem = "eins" if match["stem"].casefold() == "ein" else match["stem"]
    spelled = spelled_numbers(stem, "de")
    whole = len(spelled) == 1 and spelled[0][:2] == (0, len(stem))
    return f"{spelled[0][2]}.5" if whole else match.group()


def _decimal(value: Decimal) -> str:
    """Without exponent, and with three decimals never, which some languages read as a group of thousands."""
    text = f"{value.normalize():f}"
    return text + "0" if re.fullmatch(r"\d+\.\d{3}", text) else text
