"""How strongly the document says that a stretch of it is what a field asks for.

Four kinds of evidence, each 0..1, joined by noisy-or, so that confidence never falls when evidence is added:
the label that stands with the value, cue words near it, the similarity of its sentence, and what position or form
say beforehand, in falling order of weight.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from resources.models.reader.analysis import Analysis
from resources.models.reader.compounds import compound_postings
from resources.models.reader.concepts import LIGHT_WORDS, TYPE_WORDS
from resources.models.reader.query import Query
from resources.models.reader.spans import Mention, Pair, Span
from resources.models.reader.words import STOP_WORDS

Similarity = Callable[[str, Sequence[str]], Sequence[float]]

_LABEL, _CUE, _SIMILARITY, _PRIOR = 0.92, 0.75, 0.35, 0.40
_REACH = 6.0  # tokens over which a cue loses half of its weight
_FAR = 100  # tokens beyond which no cue is looked for: an endless line costs no more than its length
_SATURATION = 1.6  # all core words beside the value give 1 - e^-1.6 = 0.8 of a cue
_BEHIND = 0.7  # a cue after the value counts less than one before it
_RIVAL = 0.5  # another mention of the same sort is nearer to the cue
_UNSEEN = 0.6  # a title word that the document never uses weighs less: it may use a synonym
_EXCLUDED = 0.5  # what a value beside a word that the instructions exclude keeps at least
_PART = 0.8  # a cue within a compound
_PREVIOUS = 0.35  # a cue in the sentence before, in the same block
_TYPE_WEIGHT = 0.35
_LIGHT_WEIGHT = 0.1
_VALUE_HEAD = 80  # characters of a labelled value in which the mention must begin
_LABEL_FLOOR = 0.3
_RERANKED = 30
_HOLDING = 200  # characters of a value in which its label is felt
_HELD_BY = 8  # labels that one value can stand under


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a candidate, each 0..1."""

    label: float = 0.0
    cue: float = 0.0
    similarity: float = 0.0
    prior: float = 0.0
    fit: float = 1.0  # how well the candidate's kind fits the field; scales the whole

    @property
    def confidence(self) -> float:
        """Noisy-or of the weighted evidence, times the fit: 0..1."""
        against = 1.0
        for strength, weight in (
            (self.label, _LABEL),
            (self.cue, _CUE),
            (self.similarity, _SIMILARITY),
            (self.prior, _PRIOR),
        ):
            against *= 1.0 - weight * min(1.0, max(0.0, strength))
        return (1.0 - against) * self.fit


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible value: `span` is where it stands, `unit` what to quote."""

    value: Any
    span: Span
    unit: Span
    evidence: Evidence

    @property
    def confidence(self) -> float:
        """How sure the reader is, 0..1."""
        return self.evidence.confidence


@dataclass(frozen=True)
class Question:
    """One field against one document."""

    analysis: Analysis
    query: Query
    text: str = ""  # the question in words, for a dense scorer
    dense: Similarity | None = field(default=None, compare=False)

    @cached_property
    def _rarest(self) -> float:
        return max(self.analysis.idf("\0"), 0.1)

    def weight(self, word: str) -> float:
        """How much a stem tells in this document, 0..1: 1 for a word that occurs in no sentence or in one."""
        return min(1.0, self.analysis.idf(word) / self._rarest + 0.1)

    @cached_property
    def hits(self) -> list[tuple[int, int, float, int]]:
        """(first token, last token, weight, number of the term) of every occurrence of the query's words."""
        postings, stems = self.analysis.postings, self.analysis.tokens.stems
        found: list[tuple[int, int, float, int]] = []
        number = 0
        for word, weight in self.query.terms.items():
            number += 1
            told = weight * self.weight(word)
            found.extend((position, position, told, number) for position in postings.get(word, ()))
            found.extend((p, p, _PART * told, number) for p in compound_postings(self.analysis, word))
        for phrase, weight in self.query.phrases:
            number += 1
            width = len(phrase)
            found.extend(
                (position, position + width - 1, weight, number)
                for position in postings.get(phrase[0], ())
                if stems[position : position + width] == phrase
            )
        return sorted(found)

    @cached_property
    def _hit_starts(self) -> list[int]:
        return [hit[0] for hit in self.hits]

    @cached_property
    def full_weight(self) -> float:
        """The weight of all core words of the question: what a perfect context reaches."""
        terms = self.query.terms
        postings = self.analysis.postings
        return max(
            0.4,
            sum(
                terms.get(word, 0.0) * self.weight(word) * (1.0 if word in postings else _UNSEEN)
                for word in self.query.core
            ),
        )

    def hits_between(self, first: int, last: int) -> list[tuple[int, int, float, int]]:
        """The hits that begin in tokens first..last (excluded)."""
        return self.hits[bisect_left(self._hit_starts, first) : bisect_left(self._hit_starts, last)]

    def cue(self, mention: Span, behind: float = _BEHIND, rivals: Sequence[int] = ()) -> float:
        """Cue words round a mention, nearest occurrence of each, weighted by distance in words: 0..1.

        `rivals` are the tokens, ascending, at which mentions of the same sort begin: a cue with one between counts
        less, and so does a cue behind this mention that leads to the next one.
        """
        number = self.analysis.sentence_at(mention.start)
        if number is None:
            return 0.0
        first, last = self.analysis.sentence_tokens[number]
        begin, end = self.analysis.token_at(mention.start), self.analysis.token_at(mention.end - 1)
        best: dict[int, float] = {}
        for start, stop, weight, term in self.hits_between(max(first, begin - _FAR), min(last, end + _FAR)):
            if begin <= start <= end:
                continue
            if stop < begin:
                distance, side = begin - stop, 1.0 if not _any_between(rivals, stop, begin) else _RIVAL
            else:
                distance, side = start - end, behind * (_RIVAL if _any_between(rivals, end, last) else 1.0)
            value = weight * side / (1.0 + max(0, distance - 2) / _REACH)
            best[term] = max(best.get(term, 0.0), value)
        if number and self.analysis.sentences[number - 1].block == self.analysis.sentences[number].block:
            earlier, here = self.analysis.sentence_tokens[number - 1]
            for _, _, weight, term in self.hits_between(max(earlier, here - _FAR), here):
                best[term] = max(best.get(term, 0.0), weight * _PREVIOUS)
        return 1.0 - math.exp(-_SATURATION * sum(best.values()) / self.full_weight)

    @cached_property
    def _excluded(self) -> list[int]:
        postings = self.analysis.postings
        return sorted(position for word in self.query.excluded for position in postings.get(word, ()))

    def exclusion(self, mention: Span) -> float:
        """Factor for a mention near words that the instructions exclude: 1 without, 0.5 right behind one."""
        number = self.analysis.sentence_at(mention.start)
        if number is None or not self.query.excluded:
            return 1.0
        first, last = self.analysis.sentence_tokens[number]
        begin, end = self.analysis.token_at(mention.start), self.analysis.token_at(mention.end - 1)
        nearest = 0.0
        low, high = (
            bisect_left(self._excluded, max(first, begin - 8)),
            bisect_left(self._excluded, min(last, end + 5)),
        )
        for position in self._excluded[low:high]:
            distance, side = (begin - position, 1.0) if position < begin else (position - end, 0.5)
            if distance > 0:
                nearest = max(nearest, side / (1.0 + max(0, distance - 2) / _REACH))
        return 1.0 - (1.0 - _EXCLUDED) * nearest

    @cached_property
    def coverages(self) -> dict[int, float]:
        """Sentence → share of the question's weight that its words cover (0..1), for sentences with any."""
        found: dict[int, dict[int, float]] = {}
        numbers = {}
        for number, (first, last) in enumerate(self.analysis.sentence_tokens):
            for _, _, weight, term in self.hits_between(first, last):
                found.setdefault(number, {})[term] = weight
                numbers[number] = last - first
        scores = {number: min(1.0, sum(terms.values()) / (self.full_weight * 1.3)) for number, terms in found.items()}
        return self._with_dense(scores)

    def _with_dense(self, scores: dict[int, float]) -> dict[int, float]:
        if self.dense is None or not scores:
            return scores
        text = self.analysis.text
        best = sorted(scores, key=lambda number: -scores[number])[:_RERANKED]
        sentences = [self.analysis.sentences[number] for number in best]
        given = self.dense(self.text, [text[s.start : s.end] for s in sentences])
        for number, dense in zip(best, given, strict=True):
            scores[number] = 0.5 * scores[number] + 0.5 * min(1.0, max(0.0, dense))
        return scores

    def similarity(self, span: Span) -> float:
        """The coverage of the sentence that holds the span."""
        return self.coverages.get(-1 if (n := self.analysis.sentence_at(span.start)) is None else n, 0.0)

    def label_strength(self, label: Sequence[str]) -> float:
        """How surely a label (its stems) means this field, 0..1."""
        own = [word for word in label if word not in STOP_WORDS] or list(label)
        if not own:
            return 0.0
        total = sum(_worth(word) for word in own)
        best = 0.0
        for asked in self.query.labels:
            shared = sum(_worth(word) for word in set(asked.phrase) if any(_same(word, other) for other in label))
            recall = shared / sum(_worth(word) for word in set(asked.phrase))
            if recall < 0.5:
                continue
            explained = sum(
                _worth(word)
                * (
                    1.0
                    if any(_same(a, word) for a in asked.phrase)
                    else 0.7
                    if word in self.query.instructed
                    else 0.0
                )
                for word in own
            )
            best = max(best, asked.weight * recall * (0.3 + 0.7 * min(1.0, explained / total)))
        telling = [word for word in own if word not in TYPE_WORDS and word not in LIGHT_WORDS]
        if telling and all(word in self.query.instructed for word in telling):
            best = max(best, 0.55)
        return best * (0.4 if any(word in self.query.contrary for word in label) else 1.0)

    @cached_property
    def labelled(self) -> list[tuple[Pair, float]]:
        """The pairs whose label means this field, with label strength times layout strength, best first."""
        distinct = {stems: self.label_strength(stems) for stems in self.analysis.labels}
        rated = ((pair, distinct[stems] * pair.strength) for pair, stems in self.analysis.pairs)
        found = [(pair, strength) for pair, strength in rated if strength >= _LABEL_FLOOR]
        return sorted(found, key=lambda entry: (-entry[1], entry[0].label.start))

    @cached_property
    def _by_value(self) -> tuple[list[int], list[tuple[Pair, float]]]:
        """The labelled pairs in the order of their values, with the values' starts."""
        pairs = sorted(self.labelled, key=lambda entry: entry[0].value.start)
        return [pair.value.start for pair, _ in pairs], pairs

    def starts(self, mentions: Sequence[Mention]) -> list[int]:
        """The tokens at which the mentions begin, ascending."""
        return sorted(self.analysis.token_at(mention.start) for mention in mentions)

    def label_of(self, mention: Mention) -> tuple[float, Span | None]:
        """The strongest label whose value begins with the mention or holds it, and the row of both."""
        starts, pairs = self._by_value
        best, row = 0.0, None
        low, high = bisect_left(starts, mention.start - _VALUE_HEAD + 1), bisect_right(starts, mention.start)
        for pair, strength in pairs[low:high]:
            if mention.start < pair.value.end:
                near = 1.0 if mention.start - pair.value.start < 25 else 0.8
                if strength * near > best:
                    best, row = strength * near, pair.row
        return best, row

    def label_near(self, span: Span) -> float:
        """The strength of the best label whose value holds the span, however far into it."""
        starts, pairs = self._by_value
        low, high = bisect_left(starts, span.start - _HOLDING), bisect_right(starts, span.start)
        return max((s for p, s in pairs[low:high][-_HELD_BY:] if span.start < p.value.end), default=0.0)

    def unit_of(self, span: Span) -> Span:
        """The sentence that holds the span, else its own characters."""
        number = self.analysis.sentence_at(span.start)
        if number is None:
            return span
        sentence = self.analysis.sentences[number]
        return Span(sentence.start, max(sentence.end, span.end))

    def candidate(self, mention: Mention, value: Any, *, prior: float = 0.0, fit: float = 1.0,
                  behind: float = _BEHIND, rivals: Sequence[int] = ()) -> Candidate:  # fmt: skip
        """The mention with all evidence that the document gives it."""
        label, row = self.label_of(mention)
        evidence = Evidence(
            label=label,
            cue=self.cue(mention.span, behind, rivals),
            similarity=self.similarity(mention.span),
            prior=prior,
            fit=fit * (1.0 if label > 0.5 else self.exclusion(mention.span)),
        )
        return Candidate(value, mention.span, row or self.unit_of(mention.span), evidence)


def _any_between(positions: Sequence[int], after: int, before: int) -> bool:
    """Whether one of the ascending positions lies strictly between the two."""
    index = bisect_left(positions, after + 1)
    return index < len(positions) and positions[index] < before


def _same(asked: str, word: str) -> bool:
    """Equal, or the head of a compound ('Vertragsbeginn' has 'Beginn')."""
    return asked == word or (len(asked) >= 5 and len(word) > len(asked) + 2 and word.endswith(asked))


def _worth(word: str) -> float:
    if word in LIGHT_WORDS:
        return _LIGHT_WEIGHT
    return _TYPE_WEIGHT if word in TYPE_WORDS else 1.0
