"""Which of the named categories a document speaks for: by their names, and by the words of their rules."""

import re

from resources.models.reader.query import instruction_parts, synonyms_of
from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Span
from resources.models.reader.words import content_stems, stem, words_of
from resources.models.request import Field

_DENIED = re.compile(r"\b(?:not|no|never|without|nicht|kein\w*|ohne|ne|pas|sans|sin|non)\s+(?:\w+\s+){0,2}$", re.I)
_IN_BRACKETS = re.compile(r"\([^():]{1,30}:\s*([^()]{2,80})\)")
_DENIAL = re.compile(r"\b(?:no|not|without|nicht|kein\w*|ohne|never)\b[^,.;()]*", re.I)


def category_candidates(question: Question, field: Field) -> list[Candidate]:
    """For every category its best place: under the field's label, near its cues, or where its rule's words stand."""
    found: list[Candidate] = []
    for name, rule in field.categories:
        rated = [*_under_label(question, name), *_named(question, name, rule), *_ruled(question, field, name, rule)]
        if rated:
            found.append(max(rated, key=lambda candidate: candidate.confidence))
    return found


def _phrase(name: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words_of(name))


def _other_names(rule: str) -> list[tuple[str, ...]]:
    """The names that a rule gives in brackets after a colon: '(German: Luft-Wasser, Luftwärme)'."""
    return [
        phrase
        for match in _IN_BRACKETS.finditer(rule)
        for part in match.group(1).split(",")
        if (phrase := _phrase(part))
    ]


def _places(question: Question, phrase: tuple[str, ...]) -> list[Span]:
    """Where the phrase stands."""
    tokens = question.analysis.tokens
    width = len(phrase)
    return [
        Span(tokens.starts[position], tokens.ends[position + width - 1])
        for position in question.analysis.postings.get(phrase[0], ())
        if tokens.stems[position : position + width] == phrase
    ]


def _under_label(question: Question, name: str) -> list[Candidate]:
    phrase = _phrase(name)
    found = []
    for pair, strength in question.labelled if phrase else ():
        words = _phrase(pair.value.of(question.analysis.text)[:200])
        places = [i for i in range(len(words)) if words[i : i + len(phrase)] == phrase]
        if places:
            exact = 1.0 if len(words) <= len(phrase) + 2 else 0.8
            found.append(Candidate(name, pair.value, pair.row, Evidence(label=strength * exact)))
    return found


def _named(question: Question, name: str, rule: str) -> list[Candidate]:
    """Every place of the category's name (or, counting less, of another word for it) that is not denied."""
    phrase = _phrase(name)
    if not phrase:
        return []
    own = [span for words in (phrase, *_other_names(rule)) for span in _places(question, words)]
    other = [span for synonym in synonyms_of(name) for span in _places(question, synonym)]
    text = question.analysis.text
    places = [(span, 1.0) for span in own] + [(span, 0.75) for span in other]
    places = [(span, fit) for span, fit in places if not _DENIED.search(text, max(0, span.start - 25), span.start)]
    often = min(1.0, len(places) / 4)
    return [
        Candidate(
            name,
            span,
            question.unit_of(span),
            Evidence(
                cue=question.cue(span),
                similarity=question.similarity(span),
                prior=0.45 + 0.55 * often,
                fit=fit if len(name) > 2 else 0.6 * fit,
            ),
        )
        for span, fit in places[:200]
    ]


def _ruled(question: Question, field: Field, name: str, rule: str) -> list[Candidate]:
    """Sentences that hold the distinguishing words of the category's rule."""
    others = {
        word
        for other, text in field.categories
        if other != name
        for word in content_stems(_DENIAL.sub(" ", f"{other} {text}"))
    }
    said = _DENIAL.sub(" ", " ".join(instruction_parts(rule)))
    own = set(content_stems(f"{name} {said}"))
    own -= others
    if not own:
        return []
    hits: dict[int, dict[str, int]] = {}
    for word in own:
        for position in question.analysis.postings.get(word, ()):
            offset = question.analysis.tokens.starts[position]
            number = question.analysis.sentence_at(offset)
            if number is not None:
                hits.setdefault(number, {}).setdefault(word, position)
    if not hits:
        return []
    total = sum(question.weight(word) for word in own)
    seen = {word for words in hits.values() for word in words}
    overall = sum(question.weight(word) for word in seen) / total
    best = max(hits, key=lambda number: (sum(question.weight(word) for word in hits[number]), -number))
    share = sum(question.weight(word) for word in hits[best]) / total
    position = min(hits[best].values())
    span = Span(question.analysis.tokens.starts[position], question.analysis.tokens.ends[position])
    alone = 0.5 if len(hits[best]) == 1 and len(own) > 1 else 1.0  # one word of a rule proves little
    evidence = Evidence(cue=min(1.0, 1.5 * share * alone), similarity=min(1.0, 2.0 * overall * alone))
    return [Candidate(name, span, question.unit_of(span), evidence)]
