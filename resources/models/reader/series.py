"""Series: stretches of a text that stand side by side and are of one kind, so that they can be counted.

Rows of a table, items of a list, sections with a running number ('Patient 1', 'Patient 2'), and enumerations within
a sentence ('(a) …, (b) …'). Layout only: nothing here knows what is asked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from resources.models.reader.layout import lines_of
from resources.models.reader.pairs import cells_of
from resources.models.reader.spans import Span
from resources.models.reader.words import fold, word_set

_FEWEST = 2  # items that make a series
_WIDE = 3  # cells of a row that has several columns
_WRAPPED = 80  # characters of a line that a cell was continued in
_LEAD_IN = 160  # characters of the line before a series that may introduce it
_RULE_ROW = re.compile(r"[\s|:+=-]+")
_TOTALS = re.compile(
    r"\W*(?:(?:sub|grand|net|gross)?[\s-]*totals?|sum|amount due|balance due|vat|tax|gesamt\w*|summe|zwischensumme"
    r"|mwst|ust|netto|brutto|total général|sous-total|tva|totale|subtotal|suma)\b",
    re.IGNORECASE,
)
_COLUMN_NAMES = word_set(
    """
    no nr number id name item description quantity qty unit price amount date type role title code reference ref
    position pos beschreibung menge preis betrag datum bezeichnung nom montant quantite prix designation
    """
)
_MARKER = re.compile(
    r"(?P<bullet>[-*•–▪◦·‣●○])\s+|(?P<open>\(?)(?P<number>\d{1,3})(?P<close>[.)])\s+"
    r"|(?P<open2>\(?)(?P<letter>[a-zA-Z])(?P<close2>[.)])\s+|(?P<open3>\(?)(?P<roman>[ivxIVX]{1,6})(?P<close3>[.)])\s+"
)
_NUMBERED = re.compile(
    r"(?:#{1,6}\s+|\*\*|__)?(?P<label>[^\W\d_][\w-]*(?:\s[^\W\d_][\w-]*){0,2})\s+(?:[Nn]o\.?\s*|[Nn]r\.?\s*|#\s*)?"
    r"(?P<number>\d{1,4})\b(?![.,/-]\d|\s*%)"
)
_INLINE = re.compile(r"(?<![\w)])\((?P<mark>[a-z]|\d{1,2}|[ivx]{1,5})\)\s+(?=\S)")
_ROMANS = {"i": 1, "v": 5, "x": 10}


class SeriesKind(StrEnum):
    """What the items of a series are."""

    TABLE = "table rows"
    LIST = "list items"
    SECTIONS = "numbered sections"
    INLINE = "enumerated items"


@dataclass(frozen=True, slots=True)
class Series:
    """Items in text order, without header and total rows; `header` is a table's first row, `lead` what introduces it.

    `label` is the word that sections are numbered with ('Patient'), else empty.
    """

    kind: SeriesKind
    items: tuple[Span, ...]
    header: Span | None = None
    lead: Span | None = None
    label: str = ""


def series_of(text: str) -> list[Series]:
    """Every series of the text, in the order of their first items. Series may lie within each other."""
    lines = lines_of(text)
    found = [*_tables(text, lines), *_lists(text, lines), *_sections(text, lines), *_inline(text)]
    return sorted(found, key=lambda series: (series.items[0].start, series.kind))


def roman(word: str) -> int | None:
    """The value of a small roman numeral, None for other letters."""
    total = last = 0
    for letter in reversed(word.lower()):
        value = _ROMANS.get(letter)
        if value is None:
            return None
        total += value if value >= last else -value
        last = max(last, value)
    return total or None


def _gap(text: str, before: Span, after: Span) -> int:
    """Line ends between two lines."""
    return text.count("\n", before.end, after.start)


def _lead(text: str, lines: Sequence[Span], first: int) -> Span | None:
    """The short line before line number `first`."""
    if not first:
        return None
    line = lines[first - 1]
    return line if line.end - line.start <= _LEAD_IN or text[line.end - 1] == ":" else None


def _tables(text: str, lines: Sequence[Span]) -> list[Series]:
    found: list[Series] = []
    rows: list[Span] = []
    first = 0  # the line with which the rows begin
    for number, line in enumerate([*lines, None]):
        close = line is not None and bool(rows) and _gap(text, rows[-1], line) == 1
        if line is not None and _is_row(text, line) and (close or not rows):
            first = first if rows else number
            rows.append(line)
            continue
        if line is not None and close and _wrapped(text, line, lines, number):
            rows[-1] = Span(rows[-1].start, line.end)
            continue
        if len(rows) >= _FEWEST:
            made = _table(text, rows, _lead(text, lines, first))
            if made is not None:
                found.append(made)
        rows, first = ([line], number) if line is not None and _is_row(text, line) else ([], 0)
    return _joined(text, found)


def _wrapped(text: str, line: Span, lines: Sequence[Span], number: int) -> bool:
    """Whether a line without cells is the rest of the row above it: short, and the next row follows at once."""
    if line.end - line.start > _WRAPPED or number + 1 >= len(lines):
        return False
    following = lines[number + 1]
    return _gap(text, line, following) == 1 and _is_row(text, following)


def _is_row(text: str, line: Span) -> bool:
    words = line.of(text)
    if " | " in words or (words.startswith("|") and words.count("|") > 1):
        return True
    return "\t" in words and len(cells_of(text, line)) >= 2


def _table(text: str, rows: Sequence[Span], lead: Span | None) -> Series | None:
    header = rows[0] if _is_header(text, rows) else None
    wording = fold(header.of(text)) if header else None
    counts = sorted(len(_filled(text, row)) for row in rows)
    usual = counts[len(counts) // 2]
    items = []
    totalled = False
    for row in rows:
        width = len(_filled(text, row))
        totalled = totalled or bool(_TOTALS.match(text, row.start, row.end))
        if (
            row == header
            or _RULE_ROW.fullmatch(row.of(text))
            or fold(row.of(text)) == wording  # repeated on the next page
            or _TOTALS.match(text, row.start, row.end)
            or (totalled and width < usual)  # what is taken off or added below the total
            or (usual >= _WIDE and width <= 1)  # a heading within the table
        ):
            continue
        items.append(row)
    return Series(SeriesKind.TABLE, tuple(items), header, lead) if len(items) >= _FEWEST else None


def _filled(text: str, row: Span) -> list[Span]:
    return [cell for cell in cells_of(text, row) if cell.end > cell.start]


def _is_header(text: str, rows: Sequence[Span]) -> bool:
    if len(rows) > 1 and _RULE_ROW.fullmatch(rows[1].of(text)) and "|" in rows[1].of(text):
        return True
    names = [cell.of(text) for cell in _filled(text, rows[0])]
    if any(character.isdigit() for name in names for character in name) or any(": " in name for name in names):
        return False
    if all(f"{name}: " in rows[1].of(text) for name in names[:1]):
        return True  # rows that carry the column names, as those of spreadsheets do
    with_digits = sum(any(c.isdigit() for c in row.of(text)) for row in rows[1:])
    named = any(fold(word.strip(".:#°")) in _COLUMN_NAMES for name in names for word in name.split())
    return 2 * with_digits > len(rows) - 1 or named


def _joined(text: str, tables: list[Series]) -> list[Series]:
    """Tables that a page break cut in two: the second repeats the header, or follows at once with as many cells."""
    joined: list[Series] = []
    for table in tables:
        last = joined[-1] if joined else None
        if last is not None and _continues(text, last, table):
            joined[-1] = Series(last.kind, last.items + table.items, last.header, last.lead)
        else:
            joined.append(table)
    return joined


def _continues(text: str, last: Series, table: Series) -> bool:
    if last.header and table.header:
        return fold(last.header.of(text)) == fold(table.header.of(text))
    between = text[last.items[-1].end : table.items[0].start]
    width = len(cells_of(text, last.items[-1]))
    return table.header is None and not between.strip() and width == len(cells_of(text, table.items[0]))


def _lists(text: str, lines: Sequence[Span]) -> list[Series]:
    """Lists by their markers; numbers and letters must rise by one from 1 or a, bullets must be alike."""
    open_: dict[str, list[int]] = {}
    values: dict[str, int] = {}
    found: list[Series] = []

    def close(style: str) -> None:
        numbers = open_.pop(style, [])
        if len(numbers) >= _FEWEST:
            found.append(Series(SeriesKind.LIST, _items(lines, numbers), lead=_lead(text, lines, numbers[0])))

    for number, line in enumerate(lines):
        match = _MARKER.match(text, line.start, line.end)
        if match is None:
            if number and _gap(text, lines[number - 1], line) > 1:  # a new paragraph ends lists of bullets
                for style in [style for style in open_ if style.startswith("bullet")]:
                    close(style)
            continue
        for style, value in _styles(text, match, line):
            if style in open_ and value == (0 if style.startswith("bullet") else values[style] + 1):
                open_[style].append(number)
            elif value in (0, 1):
                close(style)
                open_[style] = [number]
            else:
                continue
            values[style] = value
            break
    for style in list(open_):
        close(style)
    return found


def _styles(text: str, match: re.Match[str], line: Span) -> list[tuple[str, int]]:
    """What a marker may be: (style, value); a letter may be a roman numeral as well."""
    indent = line.start - (text.rfind("\n", 0, line.start) + 1)
    if match["bullet"]:
        return [(f"bullet {match['bullet']} {indent}", 0)]
    if match["number"]:
        return [(f"number {match['open']}{match['close']}", int(match["number"]))]
    word = match["letter"] or match["roman"]
    close = f"{match['open2'] or match['open3'] or ''}{match['close2'] or match['close3']}"
    styles = []
    if len(word) == 1:
        styles.append((f"{'A' if word.isupper() else 'a'} {close}", ord(word.lower()) - ord("a") + 1))
    value = roman(word)
    if value is not None:
        styles.append((f"{'I' if word.isupper() else 'i'} {close}", value))
    return styles


def _items(lines: Sequence[Span], numbers: Sequence[int]) -> tuple[Span, ...]:
    """Each item with the lines that follow it, up to the next item; the last one is its own line."""
    ends = [lines[following - 1].end for following in numbers[1:]] + [lines[numbers[-1]].end]
    return tuple(Span(lines[number].start, end) for number, end in zip(numbers, ends, strict=True))


def _sections(text: str, lines: Sequence[Span]) -> list[Series]:
    runs: dict[str, list[int]] = {}
    last: dict[str, int] = {}
    labels: dict[str, str] = {}
    for number, line in enumerate(lines):
        match = _NUMBERED.match(text, line.start, line.end)
        if match is None or _is_row(text, line):
            continue
        label, value = fold(match["label"]), int(match["number"])
        if (label in runs and value == last[label] + 1) or label not in runs:
            runs.setdefault(label, []).append(number)
            last[label] = value
            labels.setdefault(label, match["label"])
    found = []
    for label, numbers in runs.items():
        if len(numbers) >= _FEWEST:
            items = list(_items(lines, numbers))
            items[-1] = Span(items[-1].start, _section_end(text, lines, numbers[-1]))
            found.append(
                Series(SeriesKind.SECTIONS, tuple(items), lead=_lead(text, lines, numbers[0]), label=labels[label])
            )
    return found


def _section_end(text: str, lines: Sequence[Span], number: int) -> int:
    """Where the last numbered section ends: before the next heading, else with the text."""
    marked = text[lines[number].start] == "#"
    end = lines[number].end
    for line in lines[number + 1 :]:
        words = line.of(text)
        if words.startswith("#") if marked else (words.isupper() and len(words) > 3):
            break
        end = line.end
    return end


def _inline(text: str) -> list[Series]:
    """Enumerations within a paragraph; at least three items, since '(a) … (b)' alone is often a reference."""
    found: list[Series] = []
    run: list[re.Match[str]] = []

    def close() -> None:
        if len(run) >= 3:
            ends = [match.start() for match in run[1:]] + [_sentence_end(text, run[-1].end())]
            items = tuple(
                Span(match.start(), match.start() + len(text[match.start() : end].rstrip(" \n,;")))
                for match, end in zip(run, ends, strict=True)
            )
            start = max(text.rfind("\n", 0, run[0].start()) + 1, run[0].start() - _LEAD_IN)
            found.append(Series(SeriesKind.INLINE, items, lead=Span(start, run[0].start())))
        run.clear()

    for match in _INLINE.finditer(text):
        if run and "\n\n" in text[run[-1].end() : match.start()]:
            close()
        if run and _follows(run[-1]["mark"], match["mark"]):
            run.append(match)
        else:
            close()
            if (
                match["mark"] in ("a", "1", "i")
                and text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
            ):
                run.append(match)
    close()
    return found


def _follows(before: str, after: str) -> bool:
    if before.isdigit() and after.isdigit():
        return int(after) == int(before) + 1
    if len(before) == len(after) == 1 and ord(after) == ord(before) + 1:
        return True
    values = roman(before), roman(after)
    return values[0] is not None and values[1] == values[0] + 1


def _sentence_end(text: str, start: int) -> int:
    match = re.compile(r"[.;](?:\s|$)|\n\n").search(text, start)
    return match.start() if match else len(text)
