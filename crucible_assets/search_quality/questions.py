"""Questions whose answer is known, made of what a project has: the same corpus gives the same questions.

Known items (Azzopardi and de Rijke 2006): half of the words of a sentence, the rarer ones, in another order; the
passage that the sentence stands in is to be found. Evidence: what a variable asks, within one document; the passage
that a cell's evidence stands in is to be found.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import regex

from resources.database.repositories.search_samples import EvidencePassage, SampledPassage
from resources.search.analysis import terms

FEWEST_WORDS = 3
"""Of a question made of a sentence; shorter sentences make none."""
_MOST_WORDS = 12
_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]{2,3}|[\p{L}\p{N}][\p{L}\p{M}\p{N}\-]*")
_SENTENCE = regex.compile(r"(?<=[.!?।۔])\s+|(?<=[。！？])|\n{2,}")
Weights = Callable[[Sequence[str]], Mapping[str, float]]
"""Terms → how much each tells passages apart; those that no passage has are left out."""


class QuestionKind(StrEnum):
    """Of what a question was made."""

    KNOWN_ITEM = "known item"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question, and the `content_hash` of the passage that is to be found; in one `document` only, if it names one.

    `id` stays as long as the passage does, though its rarer words may become others: figures of the same question may
    be compared from day to day.
    """

    id: str
    kind: QuestionKind
    text: str
    passage: str
    document: UUID | None = None


def known_items(passages: Iterable[SampledPassage], weights: Weights) -> list[KnownQuestion]:
    """A question for each passage that has a sentence of enough words."""
    found = []
    for passage in passages:
        sentences = [
            words for part in _SENTENCE.split(passage.text) if len(words := _words(part)) >= 2 * FEWEST_WORDS
        ]
        if not sentences:
            continue
        words = sentences[int(passage.content_hash[:8], 16) % len(sentences)]
        form = {word: terms(word, passage.language)[0] for word in words}
        weight = weights(list(form.values()))
        rarest = sorted(words, key=lambda word: (-weight.get(form[word], 0.0), word))
        asked = sorted(rarest[: min(max(FEWEST_WORDS, len(words) // 2), _MOST_WORDS)], key=_mixed)
        found.append(_question(QuestionKind.KNOWN_ITEM, " ".join(asked), passage.content_hash))
    return found


def evidence_questions(places: Iterable[EvidencePassage], asks: Mapping[str, str]) -> list[KnownQuestion]:
    """A question for each place whose variable is in `asks` (name → what it asks)."""
    return [
        _question(QuestionKind.EVIDENCE, asks[place.variable], place.content_hash, place.document_id)
        for place in places
        if asks.get(place.variable, "").strip()
    ]


def _mixed(word: str) -> str:
    """An order that has nothing to do with that of the sentence, and is the same every day."""
    return hashlib.sha256(word.encode()).hexdigest()


def _words(sentence: str) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(sentence)))


def _question(kind: QuestionKind, text: str, passage: str, document: UUID | None = None) -> KnownQuestion:
    of = f"{kind}\n{passage}" if document is None else f"{kind}\n{passage}\n{document}\n{text}"
    return KnownQuestion(hashlib.sha256(of.encode()).hexdigest()[:16], kind, text, passage, document)
