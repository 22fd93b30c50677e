"""Which of the named categories a document speaks for: by their names, and by the words of their rules.

Every place that speaks for a category is weighed by how telling the words are and by what stands round it; the
places of one category are joined, and a category loses by what speaks for the others. A category whose name or rule
adds something to another's ('accepted with conditions', 'accepted') wins over it where the addition stands near.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, replace

from resources.models.reader.compounds import compound_postings
from resources.models.reader.query import aliases_of, synonyms_of
from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Span
from resources.models.reader.words import STOP_WORDS, content_stems, fold, stem, words_of
from resources.models.request import Field

_DENIED = re.compile(
    r"\b(?:(?:not|no|nor|never|nothing|neither|nicht|kein\w*|weder|ne|pas|aucun\w*|non|geen)\s+(?:[\w-]+\s+){0,2}"
    r"|(?:without|ohne|sans|sin|senza|zonder)\s+(?:[\w-]+\s+)?)$",
    re.I,
)
_OPEN = re.compile(  # asked for, planned or feared: not yet so
    r"\b(?:if|whether|unless|would|could|should|(?-i:may)|might|can|before|until|proposal to"
    r"|asks?(?:ed)? (?:for|to)|recommend\w*|ob|falls|wenn|bevor|würde|könnte|soll)\b[^.;:\n]{0,40}$",
    re.I,
)
_DENIAL = re.compile(r"\b(?:no|not|without|nicht|kein\w*|ohne|never)\b([^,.;()]*)", re.I)
_ASIDES = re.compile(r"\([^()]*\)")
_PARTS = re.compile(
    r"[,;.:]|\b(?:or|and|from|in|of|by|with|for|into|under|to|oder|und|aus|von|mit|ou|et|o|y|e)\b", re.I
)
_NAMED, _SYNONYM, _RULED = (0.50, 0.42), (0.30, 0.42), (0.24, 0.42)  # (alone, added by a full cue)
_DERIVED = 0.7  # 'electricity' speaks less for 'electric' than 'electric' does
_COVERED = 0.62  # a sentence with all the telling words of a rule
_WHOLE = 0.14  # a name of several words is more telling
_FURTHER_WEIGHT = 0.25  # what further places of a category add
_FURTHER_PLACES = 6
_SCALE = 1.5  # so that two categories that much speaks for still differ
_RIVALRY = 0.6  # share of a category's score that an equal rival takes
_NEAR = 260  # characters in which the words that make a category another one stand
_PLACES = 40  # places of one phrase that are looked at


@dataclass(frozen=True, slots=True)
class _Sign:
    """One place that speaks for a category."""

    span: Span
    strength: float


def category_candidates(question: Question, field: Field) -> list[Candidate]:
    """One candidate per category that anything speaks for, at its best place."""
    names = tuple(name for name, _ in field.categories)
    signs = {name: _signs(question, field, name, rule) for name, rule in field.categories}
    scores = {name: _joined(found) for name, found in signs.items()}
    found = []
    for name in names:
        labelled = _under_label(question, name, names)
        rival = max((score for other, score in scores.items() if other != name), default=0.0)
        own = scores[name]
        if own:
            best = max(signs[name], key=lambda sign: sign.strength)
            score = own * (1.0 - (0.0 if field.multiple else _RIVALRY) * rival / (own + rival))
            evidence = Evidence(label=1.0 - (1.0 - score) ** _SCALE)
            candidate = Candidate(name, best.span, question.unit_of(best.span), evidence)
            labelled.append(candidate)
        if labelled:
            found.append(max(labelled, key=lambda candidate: candidate.confidence))
    return _refined(question, field, found, signs)


def _joined(signs: list[_Sign]) -> float:
    """The best place, and a little more for each further one."""
    best = sorted((sign.strength for sign in signs), reverse=True)[:_FURTHER_PLACES]
    against = 1.0
    for number, strength in enumerate(best):
        against *= 1.0 - min(0.97, strength) * (1.0 if number == 0 else _FURTHER_WEIGHT)
    return 1.0 - against


def _phrase(words: str) -> tuple[str, ...]:
    return content_stems(words) or tuple(stem(word) for word in words_of(words))


def _spans(question: Question, phrase: tuple[str, ...]) -> list[Span]:
    """Where the content words follow each other, with at most two function words between two of them."""
    tokens = question.analysis.tokens
    found = []
    starts = question.analysis.postings.get(phrase[0], [])
    if len(phrase) == 1:
        starts = sorted({*starts, *compound_postings(question.analysis, phrase[0])})
    for position in starts[:_PLACES]:
        end = position
        for word in phrase[1:]:
            step = end + 1
            while (
                step < min(end + 3, len(tokens.stems))
                and tokens.stems[step] in STOP_WORDS
                and tokens.stems[step] != word
            ):
                step += 1
            if step >= len(tokens.stems) or tokens.stems[step] != word:
                break
            end = step
        else:
            span = Span(tokens.starts[position], tokens.ends[end])
            if not (len(phrase) > 1 and _DENIAL.search(span.of(question.analysis.text))):
                found.append(span)
    return found


def _under_label(question: Question, name: str, names: tuple[str, ...]) -> list[Candidate]:
    """The name as the value of a label that means the field; of names that hold each other the longest."""
    phrase = _phrase(name)
    longer = [_phrase(other) for other in names if other != name and set(phrase) < set(_phrase(other))]
    found = []
    for pair, strength in question.labelled if phrase else ():
        words = content_stems(pair.value.of(question.analysis.text)[:200])
        if not _holds(words, phrase) or any(_holds(words, other) for other in longer):
            continue
        exact = 1.0 if len(words) <= len(phrase) + 2 else 0.8
        found.append(Candidate(name, pair.value, pair.row, Evidence(label=strength * exact)))
    return found


def _holds(words: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    return any(words[i : i + len(phrase)] == phrase for i in range(len(words) - len(phrase) + 1))


def _signs(question: Question, field: Field, name: str, rule: str) -> list[_Sign]:
    """All places that speak for the category and are neither denied nor part of a longer category's name."""
    phrase = _phrase(name)
    if not phrase:
        return []
    phrases: dict[tuple[str, ...], tuple[float, float]] = {}
    for words in _rule_items(field, name, rule):
        phrases[words] = _RULED
    for words in synonyms_of(name):
        if key := tuple(word for word in words if word not in STOP_WORDS):
            phrases[key] = _SYNONYM
    for words in (phrase, *(_phrase(alias) for alias in aliases_of(rule))):
        if words:
            phrases[words] = _NAMED
    text = question.analysis.text
    forms = frozenset(fold(word) for word in words_of(f"{name} {rule}"))
    forms |= {word for group in synonyms_of(name) for word in group}
    found = {sign.span.start: sign for sign in _covered(question, field, name, rule)}
    for words, (alone, added) in phrases.items():
        worth = 1.0 if len(words) > 1 else 0.6 + 0.4 * question.weight(words[0])
        whole = _WHOLE if len(words) > 1 else 0.0
        short = 0.7 if len(name) < 3 and words == phrase else 1.0
        for span in _spans(question, words):
            before = max(0, span.start - 70)
            if _DENIED.search(text, max(before, span.start - 30), span.start):
                continue
            open_ = 0.55 if _OPEN.search(text, before, span.start) else 1.0
            cue = max(question.cue(span), question.label_near(span))
            form = 1.0 if len(words) > 1 or _inflected(span.of(text), forms) else _DERIVED
            strength = (alone + whole + added * cue) * worth * open_ * short * form * question.exclusion(span)
            if span.start not in found or found[span.start].strength < strength:
                found[span.start] = _Sign(span, strength)
    return list(found.values())


