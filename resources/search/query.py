"""What a person typed, as terms and phrases."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

import regex

from resources.search.analysis import fold, terms

MOST_WORDS = 64
"""Words of one query; the first ones are taken, in the order in which they were written."""
_MOST_PAIRS = 16
_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»')
_WORD = regex.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Query:
    """A query ready to be asked: any of the `terms` may stand in a passage.

    `words` gives for each term the number of the word that it is a form of: passages of one language have its stem,
    those of another another one, and both are that word (a structured query, Pirkola 1998). `phrases` were put in
    quotation marks. `pairs` are neighbouring words. Passages with phrases and pairs as they are written rank higher;
    neither excludes a passage.
    """

    text: str
    terms: tuple[str, ...]
    words: tuple[int, ...]
    phrases: tuple[str, ...]
    pairs: tuple[str, ...]


def make_query(text: str, languages: Iterable[str | None]) -> Query:
    """The query for passages in these languages (ISO 639-1), and for those whose language nobody knows.

    A term that is a form of several words counts for the first of them.
    """
    word_of: dict[str, int] = {}
    for forms in zip(*(terms(text, language) for language in dict.fromkeys([*languages, None])), strict=True):
        new = [form for form in dict.fromkeys(forms) if form not in word_of]
        word = word_of.get(forms[0], len(set(word_of.values()))) if new else 0
        if word < MOST_WORDS:
            word_of |= dict.fromkeys(new, word)
    phrases = [" ".join(_WORD.findall(fold(next(filter(None, match))))) for match in _QUOTED.findall(text)]
    pairs = [f"{first} {second}" for first, second in itertools.pairwise(_WORD.findall(text.lower()))]
    return Query(
        text=text,
        terms=tuple(word_of),
        words=tuple(word_of.values()),
        phrases=tuple(dict.fromkeys(phrase for phrase in phrases if phrase)),
        pairs=tuple(dict.fromkeys(pairs))[:_MOST_PAIRS],
    )
