"""Lengths of time: chosen by what the question says they are the length of."""

import re
from dataclasses import replace

from resources.models.reader.query import synonyms_of
from resources.models.reader.scoring import Candidate, Question
from resources.models.reader.spans import Span
from resources.models.reader.words import STOP_WORDS, stem, stems_of, words_of
from resources.models.request import Field

_GENERIC = stems_of("term period duration length time laufzeit dauer frist durée plazo duración durata initial")
_OF_CONTRACT = re.compile(r"\b(?:contract|agreement|lease|licen[cs]e|vertrag\w*|contrat|contrato|contratto)\b", re.I)
_LASTS = re.compile(  # 'This Agreement shall remain in force for', 'the term of this Agreement is', 'Term: … '
    r"\b(?:this|the|your|its|said|der|dieser|le|el)\s+(?:\w+\s+){0,3}?(?:agreement|contract|lease|licen[cs]e|vertrag|"
    r"contrat|contrato|obligations?|term|undertaking\w*)\b[^.;]{0,160}\b(?:remain|continue|force|effect\w*|expires?|terminates?"
    r"|shall be|is|last|läuft|gilt|endet)\b"
    r"|\bterm of (?:this|the)\b|^\W*(?:\d+[.)]\s*)?(?:initial\s+)?(?:term|duration|laufzeit|durée|plazo)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(  # what is promised or due within a time, not what lasts
    r"\b(?:solicit\w*|compete|competi\w+|hire|employ(?:ed|ees?|ment)|prior written|notice|within|cure"
    r"|days? (?:of|after)|standstill|revoke|severance|salary|interest)\b",
    re.IGNORECASE,
)
_UNLIKE, _RESTRICTED, _UNNAMED = 0.5, 0.7, 0.55


def fitted_lengths(question: Question, field: Field, found: list[Candidate]) -> list[Candidate]:
    """The candidates with a fit that says whether their sentence speaks of the length that is asked for."""
    asked = [word for word in words_of(field.title or field.name) if word.lower() not in STOP_WORDS]
    telling = [word for word in asked if stem(word) not in _GENERIC]
    if telling:
        return [_scaled(candidate, _named(question, candidate, telling)) for candidate in found]
    if not _OF_CONTRACT.search(f"{field.title} {field.instructions}"):
        return found
    return [_scaled(candidate, _lasting(question, candidate)) for candidate in found]


def _scaled(candidate: Candidate, fit: float) -> Candidate:
    return replace(candidate, evidence=replace(candidate.evidence, fit=candidate.evidence.fit * fit))


def _named(question: Question, candidate: Candidate, telling: list[str]) -> float:
    """1 where every telling word of the title (or another word for it) stands in the sentence."""
    stems = set(_stems_near(question, candidate.span))
    here = sum(
        stem(word) in stems or any(set(phrase) <= stems for phrase in synonyms_of(word.lower())) for word in telling
    )
    return _UNNAMED + (1.0 - _UNNAMED) * here / len(telling)


def _stems_near(question: Question, span: Span) -> tuple[str, ...]:
    number = question.analysis.sentence_at(span.start)
    if number is None:
        return ()
    first, last = question.analysis.sentence_tokens[number]
    return question.analysis.tokens.stems[first:last]


def _lasting(question: Question, candidate: Candidate) -> float:
    """Whether the sentence says how long the contract itself lasts."""
    if candidate.evidence.label >= 0.5:
        return 1.0
    text = question.analysis.text
    unit = question.unit_of(candidate.span)
    before = text[max(unit.start, candidate.span.start - 300) : candidate.span.start]
    fit = 1.0 if _LASTS.search(before) else _UNLIKE
    after = text[candidate.span.end : min(unit.end, candidate.span.end + 60)]
    return fit * (_RESTRICTED if _OTHER.search(before[-120:]) or _OTHER.search(after) else 1.0)
