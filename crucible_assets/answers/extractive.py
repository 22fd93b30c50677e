"""Answers without a language model: the sentences of the sources that come nearest to the question, word for word.

A source answers only where it holds most of what the question asks for, weighed by how rare the words are among the
passages of the project; of such sources those sentences are told that hold the most of it and come nearest to it by
meaning. How much is most was measured on the questions of samples/heat_pump_grants: with `LEAST_COVERED` none of
the ten that the documents do not answer is answered, and twelve of the twenty others are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import regex

from crucible_assets.answers.evidence import SourceText
from crucible_assets.answers.sentences import sentence_spans
from crucible_assets.answers.tokens import Kind, Token, tokens_of
from crucible_assets.answers.understanding import asks_for, is_broad
from resources.embedding.contract import Embedder
from resources.embedding.errors import EmbeddingError
from resources.observe.logs import get_logger
from resources.search.analysis import terms
from resources.search.query import Query
from resources.statements import CheckedBy, Citation, Statement, Support

MOST_SENTENCES = 3
LEAST_COVERED = 0.75
"""Of the weight of the question's words, that a source has at least for its sentences to be told."""
BESIDE_BEST = 0.75
"""Of the best score, that further sentences have at least."""
_MOST_EMBEDDED = 48  # sentences whose meaning is compared: the best ones by their words
_LONGEST = 1_200  # characters of a sentence: what is longer is a table or a list that was taken for one
_SHORTEST = 5  # words: what has fewer is a heading, a name or a cell, unless it is a label with its value
_LABELLED = regex.compile(r"\w\s*[:|\t]\s*\S")
# the cosine of a question and a sentence that answers it, and of two that have nothing to do with each other, by the
# packaged model: in between it counts from 0 to 1
_FAR, _NEAR = 0.78, 0.92
_OWN, _NEARBY, _MEANING = 0.42, 0.29, 0.29  # parts of the score: own words, those around it too, and meaning
_ASIDE = r"(?:(?:and|und|et|y|e|so|in|on|at|from|since|until|seit|bis|von|depuis|desde|da)\W+)*"
_WHEN = regex.compile(
    rf"{_ASIDE}(?:when|(?:what|which) (?:date|day)|wann|an welchem (?:tag|datum)|quand|cuándo|quando)\b"
)
_HOW_MUCH = regex.compile(
    rf"{_ASIDE}(?:how (?:much|many|large|high|big|old|long|tall|deep|far|wide|heavy)|"
    r"wie (?:viel|hoch|groß|alt|lang|tief|weit|breit|schwer)\w*|combien|cuánt[oa]s?|quant[oaie])\b"
)
_YEAR = regex.compile(r"1[5-9]\d\d|20\d\d")
_log = get_logger("answers")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a source. `start` and `end` count in the document; `covered` is the share of the question, 0 … 1,
    that its words have, `heard` the share that it has together with its neighbours."""

    source: SourceText
    start: int
    end: int
    text: str
    covered: float
    heard: float


def copied_statements(
    question: str,
    place: int,
    sources: Sequence[SourceText],
    query: Query,
    weights: Mapping[str, float],
    embedder: Embedder,
) -> tuple[Statement, ...]:
    """At most three sentences that answer the question, the best first; () where none comes near enough. Blocking.

    `weights` are those of the question's terms (`weights_of`), `place` the question's among those of the answer. A
    question about the documents as such is answered by what their summary cites, the sources found for no question.
    """
    if is_broad(question) and (summary := [one for one in sources if not one.questions]):
        return tuple(_statement(one, one.source.start, one.text, place) for one in summary[:MOST_SENTENCES])
    candidates = candidates_of(question, sources, query, weights)
    best = sorted(candidates, key=lambda one: -one.heard)[:_MOST_EMBEDDED]
    likeness = _likeness(question, best, embedder)
    scored = sorted(
        ((score(one, like), -number, one) for number, (one, like) in enumerate(zip(best, likeness, strict=True))),
        reverse=True,
    )
    if not scored:
        return ()
    least = BESIDE_BEST * scored[0][0]
    told: dict[str, Candidate] = {}
    for value, _, one in scored:
        if value >= least and len(told) < MOST_SENTENCES:
            told.setdefault(" ".join(one.text.split()).casefold(), one)
    return tuple(_statement(one.source, one.start, one.text, place) for one in told.values())


def score(candidate: Candidate, likeness: float | None) -> float:
    """0 … 1. `likeness` is the cosine of question and sentence; None where vectors are not there: words decide."""
    if likeness is None:
        return (_OWN * candidate.covered + _NEARBY * candidate.heard) / (_OWN + _NEARBY)
    near = min(1.0, max(0.0, (likeness - _FAR) / (_NEAR - _FAR)))
    return _OWN * candidate.covered + _NEARBY * candidate.heard + _MEANING * near


def candidates_of(
    question: str, sources: Sequence[SourceText], query: Query, weights: Mapping[str, float]
) -> list[Candidate]:
    """The sentences of the sources that hold most of what is asked, in their order.

    Of a question for a date or a number, only those that hold one; a year is a date.
    """
    asked = _asked(question, query, weights)
    kind = kind_asked_for(question)
    total = sum(weight for _, weight in asked)
    if total <= 0:
        return []
    found: list[Candidate] = []
    for one in sources:
        spans = [(span.start, span.end) for span in sentence_spans(one.text)]
        held = [_held(one.text[start:end], one.language, asked) for start, end in spans]
        around = _held(one.document_name, one.language, asked)
        if sum(asked[place][1] for place in around.union(*held)) < LEAST_COVERED * total:
            continue
        for number, (start, end) in enumerate(spans):
            text = one.text[start:end]
            if len(text) > _LONGEST or (len(text.split()) < _SHORTEST and not _LABELLED.search(text)):
                continue
            if kind is not None and not any(_is_of(kind, token) for token in tokens_of(text, one.language)):
                continue
            nearby = around.union(*held[max(0, number - 1) : number + 2])
            found.append(
                Candidate(
                    one,
                    one.source.start + start,
                    one.source.start + end,
                    text,
                    sum(asked[place][1] for place in held[number]) / total,
                    sum(asked[place][1] for place in held[number] | nearby if held[number]) / total,
                )
            )
    return found


def kind_asked_for(question: str) -> Kind | None:
    """`DAY` or `NUMBER` where the question asks for one by its first words; else None."""
    words = " ".join(question.casefold().split())
    if _WHEN.match(words):
        return Kind.DAY
    return Kind.NUMBER if _HOW_MUCH.match(words) else None


def _is_of(kind: Kind, token: Token) -> bool:
    year = kind is Kind.DAY and token.kind is Kind.NUMBER and _YEAR.fullmatch(token.written) is not None
    return token.kind is kind or year


def _asked(question: str, query: Query, weights: Mapping[str, float]) -> list[tuple[frozenset[str], float]]:
    """The content words of the question: the forms of each, and its weight. One that no passage has weighs most."""
    content = {form for word in asks_for(question) for form in terms(word, None)}
    forms: dict[int, set[str]] = {}
    for term, word in zip(query.terms, query.words, strict=True):
        forms.setdefault(word, set()).add(term)
    most = max(weights.values(), default=1.0)
    return [
        (frozenset(of_word), max((weights[term] for term in of_word if term in weights), default=most))
        for of_word in forms.values()
        if of_word & content
    ]


def _held(text: str, language: str | None, asked: Sequence[tuple[frozenset[str], float]]) -> set[int]:
    there = {*terms(text, language), *terms(text, None)}
    return {place for place, (forms, _) in enumerate(asked) if forms & there}


def _likeness(question: str, candidates: Sequence[Candidate], embedder: Embedder) -> list[float | None]:
    """The cosine of the question and each sentence; None where one cannot be embedded."""
    found: list[float | None] = [None] * len(candidates)
    try:
        places = [n for n, one in enumerate(candidates) if embedder.count_tokens(one.text) <= embedder.window]
        if places:
            (asked,) = embedder.embed_queries([question])
            cosines = embedder.embed_passages([candidates[place].text for place in places]) @ asked
            for place, cosine in zip(places, np.asarray(cosines, np.float64), strict=True):
                found[place] = float(cosine)
    except EmbeddingError as error:
        _log.warning("sentences_not_embedded", error=type(error).__name__)
    return found


def _statement(source: SourceText, start: int, text: str, place: int) -> Statement:
    cited = Citation(source.source.document_id, start, start + len(text), source.source.label)
    return Statement(text, Support.SUPPORTED, (cited,), CheckedBy.COPY, question=place)
