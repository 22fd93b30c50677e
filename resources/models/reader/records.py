"""JSON fields: the label-value pairs that the instructions name, as one object."""

import re

from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Span
from resources.models.reader.words import content_stems, words_of
from resources.models.request import Field

_KEYS = re.compile(r"[\"'“‘`]([^\"'“”‘’`]{2,40})[\"'”’`]")
_LIST = re.compile(r"(?:\b(?:keys?|fields?|with|containing|namely)\b|:)\s*:?\s*([^.;\n]+)", re.IGNORECASE)
_NEEDED = 2  # labelled values below which no object is given


def record_candidates(question: Question, field: Field) -> list[Candidate]:
    """One object with every named key whose label stands in the document; none with fewer than two (or all)."""
    keys = keys_of(field.instructions)
    text = question.analysis.text
    found: dict[str, Span] = {}
    rows: list[Span] = []
    for key in keys:
        wanted = set(content_stems(key))
        for pair, stems in question.analysis.pairs:
            if pair.strength >= 0.7 and wanted and wanted <= set(stems) and len(stems) <= len(wanted) + 2:
                found[key] = pair.value
                rows.append(pair.row)
                break
    if not found or len(found) < min(_NEEDED, len(keys)):
        return []
    value = {key: span.of(text) for key, span in found.items()}
    unit = Span(min(row.start for row in rows), max(row.end for row in rows))
    focus = next(iter(found.values()))
    return [Candidate(value, focus, unit, Evidence(label=len(found) / len(keys), fit=0.9))]


def keys_of(instructions: str) -> tuple[str, ...]:
    """The keys that instructions ask for: quoted words, else the list after 'with', 'keys' or a colon."""
    quoted = [match.group(1).strip() for match in _KEYS.finditer(instructions)]
    if len(quoted) >= 2:
        return tuple(dict.fromkeys(quoted))
    listed = [
        re.sub(r"^(?:and|or|the|its|their)\s+", "", part.strip()).strip()
        for match in _LIST.finditer(instructions)
        for part in re.split(r",|\band\b", match.group(1))
    ]
    return tuple(dict.fromkeys(key for key in listed if 0 < len(words_of(key)) <= 4))
