"""Which amounts are totals: those that are the sum of amounts before them, and those that say what they include."""

import re
from collections.abc import Sequence
from itertools import pairwise

from resources.models.reader.spans import Kind, Mention, Span

_LEAST = 50.0  # smaller sums agree by chance
_REACH = 30  # amounts that one sum may have
_SENTENCE_REACH = 4
_NEAREST = 400  # characters between two amounts of one sum
_EXACT = 0.011
_TAX = r"(?:VAT|tax|MwSt\.?|USt\.?|Mehrwertsteuer|TVA|IVA|BTW|GST)"
_FIGURE = re.compile(r"\d{3}|\d[.,]\d\d")  # words beyond another amount speak of that one
_WITH_TAX = re.compile(
    rf"\b(?:inc(?:l|luding|lusive|\.)*\.?(?: of)?|with|plus all)\s+{_TAX}"
    rf"|\b{_TAX}[ ,]+(?:included|incl|inclusive|and)"
    r"|\b(?:brutto|gross|TTC|IVA incluido|all in|inkl\.? (?:MwSt|USt))\b|\binc(?:l)?_(?:vat|tax)",
    re.IGNORECASE,
)
_WITHOUT_TAX = re.compile(
    rf"\b(?:excl(?:uding|usive|\.)*\.?(?: of)?|without|before|plus|ohne|zzgl\.?|hors)\s+{_TAX}|\b(?:netto?|net|HT)\b",
    re.IGNORECASE,
)


def size_of(words: str) -> float:
    """The figure as a number, its last separator taken for the decimal one when one or two digits follow it."""
    digits = re.sub(r"[^\d.,]", "", words).strip(".,")
    if not digits:
        return 0.0
    place = max(digits.rfind("."), digits.rfind(","))
    if place >= 0 and 1 <= len(digits) - place - 1 <= 2:
        return float(re.sub(r"\D", "", digits[:place]) or "0") + float(f"0.{digits[place + 1 :]}")
    return float(re.sub(r"\D", "", digits))


def find_sums(text: str, numbers: Sequence[Mention], lines: Sequence[Span]) -> frozenset[int]:
    """Where amounts begin that are the exact sum of two or more before them: in the lines above, or in the prose."""
    amounts = [
        m for m in numbers if m.kind in (Kind.MONEY, Kind.NUMBER) and any(c.isdigit() for c in m.span.of(text))
    ]
    ends = iter([line.end for line in lines])
    end = next(ends, len(text))
    by_line: list[Mention] = []
    for mention, following in pairwise([*amounts, Mention(len(text), len(text), Kind.NUMBER)]):
        while end < mention.end:
            end = next(ends, len(text))
        if following.start >= end:
            by_line.append(mention)
    money = [mention for mention in amounts if mention.kind is Kind.MONEY]
    return frozenset([*_sums(text, by_line, _REACH), *_sums(text, money, _SENTENCE_REACH)])


def _sums(text: str, amounts: Sequence[Mention], reach: int) -> list[int]:
    sizes = [size_of(mention.span.of(text)) for mention in amounts]
    found = []
    for index, size in enumerate(sizes):
        if size < _LEAST:
            continue
        total = 0.0
        for terms, before in enumerate(range(index - 1, max(-1, index - 1 - reach), -1), start=1):
            if amounts[before + 1].start - amounts[before].end > _NEAREST or total > size:
                break
            total += sizes[before]
            if terms >= 2 and abs(total - size) < _EXACT:
                found.append(amounts[index].start)
                break
    return found


def asks_with_tax(instructions: str) -> bool | None:
    """Whether amounts with tax are asked for, or without; None when the instructions do not say."""
    if _WITH_TAX.search(instructions):
        return True
    return False if _WITHOUT_TAX.search(instructions) else None


def says_tax(text: str, row: Span, mention: Mention) -> bool | None:
    """Whether the words round the amount say that it is with tax, or without; None when they do not say."""
    before = _FIGURE.split(text[max(row.start, mention.start - 60) : mention.start])[-1]
    after = _FIGURE.split(text[mention.end : min(row.end, mention.end + 30)])[0]
    for pattern, answer in ((_WITH_TAX, True), (_WITHOUT_TAX, False)):
        if pattern.search(after) or pattern.search(before):
            return answer
    return None
