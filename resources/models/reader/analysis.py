"""A document as the reader sees it: words, sentences, pairs and recognised mentions, each found once, when asked."""

import math
import re
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from threading import Lock

from resources.models.reader.dates import find_dates
from resources.models.reader.layout import Sentence, blocks_of, lines_of, sentences_of
from resources.models.reader.names import find_contacts, find_identifiers, find_names
from resources.models.reader.numbers import find_durations, find_numbers
from resources.models.reader.pairs import pairs_of
from resources.models.reader.persons import find_people
from resources.models.reader.places import find_places
from resources.models.reader.spans import Mention, Pair, Span
from resources.models.reader.totals import find_sums
from resources.models.reader.townlike import find_towns
from resources.models.reader.words import Tokens, stem, tokenise, words_of

_COMPOUNDING_WORDS = ("der", "die", "das", "und", "den", "dem", "des", "ist", "mit", "het", "een", "och", "att", "og")
_SMALL = re.compile(r"\b[^\W\d_A-Z]{2,}\b")


@dataclass(frozen=True)
class Analysis:
    """All that is derived from one document's text; every part is computed at its first use and then kept."""

    text: str

    @cached_property
    def tokens(self) -> Tokens:
        """Its words."""
        return tokenise(self.text)

    @cached_property
    def postings(self) -> dict[str, list[int]]:
        """Stem → the positions of its tokens, ascending."""
        found: dict[str, list[int]] = {}
        for position, word in enumerate(self.tokens.stems):
            found.setdefault(word, []).append(position)
        return found

    @cached_property
    def lines(self) -> list[Span]:
        """Its lines."""
        return lines_of(self.text)

    @cached_property
    def blocks(self) -> list[Span]:
        """Its paragraphs."""
        return blocks_of(self.text, self.lines)

    @cached_property
    def sentences(self) -> list[Sentence]:
        """Its sentences."""
        return sentences_of(self.text, self.blocks)

    @cached_property
    def sentence_tokens(self) -> list[tuple[int, int]]:
        """For each sentence its first token and the one after its last."""
        starts = self.tokens.starts
        return [(bisect_left(starts, s.start), bisect_left(starts, s.end)) for s in self.sentences]

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [sentence.start for sentence in self.sentences]

    @cached_property
    def document_frequency(self) -> dict[str, int]:
        """Stem → number of sentences with it."""
        counts: dict[str, int] = {}
        for first, last in self.sentence_tokens:
            for word in set(self.tokens.stems[first:last]):
                counts[word] = counts.get(word, 0) + 1
        return counts

    @cached_property
    def pairs(self) -> list[tuple[Pair, tuple[str, ...]]]:
        """Its labels and values, with the stems of each label."""
        return [
            (pair, tuple(stem(word) for word in words_of(pair.label.of(self.text))))
            for pair in pairs_of(self.text, self.lines)
        ]

    @cached_property
    def labels(self) -> frozenset[tuple[str, ...]]:
        """The different labels, as stems: a table repeats few of them in many rows."""
        return frozenset(stems for _, stems in self.pairs)

    @cached_property
    def label_spans(self) -> list[tuple[int, int]]:
        """(start, end) of every label, ascending."""
        return sorted({(pair.label.start, pair.label.end) for pair, _ in self.pairs})

    @cached_property
    def label_starts(self) -> frozenset[int]:
        """Where sure labels begin: what stands there is no value."""
        return frozenset(pair.label.start for pair, _ in self.pairs if pair.strength >= 0.7)

    @cached_property
    def dates(self) -> list[Mention]:
        """Days, months and years."""
        return find_dates(self.text)

    @cached_property
    def numbers(self) -> list[Mention]:
        """Figures outside dates and contact data."""
        apart = [*self.dates, *self.contacts]
        return find_numbers(self.text, apart)

    @cached_property
    def sums(self) -> frozenset[int]:
        """Where figures begin that are the sum of those before them."""
        return find_sums(self.text, self.numbers, self.lines)

    @cached_property
    def durations(self) -> list[Mention]:
        """Lengths of time."""
        return find_durations(self.text)

    @cached_property
    def names(self) -> list[Mention]:
        """Capitalised names."""
        return find_names(self.text, self.blocks)

    @cached_property
    def places(self) -> list[Mention]:
        """Countries, states and other places."""
        return find_places(self.text)

    @cached_property
    def towns(self) -> list[tuple[Span, float]]:
        """Words that may name towns, with what their surroundings say."""
        return find_towns(self.text, self.people)

    @cached_property
    def people(self) -> frozenset[str]:
        """Words that stand in names of persons: 'Ada' and 'Byron' of 'Ada Byron', 'Moser' of 'Mr Moser'."""
        return find_people(self.text)

    @cached_property
    def contacts(self) -> list[Mention]:
        """E-mail and web addresses, telephone numbers."""
        return find_contacts(self.text)

    @cached_property
    def identifiers(self) -> list[Mention]:
        """Words with digits."""
        return find_identifiers(self.text)

    @cached_property
    def small_words(self) -> frozenset[str]:
        """The words that the text has in small letters somewhere."""
        return frozenset(_SMALL.findall(self.text))

    @cached_property
    def compounding(self) -> bool:
        """Whether the text is in a language that writes compounds as one word, by its function words."""
        stems = self.tokens.stems
        return sum(len(self.postings.get(word, ())) for word in _COMPOUNDING_WORDS) >= max(3, 0.02 * len(stems))

    @cached_property
    def _vocabulary(self) -> str:
        return "\n" + "\n".join(self.postings) + "\n"

    @cached_property
    def _compounds(self) -> dict[str, tuple[str, ...]]:
        return {}

    def compounds(self, word: str) -> tuple[str, ...]:
        """The longer words of the text that begin or end with this one; found once per word."""
        known = self._compounds.get(word)
        if known is None:
            known = self._compounds[word] = tuple(dict.fromkeys(_longer(self._vocabulary, word)))
        return known

    def idf(self, word: str) -> float:
        """Inverse sentence frequency of a stem as in BM25 (Robertson and Zaragoza 2009, §3.1), ≥ 0.1."""
        total, count = len(self.sentences), self.document_frequency.get(word, 0)
        return max(0.1, math.log(1.0 + (total - count + 0.5) / (count + 0.5)))

    def sentence_at(self, offset: int) -> int | None:
        """The number of the sentence that holds the character, or None between sentences."""
        index = bisect_right(self._sentence_starts, offset) - 1
        if index < 0 or self.sentences[index].end <= offset:
            return None
        return index

    def token_at(self, offset: int) -> int:
        """The first token that ends after the offset."""
        return bisect_right(self.tokens.ends, offset)


def _longer(vocabulary: str, word: str) -> Iterator[str]:
    """The lines that begin or end with the word and are at least three letters longer."""
    for needle in (f"\n{word}", f"{word}\n"):
        place = vocabulary.find(needle)
        while place >= 0:
            start = vocabulary.rfind("\n", 0, place + 1) + 1
            end = vocabulary.find("\n", place + 1)
            if end - start >= len(word) + 3:
                yield vocabulary[start:end]
            place = vocabulary.find(needle, end)


class AnalysisCache:
    """The analyses of the last few documents, since one question per variable comes for the same document."""

    def __init__(self, size: int = 8) -> None:
        self._size = size
        self._kept: OrderedDict[bytes, Analysis] = OrderedDict()
        self._lock = Lock()

    def get(self, text: str) -> Analysis:
        """The analysis of this text, new or kept."""
        key = sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                found = self._kept[key] = Analysis(text)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
            return found
