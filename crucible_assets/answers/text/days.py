"""Days, and months of years, that stand in a text, in every way of writing them that the reader of dates knows."""

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from crucible_assets.extractions.coercion.cjk import read_cjk
from crucible_assets.extractions.coercion.date import DateOrder, default_order
from crucible_assets.extractions.coercion.date_rewriting import MARK, YEAR
from crucible_assets.extractions.coercion.months import month_of

Day = tuple[int | None, int, int | None]
"""Year, month and day of the month, as far as they are said."""


def says_no_more(day: Day, other: Day) -> bool:
    """Whether a date says nothing that the other does not say."""
    return all(mine is None or mine == its for mine, its in zip(day, other, strict=True))


@dataclass(frozen=True, slots=True)
class FoundDay:
    """A date in a text: all its readings, the likeliest of which are those of the text's language."""

    start: int
    end: int
    days: frozenset[Day]


_WORD = r"(?P<month>[^\W\d_]{3,14})\.?"
_OF = r"(?:\s+(?:of|de|del|di|den))?"
_GAP = rf"[\s,.'’-]*{_OF}\s*"
_CJK_NUMBER = r"(?:\d{1,4}|[〇零一二三四五六七八九十]{1,4})"
_TWO = r"(?P<also>\d{1,2})" + MARK + r"\s*(?:[-–—]|bis|to|and|und|et|au)\s*(?:the\s+|zum\s+)?"
_PATTERNS = tuple(
    regex.compile(pattern, regex.IGNORECASE)
    for pattern in (
        rf"(?<![\d〇零一二三四五六七八九十])(?P<year>\d{{4}}|[〇零一二三四五六七八九十]{{4}})\s*年"
        rf"\s*(?P<number>{_CJK_NUMBER})\s*月(?:\s*(?P<day>{_CJK_NUMBER})\s*[日号號])?",
        rf"(?P<number>{_CJK_NUMBER})\s*月\s*(?P<day>{_CJK_NUMBER})\s*[日号號]",
        rf"(?<![0-9A-Za-z.,/-])(?P<year>{YEAR})(?P<sep>[-/.])(?P<number>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}})(?!\d|[-/]\d)",
        rf"(?<![0-9A-Za-z./-])(?P<year>{YEAR})-(?P<number>0[1-9]|1[0-2])(?![\d-])",
        rf"(?<![0-9A-Za-z./-])(?P<first>\d{{1,2}})\s?(?P<sep>[-/.])\s?(?P<second>\d{{1,2}})\s?(?P=sep)\s?"
        rf"(?P<year>{YEAR}|\d{{2}})(?![\d]|[/-]\d|[.,]\d)",
        rf"(?<![0-9A-Za-z.,/-])(?:{_TWO})?(?P<day>\d{{1,2}}){MARK}{_GAP}\b{_WORD}[\s,.'’-]*{_OF}\s*(?P<year>{YEAR})(?!\d)",
        rf"\b{_WORD}\s*(?:the\s+)?(?P<day>\d{{1,2}}){MARK}(?:\s*,\s*|\s+)(?P<year>{YEAR})(?!\d)",
        rf"(?<![0-9A-Za-z.,/-])(?:{_TWO})?(?P<day>\d{{1,2}}){MARK}{_GAP}\b{_WORD}",
        rf"\b{_WORD}[\s,.'’-]*{_OF}\s*(?P<year>{YEAR})(?!\d)",
        rf"\b{_WORD}\s+(?:the\s+)?(?P<day>\d{{1,2}}){MARK}(?![\d.,]\d|\d)",
        rf"(?<![0-9A-Za-z./-])(?P<number>0?[1-9]|1[0-2])[/.](?P<year>{YEAR})(?!\d)",
        r"(?<![0-9A-Za-z./-])(?P<day>[0-3]?\d)\.\s?(?P<number>[01]?\d)\.(?!\s?\d)",
    )
)


def find_days(plain: str, language: str | None) -> list[FoundDay]:
    """The dates of a text in order; a year alone is a number, and a name of a month alone a word."""
    found: list[FoundDay] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(plain):
            if any(one.start < match.end() and match.start() < one.end for one in found):
                continue
            days = frozenset(_read(match, language))
            if days:
                found.append(FoundDay(match.start(), match.end(), days))
    return sorted(found, key=lambda one: one.start)


def _read(match: "regex.Match[str]", language: str | None) -> Iterator[Day]:
    parts = match.groupdict()
    year = _year(parts.get("year"))
    if parts.get("first"):
        yield from _in_figures(int(parts["first"]), int(parts["second"]), year, language)
        return
    day = _number(parts.get("day"))
    if parts.get("month"):
        month = _month(parts["month"], language, certain=year is not None)
    else:
        month = _number(parts.get("number"))
    if month is None or not 1 <= month <= 12 or (day is not None and not 1 <= day <= 31):
        return
    yield (year, month, day)
    if parts.get("also"):
        yield (year, month, int(parts["also"]))


def _in_figures(first: int, second: int, year: int | None, language: str | None) -> Iterator[Day]:
    """Both readings of `03/04/2024` where the language leaves it open."""
    order = default_order(language)
    if order is not DateOrder.MDY and 1 <= second <= 12 and 1 <= first <= 31:
        yield (year, second, first)
    if (order is not DateOrder.DMY and 1 <= first <= 12 and 1 <= second <= 31) or 1 <= first <= 12 < second <= 31:
        yield (year, first, second)


def _month(word: str, language: str | None, *, certain: bool) -> int | None:
    if not certain and (word.islower() and len(word) < 4):  # `3 may apply`
        return None
    return month_of(word, language)


def _year(written: str | None) -> int | None:
    number = _number(written)
    if number is None or number >= 100:
        return number
    return number + (2000 if number < 69 else 1900)


def _number(written: str | None) -> int | None:
    if written is None:
        return None
    if written.isdecimal():
        return int(written)
    value = read_cjk(written)
    return None if value is None else int(value)
