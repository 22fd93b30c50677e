"""Summaries without a language model: the sentences that most others are like, as they are written.

Centrality is LexRank's (Erkan and Radev 2004): the stationary distribution of a walk between sentences, which goes
from one to another the more likely the more alike their words are (cosine of tf-idf weights). Sentences at the
beginning of a document weigh more; what resembles a chosen one is passed over (Carbonell and Goldstein 1998).
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from crucible_assets.answers.text.spans import sentence_spans
from resources.search.analysis import terms
from resources.statements import CheckedBy, Citation, Statement, Support
from resources.vocabulary import Segment, SegmentKind

VERSION = "extractive 1"
"""Raise it when the same text would give other sentences."""
MOST_SENTENCES = 5

Floats = npt.NDArray[np.float64]

_DAMPING = 0.85  # share of steps that follow likeness, as in PageRank
_STEPS = 50
_ALIKE = 0.5  # cosine from which on two sentences say too much the same
_MOST_COMPARED = 1_500  # sentences that are compared pair by pair; of more, those nearest to the middle of all
_COMMON, _COMMON_LEAST = 0.12, 4  # share of texts, and number, from which on a word holds sentences together
_FIRST = 0.6  # how much more the first sentence weighs than one far down
_FADES = 6.0  # sentences over which that weight fades
_WORDS = (6, 60)  # of a sentence that says something and can be read
_ROWS = frozenset({SegmentKind.TABLE_ROW, SegmentKind.SHEET_ROW})
_WORD = re.compile(r"\w+")
_LETTER = re.compile(r"[^\W\d_]")
_BLANKS = re.compile(r"\s+")
_BULLET = re.compile(r"^[•▪◦●*–—-]\s+")
_END = re.compile(r"[.!?。！？][\"'”’»)\]]*$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text[start:end]` of a document, and how good a sentence it is to quote: 0 is best."""

    start: int
    end: int
    flaw: int


def summary_by_copy(
    document_id: UUID, text: str, segments: Sequence[Segment], language: str | None
) -> tuple[Statement, ...]:
    """At most five sentences of a document, in its order, each a copy of the words that it cites."""
    sentences = candidates(text, segments)
    words = [text[one.start : one.end] for one in sentences]
    weights = [1 + _FIRST * math.exp(-place / _FADES) for place in range(len(sentences))]
    chosen = sorted(most_central([terms(one, language) for one in words], MOST_SENTENCES, weights))
    return tuple(copied(document_id, text, sentences[place].start, sentences[place].end) for place in chosen)


def copied(document_id: UUID, text: str, start: int, end: int, offset: int = 0) -> Statement:
    """`text[start:end]`, blanks as one, as a statement that cites these words; the text begins at `offset`."""
    said = _BLANKS.sub(" ", text[start:end]).strip()
    return Statement(said, Support.SUPPORTED, (Citation(document_id, offset + start, offset + end),), CheckedBy.COPY)


def candidates(text: str, segments: Sequence[Segment] = ()) -> list[Sentence]:
    """The sentences that may stand for a document: whole ones of a readable length, where it has any.

    Of a document that is all table or all fragments, what comes nearest to that.
    """
    kinds = sorted((segment.start, segment.end, segment.kind) for segment in segments)
    found: list[Sentence] = []
    at = 0
    for span in sentence_spans(text):
        while at < len(kinds) and kinds[at][1] <= span.start:
            at += 1
        kind = kinds[at][2] if at < len(kinds) and kinds[at][0] <= span.start else None
        words = text[span.start : span.end]
        if not _LETTER.search(words):
            continue
        start = span.start + len(words) - len(_BULLET.sub("", words, count=1))
        found.append(Sentence(start, span.end, flaw(text[start : span.end], kind)))
    for worst in (0, 1, 2):
        kept = [one for one in found if one.flaw <= worst]
        if len(kept) >= 3 or (kept and worst == 2):
            return kept
    return found


