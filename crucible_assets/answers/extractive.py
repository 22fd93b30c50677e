"""Answers without a language model: the sentences of the sources that answer the question, word for word.

How likely a sentence answers is said by `nearness.py`, from the words that it and its source share with the question
and from how far its vector stands out; the best are told where that is likely enough, else nothing is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import regex

from crucible_assets.answers.asking import AskedWord, asked_words, holds, wanted
from crucible_assets.answers.evidence import SourceText
from crucible_assets.answers.nearness import FEWEST_VECTORS, Figures, model_for, standing_out
from crucible_assets.answers.text.spans import sentence_spans
from crucible_assets.answers.text.tokens import tokens_of
from crucible_assets.answers.understanding import is_broad
from resources.embedding.contract import Embedder
from resources.embedding.errors import EmbeddingError
from resources.observe.logs import get_logger
from resources.search.analysis import IS_SPACELESS, terms
from resources.search.query import Query
from resources.statements import CheckedBy, Citation, Statement, Support

MOST_SENTENCES = 3
BESIDE_BEST = 1.0
"""In log odds: how much less likely than the best one further sentences may answer."""
_MOST_EMBEDDED = 32  # sentences whose meaning is compared: the best ones by their words
_LONGEST = 1_200  # characters of a sentence: what is longer is a table or a list that was taken for one
_SHORTEST = 5  # words of a sentence: what has fewer says little by itself
_ENDED = regex.compile(r"[.!?…。！？｡।][\p{Pf}\p{Pe}\"'”’*_]*$")
_ROW = regex.compile(r"\w\s*[|\t]\s*\S|^[^:：]{2,60}[:：]\s+\S.*\d")
_NUMBER = regex.compile(r"\d+(?:[.,]\d+)*")
_SEPARATORS = str.maketrans("", "", ".,")
_log = get_logger("answers")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a source: `text` stands at `start` (characters of the document). `nearby` is the share of
    what is asked that it holds, and that its neighbours and the document's name hold with it; by it is chosen which
    sentences are looked at closely."""

    source: SourceText
    start: int
    text: str
    nearby: float
    figures: Figures

    @property
    def margin(self) -> float:
        """How far the log odds lie above what is enough for it to be told."""
        model = model_for(self.figures)
        return model.log_odds(self.figures) - model.enough


def copied_statements(
    question: str,
    place: int,
    sources: Sequence[SourceText],
    query: Query,
    weights: Mapping[str, float],
    embedder: Embedder,
) -> tuple[Statement, ...]:
    """At most three sentences that answer the question, the best first; () where none is likely to. Blocking.

    `weights` are those of the question's terms (`weights_of`), `place` the question's among those of the answer. A
    question about the documents as such is answered by what their summary cites, the sources found for no question.
    """
    if is_broad(question) and (summary := [one for one in sources if not one.questions]):
        return tuple(_statement(one, one.source.start, one.text, place) for one in summary[:MOST_SENTENCES])
    told: dict[str, Candidate] = {}
    for one in candidates_of(question, sources, query, weights, embedder):
        best = next(iter(told.values()), one)
        if one.margin < 0 or one.margin < best.margin - BESIDE_BEST or len(told) == MOST_SENTENCES:
            break
        told.setdefault(" ".join(one.text.split()).casefold(), one)
    return tuple(_statement(one.source, one.start, one.text, place) for one in told.values())


def candidates_of(
    question: str,
    sources: Sequence[SourceText],
    query: Query,
    weights: Mapping[str, float],
    embedder: Embedder,
) -> list[Candidate]:
    """The sentences of the sources that share most with the question, the likeliest answer first.

    Of a question for a date or a number, only those that hold one.
    """
    asked = asked_words(question, query, weights)
    if not asked:
        return []
    found = [one for source in sources for one in _sentences_of(question, source, asked)]
    best = sorted(found, key=lambda one: -one.nearby)[:_MOST_EMBEDDED]
    kind = wanted(question)
    held = [
        one
        for one in _compared(question, best, embedder)
        if kind is None or holds(kind, one.text, tokens_of(one.text, one.source.language))
    ]
    return sorted(held, key=lambda one: -one.margin)


def _sentences_of(question: str, source: SourceText, asked: Sequence[AskedWord]) -> list[Candidate]:
    """All sentences of a source, in their order, with what words say of them."""
    spans = [(span.start, span.end) for span in sentence_spans(source.text)]
    held = [_held(source.text[start:end], source.language, asked) for start, end in spans]
    around = _held(source.document_name, source.language, asked)
    total = sum(one.weight for one in asked)

    def share(places: set[int]) -> float:
        return sum(asked[place].weight for place in places) / total

    whole = share(around.union(*held))
    missing = len(_numbers(question) - _numbers(f"{source.document_name} {source.text}"))
    found: list[Candidate] = []
    for number, (start, end) in enumerate(spans):
        text = source.text[start:end]
        if not _can_be_told(text):
            continue
        own = share(held[number])
        nearby = share(around.union(*held[max(0, number - 1) : number + 2]))
        figures = Figures(own, whole, missing, len(asked), None)
        found.append(Candidate(source, source.source.start + start, text, own + nearby, figures))
    return found


def _can_be_told(text: str) -> bool:
    """Whether it says something by itself: a sentence, a row of a table, or a label with a value that has a figure.
    A heading, an address or a sender names what the question names, and answers nothing."""
    if len(text) > _LONGEST:
        return False
    if _ENDED.search(text):
        return len(text.split()) >= _SHORTEST or IS_SPACELESS.search(text) is not None
    return _ROW.search(text) is not None


def _held(text: str, language: str | None, asked: Sequence[AskedWord]) -> set[int]:
    there = {*terms(text, language), *terms(text, None)}
    return {place for place, one in enumerate(asked) if one.forms & there}


def _numbers(text: str) -> set[str]:
    return {number.translate(_SEPARATORS) for number in _NUMBER.findall(text)}


def _compared(question: str, candidates: Sequence[Candidate], embedder: Embedder) -> list[Candidate]:
    """With how far the vector of each stands out; as they are where vectors are not there, or too few."""
    try:
        fitting = [one for one in candidates if embedder.count_tokens(one.text) <= embedder.window]
        if len(fitting) < FEWEST_VECTORS:
            return list(candidates)
        (asked,) = embedder.embed_queries([question])
        cosines = embedder.embed_passages([one.text for one in fitting]) @ asked
    except EmbeddingError as error:
        _log.warning("sentences_not_embedded", error=type(error).__name__)
        return list(candidates)
    outstanding = standing_out(np.asarray(cosines, np.float64))
    return [
        replace(one, figures=replace(one.figures, stands_out=float(far)))
        for one, far in zip(fitting, outstanding, strict=True)
    ]


def _statement(source: SourceText, start: int, text: str, place: int) -> Statement:
    cited = Citation(source.source.document_id, start, start + len(text), source.source.label)
    return Statement(text, Support.SUPPORTED, (cited,), CheckedBy.COPY, question=place)
