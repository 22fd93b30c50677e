"""JSON fields: the keys that the instructions name, each read like a field of its own, as one object."""

import re
from typing import Any

from resources.models.reader.query import query_of
from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Span
from resources.models.reader.typed import date_candidates, number_candidates
from resources.models.reader.words import content_stems, words_of
from resources.models.request import Field
from resources.vocabulary import VariableType

_QUOTED = re.compile(r"[\"'“‘`]([^\"'“”‘’`]{2,40})[\"'”’`]")
_SNAKE = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
_LIST = re.compile(r"(?:\b(?:keys?|fields?|with|containing|namely)\b|:)\s*:?\s*([^.;\n]+)", re.IGNORECASE)
_ASIDE = r"\s*\(([^)]{1,200})\)"
_NUMERIC = re.compile(r"\b(?:number|numeric|integer|float|year|count|amount|metres|meters)\b", re.I)
_NUMERIC_KEY = re.compile(r"\byear|_(?:m2|kwh?|eur|usd|kg|km|pct|count)$", re.I)
_PLAIN = re.compile(r"\d{1,15}(?:\.\d{1,6})?")
_UNIT_TAIL = re.compile(r"\s(?:m2|kw|kwh|eur|usd|kg|km|pct)$", re.I)
_UNITS = {"m2": "m²", "kw": "kW", "kwh": "kWh", "eur": "EUR", "usd": "USD", "kg": "kg", "km": "km", "pct": "%"}
_FLOOR = 0.5  # confidence from which a key is given


def record_candidates(question: Question, field: Field) -> list[Candidate]:
    """One object with every named key that is found; none without at least one key found."""
    keys = keys_of(field.instructions)
    values: dict[str, Any] = {}
    chosen: list[Candidate] = []
    for key in keys:
        best = _best(question, field, key)
        if best is not None:
            values[key] = best.value
            chosen.append(best)
    if not chosen:
        return []
    first = min(chosen, key=lambda candidate: candidate.span.start)
    last = max(chosen, key=lambda candidate: candidate.span.end)
    mean = sum(candidate.confidence for candidate in chosen) / len(chosen)
    unit = Span(first.unit.start, max(last.unit.end, first.unit.end))
    return [Candidate(values, first.span, unit, Evidence(label=mean))]


def _best(question: Question, field: Field, key: str) -> Candidate | None:
    """The best value of one key, read as a number, a date or the words under its label."""
    aside = re.search(re.escape(key) + _ASIDE, field.instructions)
    told = aside.group(1) if aside else ""
    title = _UNIT_TAIL.sub("", key.replace("_", " "))
    if _NUMERIC.search(told) or _NUMERIC_KEY.search(key):
        tail = _UNIT_TAIL.search(key.replace("_", " "))
        unit = _UNITS.get(tail.group().strip().lower()) if tail else None
        part = Field(key, VariableType.NUMBER, told, title, unit=unit)
        found = number_candidates(_ask(question, part), part)
    elif "date" in words_of(f"{key} {told}".lower()):
        part = Field(key, VariableType.DATE, told, title)
        found = date_candidates(_ask(question, part), part)
    else:
        return _labelled(question, key)
    best = max(found, key=lambda candidate: candidate.confidence, default=None)
    if best is None or best.confidence < _FLOOR:
        return None
    return Candidate(_plain(str(best.value)), best.span, best.unit, best.evidence)


def _ask(question: Question, part: Field) -> Question:
    return Question(question.analysis, query_of(part), f"{part.title}. {part.instructions}", question.dense)


def _plain(words: str) -> int | float | str:
    """A figure without grouping or unit as a JSON number; everything else as it stands."""
    figures = re.findall(r"\d[\d.,]*", words)
    if len(figures) != 1 or not _PLAIN.fullmatch(figures[0]):
        return words
    return float(figures[0]) if "." in figures[0] else int(figures[0])


def _labelled(question: Question, key: str) -> Candidate | None:
    wanted = set(content_stems(key))
    text = question.analysis.text
    for pair, stems in question.analysis.pairs:
        if pair.strength >= 0.7 and wanted and wanted <= set(stems) and len(stems) <= len(wanted) + 2:
            return Candidate(pair.value.of(text), pair.value, pair.row, Evidence(label=pair.strength))
    return None


def keys_of(instructions: str) -> tuple[str, ...]:
    """The keys that instructions ask for: quoted or snake_case words, else the list after 'with' or a colon."""
    for pattern, needed in ((_QUOTED, 2), (_SNAKE, 1)):
        named = [match.group(match.lastindex or 0).strip() for match in pattern.finditer(instructions)]
        if len(named) >= needed:
            return tuple(dict.fromkeys(named))
    listed = [
        re.sub(r"^(?:and|or|the|its|their)\s+", "", part.strip()).strip()
        for match in _LIST.finditer(instructions)
        for part in re.split(r",|\band\b", match.group(1))
    ]
    return tuple(dict.fromkeys(key for key in listed if 0 < len(words_of(key)) <= 4))
