"""Dates that are written in other figures, words or eras, rewritten so that one reading fits all.

'٣ مارس ٢٠٢١' gets ASCII figures, '令和三年三月三日' becomes '2021年3月3日', 'cinco de mayo de dos mil veinte' becomes
'5 de mayo de 2020', and a range that names its month or year once names it twice: '3-5 March 2020' becomes
'3 March 2020 – 5 March 2020'.
"""

import re
import unicodedata

from crucible_assets.extractions.coercion.cjk import read_cjk
from crucible_assets.extractions.coercion.months import month_of
from crucible_assets.extractions.coercion.spelled import spelled_numbers
from crucible_assets.extractions.coercion.wordlist import wordlist

_ORDINAL_WORDS = {
    word: n
    for n, word in enumerate(
        wordlist(
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
            "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
        ),
        start=1,
    )
} | {"thirtieth": 30}
_ORDINALS = _ORDINAL_WORDS | {
    f"{tens}-{word}": base + n
    for tens, base, words in (
        ("twenty", 20, list(_ORDINAL_WORDS)[:9]),
        ("thirty", 30, ["first"]),
    )
    for n, word in enumerate(words, start=1)
}
_SPELLED_DAY = re.compile(
    r"\b(" + "|".join(sorted((o.replace("-", r"[\s-]") for o in _ORDINALS), key=len, reverse=True)) + r")\b"
    r"(?!\s+(?:quarter|half))",
    re.IGNORECASE,
)
_FIRST_DAY = re.compile(
    r"\b(?:premier|primero|primo|primeiro|ersten?)(?=\s+(?:de\s+|di\s+)?[^\W\d_]{3,})", re.IGNORECASE
)
# First year of an era less one; the era of Taiwan counts from 1912. Sources: the laws that named them.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "民國": 1911, "民国": 1911}
_ERA_LETTERS = {"R": 2018, "H": 1988, "S": 1925, "T": 1911, "M": 1867}
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s*(\d{{1,3}}|元)\s*年")
_ERA_SHORT = re.compile(r"(?<![A-Za-z])([RHSTM])\s?(\d{1,2})\s?[./年]\s?(\d{1,2})\s?[./月]\s?(\d{1,2})(?![\d./])日?")
_CJK_FIGURES = re.compile(r"[〇零一二三四五六七八九十]+(?=\s*[年月日])")
_LEVANTINE = {  # the names of the months in the Levant and Iraq, and those that the locale data know
    "كانون الثاني": "يناير", "شباط": "فبراير", "آذار": "مارس", "نيسان": "أبريل", "أيار": "مايو", "حزيران": "يونيو",
    "تموز": "يوليو", "آب": "أغسطس", "أيلول": "سبتمبر", "تشرين الأول": "أكتوبر", "تشرين الثاني": "نوفمبر",
    "كانون الأول": "ديسمبر",
}  # fmt: skip
_LEVANT = re.compile("|".join(sorted(_LEVANTINE, key=len, reverse=True)))

YEAR = r"(?:1\d{3}|2\d{3})"
MARK = r"(?:\s?(?:st|nd|rd|th|er|re|ste|de|º|ª|°|:a|:e)(?:\b|(?=day\b))|\.)?"
JOINT = r"(?:[\s,.'’-]|(?<=[a-z])day\b|\b(?:day|of|the|de|del|di|den|d)\b)*"
WORD = r"([^\W\d_]{3,14})\.?"
_TO = r"(?:to|until|till|through|bis|au|à|al|a|até|ao|t/m|tot|do|till|по|до|and|und|et|y|e|en|och|i|и)"
_SEPARATOR = rf"(\s*[-–—~〜～]\s*|\s+{_TO}\s+(?:the\s+|zum\s+|den\s+|le\s+|el\s+|il\s+)?)"
_DAYS_OF_MONTH = re.compile(
    rf"(?<![\d./-])(\d{{1,2}}){MARK}{_SEPARATOR}(\d{{1,2}}){MARK}{JOINT}\b{WORD}{JOINT}({YEAR})(?!\d)", re.IGNORECASE
)
_MONTH_OF_DAYS = re.compile(
    rf"\b{WORD}\s*(\d{{1,2}}){MARK}{_SEPARATOR}(\d{{1,2}}){MARK}(?:\s*,\s*|\s+)({YEAR})(?!\d)", re.IGNORECASE
)
_MONTHS_OF_YEAR = re.compile(
    rf"(?<![\d.,])(\d{{1,2}}{MARK}{JOINT}\b)?{WORD}(\s\d{{1,2}}{MARK})?{_SEPARATOR}"
    rf"(\d{{1,2}}{MARK}{JOINT}\b)?{WORD}(\s\d{{1,2}}{MARK})?(?:\s*,\s*|\s+(?:de\s+|del\s+)?)({YEAR})(?!\d)",
    re.IGNORECASE,
)
_FIGURES_OF_MONTH = re.compile(rf"(?<![\d./-])(\d{{1,2}})\.?\s*[-–—]\s*(\d{{1,2}})([./])(\d{{1,2}})\3({YEAR})(?!\d)")
_FIGURES_OF_YEAR = re.compile(
    rf"(?<![\d./-])(\d{{1,2}}\.\s?\d{{1,2}}\.)\s*(?:[-–—]|bis)\s*(\d{{1,2}}\.\s?\d{{1,2}}\.)\s?({YEAR})(?!\d)"
)
_GLUED = re.compile(rf"(?<=[./-])({YEAR})\s*[-–—]\s*(?=\d{{1,2}}[./-]\d{{1,2}}[./-]\d)")
_INTERVAL = re.compile(r"(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)")
_CJK_RANGE = re.compile(
    r"(\d{4}年)\s*(\d{1,2}月)\s*(\d{1,2}日)?\s*(?:から|至|到|[-–—~〜～])\s*(?:(\d{1,2}月)\s*)?(\d{1,2}日)?(?!\d)"
)


