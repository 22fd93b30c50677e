"""Evidence for a value without a quote: where its words, its number or its date stand in the document."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import islice

from crucible_assets.extractions.coercion.months import COMMON_LANGUAGES, month_names
from crucible_assets.extractions.coercion.spelled import spell_english
from crucible_assets.extractions.coercion.wordlist import wordlist
from crucible_assets.extractions.grounding.exact import MOST_OCCURRENCES, exact_spans
from crucible_assets.extractions.grounding.normalised import normalised_spans
from crucible_assets.extractions.grounding.place import NOT_FOUND, Placement, place
from crucible_assets.extractions.grounding.prepared import PreparedText
from resources.vocabulary import EvidenceStatus, VariableType

# Multipliers after a figure, as patterns; a single letter counts only if it is glued to it ('5m', but not '5 m').
_SCALES = (
    (10**3, r"[\s-]?(?:thousand|tsd\.?|tausend|mille)|k"),
    (10**6, r"[\s-]?(?:million(?:s|en)?|mio\.?|mln|mn)|mm?"),
    (10**9, r"[\s-]?(?:billions?|bn|milliard(?:en?|s)?|mrd\.?)|b"),
    (10**12, r"[\s-]?(?:trillions?|tn|billion(?:en)?)"),
)
_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_AROUND_YEAR = 60  # characters on either side of a year in which its day and month are looked for
_LEAST_LEAVES = 0.5  # share of a JSON value's leaves that must stand in the document


def find_value(value: object, document: PreparedText, type_: VariableType, near: int | None = None) -> Placement:
    """Where a coerced value stands in the document, in any spelling of it that is known.

    EXACT or NORMALISED for text that stands there in these words; NORMALISED for numbers and dates in another
    spelling; FUZZY for text but for slips. Of several places the first at or after `near`, else the first. BOOLEAN
    values have no words to find: NOT_FOUND. The score of JSON is the share of its leaves that were found.
    """
    match type_:
        case VariableType.BOOLEAN:
            return NOT_FOUND
        case VariableType.NUMBER if isinstance(value, (int, float)):
            return _first(number_spans(value, document), near)
        case VariableType.DATE:
            return _first(date_spans(str(value), document), near)
        case VariableType.CATEGORY:
            return _words(str(value), document, near)
        case VariableType.JSON:
            return _leaves(value, document, near)
        case _:
            return place(str(value), document, near) if str(value).strip() else NOT_FOUND


def number_spans(value: int | float, document: PreparedText) -> list[tuple[int, int]]:
    """Spans at which a number stands, in figures with any separators or multiplier, else in English words; rising."""
    spans: list[tuple[int, int]] = []
    for literal, pattern in _number_patterns(value):
        matches = (pattern.match(document.text, at) for at in _standing(literal, document.text))
        spans.extend(match.span() for match in _limited(matches))
    if not spans and isinstance(value, int):
        words = spell_english(value)
        spans = normalised_spans(words, document) if words else []
    return sorted(spans)


def date_spans(iso: str, document: PreparedText) -> list[tuple[int, int]]:
    """Spans at which an ISO date (complete or partial) stands, in figures of any order or with a month's name."""
    parts = _ISO.fullmatch(iso)
    if parts is None:
        return []
    year, month, day = parts.groups()
    if month is None:
        return exact_spans(year, document.text)
    spans: list[tuple[int, int]] = []
    pattern = _date_pattern(year, int(month), int(day) if day else None)
    reached = 0
    spoken = _spelled_day(int(day))[-3:] if day else ""  # 'ird' of 'third'
    for at in _standing(year, document.text):
        begin = max(reached, at - _AROUND_YEAR)
        if day:  # the pattern is only tried where the day may be: it costs much more than this
            around = document.text[begin : at + _AROUND_YEAR]
            if str(int(day)) not in around and spoken not in around.casefold():
                continue
        for found in pattern.finditer(document.text, begin, at + _AROUND_YEAR):
            spans.append(found.span())
            reached = found.end()
    if spans or day is None:
        return spans[:MOST_OCCURRENCES]
    short = _short_year_pattern(year, int(month), int(day))
    for mark in "/.-'’ ":
        for at in _standing(mark + year[2:], document.text):
            begin = max(0, at - _AROUND_YEAR)
            matches = short.finditer(document.text, begin, at + _AROUND_YEAR)
            spans.extend(match.span() for match in matches if match.end() == at + 3)
    return sorted(spans)[:MOST_OCCURRENCES]


def _standing(literal: str, text: str) -> Iterator[int]:
    at = text.find(literal)
    while at >= 0:
        yield at
        at = text.find(literal, at + 1)


def _limited(matches: Iterator[re.Match[str] | None]) -> Iterator[re.Match[str]]:
    return islice((match for match in matches if match is not None), MOST_OCCURRENCES)


def _first(spans: list[tuple[int, int]], near: int | None) -> Placement:
    if not spans:
        return NOT_FOUND
    start, end = next((span for span in spans if near is not None and span[0] >= near), spans[0])
    return Placement(EvidenceStatus.NORMALISED, start, end, 1.0)


def _words(words: str, document: PreparedText, near: int | None) -> Placement:
    """A category's name in its own words; never fuzzy, because other categories may be near it."""
    exact = exact_spans(words.strip(), document.text)
    if exact:
        found = _first(exact, near)
        return Placement(EvidenceStatus.EXACT, found.start, found.end, 1.0)
    for spelling in (words, words.replace("-", " "), words.replace(" ", "-")):
        spans = normalised_spans(spelling, document)
        if spans:
            return _first(spans, near)
    return NOT_FOUND


