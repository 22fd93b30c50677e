"""Chinese and Japanese numerals: '二十五', '三万五千', '1.2億', '3万5千', '二〇二一'."""

import re
from decimal import Decimal

_DIGITS = {c: n % 10 for n, c in enumerate("〇一二三四五六七八九零壹贰叁肆伍陆柒捌玖")} | {
    "两": 2,
    "兩": 2,
    "壱": 1,
    "弐": 2,
}
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8, "兆": 10**12}
_NUMERAL = "".join([*_DIGITS, *_SMALL, *_LARGE])
_RUN = re.compile(rf"(?:\d[\d,]*(?:\.\d+)?|[{_NUMERAL}])+")
_PART = re.compile(r"\d[\d,]*(?:\.\d+)?|.")
_COUNTERS = "年月日人个個件次倍回歳岁円元名社家%％"  # what a single numeral counts; else it may be part of a word


def cjk_numbers(text: str) -> list[tuple[int, int, Decimal]]:
    """The numbers with Chinese numerals in a text: (start, end, value), in order. Plain figures are left alone.

    A single numeral counts only where it stands alone or before a counter: '一' is part of many words.
    """
    found = []
    for match in _RUN.finditer(text):
        run = match.group()
        if not any(c in _NUMERAL for c in run) or run[0] in "".join(_LARGE):
            continue
        after = text[match.end() : match.end() + 1]
        if len(run) == 1 and text.strip() != run and not (after and after in _COUNTERS):
            continue
        value = read_cjk(run)
        if value is not None:
            found.append((match.start(), match.end(), value))
    return found


def read_cjk(run: str) -> Decimal | None:
    """The value of numerals; None where they make no number."""
    if len(run) > 1 and all(c in _DIGITS for c in run):  # positional: '二〇二一'
        return Decimal("".join(str(_DIGITS[c]) for c in run))
    total, group, digit = Decimal(0), Decimal(0), None
    limit: Decimal | None = None  # of the large scales, each must be below the one before
    for part in _PART.findall(run):
        if part in _DIGITS or part[0].isdigit():
            if digit is not None:
                return None
            digit = Decimal(_DIGITS[part]) if part in _DIGITS else Decimal(part.replace(",", ""))
        elif part in _SMALL:
            group += (Decimal(1) if digit is None else digit) * _SMALL[part]
            digit = None
        else:
            scale = Decimal(_LARGE[part])
            if limit is not None and scale >= limit:
                return None
            total, group, digit, limit = total + (group + (digit or 0)) * scale, Decimal(0), None, scale
    return total + group + (digit or 0)