def flaw(words: str, kind: SegmentKind | None = None) -> int:
    """How far words are from a whole sentence of a readable length: 0 (one) to 3 (a heading, or nothing to read)."""
    count = len(terms(words, None))
    if kind is SegmentKind.HEADING or count > 4 * _WORDS[1] or count < 3:
        return 3
    if kind in _ROWS or "|" in words or "\t" in words or ":" in words[: len(words) // 3] or count < _WORDS[0]:
        return 2
    whole = _END.search(words) is not None and not words[:1].islower()
    return 0 if whole and count <= _WORDS[1] else 1


def most_central(
    said: Sequence[Sequence[str]],
    most: int,
    weights: Sequence[float] | None = None,
    groups: Sequence[object] | None = None,
) -> list[int]:
    """The places of at most `most` texts, given by their terms: the most central first, none like another.

    With `groups`, one of each group is taken before a second one of any.
    """
    places = _nearest_to_all(said, _MOST_COMPARED)
    if not places:
        return []
    likeness = _likeness([said[place] for place in places])
    scores = _walk(likeness)
    if weights is not None:
        scores = scores * np.asarray([weights[place] for place in places])
    order = sorted(range(len(places)), key=lambda one: (-round(float(scores[one]), 12), one))
    chosen: list[int] = []
    for again in (False, True) if groups is not None else (True,):
        for one in order:
            if len(chosen) == most:
                break
            if one in chosen or any(likeness[one, other] > _ALIKE for other in chosen):
                continue
            taken = set() if groups is None else {groups[places[other]] for other in chosen}
            if again or groups is None or groups[places[one]] not in taken:
                chosen.append(one)
    return [places[one] for one in chosen]


def weights_of(counts: Sequence[Counter[str]]) -> Mapping[str, float]:
    """The inverse document frequency of every term: ln((n + 1) / (df + 0.5)); of words of most texts it is 0.

    Words that hold sentences together say nothing of what they are about, and long sentences have most of them.
    """
    frequency: Counter[str] = Counter()
    for one in counts:
        frequency.update(one.keys())
    common = max(_COMMON_LEAST, _COMMON * len(counts))
    return {
        term: math.log((len(counts) + 1) / (number + 0.5)) if number <= common else 0.0
        for term, number in frequency.items()
    }


def _weighted(said: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    """Each text's terms with tf-idf weights, of length 1."""
    counts = [Counter(one) for one in said]
    idf = weights_of(counts)
    vectors = []
    for one in counts:
        raw = {term: (1 + math.log(number)) * idf[term] for term, number in one.items()}
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        vectors.append({term: weight / length for term, weight in raw.items()})
    return vectors


def _nearest_to_all(said: Sequence[Sequence[str]], most: int) -> list[int]:
    """The places of texts that have words; of too many, those nearest to the sum of all, in their order."""
    places = [place for place, one in enumerate(said) if one]
    if len(places) <= most:
        return places
    vectors = _weighted([said[place] for place in places])
    total: dict[str, float] = {}
    for vector in vectors:
        for term, weight in vector.items():
            total[term] = total.get(term, 0.0) + weight
    near = [sum(weight * total[term] for term, weight in vector.items()) for vector in vectors]
    best = sorted(range(len(places)), key=lambda one: (-near[one], one))[:most]
    return [places[one] for one in sorted(best)]


def _likeness(said: Sequence[Sequence[str]]) -> Floats:
    """The cosine of every two texts, (n, n). Terms of one text only count in its length."""
    vectors = _weighted(said)
    shared = Counter(term for vector in vectors for term in vector)
    columns = {term: place for place, term in enumerate(t for t, number in shared.items() if number > 1)}
    matrix = np.zeros((len(vectors), max(1, len(columns))), np.float64)
    for row, vector in enumerate(vectors):
        for term, weight in vector.items():
            if term in columns:
                matrix[row, columns[term]] = weight
    likeness: Floats = matrix @ matrix.T
    return likeness


def _walk(likeness: Floats) -> Floats:
    """How often each text is come by on an endless walk; sums to 1."""
    number = len(likeness)
    steps = likeness.copy()
    np.fill_diagonal(steps, 1.0)
    steps /= steps.sum(axis=1, keepdims=True)
    scores = np.full(number, 1 / number)
    for _ in range(_STEPS):
        scores = (1 - _DAMPING) / number + _DAMPING * (scores @ steps)
    return scores
