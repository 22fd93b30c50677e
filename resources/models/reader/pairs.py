"""Labels and the values that stand with them: 'Effective date: 1 May', table rows, a short line over its value.

Layout only: nothing here knows what is asked. A pair's strength says how sure the layout is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from resources.models.reader.spans import Pair, Span

_LABEL_WORDS = 7
_LABEL_CHARACTERS = 70
_COLUMN_GAP = re.compile(r"(?:\t+| {3,})(?!\s*[:：])")
_COLON = re.compile(r"\s*[:：]\s*")
_LEADER = re.compile(r"\s*(?:\.{3,}|…|_{3,})\s*")
_TRAILING_AMOUNT = re.compile(r"\s(?:[A-Z]{2,3}\s?|[$€£¥₹]\s?)?-?\d[\d.,]*\s?(?:%|€|[A-Z]{3})?$")
_PATH = re.compile(r"(?:[\w\[\]-]+\.)+([^\W\d]\w+)")
_GENERIC_VALUE = re.compile(r"(?:value|wert|valeur|valor|valore|waarde|content|answer|entry|detail)s?", re.I)
_CURRENCY_ONLY = re.compile(r"[A-Z]{2,3}|[$€£¥₹]")
_RULE_ROW = re.compile(r"[\s|:+=-]+")
_BULLET = re.compile(r"(?:[-*•–▪◦·]\s+|\(?\d{1,2}[.)]\s+|\(?[a-zA-Z][.)]\s+|#+\s+)")
_MARKS = "*_`¦ "


def _trim(text: str, start: int, end: int, marks: str = _MARKS) -> Span:
    while start < end and (text[start].isspace() or text[start] in marks):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in marks):
        end -= 1
    return Span(start, end)


def _is_label(text: str, span: Span) -> bool:
    words = span.of(text)
    return (
        0 < len(words) <= _LABEL_CHARACTERS
        and len(words.split()) <= _LABEL_WORDS
        and any(c.isalpha() for c in words)
        and not words.endswith((";", ","))
        and (not words.endswith(".") or len(words) <= 20)
        and "://" not in words
    )


def cells_of(text: str, line: Span) -> list[Span]:
    """The cells of a table row ('| a | b |', 'a | b', tab or wide gaps), trimmed; one cell for other lines."""
    cells: list[Span] = []
    if "|" in line.of(text):
        start = line.start + (text[line.start] == "|")
        stop = line.end - (text[line.end - 1] == "|" and line.end - 1 > start)
        for part in re.finditer(r"[^|]*\|?", text[start:stop]):
            if part.group():
                end = start + part.end() - part.group().endswith("|")
                cells.append(_trim(text, start + part.start(), end))
        return cells
    start = line.start
    for gap in _COLUMN_GAP.finditer(text, line.start, line.end):
        cells.append(_trim(text, start, gap.start()))
        start = gap.end()
    cells.append(_trim(text, start, line.end))
    return [cell for cell in cells if cell.end > cell.start]


def _colon_pair(text: str, cell: Span, row: Span) -> Pair | None:
    match = _COLON.search(text, cell.start, min(cell.end, cell.start + _LABEL_CHARACTERS + 4))
    if match is None:
        return None
    bullet = _BULLET.match(text, cell.start, match.start())
    label = _trim(text, bullet.end() if bullet else cell.start, match.start())
    value = _trim(text, match.end(), cell.end)
    if path := _PATH.fullmatch(text, label.start, label.end):
        label = Span(path.start(1), label.end)  # the last step of a path names the value
    if not _is_label(text, label) or (text[match.start() : match.end()] == ":" and _inside_word(text, match)):
        return None
    return Pair(label, value, 1.0, row)


def _inside_word(text: str, match: re.Match[str]) -> bool:
    """A colon between digits (12:30) or before slashes is no label's colon."""
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    return (before.isdigit() and after.isdigit()) or after == "/"


