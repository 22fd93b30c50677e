"""Candidates for TEXT fields, by role: names, identifiers, durations, addresses, titles, and clauses."""

import re
from collections.abc import Callable, Sequence

from resources.models.reader.parties import party_candidates
from resources.models.reader.roles import Role, role_of
from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Kind, Mention, Span
from resources.models.reader.typed import place_candidates
from resources.models.reader.words import stem, stems_of, words_of
from resources.models.request import Field

_LONGEST = 200  # characters of a copied value
_CLAUSE_NEEDED = 0.75  # coverage that a sentence needs to be given whole
_HEADING_CHARACTERS = 120
_POSTCODE = re.compile(r"\b\d{5}\b|\b\d{4} [A-Z]{2}\b|\b[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}\b")
_STREET = re.compile(
    r"\b(?:street|st|road|rd|avenue|ave|lane|drive|blvd|boulevard|suite|floor|square|p\.?o\.? box|jalan|jln|lot|"
    r"taman|rue|avenida|calle|via|piazza|plaza|weg|allee|platz|\w*stra(?:ss|ß)e|\w*str|\w*straat|no)\b\.?",
    re.IGNORECASE,
)


def text_candidates(question: Question, field: Field) -> list[Candidate]:
    """Candidates of the role that the field's title names, and what stands under its label."""
    role = role_of(field)
    if role is Role.PARTY:
        return party_candidates(question, field)
    if role is Role.PLACE:
        return place_candidates(question, field)
    found = _BY_ROLE.get(role, _clauses)(question)
    return found or (_labelled(question, _LONGEST) if role not in _FORMED else [])


def _fits(text: str, mention: Mention) -> str:
    return mention.span.of(text)


def _mentions(question: Question, mentions: Sequence[Mention], *, prior: float = 0.0) -> list[Candidate]:
    text = question.analysis.text
    alone = 0.6 if len({m.span.of(text) for m in mentions}) == 1 else 0.0
    return [question.candidate(m, _fits(text, m), prior=max(prior, alone)) for m in mentions]


def _contacts(kind: Kind) -> Callable[[Question], list[Candidate]]:
    def find(question: Question) -> list[Candidate]:
        return _mentions(question, [m for m in question.analysis.contacts if m.kind is kind])

    return find


def _durations(question: Question) -> list[Candidate]:
    return _mentions(question, question.analysis.durations)


def _quantities(question: Question) -> list[Candidate]:
    wanted = (Kind.MEASURE, Kind.PERCENT, Kind.MONEY)
    measured = _mentions(question, [m for m in question.analysis.numbers if m.kind in wanted])
    return [*measured, *_labelled(question, 60)]


def _identifiers(question: Question) -> list[Candidate]:
    found = []
    for pair, strength in question.labelled:
        for mention in question.analysis.identifiers:
            if pair.value.start <= mention.start < pair.value.start + 20 and mention.end <= pair.value.end:
                evidence = Evidence(label=strength)
                found.append(Candidate(mention.span.of(question.analysis.text), mention.span, pair.row, evidence))
                break
    if found:
        return found
    dates = {mention.start for mention in question.analysis.dates if mention.kind is not Kind.YEAR}
    rest = [mention for mention in question.analysis.identifiers if mention.start not in dates]
    return [
        question.candidate(m, m.span.of(question.analysis.text), fit=0.85, behind=0.2)
        for m in rest
        if question.cue(m.span, 0.2) > 0.4
    ]


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


def _names(question: Question) -> list[Candidate]:
    """Names near the role's words; under the role's label; at the top for who issues the document."""
    text = question.analysis.text
    asked = set(question.query.title) | question.query.instructed
    issues = bool(asked & _ISSUING)
    found = []
    labels = {pair.label.start for pair, _ in question.analysis.pairs if pair.strength == 1.0}
    for number, mention in enumerate(question.analysis.names):
        words = mention.span.of(text)
        if mention.start in labels:
            continue
        if mention.kind is Kind.NAME and (len(words) < 3 or not _proper(question, words)):
            continue
        top = 0.0
        if issues and mention.start < 400:
            top = (1.0 if mention.kind is Kind.ORGANISATION else 0.55) - min(0.4, number * 0.06)
        prior = max(top, 0.25 if mention.kind is Kind.ORGANISATION else 0.0)
        fit = 1.0 if mention.kind is Kind.ORGANISATION or " " in words else 0.75
        label_bonus = question.candidate(mention, words, prior=prior, fit=fit)
        if top > 0.5 and label_bonus.evidence.label == 0.0:
            evidence = Evidence(cue=top, prior=top, similarity=label_bonus.evidence.similarity, fit=fit)
            label_bonus = Candidate(words, mention.span, label_bonus.unit, evidence)
        found.append(label_bonus)
    return [*(c for c in _labelled(question, 90) if _is_name(c.value)), *found]


