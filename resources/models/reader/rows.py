"""Entities without a language model: the rows, items or sections that the pattern's words speak of.

A table or list is taken when the words of the pattern stand in what introduces it, in its columns' names, or before
its running numbers ('each patient' and 'Patient 1'); names of organisations where the pattern asks for such.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from resources.models.reader.analysis import Analysis
from resources.models.reader.pairs import cells_of
from resources.models.reader.series import Series, SeriesKind, series_of
from resources.models.reader.spans import Kind, Span
from resources.models.reader.words import content_stems, stem, stems_of, words_of
from resources.models.request import RowsWanted

_GENERIC = stems_of(
    "row line item entry position record point bullet zeile posten eintrag ligne fila entity name list"
)
_ASKING = stems_of(
    "each every all any list find document mentioned named described section table text jede jeder jedes"
)
_ORGANISATIONS = stems_of(
    "organisation organization company firm corporation business institution supplier vendor party"
)
_NAMING = stems_of("name description item title bezeichnung beschreibung designation nom nombre product article")
_SURE, _LIKELY, _BESIDE, _BARE = 1.0, 0.7, 0.5, 0.4
_TELLING = 0.2  # share of a line's words that must be the pattern's for the line to introduce what it names
_HEADED = 0.15  # what column names add to a table when one of several is chosen
_LEAST = 0.35  # relevance from which a series is taken
_ALONE = 0.5  # share of the text that a table must fill to be the document's one register
_LONGEST_NAME, _LONGEST_QUOTE = 160, 300  # characters
_NUMBERING = 2  # characters of a cell that numbers the rows rather than names them
_MARKER = re.compile(r"(?:[-*•–▪◦·‣●○]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,6})[.)]|#{1,6})\s+")
_NAME_END = re.compile(r"\s[–—-]\s|[;\n]|:\s|\.\s|,\s(?=\w+ing\b|which\b|who\b|with\b|aged\b|a\b|an\b)|\s\(")


def pattern_stems(pattern: str) -> frozenset[str]:
    """The stems that say what an entity is; words with which one asks are left out."""
    return frozenset(content_stems(pattern)) - _ASKING


def relevance(text: str, series: Series, stems: frozenset[str]) -> float:
    """How surely the items of a series are what the stems name, 0 to 1."""
    telling = stems - _GENERIC
    if series.kind is SeriesKind.SECTIONS:
        return _SURE if telling & set(content_stems(series.label)) else 0.0
    if series.header is not None and telling & set(content_stems(series.header.of(text))):
        return _LIKELY
    lead = [] if series.lead is None else content_stems(series.lead.of(text))
    if telling & set(lead):
        return _LIKELY if len(telling & set(lead)) >= _TELLING * len(lead) else _BESIDE
    if series.kind is SeriesKind.TABLE and _named_columns(text, series) & telling:
        return _LIKELY
    return _BARE if stems & _GENERIC and series.kind in (SeriesKind.TABLE, SeriesKind.LIST) else 0.0


def _named_columns(text: str, series: Series) -> set[str]:
    """The stems of column names that each row carries: 'Patient: 12 | Age: 34'."""
    cells = [cell.of(text).partition(": ")[0] for cell in cells_of(text, series.items[0]) if ": " in cell.of(text)]
    return set(content_stems(" ".join(cells)))


def rows_in(analysis: Analysis, wanted: RowsWanted) -> list[dict[str, str]]:
    """The entities of a document, in its order, as `{"name", "source_text"}`, without those known before."""
    text, stems = analysis.text, pattern_stems(wanted.pattern)
    found = [
        {"name": name, "source_text": item.of(text)[:_LONGEST_QUOTE].split("\n\n")[0].strip()}
        for series in _chosen(text, _series(text), stems)
        for item in series.items
        if (name := name_of_item(text, series, item, stems))
    ]
    if not found and stems & _ORGANISATIONS:
        found = _organisations(analysis)
    known = set(wanted.known)
    return [row for row in found if row["name"] not in known]


def text_of_row(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """What the document says about one row alone: its stretches, and the column names of a table above them."""
    parts: list[str] = []
    for start, end in spans:
        header = _header_at(text, start)
        parts.append(f"{header}\n{text[start:end]}" if header else text[start:end])
    return "\n\n".join(parts)


def _header_at(text: str, start: int) -> str:
    for series in _series(text):
        if series.header is not None and any(item.start <= start < item.end for item in series.items):
            return series.header.of(text)
    return ""


@lru_cache(maxsize=8)
def _series(text: str) -> tuple[Series, ...]:
    return tuple(series_of(text))


def _chosen(text: str, series: Sequence[Series], stems: frozenset[str]) -> list[Series]:
    rated = [
        (score + _HEADED * (one.header is not None) if (score := relevance(text, one, stems)) else 0.0, one)
        for one in series
    ]
    best = max((score for score, _ in rated), default=0.0)
    if best >= _LEAST:
        return _outermost([one for score, one in rated if score >= best])
    tables = [one for one in series if one.kind is SeriesKind.TABLE]
    if len(tables) == 1 and sum(item.end - item.start for item in tables[0].items) >= _ALONE * len(text):
        return tables  # the document is one register
    return []


def _outermost(chosen: Sequence[Series]) -> list[Series]:
    """Without series that lie within an item of another: the sub-items of a list are no entities of their own."""
    return [
        one
        for one in chosen
        if not any(
            item.start <= one.items[0].start and one.items[-1].end <= item.end
            for other in chosen
            if other is not one
            for item in other.items
        )
    ]


def name_of_item(text: str, series: Series, item: Span, stems: frozenset[str]) -> str:
    """What an item is called: the cell of the naming column, the numbered label, or the words up to a break."""
    if series.kind is SeriesKind.TABLE:
        return _name_of_row(text, series, item, stems)
    line = item.of(text).partition("\n")[0]
    if series.kind is SeriesKind.SECTIONS:
        match = re.match(r"\W*(" + re.escape(series.label) + r"\W+(?:[Nn][or]\.?\s*)?\d+)", line, re.IGNORECASE)
        return match.group(1) if match else line[:_LONGEST_NAME]
    marker = _MARKER.match(line)
    words = line[marker.end() :] if marker else line
    cut = _NAME_END.search(words)
    return (words[: cut.start()] if cut else words).strip(" .,;*_")[:_LONGEST_NAME]


def _name_of_row(text: str, series: Series, item: Span, stems: frozenset[str]) -> str:
    """The cell under the column that names, else the first with letters, else the first."""
    cells = cells_of(text, item)
    header = cells_of(text, series.header) if series.header is not None else []
    best, name = -1.0, ""
    for number, cell in enumerate(cells):
        words = cell.of(text)
        column, colon, value = words.partition(": ")
        above = header[number].of(text) if len(header) == len(cells) else ""
        if not colon or not column[:1].isalpha() or (above and above != column):
            column, value = above, words
        if not value.strip():
            continue
        labels = {stem(word) for word in words_of(column)}
        score = 2.0 * bool(labels & (stems - _GENERIC)) + 1.0 * bool(labels & _NAMING)
        score += 0.5 * any(c.isalpha() for c in value) - 0.01 * number
        score -= 2.0 * (len(value.strip()) <= _NUMBERING)
        if score > best:
            best, name = score, value.strip()
    return name[:_LONGEST_NAME]


def _organisations(analysis: Analysis) -> list[dict[str, str]]:
    text = analysis.text
    found: dict[str, dict[str, str]] = {}
    for mention in analysis.names:
        if mention.kind is Kind.ORGANISATION:
            name = mention.span.of(text)
            number = analysis.sentence_at(mention.start)
            quote = (
                name if number is None else text[analysis.sentences[number].start : analysis.sentences[number].end]
            )
            found.setdefault(name, {"name": name, "source_text": quote if len(quote) <= _LONGEST_QUOTE else name})
    return list(found.values())