def rewritten_date(text: str, language: str | None) -> str:
    """The text with its dates in ASCII figures, western years and complete ranges; everything else as it is."""
    plain = " ".join(text.split())
    plain = "".join(str(unicodedata.decimal(c)) if c.isdecimal() and not c.isascii() else c for c in plain)
    plain = _LEVANT.sub(lambda m: _LEVANTINE[m.group()], plain)
    plain = _CJK_FIGURES.sub(lambda m: str(read_cjk(m.group()) or m.group()), plain)
    plain = _ERA.sub(lambda m: f"{_ERAS[m[1]] + (1 if m[2] == '元' else int(m[2]))}年", plain)
    if (language or "")[:2].lower() == "ja":
        plain = _ERA_SHORT.sub(lambda m: f"{_ERA_LETTERS[m[1]] + int(m[2])}年{m[3]}月{m[4]}日", plain)
    plain = _SPELLED_DAY.sub(lambda m: str(_ORDINALS[re.sub(r"\s", "-", m.group(1).lower())]), plain)
    return _complete_ranges(_spelled(_FIRST_DAY.sub("1", plain), language), language)


def _spelled(text: str, language: str | None) -> str:
    """Years in words, and days in words before a month, as figures."""
    found = spelled_numbers(text, language)
    joined: list[tuple[int, int, int]] = []
    for start, end, value in found:
        before = joined[-1] if joined else None
        if before and 17 <= before[2] <= 20 and 10 <= value <= 99 and not text[before[1] : start].strip(" -"):
            joined[-1] = (before[0], end, before[2] * 100 + value)  # 'nineteen ninety-eight'
        else:
            joined.append((start, end, value))
    for start, end, value in reversed(joined):
        month = re.compile(rf"\s+(?:de\s+|di\s+|of\s+)?{WORD}").match(text, end)
        day = value <= 31 and month is not None and month_of(month.group(1), language) is not None
        if day or 1000 <= value < 3000:
            text = f"{text[:start]}{value}{text[end:]}"
    return text


def _complete_ranges(text: str, language: str | None) -> str:
    def is_month(word: str) -> bool:
        return month_of(word, language) is not None

    def days_of_month(m: re.Match[str]) -> str:
        first, separator, last, month, year = m.groups()
        return f"{first} {month} {year} {separator.strip()} {last} {month} {year}" if is_month(month) else m.group()

    def month_of_days(m: re.Match[str]) -> str:
        month, first, separator, last, year = m.groups()
        return f"{first} {month} {year} {separator.strip()} {last} {month} {year}" if is_month(month) else m.group()

    def months_of_year(m: re.Match[str]) -> str:
        day, month, behind, separator, last_day, last_month, last_behind, year = m.groups(default="")
        if not is_month(month) or not is_month(last_month):
            return m.group()
        first, last = _digits(day + behind), _digits(last_day + last_behind)
        return f"{first} {month} {year} {separator.strip()} {last} {last_month} {year}".strip()

    for pattern, complete in (
        (_DAYS_OF_MONTH, days_of_month),
        (_MONTH_OF_DAYS, month_of_days),
        (_MONTHS_OF_YEAR, months_of_year),
        (_FIGURES_OF_MONTH, r"\1\3\4\3\5 – \2\3\4\3\5"),
        (_FIGURES_OF_YEAR, r"\1\3 – \2\3"),
        (_GLUED, r"\1 – "),
        (_INTERVAL, r"\1 – \2"),
        (_CJK_RANGE, _cjk_range),
    ):
        text = pattern.sub(complete, text)
    return text


def _cjk_range(m: re.Match[str]) -> str:
    year, month, day, last_month, last_day = m.groups(default="")
    if not last_month and not last_day:
        return m.group()
    return f"{year}{month}{day} – {year}{last_month or month}{last_day}"


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())
