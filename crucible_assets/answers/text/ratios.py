"""Numbers that are written in two ways: `2/3`, `two thirds`, `zwei Drittel`; `two weeks` and `14 days`."""

from collections.abc import Sequence
from fractions import Fraction

from crucible_assets.answers.text.tokens import Kind, Token
from resources.models.reader.words import fold as bare

_PARTS = {
    bare(word): part
    for part, words in {
        2: "half halves hälfte halb halbe moitié demi mitad medio media",
        3: "third thirds drittel dritteln tiers tercio tercios",
        4: "quarter quarters viertel vierteln quart quarts cuarto cuartos",
        5: "fifth fifths fünftel fünfteln cinquième cinquièmes quinto quintos",
        6: "sixth sixths sechstel sixième sexto",
        8: "eighth eighths achtel huitième octavo",
        10: "tenth tenths zehntel dixième dixièmes décimo décimos",
    }.items()
    for word in words.split()
}
_HALF = 2
_ONE = frozenset({"a", "one", "un", "una", "ein", "einem", "einen"})
_DURATIONS = {
    "s": ("time", Fraction(1)),
    "min": ("time", Fraction(60)),
    "h": ("time", Fraction(3600)),
    "d": ("time", Fraction(86400)),
    "week": ("time", Fraction(7 * 86400)),
    "month": ("calendar", Fraction(1)),
    "quarter": ("calendar", Fraction(3)),
    "year": ("calendar", Fraction(12)),
}  # months and days have no common measure


def ratios(tokens: Sequence[Token]) -> list[tuple[Fraction, int, int]]:
    """The fractions of a text, and from which token to which they stand: figures, words, and shares in per cent."""
    found: list[tuple[Fraction, int, int]] = []
    for at, token in enumerate(tokens):
        over = _whole(token)
        if over is not None and at + 2 < len(tokens) and tokens[at + 1].key == "/":
            under = _whole(tokens[at + 2])
            if under is not None and 0 < over < under <= 100:
                found.append((Fraction(over, under), at, at + 3))
        if token.kind is Kind.NUMBER and "%" in token.unit:
            found.append((Fraction(token.values[0]) / 100, at, at + 1))
        part = _PARTS.get(bare(token.key)) if token.kind is Kind.WORD else None
        if part is not None and _is_share(tokens, at):
            before = _whole(tokens[at - 1]) if at else None
            stated = before is not None and 0 < before < part
            found.append((Fraction(before if before is not None and stated else 1, part), at - stated, at + 1))
    return found


def same_duration(one: Token, other: Token) -> bool:
    """Whether two numbers with units of time, not the same ones, last equally long."""
    if one.unit == other.unit or not one.values or not other.values:
        return False
    return any(
        first == second and Fraction(one.values[0]) * mine == Fraction(other.values[0]) * its
        for first, mine in map(_DURATIONS.__getitem__, one.unit & _DURATIONS.keys())
        for second, its in map(_DURATIONS.__getitem__, other.unit & _DURATIONS.keys())
    )


def _is_share(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word is a share and no ordinal or part of a year: `a third`, not `the third quarter`."""
    key, before = tokens[at].key, tokens[at - 1] if at else None
    if _PARTS[bare(key)] == _HALF or "tel" in key:
        return True
    return before is not None and (before.kind is Kind.NUMBER or before.key in _ONE)


def _whole(token: Token) -> int | None:
    if token.kind is not Kind.NUMBER or token.unit or token.values[0] != token.values[0].to_integral_value():
        return None
    return int(token.values[0])
