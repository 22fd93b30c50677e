"""True or false: a label with yes or no, a ticked box, or a sentence that says the thing or denies it."""

import re

from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Span
from resources.models.request import Field

_YES = re.compile(
    r"(?:yes|y|true|ja|oui|s[ií]|sim|tak|vrai|wahr|verdadero|☒|☑|✓|✔|\[x\]|x|1|granted|approved|given|obtained"
    r"|confirmed|present|required|agreed)\b(?!\s*/)|[☒☑✓✔]|\[[xX]\]",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:no|n|false|nein|non|nie|não|nee|faux|falsch|none|not|keine?|aucune?|ninguna?|nessun[ao]?|refused|denied"
    r"|rejected|declined|n/a|0|without|absent)\b(?!\s*[./:]\s*\d)|[☐✗✘]|\[\s?\]",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|neither|nor|without|cannot|isn't|wasn't|doesn't|didn't|don't|hasn't|haven't|won't|lack(?:s|ed)?"
    r"|nicht|kein(?:e|er|en|em|es)?|ohne|nie|ne|pas|sans|aucune?|jamais|ning[uú]n[ao]?|sin|nunca|nessun[ao]?|non|senza"
    r"|niet|geen|zonder|não|sem|nenhum[a]?|nie|bez|refused|denied|rejected|declined|waived|excluded)\b",
    re.IGNORECASE,
)
_NEGATION_REACH = 45  # characters before the thing that is denied
_CORE_NEEDED = 0.6  # share of the core words that one sentence must hold


def boolean_candidates(question: Question, field: Field) -> list[Candidate]:
    """Labelled answers first, then the sentences that cover the thing asked for."""
    return [*_labelled(question), *_said(question)]


def _labelled(question: Question) -> list[Candidate]:
    text = question.analysis.text
    found = []
    for pair, strength in question.labelled:
        for pattern, value in ((_NO, False), (_YES, True)):
            if match := pattern.match(text, pair.value.start, pair.value.end):
                evidence = Evidence(label=strength, similarity=question.similarity(pair.label))
                found.append(Candidate(value, Span(*match.span()), pair.row, evidence))
                break
    return found


def _said(question: Question) -> list[Candidate]:
    core = question.query.core
    if not core:
        return []
    total = sum(question.weight(word) for word in core)
    postings = question.analysis.postings
    stems = question.analysis.tokens.stems
    found = []
    for number, coverage in question.coverages.items():
        first, last = question.analysis.sentence_tokens[number]
        words = set(stems[first:last])
        share = sum(question.weight(word) for word in core if word in words) / total
        if share < _CORE_NEEDED or not postings:
            continue
        sentence = question.analysis.sentences[number]
        unit = Span(sentence.start, sentence.end)
        span = _core_span(question, number)
        denied = _is_denied(question.analysis.text, unit, span, question)
        heading = 0.6 if last - first <= len(core) + 2 else 1.0
        evidence = Evidence(cue=share * share, similarity=coverage, fit=heading)
        found.append(Candidate(not denied, span, unit, evidence))
    return found


def _core_span(question: Question, number: int) -> Span:
    """From the first to the last core word of the sentence."""
    tokens = question.analysis.tokens
    first, last = question.analysis.sentence_tokens[number]
    core = set(question.query.core)
    places = [position for position in range(first, last) if tokens.stems[position] in core]
    return Span(tokens.starts[places[0]], tokens.ends[places[-1]])


def _is_denied(text: str, unit: Span, span: Span, question: Question) -> bool:
    """A negation shortly before or among the core words, unless the question itself asks for a negative."""
    if question.query.instructed & {"not", "no", "never", "without"}:
        return False
    start = max(unit.start, span.start - _NEGATION_REACH)
    return any(
        not text[match.end() : match.end() + 6].lower().startswith((" only", " later", " less"))
        for match in _NEGATION.finditer(text, start, min(span.end, span.start + 120))
    )