def _is_name(words: str) -> bool:
    """Begins with a capital and is made of letters rather than figures."""
    letters = sum(c.isalpha() for c in words)
    return words[0].isupper() and letters >= 0.7 * len(words.replace(" ", ""))


_ISSUING = stems_of("issuer issued vendor seller supplier shop merchant publisher")


def _proper(question: Question, words: str) -> bool:
    """A name's words do not all occur in small letters as well."""
    small = question.analysis.small_words
    return any(word.lower() not in small for word in words_of(words) if not word.isdigit())


def _headings(question: Question) -> list[Candidate]:
    """The document's own title: an early line in capitals or with a document's word, else the first line."""
    text = question.analysis.text
    found = []
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
    return [*_labelled(question, _HEADING_CHARACTERS), *found]


_DOCUMENT_KINDS = stems_of(
    "agreement contract report letter decision order notice amendment policy plan invoice certificate statement "
    "minutes memorandum vertrag bericht contrat rapport contrato informe"
)


def _addresses(question: Question) -> list[Candidate]:
    """Lines with a street's word or a postcode, joined while they follow each other."""
    text = question.analysis.text
    found = list(_labelled(question, _LONGEST))
    run: list[tuple[Span, int]] = []

    def close() -> None:
        marks = sum(mark for _, mark in run)
        if run and marks >= 2 and any(c.isdigit() for c in text[run[0][0].start : run[-1][0].end]):
            span = Span(run[0][0].start, run[-1][0].end)
            early = max(0.0, 1.0 - span.start / 1500)
            evidence = Evidence(cue=min(1.0, marks / 4), prior=early, label=question.label_of(
                Mention(span.start, span.end, Kind.PLACE))[0])  # fmt: skip
            found.append(Candidate(span.of(text), span, span, evidence))
        run.clear()

    for line in question.analysis.lines[:200]:
        words = line.of(text)
        marks = bool(_STREET.search(words)) + 2 * bool(_POSTCODE.search(words)) + (words.count(",") >= 2)
        short = len(words) < 90 and ":" not in words and "@" not in words
        continues = bool(run) and short and len(run) < 5 and not any(c.isdigit() for c in words) and (
            text[run[-1][0].end - 1] == ","
            or any(run[-1][0].end < p.start < line.end for p in question.analysis.places)
        )  # fmt: skip
        if short and (marks or continues) and len(run) < 5 and (run or sum(c.isalpha() for c in words) > 4):
            run.append((line, marks))
        else:
            close()
    close()
    return found


def _labelled(question: Question, longest: int) -> list[Candidate]:
    """What stands under the field's label, cut at the end of its first sentence when it is long."""
    text = question.analysis.text
    found = []
    for pair, strength in question.labelled:
        if strength < 0.45 or pair.value.end <= pair.value.start:
            continue
        end = pair.value.end
        if end - pair.value.start > longest:
            number = question.analysis.sentence_at(pair.value.start)
            stop = question.analysis.sentences[number].end if number is not None else end
            end = min(end, stop)
            if end - pair.value.start > 2 * longest:
                continue
        span = Span(pair.value.start, end)
        found.append(Candidate(span.of(text), span, pair.row, Evidence(label=strength, fit=0.95)))
    return found


def _clauses(question: Question) -> list[Candidate]:
    """What stands under the label, else the sentence that covers the question nearly wholly."""
    found = _labelled(question, 400)
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
    Role.NAME: _names,
    Role.HEADING: _headings,
    Role.ADDRESS: _addresses,
    Role.CLAUSE: _clauses,
}
