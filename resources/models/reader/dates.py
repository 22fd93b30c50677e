"""Dates as they are written: ISO, numeric in any order, with month names of the languages of Europe, East Asian.

Month names come from CLDR (babel). A date whose reading depends on the locale (03/04/2018, 03-05-18) is found but
gets no normal form: its words are given as they stand, and coercion decides with the document's language.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from babel import Locale

from resources.models.reader.spans import Kind, Mention
from resources.models.reader.words import fold

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "cs", "sk", "sv", "da", "nb", "fi", "hu", "ro", "ru",
              "uk", "bg", "el", "tr", "sl", "lt", "lv", "et", "ca")  # fmt: skip

_WORD = r"([^\W\d_]{3,12})\.?"
_DAY = r"(?<![\d.,/-])(\d{1,2})"
_ORDINAL = r"(?:st|nd|rd|th|er|º|ª|\.)?"
_OF = r"(?:\s*day)?(?:\s*(?:of|de|d’|del|of the month of)\b)?"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<![\d/.-])(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d|[-/]\d)"), "iso"),
    (re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]"), "east"),
    (
        re.compile(_DAY + _ORDINAL + _OF + r"[\s-]*" + _WORD + r"(?:\s*(?:de|del|of))?[\s,-]*(\d{4})(?!\d)"),
        "dmy",
    ),
    (re.compile(_DAY + _ORDINAL + r"[\s-]*" + _WORD + r"[\s-]*'?(\d{2})(?![\d:.,])"), "dmy2"),
    (re.compile(r"\b" + _WORD + r"\s*(\d{1,2})(?:st|nd|rd|th)?\s*,?\s+(\d{4})(?!\d)"), "mdy"),
    (re.compile(r"\b" + _WORD + r"\s*(\d{1,2}),(\d{4})(?!\d)"), "mdy"),
    (re.compile(r"(?<!\d)(\d{4})\.?\s+" + _WORD + r"\s+(\d{1,2})(?!\d)"), "ymd"),
    (re.compile(r"(?<![\w/.,-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?![\d/]|[.-]\d)"), "numeric"),
    (re.compile(r"(?<![\w/.,-])(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4})(?![\d/]|[.-]\d)"), "numeric"),
)
_MONTH_YEAR = re.compile(r"\b" + _WORD + r"(?:\s*(?:de|del|of))?,?\s+(\d{4})(?!\d)")
_YEAR = re.compile(r"(?<![\d.,/$€£-])((?:1[89]|20)\d{2})(?![\d/%]|[.,]\d)")


@lru_cache(maxsize=1)
def month_names() -> dict[str, int]:
    """Folded month names and abbreviations of all languages → month; names that mean two months are left out."""
    names: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        months = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    if not any(c.isdigit() for c in name):
                        names.setdefault(fold(name).strip("."), set()).add(int(number))
    names.setdefault("sept", {9})
    return {name: next(iter(numbers)) for name, numbers in names.items() if len(numbers) == 1 and len(name) > 2}


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _century(year: str) -> int:
    """Two digits as POSIX reads them: 69-99 are the twentieth century, 00-68 the twenty-first."""
    number = int(year)
    return number if len(year) == 4 else number + (1900 if number >= 69 else 2000)


def _read(match: re.Match[str], form: str) -> tuple[bool, str | None]:
    """(is a date, its ISO form when that does not depend on the locale)."""
    groups = match.groups()
    if form in ("iso", "east"):
        year, month, day = (groups[0], groups[2], groups[3]) if form == "iso" else groups
        iso = _iso(int(year), int(month), int(day))
        return iso is not None, iso
    if form == "numeric":
        first, second, year_number = int(groups[0]), int(groups[2]), _century(groups[3])
        day_first, month_first = _iso(year_number, second, first), _iso(year_number, first, second)
        certain = len(groups[3]) == 4 and (day_first is None or month_first is None or first == second)
        dotted = groups[1] == "." and len(groups[3]) == 4
        if dotted and day_first is not None:  # no locale writes month.day.year with dots
            return True, day_first
        return bool(day_first or month_first), (day_first or month_first) if certain else None
    order = {"dmy": (2, 1, 0), "dmy2": (2, 1, 0), "mdy": (2, 0, 1), "ymd": (0, 1, 2)}[form]
    year, name, day = (groups[i] for i in order)
    number = month_names().get(fold(name))
    iso = _iso(_century(year), number, int(day)) if number else None
    return iso is not None, iso


def find_dates(text: str) -> list[Mention]:
    """All dates in order without overlaps: full days first, then month and year, then bare years."""
    taken = bytearray(len(text))
    found: list[Mention] = []
    for mention in _all(text):
        if not any(taken[mention.start : mention.end]):
            found.append(mention)
            taken[mention.start : mention.end] = b"\x01" * (mention.end - mention.start)
    return sorted(found, key=lambda mention: mention.start)


def _all(text: str) -> Iterator[Mention]:
    for pattern, form in _PATTERNS:
        for match in pattern.finditer(text):
            is_date, iso = _read(match, form)
            if is_date:
                yield Mention(match.start(), match.end(), Kind.DATE, iso)
    for match in _MONTH_YEAR.finditer(text):
        number = month_names().get(fold(match.group(1)))
        if number:
            yield Mention(match.start(), match.end(), Kind.MONTH, f"{match.group(2)}-{number:02d}")
    for match in _YEAR.finditer(text):
        yield Mention(match.start(), match.end(), Kind.YEAR, match.group(1))
