"""Where a statement is a sentence of its source but for a few words, and these change what is said.

The words of both are aligned in their order (longest common subsequence). What is left over on one side or on both is
a difference, and it refutes only where lists decide it (`contrasts.py`, `turns.py`): another number or unit, an
opposite, a denial, what holds more often, for more, or surely, a condition or a doubt that is left out, two things
exchanged. It refutes only when every sentence that is as near says so, and nothing else that decides differs too.
"""

from collections.abc import Sequence
from itertools import pairwise

from crucible_assets.answers.alignment import Difference, Word, align, is_empty, is_same, may_be_near, words_of
from crucible_assets.answers.contrasts import SPACELESS, contrasts_of
from crucible_assets.answers.languages import territory_words
from crucible_assets.answers.swapping import exchanged
from crucible_assets.answers.tokens import Kind, Token
from crucible_assets.answers.turns import (
    ASSERTING,
    BOUNDS,
    BOUNDS_BEHIND,
    CONDITIONS,
    DOUBTING,
    EVEN_IF,
    JOINING,
    NEARLY,
    ONLY,
    OPEN,
    PLANNED,
    TITLES,
    is_open,
)
from resources.models.reader.words import fold as bare
from resources.search.guarded_words import are_opposites, is_negation

_NAME = 2  # words of a name that is compared
_CLOSE = 3  # words between two names of one
_LONGEST = 150  # words of a sentence that is aligned
_PREFIXES = ("un", "in", "im", "ir", "dis", "non")
_DENYING_SPACELESS = frozenset("没無无不未非否") | frozenset(map(bare, ("没有", "なかっ", "ない", "ません", "ずに")))


def refuted_by(own: Sequence[Token], sentences: Sequence[Sequence[Token]], language: str | None) -> str | None:
    """What of a statement the sentences of its sources speak against; None where they do not decide it.

    All are in `language` (ISO 639-1). A question refutes nothing and is not refuted.
    """
    stated = words_of(own, language)
    if _asks(own) or len(stated) > _LONGEST:
        return None
    found: list[str | None] = []
    every = [words_of(sentence, language) for sentence in sentences]
    for sentence, theirs in zip(sentences, every, strict=True):
        if _asks(sentence) or len(theirs) > _LONGEST or not may_be_near(stated, theirs, language):
            continue
        swap = exchanged(stated, theirs, language)
        if swap is not None:
            found.append(f"exchanges {swap[0]} and {swap[1]}")
            continue
        differences, near = align(stated, theirs, language)
        if near:
            found.append(_reason(differences, stated, theirs, language) or _other_name(differences, every, language))
    return found[0] if found and all(one is not None for one in found) else None


def _asks(tokens: Sequence[Token]) -> bool:
    return any(token.kind is Kind.SIGN and token.key == "?" for token in tokens)


def _reason(
    differences: Sequence[Difference], own: Sequence[Word], theirs: Sequence[Word], language: str | None
) -> str | None:
    if any(_is_even(one) for one in differences):
        return "leaves out the condition"
    denied = _denial(differences, own, theirs, language)
    if denied is not None:
        return denied or None
    alone = not any(not is_empty(word, language) for one in differences for word in one.own)  # it adds nothing
    reasons = [
        found
        for one in differences
        if (
            found := _contrast(one, theirs, own, language)
            or _left_out(one, own, language, alone=alone)
            or _added(one, language)
        )
    ]
    return reasons[0] if len(reasons) == 1 or (reasons and not _may_cancel(differences, language)) else None


def _denial(
    differences: Sequence[Difference], own: Sequence[Word], theirs: Sequence[Word], language: str | None
) -> str | None:
    """`says the opposite` where nothing but a denial differs; "" where it does not decide; None without a denial."""
    denying = [one for one in differences if _flips(one, language)]
    loaded = [one for one in differences if one not in denying and _decides(one, language)]
    if not denying:
        return None
    if any(word.key in CONDITIONS for one in denying for word in (*one.theirs, *one.own)):  # `if`, `unless`
        loaded += [one for one in differences if one not in denying and not _is_empty_one(one, language)]
    if any(_holds_denial(one.own, language) for one in denying):  # a denial of theirs may be said in another place
        loaded += [one for one in differences if one not in denying and _holds_denial(one.theirs, language)]
    one_sided = not any(_is_denial(one, language) for one in own) or not any(
        _is_denial(one, language) for one in theirs
    )
    return "says the opposite" if not loaded and (len(denying) == 1 or one_sided) else ""


def _is_denial(word: Word, language: str | None) -> bool:
    if word.token.kind is not Kind.WORD or (language == "fr" and word.key in ("ne", "n")):
        return False
    return word.key in _DENYING_SPACELESS if language in SPACELESS else is_negation(word.key)


