"""Numbers as they are written: amounts with currency, percentages, measures with units, durations, plain numbers.

Currencies are those of ISO 4217 as CLDR lists them (babel) and their usual signs. Figures may group with comma,
point, blank or apostrophe; nothing is converted here, the words are given as they stand.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from babel.numbers import list_currencies

from resources.models.reader.spans import Kind, Mention
from resources.models.reader.words import fold

_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY",
          "zł": "PLN", "RM": "MYR", "Kč": "CZK", "Ft": "HUF", "Rs": "INR", "Rs.": "INR", "US$": "USD", "kr": "SEK",
          "R$": "BRL", "C$": "CAD", "A$": "AUD", "CHF": "CHF", "Fr.": "CHF"}  # fmt: skip
_CURRENCY_WORDS = {"euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD", "pounds": "GBP",
                   "sterling": "GBP", "francs": "CHF", "franken": "CHF", "yen": "JPY", "rupees": "INR",
                   "kronor": "SEK", "kroner": "NOK", "zloty": "PLN"}  # fmt: skip
_FIGURE = re.compile(
    r"(?<![\w.,:])[-–−+]?(?:\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?!\d)(?:[.,]\d{1,4})?|\d+(?:[.,·]\d+)?)"
    r"(?![\d/]|[.,:]\d)"
)
_GLUED_FIGURE = re.compile(r"(?<=[A-Z]{2})\d{1,3}(?:,\d{3})*(?:\.\d{1,4})?(?![\w.,])")  # RM51.30, EUR500
_BEFORE = re.compile(r"(US\$|C\$|A\$|R\$|[$€£¥₹₽₩₺]|\b[A-Z]{2,3}|\bRs\.?|\bFr\.)[ \u00a0]?[-–−]?$")
_AFTER = re.compile(
    r"[ \u00a0]?(?:(million|billion|thousand|trillion|millions?|millionen|milliarden|mln|mio|mrd|m|bn|k)\b\.?)?"
    r"[ \u00a0]?(\.?[-–]{1,2}(?=\s))?([€$£]|[A-Z]{3}\b|zł|kr\b|Kč|[^\W\d_]{3,8}\b)?",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"[ \u00a0]?(?:%|‰|per\s?cent\b|percent\b|percentage points\b|prozent\b|pour cent\b)", re.I)
_UNIT = re.compile(
    r"[ \u00a0]?((?:°\s?[CF]|℃|[µμnmkcMGT]?(?:m|g|W|A|V|Hz|L|l|J|Pa|mol|bar|eV|Wh|B|t|S|Ω|ohm)|kWh|MWh|ha|km|"
    r"sqm|sq\s?ft|dB|rpm|ppm|mAh|lbs?|oz|ft|in|hours?|hrs?|h|min|s|K|cycles?|tonnes?|pages?)"
    r"(?:[23²³])?(?:[ \u00a0]?[/·*.]?[ \u00a0]?(?:[µμnmkc]?(?:m|g|W|A|V|L|l|s|h|K|mol|S|Ω)|day|year|month)"
    r"(?:[-−–]?[123²³⁻¹]{1,2})?)?(?:[-−–][12])?)(?![\w])"
)
_NUMBER_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "thousand",
    "million",
]
_WORD_NUMBER = re.compile(
    rf"\b(?!(?:hundred|thousand|million)\b)(?:{'|'.join(_NUMBER_WORDS)})(?:(?:[\s-]+(?:and\s+)?)(?:{'|'.join(_NUMBER_WORDS)})){{0,8}}\b",
    re.I,
)
_PERIODS = (
    r"(?:calendar |business |working |full |consecutive |successive )?(?:days?|weeks?|months?|years?|hours?|minutes?"
    r"|seconds?|quarters?|tage?n?|wochen?|monate?n?|jahre?n?|stunden?|jours?|semaines?|mois|ans?|années?|heures?|"
    r"d[ií]as?|semanas?|mes(?:es)?|a[ñn]os?|horas?|giorni|settiman[ae]|mes[ei]|ann[oi]|dagen|weken|maand(?:en)?|"
    r"jaar|dias|anos?|meses|dni|miesi[ęe]cy|lat)\b"
)
_COUNT = "|".join(_NUMBER_WORDS)
_DURATION = re.compile(
    rf"\b(?:(?:(?:{_COUNT})[\s-]+){{1,3}}(?:\(\s?\d+\s?\)[\s-]*)?|\d+(?:[.,]\d+)?(?:\s?\([^)\d]{{1,20}}\))?[\s-]*)"
    rf"(?:successive |additional )?{_PERIODS}",
    re.IGNORECASE,
)


@lru_cache(maxsize=1)
def _currency_codes() -> frozenset[str]:
    return frozenset(list_currencies())


def currency_of(words: str) -> str | None:
    """The ISO 4217 code that a sign, a code or a currency's English name stands for, or None."""
    sign = words.strip()
    if sign in _SIGNS:
        return _SIGNS[sign]
    return sign if sign in _currency_codes() else _CURRENCY_WORDS.get(fold(sign))


def _number_at(text: str, start: int, end: int) -> Mention:
    """The figure with what stands before and after it: currency, magnitude, percent, unit."""
    before = _BEFORE.search(text, max(0, start - 5), start)
    if before and (code := currency_of(before.group(1))):
        after = _AFTER.match(text, end)
        magnitude = after.end(1) if after and after.group(1) else end
        return Mention(before.start(), magnitude, Kind.MONEY, code)
    if percent := _PERCENT.match(text, end):
        return Mention(start, percent.end(), Kind.PERCENT, "%")
    after = _AFTER.match(text, end)
    if after and after.group(3) and (code := currency_of(after.group(3))):
        return Mention(start, after.end(3), Kind.MONEY, code)
    if unit := _UNIT.match(text, end):
        return Mention(start, unit.end(), Kind.MEASURE, unit.group(1))
    if after and after.group(1) and len(after.group(1)) > 2:
        return Mention(start, after.end(1), Kind.NUMBER)
    return Mention(start, end, Kind.NUMBER)


def find_numbers(text: str, dates: Sequence[Mention]) -> list[Mention]:
    """All figures and numbers in words outside dates, in order, without overlaps."""
    taken = bytearray(len(text))
    for mention in dates:
        if mention.kind is not Kind.YEAR:
            taken[mention.start : mention.end] = b"\x01" * (mention.end - mention.start)
    found: list[Mention] = []
    for pattern in (_FIGURE, _GLUED_FIGURE, _WORD_NUMBER):
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(taken[start:end]):
                continue
            if pattern is _WORD_NUMBER:
                percent = _PERCENT.match(text, end)
                mention = Mention(start, percent.end() if percent else end, Kind.PERCENT if percent else Kind.NUMBER)
            else:
                mention = _number_at(text, start, end)
            found.append(mention)
            taken[start : mention.end] = b"\x01" * (mention.end - start)
    return sorted(found, key=lambda mention: mention.start)


def find_durations(text: str) -> list[Mention]:
    """Lengths of time: '30 days', 'two (2) years', '18 Monate'."""
    return [Mention(m.start(), m.end(), Kind.DURATION) for m in _DURATION.finditer(text)]
