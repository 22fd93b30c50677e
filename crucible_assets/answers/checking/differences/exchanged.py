"""Two things that changed places: `A sued B` and `B sued A`, `65 dB at night` and `72 dB at night`."""

from collections.abc import Sequence

from crucible_assets.answers.checking.differences.alignment import Near, Word, written
from crucible_assets.answers.text.tokens import Kind
from resources.models.reader.words import word_set

_LEAST = 3  # words of a statement
_LONGEST = 6  # words of a thing
_JOINING = word_set("and or nor but while und oder noch aber et ou ni mais y o pero 和 或 与 及 而 と")
_EVEN = word_set(
    """
    is was are were be equals equal met meets married with versus vs between sind ist war waren traf mit zwischen est
    était avec entre es era con 是 为 与 和
    """
)
"""Between them A and B mean the same as B and A."""
_FREE_ORDER = frozenset({"de", "nl", "cs", "pl", "ru", "uk", "hu", "fi", "tr", "el"})  # case says who does what


def exchanges(near: Near) -> str | None:
    """Rule `exchanged`: what two things changed places."""
    return f"exchanges {near.swapped[0]} and {near.swapped[1]}" if near.swapped is not None else None


def exchanged(own: Sequence[Word], theirs: Sequence[Word], language: str | None) -> tuple[str, str] | None:
    """The two things that a statement exchanges, where it is the sentence but for that; as they are written.

    Things in a list, and on both sides of `is` or `met`, say the same in either order. In languages where the order
    of words is free only numbers and dates are compared.
    """
    size = len(own)
    windows = [theirs[at : at + size] for at in range(len(theirs) - size + 1)] if size >= _LEAST else []
    return next((found for window in windows if (found := _exchanged(own, window, language)) is not None), None)


def _exchanged(own: Sequence[Word], theirs: Sequence[Word], language: str | None) -> tuple[str, str] | None:
    mine, its = [one.stem for one in own], [one.stem for one in theirs]
    if sorted(mine) != sorted(its) or mine == its:
        return None
    first = 0
    while mine[first] == its[first]:
        first += 1
    last = len(mine)
    while mine[last - 1] == its[last - 1]:
        last -= 1
    size = last - first
    for left in range(1, min(_LONGEST, size - 1) + 1):
        for right in range(1, min(_LONGEST, size - left - 1) + 1):
            x, y = its[first : first + left], its[last - right : last]
            middle = its[first + left : last - right]
            if mine[first:last] != [*y, *middle, *x]:
                continue
            one, other = theirs[first : first + left], theirs[last - right : last]
            between = theirs[first + left : last - right]
            if _changes(one, other, between, language):
                return written(one, _LONGEST), written(other, _LONGEST)
    return None


def _changes(one: Sequence[Word], other: Sequence[Word], between: Sequence[Word], language: str | None) -> bool:
    facts = [all(word.token.kind in (Kind.NUMBER, Kind.DAY) for word in side) for side in (one, other)]
    if facts[0] != facts[1] or (language in _FREE_ORDER and not facts[0]):
        return False
    joined = between[0].stem in _JOINING or between[0].comma
    listed = joined and (between[-1].stem in _JOINING or other[0].comma)
    return not listed and not all(word.stem in _EVEN for word in between)
