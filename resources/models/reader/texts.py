"""Candidates for TEXT fields, by role: names, identifiers, durations, addresses, titles, and clauses."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from resources.models.reader.addresses import address_candidates
from resources.models.reader.labelled import labelled
from resources.models.reader.lengths import fitted_lengths
from resources.models.reader.naming import name_candidates
from resources.models.reader.parties import party_candidates
from resources.models.reader.roles import Role, role_of
from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Kind, Mention, Span
from resources.models.reader.typed import place_candidates
from resources.models.reader.words import stem, stems_of, words_of
from resources.models.request import Field

_LONGEST = 200  # characters of a copied value
_EXAMPLE = re.compile(r"(?<!\w)(?=[\w/.-]*\d)[^\W_][\w/.-]{2,30}[^\W_](?!\w)")
_CLAUSE_NEEDED = 0.75  # coverage that a sentence needs to be given whole
_HEADING_CHARACTERS = 120


def text_candidates(question: Question, field: Field) -> list[Candidate]:
    """Candidates of the role that the field's title names, and what stands under its label."""
    role = role_of(field)
    if role is Role.PARTY:
        return party_candidates(question, field)
    if role is Role.PLACE:
        return place_candidates(question, field)
    if role is Role.CLAUSE and field.multiple:
        return labelled(question, _LONGEST)  # a list of whole sentences would be no list of values
    found = _BY_ROLE.get(role, _clauses)(question)
    if role is Role.DURATION:
        return fitted_lengths(question, field, found)
    return found or (labelled(question, _LONGEST) if role not in _FORMED else [])


def _mentions(question: Question, mentions: Sequence[Mention], *, prior: float = 0.0) -> list[Candidate]:
    text = question.analysis.text
    alone = 0.6 if len({m.span.of(text) for m in mentions}) == 1 else 0.0
    rivals = question.starts(mentions)
    return [question.candidate(m, m.span.of(text), prior=max(prior, alone), rivals=rivals) for m in mentions]


def _contacts(kind: Kind) -> Callable[[Question], list[Candidate]]:
    def find(question: Question) -> list[Candidate]:
        return _mentions(question, [m for m in question.analysis.contacts if m.kind is kind])

    return find


def _durations(question: Question) -> list[Candidate]:
    return _mentions(question, question.analysis.durations)


def _quantities(question: Question) -> list[Candidate]:
    wanted = (Kind.MEASURE, Kind.PERCENT, Kind.MONEY)
    measured = _mentions(question, [m for m in question.analysis.numbers if m.kind in wanted])
    return [*measured, *labelled(question, 60)]


def _identifiers(question: Question) -> list[Candidate]:
    """Of the form of the instructions' examples, else the first under a matching label, else near cues."""
    text = question.analysis.text
    dates = {mention.start for mention in question.analysis.dates if mention.kind is not Kind.YEAR}
    mentions = [mention for mention in question.analysis.identifiers if mention.start not in dates]
    shapes = {shape_of(words) for words in _EXAMPLE.findall(question.text)}
    alike = [mention for mention in mentions if shape_of(mention.span.of(text)) in shapes]
    if alike:
        return _of_form(question, alike)
    found = []
    starts = [mention.start for mention in mentions]
    for pair, strength in question.labelled:
        for mention in mentions[bisect_left(starts, pair.value.start) :]:
            if mention.start >= min(pair.value.start + 20, pair.value.end):
                break
            if mention.end <= pair.value.end:
                found.append(Candidate(mention.span.of(text), mention.span, pair.row, Evidence(label=strength)))
                break
    return found or [
        question.candidate(m, m.span.of(text), fit=0.85, behind=0.2)
        for m in mentions
        if question.cue(m.span, 0.2) > 0.4
    ]


def _of_form(question: Question, mentions: Sequence[Mention]) -> list[Candidate]:
    """The form is nearly a label in itself; how often and how early an identifier stands tells several apart."""
    text = question.analysis.text
    counts = Counter(mention.span.of(text) for mention in mentions)
    found = []
    for mention in mentions:
        words = mention.span.of(text)
        candidate = question.candidate(mention, words, prior=0.6 * counts[words] / len(mentions) + 0.4 * (
            words == mentions[0].span.of(text)))  # fmt: skip
        evidence = replace(candidate.evidence, label=max(candidate.evidence.label, 0.6))
        found.append(replace(candidate, evidence=evidence))
    return found


