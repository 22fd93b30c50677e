"""What stands in a cited text: its numbers, days, identifiers, words and shares, read once."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import regex

from crucible_assets.answers.text.ratios import ratios
from crucible_assets.answers.text.tokens import Kind, Token, tokens_of
from resources.models.reader.words import fold as bare
from resources.search.analysis import has_stemmer, terms

YES, PERHAPS, NO = 0, 1, 2
"""Whether something stands there. What may stand there is neither found nor missed; the least answer counts."""


@dataclass(frozen=True, slots=True)
class Cited:
    """Words that a statement cites, and their language (ISO 639-1)."""

    text: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Stock:
    """All that a text holds; `words` are folded and without accents."""

    numbers: tuple[Token, ...]
    days: tuple[Token, ...]
    codes: frozenset[str]
    words: frozenset[str]
    stems: frozenset[str]
    folded: str
    ratios: frozenset[Fraction]
    initials: str  # of all words, in their order, with a blank where a sentence or clause ends


@lru_cache(maxsize=256)
def stock_of(text: str, language: str | None) -> Stock:
    """What stands in a text, read in its language."""
    tokens = tokens_of(text, language)
    words = {bare(token.key) for token in tokens if token.kind is Kind.WORD}
    for token in tokens:  # what stands in identifiers and addresses stands there too
        if token.kind is Kind.CODE:
            words.update(bare(part) for part in regex.findall(r"\p{L}+", token.key))
    return Stock(
        tuple(token for token in tokens if token.kind is Kind.NUMBER),
        tuple(token for token in tokens if token.kind is Kind.DAY),
        frozenset(token.key for token in tokens if token.kind is Kind.CODE),
        frozenset(words),
        frozenset(terms(text, language)) if has_stemmer(language) else frozenset(),
        " ".join(text.casefold().split()),
        frozenset(ratio for ratio, _, _ in ratios(tokens)),
        "".join(bare(token.key)[:1] if token.kind is Kind.WORD else " " for token in tokens),
    )
