"""Those who conclude an agreement: named in its first sentence, described, and given an alias in brackets."""

import re

from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Kind, Mention
from resources.models.reader.words import stem, stems_of, words_of
from resources.models.request import Field

_ALIAS = re.compile(
    r"[\s,]*(?:\([^()]{0,60}\)[\s,]*)?\(\s*(?:the|each|hereinafter|hereafter|together|collectively|referred|called|as)?"
    r"[^()]{0,60}?[“\"'‘”][^()]{1,60}\)",
    re.IGNORECASE,
)
_DESCRIBED = re.compile(
    r",?\s+(?:\(?(?:a|an|the)\s)(?:[\w.'’-]+\s){0,5}(?:corporation|company|partnership|individual|trust|association"
    r"|limited|entity|organi[sz]ation|agency|bank|university|foundation|resident|citizen|firm)\b",
    re.IGNORECASE,
)
_JOINS = re.compile(
    r"\b(?:by\s+and\s+(?:between|among)|between|among|entre|zwischen|tra|tussen|pomiędzy)\b[:\s]*", re.I
)
_GENERIC = stems_of(
    """
    agreement party parties company corporation recipient discloser disclosing receiving confidential information
    affiliates representatives purpose section article exhibit whereas state states law laws effective date board
    directors executive chief officer president vice secretary subsidiaries buyer seller customer client employee
    transaction evaluation material inc llc ltd corp lp limited partnership of and the confidentiality disclosure
    mutual contract purchaser supplier vendor licensor licensee contractor consultant distributor provider services
    """
)
_PREAMBLE = 3_500  # characters after which no agreement still introduces its parties


def party_candidates(question: Question, field: Field) -> list[Candidate]:
    """Names in the preamble and in signature blocks, by alias, description, legal form and 'between … and …'."""
    text = question.analysis.text
    join = _JOINS.search(text, 0, _PREAMBLE)
    start = join.end() if join else None
    places = {place.start for place in question.analysis.places if place.normal == "known"}
    found = []
    for mention in question.analysis.names:
        words = mention.span.of(text)
        spoken = words_of(words)
        if all(stem(word) in _GENERIC for word in spoken) or "agreement" in words.lower():
            continue
        if mention.kind is Kind.NAME and (spoken[-1].isdigit() or mention.start in places):
            continue
        evidence = _evidence(question, text, mention, start)
        if evidence is not None:
            found.append(Candidate(words, mention.span, question.unit_of(mention.span), evidence))
    labelled = [
        Candidate(p.value.of(text), p.value, p.row, Evidence(label=strength))
        for p, strength in question.labelled
        if strength >= 0.7 and p.strength >= 0.85 and len(p.value.of(text)) < 100 and p.value.of(text)[0].isupper()
    ]
    return [*found, *labelled]


def _evidence(question: Question, text: str, mention: Mention, start: int | None) -> Evidence | None:
    formed = mention.kind is Kind.ORGANISATION
    alias = bool(_ALIAS.match(text, mention.end, mention.end + 160))
    described = bool(_DESCRIBED.match(text, mention.end, mention.end + 120))
    if mention.start > _PREAMBLE:
        return None
    joined = start is not None and start - 2 <= mention.start < start + 900
    first = start is not None and start - 2 <= mention.start <= start + 4
    cue = 0.35 * joined + 0.45 * alias + 0.35 * described + 0.45 * first + 0.15 * formed
    if not (alias or described or first):
        return None
    return Evidence(
        cue=min(1.0, cue), prior=0.5 * formed + 0.3 * joined, similarity=question.similarity(mention.span)
    )