def shape_of(identifier: str) -> str:
    """Letters as A, digits as 9: 'HP-2020-0001' → 'AA-9999-9999'."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", identifier))


def _currencies(question: Question) -> list[Candidate]:
    text = question.analysis.text
    found = []
    for mention in question.analysis.numbers:
        if mention.kind is Kind.MONEY and mention.normal is not None:
            words = mention.span.of(text)
            code = re.search(re.escape(mention.normal), words) or re.search(r"[^\d\s.,'’-]+", words)
            if code is None:
                continue
            span = Span(mention.start + code.start(), mention.start + code.end())
            evidence = Evidence(cue=question.cue(span), prior=1.0, label=0.3)
            found.append(Candidate(span.of(text), span, question.unit_of(span), evidence))
    return found


def _headings(question: Question) -> list[Candidate]:
    """The document's own title: an early line in capitals or with a document's word, else the first line."""
    text = question.analysis.text
    found = []
    for match in _SELF_NAMED.finditer(text[:_OPENING]):
        span = Span(*match.span(1))
        found.append(Candidate(span.of(text), span, question.unit_of(span), Evidence(cue=0.75, prior=0.5)))
    for number, line in enumerate(question.analysis.lines[:40]):
        words = line.of(text).strip("#*_ ")
        if not 4 < len(words) <= _HEADING_CHARACTERS or not any(c.isalpha() for c in words):
            continue
        start = text.index(words, line.start)
        span = Span(start, start + len(words))
        letters = [c for c in words if c.isalpha()]
        capitals = sum(c.isupper() for c in letters) / len(letters)
        named = bool(_DOCUMENT_KINDS & {stem(word) for word in words_of(words)})
        ends = words[-1] in ".;,:"
        cue = 0.45 * named + 0.35 * (capitals > 0.7) + 0.2 * (text[line.start] == "#") - 0.3 * ends
        evidence = Evidence(cue=cue, prior=max(0.0, 0.9 - 0.04 * number), fit=0.5 if cue <= 0 else 1.0)
        found.append(Candidate(words, span, span, evidence))
    return [*labelled(question, _HEADING_CHARACTERS), *found]


_OPENING = 4_000  # characters in which a document names itself
_SELF_NAMED = re.compile(  # 'This Master Services Agreement (the "Agreement")'
    r"\b(?:This|THIS)\s((?:[A-Z][\w-]*(?:\s(?:of|for|and|to|&)\s|\s)){1,6}"
    r"(?:Agreement|AGREEMENT|Contract|CONTRACT|Report|Decision|Policy|Plan|Memorandum|Lease|Amendment))\b"
)
_DOCUMENT_KINDS = stems_of(
    "agreement contract report letter decision order notice amendment policy plan invoice certificate statement "
    "minutes memorandum vertrag bericht contrat rapport contrato informe"
)


def _clauses(question: Question) -> list[Candidate]:
    """What stands under the label, else the sentence that covers the question nearly wholly."""
    found = labelled(question, 400)
    text = question.analysis.text
    core = question.query.core
    for number, coverage in question.coverages.items():
        sentence = question.analysis.sentences[number]
        if coverage < _CLAUSE_NEEDED or sentence.end - sentence.start > 400 or not core:
            continue
        first, last = question.analysis.sentence_tokens[number]
        words = set(question.analysis.tokens.stems[first:last])
        share = sum(word in words for word in core) / len(core)
        if share < 0.6 or last - first <= len(core) + 2:
            continue
        span = Span(sentence.start, sentence.end)
        found.append(Candidate(span.of(text), span, span, Evidence(cue=share * coverage * 0.85, similarity=coverage)))
    return found


_FORMED = frozenset({Role.EMAIL, Role.URL, Role.PHONE, Role.DURATION, Role.CURRENCY, Role.IDENTIFIER})
_BY_ROLE: dict[Role, Callable[[Question], list[Candidate]]] = {
    Role.EMAIL: _contacts(Kind.EMAIL),
    Role.URL: _contacts(Kind.URL),
    Role.PHONE: _contacts(Kind.PHONE),
    Role.DURATION: _durations,
    Role.IDENTIFIER: _identifiers,
    Role.CURRENCY: _currencies,
    Role.QUANTITY: _quantities,
    Role.NAME: name_candidates,
    Role.HEADING: _headings,
    Role.ADDRESS: address_candidates,
    Role.CLAUSE: _clauses,
}
