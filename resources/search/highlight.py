"""Which characters of a passage are words and phrases of a query, by the analysis that the index is made by. Pure."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

import regex

from resources.search.analysis import (
    IDENTIFIER,
    IS_SPACELESS,
    LONGEST_TERM,
    RUN,
    WORD,
    fold,
    pairs,
    stemmer,
)

Span = tuple[int, int]
"""Start and end in characters."""

# What may melt into the character before it under NFKC: marks, vowels and finals of Hangul, half-width voicing signs.
_CLUSTER = regex.compile(
    r"(?s:.)[\p{M}\u1160-\u11ff\ud7b0-\ud7ff\u3130-\u318f\uff9e\uff9f\uffa0-\uffdc]*", regex.VERSION1
)


def highlight(text: str, terms: Collection[str], phrases: Iterable[str], language: str | None) -> list[Span]:
    """Where words of the text are among `terms`, and where phrases stand; in order, none touching another.

    `terms` and `phrases` are those of a `Query`, `language` the passage's (ISO 639-1).
    """
    folded, starts, ends = fold_with_places(text)
    located = terms_with_places(folded, language)
    if not all(WORD.fullmatch(term) for term in terms):
        located = chain(located, identifiers_with_places(folded))
    found = [(start, end) for term, start, end in located if term in terms]
    for phrase in phrases:
        # between its words may stand whatever is no word, as in the query
        pattern = r"\W+".join(re.escape(word) for word in phrase.split(" "))
        found += [match.span() for match in re.finditer(pattern, folded)]
    return _merged((starts[start], ends[end - 1]) for start, end in found)


def terms_with_places(folded: str, language: str | None) -> Iterator[tuple[str, int, int]]:
    """Terms that `analysis.terms` makes of words, of a text that was folded already, with start and end in it."""
    stem = stemmer(language)
    for match in WORD.finditer(folded):
        word, at = match.group(), match.start()
        if not IS_SPACELESS.search(word):
            yield stem(word)[:LONGEST_TERM], at, match.end()
            continue
        for run in RUN.finditer(word):
            begin = at + run.start()
            if IS_SPACELESS.match(run.group()):
                for place, pair in enumerate(pairs(run.group())):
                    yield pair, begin + place, begin + place + len(pair)
            else:
                yield stem(run.group())[:LONGEST_TERM], begin, at + run.end()


def identifiers_with_places(folded: str) -> Iterator[tuple[str, int, int]]:
    """Terms that it makes of identifiers."""
    for match in IDENTIFIER.finditer(folded):
        yield match.group()[:LONGEST_TERM], match.start(), match.end()


def fold_with_places(text: str) -> tuple[str, list[int], list[int]]:
    """`fold(text)`, and for each of its characters where what it was made of starts and ends in `text`."""
    folded = text.casefold()
    if len(folded) == len(text) and unicodedata.is_normalized("NFKC", text):  # character by character
        return folded, list(range(len(text))), list(range(1, len(text) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        piece = fold(cluster.group())
        pieces.append(piece)
        starts += [cluster.start()] * len(piece)
        ends += [cluster.end()] * len(piece)
    return "".join(pieces), starts, ends


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
