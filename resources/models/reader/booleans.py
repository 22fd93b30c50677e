"""True or false: a label with yes or no, a ticked box, or a sentence that says the thing or denies it."""

import re
from bisect import bisect_right

from resources.models.reader.query import aliases_of
from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Span
from resources.models.reader.words import content_stems
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
_DENIED_AFTER = re.compile(
    r"\W{1,3}(?:\w+\s){0,2}(?:(?:can|could|is|was|are|were|has|have|had|will|would|did|does|do)(?:\s?not|n['’]t)"
    r"|(?:wurde|wird|ist|sind|kann|wurden|gab|gibt|war|entfällt)\s(?:\w+\s){0,2}nicht"
    r"|nicht\b|keine?\b|not\b|none\b|n['’]est pas|no (?:es|fue))\b",
    re.I,
)
_FIRST_SENTENCE = re.compile(r"(?<=[.?!;])\s")
_AFTER = 30  # characters behind it: 'the supplement cannot be given'
_OPEN = re.compile(  # asked, wished or wondered about: neither said nor denied
    r"\b(?:whether|if|could|would|want|wish|hope|asks?|asked|consider(?:ed)?|ob|wenn|si|falls)\b", re.I
)
_PREFIXES = frozenset({"anti", "non", "un"})
_TOLD_NEEDED = 3  # words of the instructions that a sentence without the title's must hold
_CORE_NEEDED = 0.6  # share of the core words that one sentence must hold


def boolean_candidates(question: Question, field: Field) -> list[Candidate]:
    """Labelled answers first, then the sentences that cover the thing asked for."""
    return [*_labelled(question), *_said(question, field)]


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


def _said(question: Question, field: Field) -> list[Candidate]:
    """Sentences that hold the title's words, the better the more of the instruction's; or most of the latter."""
    title = tuple(word for word in question.query.core if word not in _PREFIXES)
    instructed = tuple(word for word in question.query.head if word not in title)
    aliases = [set(content_stems(alias)) for alias in aliases_of(field.instructions)]
    asked = _FIRST_SENTENCE.split(field.instructions)[0]
    negative = any(asked[match.end() : match.end() + 1] != "-" for match in _NEGATION.finditer(asked))
    found = []
    for number, coverage in question.coverages.items():
        first, last = question.analysis.sentence_tokens[number]
        words = set(question.analysis.tokens.stems[first:last])
        named, told = _share(question, title, words), _share(question, instructed, words)
        other = next((alias for alias in aliases if alias and alias <= words), set[str]())
        if other:
            named = 1.0
        if not named and len(words.intersection(instructed)) < _TOLD_NEEDED:
            told = 0.0  # words that many sentences have, and none of the thing itself
        if named < _CORE_NEEDED and told < _CORE_NEEDED:
            continue
        alone = len(title) == 1 and len(instructed) > 2  # one word proves little when more is asked
        cue = max(named * ((0.45 if alone else 0.8) + min(0.55 if alone else 0.2, told)), 0.9 * told)
        sentence = question.analysis.sentences[number]
        unit = Span(sentence.start, sentence.end)
        span = _core_span(question, number, {*title, *instructed, *other})
        if _only_label(question, span, {*title, *other}):
            continue
        denied = not negative and _is_denied(question.analysis.text, unit, span)
        heading = 0.6 if last - first <= len(title) + 2 else 1.0
        if not denied and _OPEN.search(question.analysis.text, max(unit.start, span.start - 45), span.start):
            heading *= 0.8
        found.append(Candidate(not denied, span, unit, Evidence(cue=cue**2, similarity=coverage, fit=heading)))
    return found


def _only_label(question: Question, span: Span, core: set[str]) -> bool:
    """Whether the words are just a label, as in the head of a table: its value tells, not its being there."""
    labels = question.analysis.label_spans
    index = bisect_right(labels, (span.start, len(question.analysis.text))) - 1
    if index < 0 or labels[index][1] < span.end:
        return False
    return set(content_stems(question.analysis.text[slice(*labels[index])])) <= core


def _share(question: Question, asked: tuple[str, ...], words: set[str]) -> float:
    """The share of the asked words' weight that the sentence holds."""
    total = sum(question.weight(word) for word in asked)
    return sum(question.weight(word) for word in asked if word in words) / total if total else 0.0


def _core_span(question: Question, number: int, core: set[str]) -> Span:
    """From the first to the last of the words in the sentence."""
    tokens = question.analysis.tokens
    first, last = question.analysis.sentence_tokens[number]
    places = [position for position in range(first, last) if tokens.stems[position] in core]
    return Span(tokens.starts[places[0]], tokens.ends[places[-1]])


def _is_denied(text: str, unit: Span, span: Span) -> bool:
    """A negation shortly before or among the core words."""
    start = max(unit.start, span.start - _NEGATION_REACH)
    if _DENIED_AFTER.match(text, span.end, min(unit.end, span.end + _AFTER)):
        return True
    return any(
        not text[match.end() : match.end() + 6].lower().startswith((" only", " later", " less"))
        for match in _NEGATION.finditer(text, start, min(span.end, span.start + 120))
    )
