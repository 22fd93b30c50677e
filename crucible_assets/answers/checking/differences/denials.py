"""A denial that only the statement has, or only the sentence: `not`, `no`, `never`; and `even if` for `if`."""

from collections.abc import Sequence

from crucible_assets.answers.checking.differences.alignment import Difference, Near, Word, content_of, is_empty
from crucible_assets.answers.checking.differences.contrast_lists import SPACELESS
from crucible_assets.answers.checking.differences.contrasts import contrasts_of
from crucible_assets.answers.checking.differences.turns import CONDITIONS, EVEN_IF, ONLY
from crucible_assets.answers.text.tokens import Kind
from resources.models.reader.words import fold as bare
from resources.search.guarded_words import is_negation

_DENYING_SPACELESS = frozenset("没無无不未非否") | frozenset(map(bare, ("没有", "なかっ", "ない", "ません", "ずに")))


def even_if(near: Near) -> str | None:
    """`even if` stands where the source has `if`, `only if` or `unless`."""
    turned = any(
        any(word.key in EVEN_IF for word in one.own) and any(word.key in CONDITIONS for word in one.theirs)
        for one in near.differences
    )
    return "leaves out the condition" if turned else None


def denial(near: Near) -> str | None:
    """Nothing differs that decides but a denial; "" where something else does too, so that nothing is decided."""
    language = near.language
    denying = [one for one in near.differences if _flips(one, language)]
    if not denying:
        return None
    others = [one for one in near.differences if one not in denying]
    loaded = any(decides(one, language) for one in others)
    if any(word.key in CONDITIONS for one in denying for word in (*one.theirs, *one.own)):  # `if`, `unless`
        loaded |= any(content_of((*one.theirs, *one.own), language) for one in others)
    if any(_holds_denial(one.own, language) for one in denying):  # a denial of theirs may be said in another place
        loaded |= any(_holds_denial(one.theirs, language) for one in others)
    one_sided = not _holds_denial(near.own, language) or not _holds_denial(near.theirs, language)
    return "says the opposite" if not loaded and (len(denying) == 1 or one_sided) else ""


def decides(one: Difference, language: str | None) -> bool:
    """Whether something in a difference may turn what is said, which is not a whole clause that was left out."""
    if not one.own and len(content_of(one.theirs, language)) > 1:
        return False
    lists = contrasts_of(language)
    return any(
        is_denial(word, language) or lists.stands_in_lists(word.key) or word.key in ONLY or word.key in CONDITIONS
        for word in (*one.theirs, *one.own)
    )


def is_denial(word: Word, language: str | None) -> bool:
    """Whether a word denies what it stands by."""
    if word.token.kind is not Kind.WORD or (language == "fr" and word.key in ("ne", "n")):
        return False
    return word.key in _DENYING_SPACELESS if language in SPACELESS else is_negation(word.key)


def _holds_denial(words: Sequence[Word], language: str | None) -> bool:
    return any(is_denial(word, language) for word in words)


def _flips(one: Difference, language: str | None) -> bool:
    """Whether a denial stands on one side, and beside it nothing of content."""
    sides = [sum(is_denial(word, language) for word in side) for side in (one.theirs, one.own)]
    if sides[0] % 2 == sides[1] % 2:
        return False
    lists = contrasts_of(language)
    rest = [word for word in (*one.theirs, *one.own) if not is_denial(word, language)]
    return all(
        is_empty(word, language) or word.key in lists.degrees or word.key in CONDITIONS | ONLY for word in rest
    )