def _inflected(words: str, forms: frozenset[str]) -> bool:
    """Whether the word is one of the given forms, or one with an ending of one or two letters."""
    word = fold(words)
    known = stem(word)
    return any(word[: len(word) - cut] in forms for cut in range(3)) or any(
        stem(form) == known and len(word) <= len(form) + 1 for form in forms
    )


def _covered(question: Question, field: Field, name: str, rule: str) -> list[_Sign]:
    """The sentences that hold several of the words that only this category's name and rule have."""
    own = _own_words(field, name, rule)
    hits: dict[int, dict[str, int]] = {}
    for word in own:
        for position in question.analysis.postings.get(word, ()):
            number = question.analysis.sentence_at(question.analysis.tokens.starts[position])
            if number is not None:
                hits.setdefault(number, {}).setdefault(word, position)
    total = sum(question.weight(word) for word in own)
    found = []
    tokens, text = question.analysis.tokens, question.analysis.text
    for words in hits.values():
        share = sum(question.weight(word) for word in words) / total
        if len(words) < 2 or share < 0.2:
            continue
        first = min(words.values())
        span = Span(tokens.starts[first], tokens.ends[first])
        if not _DENIED.search(text, max(0, span.start - 30), span.start):
            found.append(_Sign(span, _COVERED * min(1.0, 0.3 + 1.2 * share)))
    return found


