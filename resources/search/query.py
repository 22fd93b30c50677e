"""What a person typed, as terms and phrases."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from resources.search.analysis import fold, terms

MOST_TERMS = 64
"""Terms of one query; the first ones are taken, in the order in which they were written."""
_MOST_PAIRS = 16
_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»')
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Query:
    """A query ready to be asked: any of the `terms` may stand in a passage.

    `phrases` were put in quotation marks. `pairs` are neighbouring words. Passages with phrases and pairs as they are
    written rank higher; neither excludes a passage.
    """

    text: str
    terms: tuple[str, ...]
    phrases: tuple[str, ...]
    pairs: tuple[str, ...]


def make_query(text: str, languages: Iterable[str | None]) -> Query:
    """The query for passages in these languages (ISO 639-1; None: not known)."""
    found: dict[str, None] = {}
    for language in [*dict.fromkeys(languages)] or [None]:
        found |= dict.fromkeys(terms(text, language))
    phrases = [" ".join(_WORD.findall(fold(next(filter(None, match))))) for match in _QUOTED.findall(text)]
    words = _WORD.findall(fold(text))
    pairs = [f"{first} {second}" for first, second in itertools.pairwise(words)]
    return Query(
        text=text,
        terms=tuple(found)[:MOST_TERMS],
        phrases=tuple(dict.fromkeys(phrase for phrase in phrases if phrase)),
        pairs=tuple(dict.fromkeys(pairs))[:_MOST_PAIRS],
    )
