"""DATE: to ISO, complete (YYYY-MM-DD) or as partial as the answer is (YYYY-MM, YYYY).

Nothing depends on the clock: an answer without a year ('May 5', 'yesterday') is a problem, never this year.
Figures whose order is open ('03/04/2020') are read in the order of the language; in English, where usage is
divided between day first and month first, and where the language is unknown, they are read day first and flagged,
unless `order` says which is meant. `infer_order` finds that out from a document's other dates. Years of two
digits are read as POSIX does: 69-99 in the twentieth, 00-68 in the twenty-first century.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dateparser.date import DateDataParser

from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.date_ranges import joins, of_year, range_problem
from crucible_assets.extractions.coercion.date_rewriting import JOINT, MARK, WORD, YEAR, rewritten_date
from crucible_assets.extractions.coercion.months import month_of
from crucible_assets.extractions.coercion.wordlist import wordlist


class DateOrder(StrEnum):
    """The order of day, month and year in figures."""

    DMY = "DMY"
    MDY = "MDY"
    YMD = "YMD"


_DAY_FIRST = frozenset(
    wordlist(
        "de fr es it pt nl da nb nn no fi sv pl cs sk sl hr sr bs bg mk ro ru uk be el tr id vi ca gl et lv "
        "he ar fa hi th"
    )
)
_YEAR_FIRST = frozenset(wordlist("zh ja ko hu lt mn"))
_REGIONS = {"en-us": DateOrder.MDY, "en-gb": DateOrder.DMY, "en-au": DateOrder.DMY, "en-nz": DateOrder.DMY,
            "en-ie": DateOrder.DMY, "en-in": DateOrder.DMY, "en-za": DateOrder.DMY}  # fmt: skip

_ISO = re.compile(rf"(?<!\d)({YEAR})([-/.])(\d{{1,2}})(?:\2(\d{{1,2}}))?(?![\d]|[-/.]\d)(?=T|\D|$)")
_COMPACT = re.compile(rf"(?<!\d)({YEAR})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_FIGURES = re.compile(rf"(?<![\d./-])(\d{{1,2}})\s?([-/.])\s?(\d{{1,2}})\s?\2\s?({YEAR}|\d{{2}})(?![\d]|[/-]\d)")
_MONTH_YEAR = re.compile(rf"(?<![\d./-])(\d{{1,2}})[/.-]({YEAR})(?!\d)")
_CJK = re.compile(r"(?<!\d)(\d{4})\s*[年년]\s*(?:(\d{1,2})\s*[月월]\s*(?:(\d{1,2})\s*[日일号])?)?")
_DAY_WORD_YEAR = re.compile(
    rf"(?<![\d.,])(\d{{1,2}}){MARK}{JOINT}\b{WORD}{JOINT}(?:in the year\s+)?"
    rf"({YEAR}|['’]?\d{{2}})(?![\d]|[.,]\d)",
    re.IGNORECASE,
)
_WORD_DAY_YEAR = re.compile(
    rf"\b{WORD}\s*(?:the\s+)?(\d{{1,2}}){MARK}(?:\s*,\s*|\s+)(?:of\s+)?({YEAR})(?!\d)", re.IGNORECASE
)
_YEAR_WORD_DAY = re.compile(rf"(?<!\d)({YEAR})[\s.,-]+(?:év\s+)?{WORD}[\s.,-]*(\d{{1,2}})(?!\d)", re.IGNORECASE)
_WORD_YEAR = re.compile(rf"\b{WORD}{JOINT}({YEAR})(?!\d)", re.IGNORECASE)
_OTHER_CALENDARS = frozenset({"ar", "fa", "ur", "ps"})  # where 1442 is rather a year of the Hijra than of our era
_YEAR_ALONE = re.compile(rf"(?<![\d.,/-])({YEAR})(?![\d]|[.,/-]\d)")


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    iso: str | None  # None: looks like a date but there is no such day
    ambiguous: bool = False


def coerce_date(raw: object, text: str, language: str | None, order: DateOrder | None = None) -> Coerced:
    """The one date that the answer states, as ISO text.

    Problems without a value: no date, several dates, no such day, no year, perhaps another calendar. Problems with
    a value: ambiguous order; a range, of which the beginning is kept; a part of a year, of which the year is kept.
    """
    if isinstance(raw, bool):
        return Coerced(None, text, problem=f"{text!r} is a truth value, not a date")
    plain = rewritten_date(text, language)
    found = sorted(_dates(plain, language, order or default_order(language)), key=lambda f: f.start)
    known = max((len(f.iso) for f in found if f.iso is not None), default=0)
    if (year := of_year(plain, text, known)) is not None:
        return year
    if not found:
        return _by_library(plain, text, language)
    problem = (
        f"{_short(text)} is an ambiguous date: day or month first"
        if found and all(f.ambiguous for f in found)
        else None
    )
    if any(f.iso is None for f in found) and len({f.iso for f in found}) == 1:
        return Coerced(None, text, problem=f"{_short(text)} names a day that does not exist")
    if len({f.iso for f in found}) > 1:
        if not _is_range(plain, found):
            return Coerced(None, text, problem=f"{_short(text)} holds several dates")
        problem = range_problem(text, found[0].iso, found[1].iso)
    iso = found[0].iso
    if iso is not None and (language or "")[:2].lower() in _OTHER_CALENDARS and "1300" <= iso[:4] <= "1500":
        return Coerced(None, text, problem=f"{_short(text)} may be a date of another calendar")
    return Coerced(iso, text, problem=problem)


def _is_range(plain: str, found: list[_Found]) -> bool:
    if len(found) != 2 or found[0].iso is None or found[1].iso is None or found[0].iso >= found[1].iso:
        return False
    return joins(plain, found[0].end, found[1].start)


def default_order(language: str | None) -> DateOrder | None:
    """The order in which a language writes dates in figures; None for English without region and unknown ones."""
    tag = (language or "").replace("_", "-").lower()
    base = tag.split("-")[0]
    if tag in _REGIONS:
        return _REGIONS[tag]
    if base in _DAY_FIRST:
        return DateOrder.DMY
    return DateOrder.YMD if base in _YEAR_FIRST else None


def stated_dates(text: str, language: str | None) -> frozenset[str]:
    """All dates that a text states, as ISO; figures whose order is open as every date that they may be."""
    plain = rewritten_date(text, language)
    orders = (DateOrder.DMY, DateOrder.MDY)
    return frozenset(f.iso for order in orders for f in _dates(plain, language, order) if f.iso is not None)


def infer_order(text: str) -> DateOrder | None:
    """The order in which a document writes its dates in figures, from those that can be read in one way only.

    None where there are none, or where they contradict each other.
    """
    orders: set[DateOrder] = set()
    for match in _FIGURES.finditer(text):
        first, second = int(match.group(1)), int(match.group(3))
        if first > 12 >= second > 0 and first <= 31:
            orders.add(DateOrder.DMY)
        elif second > 12 >= first > 0 and second <= 31:
            orders.add(DateOrder.MDY)
    return orders.pop() if len(orders) == 1 else None


def _dates(plain: str, language: str | None, order: DateOrder | None) -> Iterator[_Found]:
    """The dates of a text, the more complete forms first; a stretch is read once."""
    taken: list[tuple[int, int]] = []
    for pattern, read in (
        (_CJK, _read_year_first),
        (_ISO, _read_iso),
        (_COMPACT, _read_year_first),
        (_FIGURES, None),
        (_DAY_WORD_YEAR, _read_day_word_year),
        (_WORD_DAY_YEAR, _read_word_day_year),
        (_YEAR_WORD_DAY, _read_year_word_day),
        (_WORD_YEAR, _read_word_year),
        (_MONTH_YEAR, _read_month_year),
        (_YEAR_ALONE, _read_year_alone),
    ):
        for match in pattern.finditer(plain):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            found = _read_figures(match, order) if read is None else read(match, language)
            if found is not None:
                taken.append((match.start(), match.end()))
                yield found


def _made(match: re.Match[str], year: int, month: int | None, day: int | None, *, ambiguous: bool = False) -> _Found:
    return _Found(match.start(), match.end(), _iso(year, month, day), ambiguous)


def _iso(year: int, month: int | None, day: int | None) -> str | None:
    try:
        date = datetime.date(year, month or 1, day or 1)
    except ValueError:
        return None
    if month is None:
        return f"{year:04d}"
    return f"{year:04d}-{month:02d}" if day is None else date.isoformat()


def _century(year: str) -> int:
    number = int(year.strip("'’"))
    if number >= 100:
        return number
    return number + (2000 if number < 69 else 1900)


def _read_year_first(match: re.Match[str], language: str | None) -> _Found:
    year, month, day = match.groups()
    return _made(match, int(year), int(month) if month else None, int(day) if day else None)


def _read_iso(match: re.Match[str], language: str | None) -> _Found:
    year, _, month, day = match.groups()
    return _made(match, int(year), int(month), int(day) if day else None)


def _read_figures(match: re.Match[str], order: DateOrder | None) -> _Found:
    first, second, year = int(match.group(1)), int(match.group(3)), match.group(4)
    if order is DateOrder.YMD and len(year) == 2:
        return _made(match, _century(match.group(1).zfill(2)), second, int(year))
    day_first, month_first = (
        _iso(_century(year), second, first),
        _iso(_century(year), first, second),
    )
    if day_first is None or month_first is None or first == second:
        return _Found(match.start(), match.end(), day_first or month_first)
    chosen = month_first if order is DateOrder.MDY else day_first
    return _Found(match.start(), match.end(), chosen, ambiguous=order not in (DateOrder.DMY, DateOrder.MDY))


def _read_day_word_year(match: re.Match[str], language: str | None) -> _Found | None:
    month = month_of(match.group(2), language)
    return None if month is None else _made(match, _century(match.group(3)), month, int(match.group(1)))


def _read_word_day_year(match: re.Match[str], language: str | None) -> _Found | None:
    month = month_of(match.group(1), language)
    return None if month is None else _made(match, int(match.group(3)), month, int(match.group(2)))


def _read_year_word_day(match: re.Match[str], language: str | None) -> _Found | None:
    month = month_of(match.group(2), language)
    return None if month is None else _made(match, int(match.group(1)), month, int(match.group(3)))


def _read_word_year(match: re.Match[str], language: str | None) -> _Found | None:
    month = month_of(match.group(1), language)
    return None if month is None else _made(match, int(match.group(2)), month, None)


def _read_month_year(match: re.Match[str], language: str | None) -> _Found | None:
    month = int(match.group(1))
    return _made(match, int(match.group(2)), month, None) if 1 <= month <= 12 else None


def _read_year_alone(match: re.Match[str], language: str | None) -> _Found | None:
    """A year counts only where no other figures stand round it ('fiscal year 2019', but not 'Q1 2019')."""
    rest = match.string[: match.start()] + match.string[match.end() :]
    return None if any(c.isdigit() for c in rest) else _made(match, int(match.group(1)), None, None)


# The fixed base makes the library independent of the clock; parts that it fills in from the base are not believed.
_BASE = datetime.datetime(2000, 1, 1)
_LIBRARY = {
    "PARSERS": ["absolute-time"],
    "RELATIVE_BASE": _BASE,
    "REQUIRE_PARTS": ["year", "month"],
    "DATE_ORDER": "DMY",
    "NORMALIZE": True,
}


def _by_library(plain: str, text: str, language: str | None) -> Coerced:
    """The remaining languages and spellings, by dateparser; only a year that stands in the text is believed."""
    nothing = Coerced(None, text, problem=f"{_short(text)} is not a date with a year")
    base = (language or "").replace("_", "-").split("-")[0].lower()
    year = re.search(YEAR, plain)
    named = re.search(r"[^\W\d_]{2}", plain)  # a month in words; 'Q1 2020' names none
    if not base or year is None or named is None or len(plain) > 100:
        return nothing
    try:
        data = DateDataParser(languages=[base], settings=_LIBRARY).get_date_data(plain)
    except ValueError:  # a language that dateparser does not know
        return nothing
    date = data.date_obj
    if date is None or date.year != int(year.group()) or data.period not in ("day", "month"):
        return nothing
    day = date.day if data.period == "day" and re.search(rf"(?<!\d)0?{date.day}(?!\d)", plain) else None
    return Coerced(_iso(date.year, date.month, day), text)


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
