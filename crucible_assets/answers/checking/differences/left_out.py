"""What the statement leaves out or adds, so that it says more than the sentence: a condition, a doubt, a bound."""

from collections.abc import Sequence

from crucible_assets.answers.checking.differences.alignment import Difference, Near, Word, content_of, written
from crucible_assets.answers.checking.differences.contrast_lists import SPACELESS
from crucible_assets.answers.checking.differences.contrasts import contrasts_of
from crucible_assets.answers.checking.differences.turns import (
    ASSERTING,
    BOUNDS,
    BOUNDS_BEHIND,
    CONDITIONS,
    DOUBTING,
    JOINING,
    NEARLY,
    ONLY,
    OPEN,
    PLANNED,
    is_open,
)
from crucible_assets.answers.text.tokens import Kind

_SAYING_THAT = frozenset({"that", "dass", "que", "behauptet"})
_IF_BEHIND = ("れは", "たら", "なら", "場合")  # Japanese, without accents


def condition(near: Near, one: Difference) -> str | None:
    """A clause with `if`, `unless` or the like, without which it is not so."""
    if one.own or not one.theirs or any(word.key in CONDITIONS for word in near.own):
        return None
    return _leaves_out(one) if _is_condition(one, near.language) else None


def said_by_somebody(near: Near, one: Difference) -> str | None:
    """`The tenant argued that` in front: it is said, and it need not be so."""
    if one.own or not one.theirs or not one.first or any(content_of(d.own, near.language) for d in near.differences):
        return None
    keys = [word.key for word in one.theirs]
    return _leaves_out(one) if keys[-1] in _SAYING_THAT and set(keys) & DOUBTING else None


def bound(near: Near, one: Difference) -> str | None:
    """`at least` or `up to` before a number."""
    if one.own or not one.theirs or one.following is None or _bounds_itself(near):
        return None
    bounds = one.following.token.kind is Kind.NUMBER and one.theirs[-1].key in BOUNDS
    return _leaves_out(one) if bounds and len(content_of(one.theirs, near.language)) <= 1 else None


def nearly(near: Near, one: Difference) -> str | None:
    """`almost` before `all` or `no`."""
    if one.own or not one.theirs or one.following is None or _bounds_itself(near):
        return None
    degrees = contrasts_of(near.language).degrees
    return _leaves_out(one) if one.theirs[-1].key in NEARLY and one.following.key in degrees else None


def doubt(near: Near, one: Difference) -> str | None:
    """`probably`, `is expected to`, `plans to`: what is not sure, or not done yet."""
    if not one.theirs or (one.last and not one.own) or _bounds_itself(near):
        return None
    clause = _last_clause(one.theirs)
    open_ = [word for word in clause if is_open(word.key)]
    shown = any(is_open(word.key) or word.key in OPEN for word in near.own)
    shown = shown or bool({word.stem for word in open_} & {word.stem for word in near.own})
    asserted = not one.own or any(word.key in ASSERTING for word in one.own)
    asserted = asserted or any(word.key in PLANNED for word in one.theirs)
    # where more than the doubt is left out, it may be of that
    besides = [word for word in content_of(clause, near.language) if not is_open(word.key)]
    return f"leaves out {open_[0].token.written}" if open_ and asserted and not shown and len(besides) <= 1 else None


def added(near: Near, one: Difference) -> str | None:
    """A word that says more than the source does: only, always, exactly."""
    mine = [word for word in one.own if word.key in ONLY]
    degrees = contrasts_of(near.language).degrees
    rest = [
        word
        for word in content_of((*one.own, *one.theirs), near.language)
        if word.key not in ONLY and word.key not in degrees
    ]
    if not mine or rest or any(word.key in ONLY for word in one.theirs):
        return None
    return f"adds {mine[0].token.written}"


def _leaves_out(one: Difference) -> str:
    return f"leaves out {written(one.theirs)}"


def _bounds_itself(near: Near) -> bool:
    """Whether the statement bounds a number behind it: `two or more`."""
    return any(word.key in BOUNDS_BEHIND for word in near.own)


def _last_clause(words: Sequence[Word]) -> Sequence[Word]:
    cuts = [at for at, word in enumerate(words) if word.comma or word.key in JOINING]
    return words[cuts[-1] :] if cuts else words


def _is_condition(one: Difference, language: str | None) -> bool:
    """Whether a clause with `if` or the like was left out, at the beginning, in the middle or at the end."""
    keys = [word.key for word in one.theirs]
    if language in SPACELESS:
        closed = one.following is not None and one.following.comma
        return one.first and closed and (keys[0] in CONDITIONS or "".join(keys).endswith(_IF_BEHIND))
    if keys[0] == "subject" and not one.first:
        return True
    opened = keys[0] in CONDITIONS or (len(keys) > 1 and keys[0] in ONLY and keys[1] in CONDITIONS)
    if not opened or len(keys) < 2:
        return False
    if one.first or not one.last:
        return one.following is not None and one.following.comma
    return True