def _is_empty_one(one: Difference, language: str | None) -> bool:
    return all(is_empty(word, language) for word in (*one.theirs, *one.own))


def _holds_denial(words: Sequence[Word], language: str | None) -> bool:
    return any(_is_denial(word, language) for word in words)


def _is_even(one: Difference) -> bool:
    """Whether `even if` stands where the source has `if`, `only if` or `unless`."""
    return any(word.key in EVEN_IF for word in one.own) and any(word.key in CONDITIONS for word in one.theirs)


def _flips(one: Difference, language: str | None) -> bool:
    """Whether a denial stands on one side, and beside it nothing of content."""
    sides = [sum(_is_denial(word, language) for word in side) for side in (one.theirs, one.own)]
    if sides[0] % 2 == sides[1] % 2:
        return False
    lists = contrasts_of(language)
    rest = [word for word in (*one.theirs, *one.own) if not _is_denial(word, language)]
    return all(
        is_empty(word, language) or word.key in lists.degrees or word.key in CONDITIONS | ONLY for word in rest
    )


def _decides(one: Difference, language: str | None) -> bool:
    """Whether something in a difference may turn what is said, which is not a whole clause that was left out."""
    if not one.own and sum(not is_empty(word, language) for word in one.theirs) > 1:
        return False
    lists = contrasts_of(language)
    return any(
        _is_denial(word, language) or lists.stands_in_lists(word.key) or word.key in ONLY or word.key in CONDITIONS
        for word in (*one.theirs, *one.own)
    )


def _may_cancel(differences: Sequence[Difference], language: str | None) -> bool:
    """Whether several opposites may make the same again: `the cost is higher`, `the saving is lower`."""
    return sum(_decides(one, language) for one in differences) > 1


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
        behind = [one for one in theirs[at + 1 : end] if not is_empty(one, language)]
        if behind and all(one.stem in stated for one in behind):
            return True
    return False


def _contrast(one: Difference, theirs: Sequence[Word], own: Sequence[Word], language: str | None) -> str | None:
    """Another number, unit or date, or a word that cannot stand for theirs."""
    mine = [word for word in one.own if not is_empty(word, language)]
    its = [word for word in one.theirs if not is_empty(word, language)]
    if (whole := _whole_of_part(mine, one, language)) is not None:
        return whole
    if len(mine) != 1 or not 1 <= len(its) <= 2:
        return None
    word, other = (
        mine[0],
        its[0] if len(its) == 1 else next((w for w in its if w.token.kind is mine[0].token.kind), its[0]),
    )
    said = f"says {word.token.written} where the source says {other.token.written}"
    if _said_elsewhere(word, own, theirs, language):
        return None
    if language == "en" and one.following is not None and _is_denial(one.following, language):
        return None  # `may not` and `must not`
    facts = {Kind.NUMBER, Kind.DAY}
    if word.token.kind in facts:
        same_kind = word.token.kind is other.token.kind
        return said if same_kind and not any(is_same(word, w) for w in its) and len(its) == 1 else None
    if word.token.kind is not Kind.WORD or other.token.kind is not Kind.WORD:
        return None
    lists = contrasts_of(language)
    opposite = len(its) == 1 and (_are_opposites(word.key, other.key) or {word.key, other.key} <= territory_words())
    return said if opposite or any(lists.contrast(word.key, w.key) for w in its) else None


def _whole_of_part(mine: Sequence[Word], one: Difference, language: str | None) -> str | None:
    """`all of the 9,800` where the source says `2,300 of the 9,800`."""
    degrees = contrasts_of(language).degrees
    if len(mine) != 1 or degrees.get(mine[0].key, (1, 1)) != (0, 0):
        return None
    for word, after in pairwise((*one.theirs, *([one.following] if one.following else []))):
        if word.token.kind is Kind.NUMBER and after.key in ("of", "der", "des", "von", "de"):
            return f"says {mine[0].token.written} where the source says {word.token.written}"
    return None


def _other_name(
    differences: Sequence[Difference], sentences: Sequence[Sequence[Word]], language: str | None
) -> str | None:
    """Somebody else: a name of two words or more where the source has another, and nowhere calls the two one.

    German writes nouns like names, so names are not compared there.
    """
    if language in ("de", "lb", *SPACELESS):
        return None
    for one in differences:
        mine, its = _name(one.own), _name(one.theirs)
        others = bool(mine and its) and not {w.stem for w in mine} & {w.stem for w in its}
        if others and _stand(mine, sentences) and not _beside(mine, its, sentences):
            return f"says {_phrase(mine)} where the source says {_phrase(its)}"
    return None