def _leaves(value: object, document: PreparedText, near: int | None) -> Placement:
    leaves = list(_scalars(value))
    placements = [find_value(leaf, document, _leaf_type(leaf), near) for leaf in leaves]
    found = [placement for placement in placements if placement.found]
    if not found or len(found) < _LEAST_LEAVES * len(leaves):
        return NOT_FOUND
    best = found[0]
    return Placement(EvidenceStatus.FUZZY, best.start, best.end, len(found) / len(leaves))


def _scalars(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _scalars(part)
    elif isinstance(value, list):
        for part in value:
            yield from _scalars(part)
    elif value is not None and not isinstance(value, bool) and str(value).strip():
        yield value


def _leaf_type(leaf: object) -> VariableType:
    if isinstance(leaf, (int, float)):
        return VariableType.NUMBER
    return VariableType.DATE if _ISO.fullmatch(str(leaf)) else VariableType.TEXT


@lru_cache(maxsize=1024)
def _number_patterns(value: int | float) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(leading figures, pattern that matches from there) for each way of writing the number."""
    number = abs(Decimal(str(value)))
    every_word = "|".join(words for _, words in _SCALES)
    forms = [(number, rf"(?!\d|[.,'’]\d|(?:{every_word})(?![^\W\d_]))")]
    for scale, words in _SCALES:
        mantissa = number / scale
        if mantissa >= Decimal("0.1") and -_exponent(mantissa) <= 3:
            forms.append((mantissa, rf"(?:{words})(?![^\W\d_])"))
    return tuple(
        (
            _leading_group(mantissa),
            re.compile(rf"(?<!\d)(?<!\d[.,]){_figures(mantissa)}{ending}", re.IGNORECASE),
        )
        for mantissa, ending in forms
    )


def _leading_group(number: Decimal) -> str:
    """The figures before the first separator that may stand in the number."""
    whole = f"{number:f}".partition(".")[0]
    return whole[: (len(whole) - 1) % 3 + 1]


def _exponent(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "only finite numbers are looked for"
    return min(exponent, 0)


def _figures(number: Decimal) -> str:
    """A pattern of a number's figures, with or without separators and trailing zeros, with either decimal mark."""
    whole, _, fraction = f"{number.normalize():f}".partition(".")
    groups: list[str] = []
    while whole:
        groups.insert(0, whole[-3:])
        whole = whole[:-3]
    integer = "[.,'’\\s\u00a0\u2009\u202f]?".join(groups)
    if fraction:
        return rf"{integer}[.,]{fraction}0*"
    return rf"{integer}(?:[.,](?:0{{1,2}}|-+))?"


@lru_cache(maxsize=1024)
def _date_pattern(year: str, month: int, day: int | None) -> re.Pattern[str]:
    names = sorted(
        {name for language in COMMON_LANGUAGES for name, m in month_names(language).items() if m == month},
        key=lambda name: (-len(name), name),
    )
    word = rf"\b(?:{'|'.join(map(re.escape, names))})\b\.?"
    joint = r"(?:[\s,.'’-]|\b(?:day|of|the|de|del|di|den|in|year)\b){0,8}"
    mm = f"0?{month}"
    if day is None:
        forms = [
            rf"{word}{joint}{year}",
            rf"{mm}[/.-]{year}",
            rf"{year}[-/.]{mm}",
            rf"{year}\s?[年년]\s?{mm}\s?[月월]",
        ]
    else:
        dd = f"0?{day}"
        mark = r"\s?(?:(?:st|nd|rd|th)(?:day)?|er|º|ª|°)?"
        spelled = _spelled_day(day)
        forms = [
            rf"(?:{dd}{mark}{spelled}){joint}{word}{joint}{year}",
            rf"{word}\s*(?:the\s+)?{dd}{mark}[\s,]+{year}",
            rf"{year}[\s.,-]+{word}[\s.,-]*{dd}",
            rf"{dd}\s?[./-]\s?{mm}\s?[./-]\s?{year}",
            rf"{mm}\s?[./-]\s?{dd}\s?[./-]\s?{year}",
            rf"{year}[-/.]{mm}[-/.]{dd}",
            rf"{year}\s?[年년]\s?{mm}\s?[月월]\s?{dd}\s?[日일号]",
        ]
    return re.compile(rf"(?<!\d)(?:{'|'.join(forms)})(?!\d)", re.IGNORECASE)


def _spelled_day(day: int) -> str:
    """An alternative for the day in English words ('|twenty[\\s-]first')."""
    units = wordlist("first second third fourth fifth sixth seventh eighth ninth")
    teens = wordlist(
        "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
    )
    tens = {2: ("twentieth", "twenty"), 3: ("thirtieth", "thirty")}
    if day < 10:
        return f"|{units[day - 1]}"
    if day < 20:
        return f"|{teens[day - 10]}"
    whole, stem = tens[day // 10]
    return f"|{whole}" if day % 10 == 0 else rf"|{stem}[\s-]{units[day % 10 - 1]}"


@lru_cache(maxsize=1024)
def _short_year_pattern(year: str, month: int, day: int) -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name, m in month_names("en").items() if m == month)
    dd, mm, yy = f"0?{day}", f"0?{month}", year[2:]
    return re.compile(
        rf"(?<![\d./-])(?:{dd}[./-]{mm}[./-]{yy}|{mm}[./-]{dd}[./-]{yy}|{dd}[\s.-](?:{names})\.?[\s,.-]*['’]?{yy})(?!\d|[./-]\d)",
        re.IGNORECASE,
    )
