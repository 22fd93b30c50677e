"""Another value where the sentence has one: a number, unit or date, an opposite, `all` of what is a part."""

from collections.abc import Sequence
from itertools import pairwise

from crucible_assets.answers.checking.differences.alignment import Difference, Near, Word, content_of, is_same
from crucible_assets.answers.checking.differences.contrasts import contrasts_of
from crucible_assets.answers.checking.differences.denials import is_denial
from crucible_assets.answers.checking.differences.turns import JOINING
from crucible_assets.answers.text.languages import territory_words
from crucible_assets.answers.text.tokens import Kind
from resources.search.guarded_words import are_opposites

_PREFIXES = ("un", "in", "im", "ir", "dis", "non")
_FACTS = frozenset({Kind.NUMBER, Kind.DAY})
_OF = frozenset({"of", "der", "des", "von", "de"})


def all_of_part(near: Near, one: Difference) -> str | None:
    """`all of the 9,800` where the source says `2,300 of the 9,800`."""
    mine = content_of(one.own, near.language)
    if len(mine) != 1 or contrasts_of(near.language).degrees.get(mine[0].key, (1, 1)) != (0, 0):
        return None
    for word, after in pairwise((*one.theirs, *([one.following] if one.following else []))):
        if word.token.kind is Kind.NUMBER and after.key in _OF:
            return _says(mine[0], word)
    return None


def other_value(near: Near, one: Difference) -> str | None:
    """Another number, unit or date, or a word that cannot stand for theirs."""
    language = near.language
    mine, its = content_of(one.own, language), content_of(one.theirs, language)
    if len(mine) != 1 or not 1 <= len(its) <= 2:
        return None
    word = mine[0]
    other = next((w for w in its if w.token.kind is word.token.kind), its[0])
    if _said_elsewhere(word, near.own, near.theirs, language):
        return None
    if language == "en" and one.following is not None and is_denial(one.following, language):
        return None  # `may not` and `must not`
    if word.token.kind in _FACTS:
        another = word.token.kind is other.token.kind and not is_same(word, other) and len(its) == 1
    elif word.token.kind is Kind.WORD and other.token.kind is Kind.WORD:
        lists = contrasts_of(language)
        another = any(lists.contrast(word.key, w.key) for w in its)
        another = another or (len(its) == 1 and _exclude_each_other(word.key, other.key))
    else:
        another = False
    return _says(word, other) if another else None


def _says(word: Word, other: Word) -> str:
    return f"says {word.token.written} where the source says {other.token.written}"


def _exclude_each_other(first: str, second: str) -> bool:
    """Whether one word is the other with `un-` or the like before it, or both are names of countries or languages."""
    short, long = sorted((first, second), key=len)
    prefixed = len(short) > 4 and long.startswith(_PREFIXES) and are_opposites(first, second)
    return prefixed or {first, second} <= territory_words()


def _said_elsewhere(word: Word, own: Sequence[Word], theirs: Sequence[Word], language: str | None) -> bool:
    """Whether a clause of the sentence says the statement's word, and nothing there that the statement does not say.

    `The northern wing was sold in 2019, the southern wing in 2020` bears `the southern wing was sold in 2020`.
    """
    stated = {one.stem for one in own}
    for at, other in enumerate(theirs):
        if not is_same(word, other):
            continue
        end = next(
            (n for n in range(at + 1, len(theirs)) if theirs[n].comma or theirs[n].key in JOINING), len(theirs)
        )
        behind = content_of(theirs[at + 1 : end], language)
        if behind and all(one.stem in stated for one in behind):
            return True
    return False