def _name(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words, where all of them but titles are written as a name, and these are two at least."""
    kept = tuple(word for word in words if word.key not in TITLES)
    named = all(word.token.kind is Kind.WORD and word.token.written[:1].isupper() for word in kept)
    return kept if named and len(kept) >= _NAME and sum(w.token.named for w in kept) >= _NAME - 1 else ()


def _stand(name: Sequence[Word], sentences: Sequence[Sequence[Word]]) -> bool:
    return {word.stem for word in name} <= {word.stem for sentence in sentences for word in sentence}


def _beside(one: Sequence[Word], other: Sequence[Word], sentences: Sequence[Sequence[Word]]) -> bool:
    """Whether two names stand so close somewhere that they may be two names of one."""
    first, second = {word.stem for word in one}, {word.stem for word in other}
    return any(
        sentence[i].stem in first
        and any(near.stem in second for near in sentence[max(0, i - _CLOSE) : i + _CLOSE + 1])
        for sentence in sentences
        for i in range(len(sentence))
    )


def _are_opposites(first: str, second: str) -> bool:
    short, long = sorted((first, second), key=len)
    return len(short) > 4 and long.startswith(_PREFIXES) and are_opposites(first, second)


def _left_out(one: Difference, own: Sequence[Word], language: str | None, *, alone: bool) -> str | None:
    """A condition, a doubt, a bound or that something is only planned, which the statement leaves out."""
    its = [word for word in one.theirs if not is_empty(word, language)]
    if not one.theirs:
        return None
    keys = [word.key for word in one.theirs]
    said = f"leaves out {one.theirs[0].token.written if len(keys) == 1 else _phrase(one.theirs)}"
    if not one.own and _is_condition(one, keys, language) and not any(word.key in CONDITIONS for word in own):
        return said
    if (
        not one.own
        and one.first
        and alone
        and keys[-1] in ("that", "dass", "que", "behauptet")
        and set(keys) & DOUBTING
    ):
        return said
    if any(word.key in BOUNDS_BEHIND for word in own):
        return None
    bound = one.following is not None and one.following.token.kind is Kind.NUMBER and keys[-1] in BOUNDS
    if bound and not one.own and len(its) <= 1:
        return said
    degrees = contrasts_of(language).degrees
    if keys[-1] in NEARLY and not one.own and one.following is not None and one.following.key in degrees:
        return said
    open_ = [word for word in _last_clause(one.theirs) if is_open(word.key)]
    inside = not one.last or bool(one.own)
    asserted = not any(is_open(word.key) or word.key in OPEN for word in own)
    asserted = asserted and not {word.stem for word in open_} & {word.stem for word in own}
    replaced = not one.own or any(word.key in ASSERTING for word in one.own) or set(map(bare, keys)) & PLANNED
    if open_ and inside and asserted and replaced and not _is_clause(one, language):
        return f"leaves out {open_[0].token.written}"
    return None


def _is_clause(one: Difference, language: str | None) -> bool:
    """Whether what is left out is more than the doubt: then the doubt may be of what is left out."""
    rest = [word for word in _last_clause(one.theirs) if not is_empty(word, language) and not is_open(word.key)]
    return len(rest) > 1


def _last_clause(words: Sequence[Word]) -> Sequence[Word]:
    cuts = [at for at, word in enumerate(words) if word.comma or word.key in JOINING]
    return words[cuts[-1] :] if cuts else words


def _phrase(words: Sequence[Word]) -> str:
    return " ".join(word.token.written for word in words[:4]) + (" …" if len(words) > 4 else "")


def _is_condition(one: Difference, keys: Sequence[str], language: str | None) -> bool:
    """Whether a clause with `if` or the like was left out, at the beginning, in the middle or at the end."""
    if language in SPACELESS:
        joined = "".join(keys)
        closed = one.following is not None and one.following.comma
        return one.first and closed and (keys[0] in CONDITIONS or joined.endswith(("れは", "たら", "なら", "場合")))
    if keys[0] == "subject" and not one.first:
        return True
    opened = keys[0] in CONDITIONS or (len(keys) > 1 and keys[0] in ONLY and keys[1] in CONDITIONS)
    if not opened or len(keys) < 2:
        return False
    if one.first or not one.last:
        return one.following is not None and one.following.comma
    return True


def _added(one: Difference, language: str | None) -> str | None:
    """A word that says more than the source does: only, always, exactly."""
    mine = [word for word in one.own if word.key in ONLY]
    degrees = contrasts_of(language).degrees
    rest = [
        word
        for word in (*one.own, *one.theirs)
        if word.key not in ONLY and word.key not in degrees and not is_empty(word, language)
    ]
    return (
        f"adds {mine[0].token.written}" if mine and not rest and not any(w.key in ONLY for w in one.theirs) else None
    )