def _own_words(field: Field, name: str, rule: str) -> set[str]:
    """The content words of the name and the rule that no other category's have."""
    others = {
        word
        for other, text in field.categories
        if other != name
        for word in content_stems(_DENIAL.sub(" ", f"{other} {text}"))
    }
    return set(content_stems(f"{name} {_DENIAL.sub(' ', _ASIDES.sub(' ', rule))}")) - others


def _rule_items(field: Field, name: str, rule: str) -> set[tuple[str, ...]]:
    """The short parts of a rule ('Coal, peat or wood, in stoves'), without what other rules and names hold too."""
    others = {
        word
        for other, text in field.categories
        if other != name
        for word in content_stems(_DENIAL.sub(" ", f"{other} {text}"))
    }
    said = _DENIAL.sub(" ", _ASIDES.sub(" ", rule))
    items = (content_stems(part) for part in _PARTS.split(said))
    asked = set(content_stems(f"{field.title} {field.instructions}"))
    return {item for item in items if 1 <= len(item) <= 3 and not set(item) <= others | asked}


def _refined(
    question: Question, field: Field, found: list[Candidate], signs: dict[str, list[_Sign]]
) -> list[Candidate]:
    """A category takes the place of the one it adds to, where the addition stands near and is not denied."""
    best = max(found, key=lambda candidate: candidate.confidence, default=None)
    if best is None:
        return found
    rules = dict(field.categories)
    for name, rule in field.categories:
        if name == best.value or not set(_phrase(best.value)) < set(_phrase(name)):
            continue
        added = (set(_phrase(name)) - set(_phrase(best.value))) | {
            word for alias in aliases_of(rule) for word in _phrase(alias)
        }
        place = _addition(question, added, [sign for sign in signs[best.value] if sign.strength > 0.3] or [
            _Sign(best.span, 1.0)])  # fmt: skip
        if place is not None:
            evidence = replace(best.evidence, fit=0.97)
            return [*found, Candidate(name, place, question.unit_of(place), _boosted(evidence, rules[name]))]
    return found


def _boosted(evidence: Evidence, rule: str) -> Evidence:
    """The addition is itself a sign, so the longer category is a little surer than the shorter one was."""
    return replace(evidence, prior=max(evidence.prior, 0.5 if rule else 0.4))


def _addition(question: Question, added: set[str], signs: list[_Sign]) -> Span | None:
    tokens, text = question.analysis.tokens, question.analysis.text
    for word in sorted(added):
        own = question.analysis.postings.get(word, [])
        places = sorted({*own, *compound_postings(question.analysis, word)})
        starts = [tokens.starts[position] for position in places]
        for sign in signs:
            low = bisect_left(starts, sign.span.start - _NEAR // 2)
            for position in places[low : low + 5]:
                span = Span(tokens.starts[position], tokens.ends[position])
                if span.start > sign.span.end + _NEAR:
                    break
                if not _DENIED.search(text, max(0, span.start - 40), span.start):
                    return span
    return None