def _row_pairs(text: str, cells: Sequence[Span], row: Span) -> Iterator[Pair]:
    """Pairs within one row: cells with colons, a colon cell before its value, or label cell and value cells."""
    colons = [_colon_pair(text, cell, row) for cell in cells]
    for index, pair in enumerate(colons):
        if pair is None:
            continue
        if pair.value.end > pair.value.start:
            more = index + 1 < len(cells) and colons[index + 1] is None  # a row of a table, not one value
            if more and _CURRENCY_ONLY.fullmatch(text, pair.value.start, pair.value.end):
                yield replace(pair, value=Span(pair.value.start, cells[index + 1].end))
                continue
            yield replace(pair, strength=0.7) if more else pair
        elif index + 1 < len(cells) and colons[index + 1] is None:
            yield Pair(pair.label, cells[index + 1], 1.0, row)
    yield from _property_pairs(text, colons, row)
    if any(colons) or len(cells) < 2:
        return
    for index, cell in enumerate(cells[1:], start=1):
        if cell.end > cell.start and _is_label(text, cells[0]):
            yield Pair(cells[0], cell, 0.95 if len(cells) == 2 else 0.85 if index == 1 else 0.55, row)
    for label, value in zip(cells[2::2], cells[3::2], strict=False):  # 'Reference | HP-7 | Term | 1 May'
        if len(cells) % 2 == 0 and value.end > value.start and _is_label(text, label):
            yield Pair(label, value, 0.75, row)


def _property_pairs(text: str, colons: Sequence[Pair | None], row: Span) -> Iterator[Pair]:
    """'Item: Floor area | Value: 137.5': the first cell's value names that of the next one."""
    first, *rest = colons or [None]
    if first is None or not rest or rest[0] is None or not _is_label(text, first.value):
        return
    if any(c.isdigit() for c in first.value.of(text)) or rest[0].value.end <= rest[0].value.start:
        return
    generic = _GENERIC_VALUE.fullmatch(rest[0].label.of(text)) is not None
    yield Pair(first.value, rest[0].value, 0.95 if generic else 0.6, row)


def _line_pairs(text: str, line: Span) -> Iterator[Pair]:
    """Pairs of a line without columns: dot leaders and a trailing amount."""
    for pattern, strength in ((_LEADER, 0.9), (_TRAILING_AMOUNT, 0.8)):
        match = pattern.search(text, line.start, line.end)
        if match is None:
            continue
        label = _trim(text, line.start, match.start(), _MARKS + ":")
        value = _trim(text, match.start() if pattern is _TRAILING_AMOUNT else match.end(), line.end)
        if _is_label(text, label) and value.end > value.start:
            yield Pair(label, value, strength, line)
            return


def _column_pairs(text: str, header: Sequence[Span], cells: Sequence[Span], row: Span) -> Iterator[Pair]:
    for label, cell in zip(header, cells, strict=False):
        if cell.end > cell.start and _is_label(text, label):
            yield Pair(label, cell, 0.9, row)


def _below(text: str, line: Span, following: Span) -> Iterator[Pair]:
    """A short line over its value: sure with a colon at its end, a guess without."""
    ends_with_colon = text[line.end - 1] in ":："
    label = _trim(text, line.start, line.end, _MARKS + ":：#")
    if not _is_label(text, label) or text[following.start : following.end].endswith((":", "：")):
        return
    if ends_with_colon and (other := _colon_pair(text, following, following)) and other.value.end > other.value.start:
        return  # an empty field above the next label
    short = len(label.of(text).split()) <= 5
    near = text.count("\n", line.end, following.start) <= 2
    if ends_with_colon and near:
        yield Pair(label, following, 0.85, Span(line.start, following.end))
    elif short and near and not any(c.isdigit() for c in label.of(text)):
        short_value = following.end - following.start <= 80
        yield Pair(label, following, 0.65 if short_value else 0.45, Span(line.start, following.end))


def pairs_of(text: str, lines: Sequence[Span]) -> list[Pair]:
    """Every label with its value, in the order of the text; one value may stand under several labels."""
    found: list[Pair] = []
    header: list[Span] = []
    pipe_before = False
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else None
        cells = cells_of(text, line)
        pipe = "|" in line.of(text)
        if pipe and _RULE_ROW.fullmatch(text, line.start, line.end):
            header = cells_of(text, lines[index - 1]) if index else []
            pipe_before = True
            continue
        if pipe and not pipe_before:
            header = [] if any(_colon_pair(text, cell, line) for cell in cells) else cells
        elif pipe and len(header) == len(cells):
            found.extend(_column_pairs(text, header, cells, line))
        found.extend(_row_pairs(text, cells, line))
        pipe_before = pipe
        if pipe or len(cells) > 1:
            continue
        if _colon_pair(text, line, line) is None:
            found.extend(_line_pairs(text, line))
        if (following is not None and (pair := _colon_pair(text, line, line)) is None) or (
            following is not None and pair is not None and pair.value.end == pair.value.start
        ):
            found.extend(_below(text, line, following))
    return found
