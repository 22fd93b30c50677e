"""The reader's core: fields against a document, as the answer object of `resources.models.request`."""

from collections.abc import Iterable
from typing import Any

from resources.models.reader.analysis import Analysis
from resources.models.reader.booleans import boolean_candidates
from resources.models.reader.categories import category_candidates
from resources.models.reader.layout import quote
from resources.models.reader.query import query_of
from resources.models.reader.records import record_candidates
from resources.models.reader.roles import Role, role_of
from resources.models.reader.scoring import Candidate, Question, Similarity
from resources.models.reader.spans import Span
from resources.models.reader.texts import text_candidates
from resources.models.reader.typed import date_candidates, number_candidates, place_candidates
from resources.models.reader.words import words_of
from resources.models.request import Field
from resources.vocabulary import VariableType

# Confidence from which a candidate is given. Below, the field is absent: a baseline that invents is no baseline.
THRESHOLDS = {
    VariableType.TEXT: 0.5,
    VariableType.NUMBER: 0.45,
    VariableType.DATE: 0.42,
    VariableType.BOOLEAN: 0.5,
    VariableType.CATEGORY: 0.4,
    VariableType.LOCATION: 0.45,
    VariableType.JSON: 0.5,
}
_SURE_OF_NOTHING = 0.9  # confidence in an absence when nothing at all speaks for a value
_FURTHER = 0.85  # of several values, those that reach this share of the best one's confidence are given
_FURTHER_NAME = 0.6  # of names: their contexts differ more than the values' truth
_CANDIDATES = {
    VariableType.TEXT: text_candidates,
    VariableType.NUMBER: number_candidates,
    VariableType.DATE: date_candidates,
    VariableType.BOOLEAN: boolean_candidates,
    VariableType.CATEGORY: category_candidates,
    VariableType.LOCATION: place_candidates,
    VariableType.JSON: record_candidates,
}


def read(
    document: str,
    fields: tuple[Field, ...],
    language: str | None = None,
    similarity: Similarity | None = None,
) -> dict[str, Any]:
    """The answer object: one entry per field, values and quotes copied from the document.

    `language` is accepted for the contract's sake; recognition does not depend on it, and what does (the order of
    day and month, separators) is left to coercion. `similarity` gives (question, sentences) → scores 0..1.
    """
    return read_analysis(Analysis(document), fields, similarity)


def read_analysis(
    analysis: Analysis, fields: tuple[Field, ...], similarity: Similarity | None = None
) -> dict[str, Any]:
    """The same for a document that has been analysed already."""
    return {field.name: _answer(analysis, field, similarity) for field in fields}


def candidates_of(analysis: Analysis, field: Field, similarity: Similarity | None = None) -> list[Candidate]:
    """All candidates of a field, best first; of equal ones the earlier."""
    question = Question(analysis, query_of(field), f"{field.title}. {field.instructions}", similarity)
    found = _CANDIDATES[field.type](question, field)
    return sorted(found, key=lambda candidate: -candidate.confidence)


def _answer(analysis: Analysis, field: Field, similarity: Similarity | None) -> dict[str, Any]:
    found = candidates_of(analysis, field, similarity)
    best = found[0].confidence if found else 0.0
    if not found or best < THRESHOLDS[field.type]:
        return {
            "found": False,
            "value": None,
            "source_text": None,
            "confidence": round(_SURE_OF_NOTHING * (1.0 - 0.8 * best), 3),
        }
    if field.multiple:
        further = _FURTHER_NAME if field.type is VariableType.TEXT and role_of(field) is Role.NAME else _FURTHER
        floor = max(THRESHOLDS[field.type], further * best)
        kept = _distinct(candidate for candidate in found if candidate.confidence >= floor)[: field.max_values]
        return {"found": True, "values": [_entry(analysis.text, candidate) for candidate in kept]}
    return {"found": True, **_entry(analysis.text, found[0])}


def _distinct(found: Iterable[Candidate]) -> list[Candidate]:
    """Each value once, however it is capitalised or spaced."""
    kept: dict[str, Candidate] = {}
    for candidate in found:
        key = " ".join(words_of(str(candidate.value))).casefold() or str(candidate.value)
        kept.setdefault(key, candidate)
    return list(kept.values())


def _entry(text: str, candidate: Candidate) -> dict[str, Any]:
    source: Span = quote(text, candidate.unit, candidate.span)
    return {
        "value": candidate.value,
        "source_text": source.of(text),
        "confidence": round(min(0.99, candidate.confidence), 3),
    }
