"""What two nearly equal texts differ in: the guard that keeps contradictions from being merged.

Cosine of vectors cannot tell (a flipped negation: 0.998), nor can shared words (0.95). So the words of both texts are
aligned, and no difference may touch a number, a unit, a sign, a date, a currency or a negation, nor stand beside one.
Whatever is in doubt counts as a difference: the two are then both shown, which loses nothing.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

import regex
from rapidfuzz.distance import Levenshtein

from resources.search.guarded_words import (
    SPACELESS_NEGATIONS,
    SPACELESS_NUMBERS,
    are_opposites,
    is_negation,
    is_number,
)


class Difference(StrEnum):
    """What sets two variants of a text apart."""

    NUMBERS = "numbers"  # digits, dates, amounts, units, signs, numbers in words
    NEGATION = "negation"
    NAMES = "names"  # capitalised words, which in form letters are all that differs
    ORDER = "order"  # the same words at other places: who pays whom


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text for comparison, each with what it decides (None: nothing by itself)."""

    words: tuple[str, ...]
    decides: tuple[Difference | None, ...]


_SPACELESS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Hangul}"
_W = rf"[^\W{_SPACELESS}]"  # what words of other scripts are made of
_DIGITS = rf"(?={_W}*\d)(?:{_W}|\^)+"
_TOKEN = regex.compile(
    # an amount in brackets is negative in accounts; 1.5, -3, .5, 12/2020, WP-2022-0048 as they are written
    rf"(?P<number>\(\d[\d.,\s]*\)|(?<!{_W})[+-]?[.,]?{_DIGITS}(?:[.,:/'’·^-]+{_DIGITS})*"
    rf"|\p{{Sc}}|[%‰°±<>≤≥≠≈§]|(?<=\d\s?)[-+=*×÷/~^](?=\s?\d)|{SPACELESS_NUMBERS})"
    rf"|(?P<negation>{SPACELESS_NEGATIONS}|¬)"
    rf"|(?P<spaceless>[{_SPACELESS}])"
    rf"|(?P<word>(?:{_W}|\^)+(?:['’]{_W}+)*)"
)
_CURRENCY = regex.compile(r"[A-Z]{3}")  # the code before an amount
_CASED_UNIT = 3  # letters: mW and MW, mg and Mg, Pa and pA
_SHORTEST_SLIP = 4  # letters: not and now are no slips of each other
_SEVERAL = 3
_DECISIVE = (Difference.NUMBERS, Difference.NEGATION)


def plain(text: str) -> str:
    """The text in compatibility form (NFKC), without runs of white space; 10² does not become 102, nor 1½ 11/2."""
    if not text.isascii():
        text = "".join(_raised(character) for character in text)
        text = regex.sub(r"[\p{Pd}−]", "-", unicodedata.normalize("NFKC", text).replace("⁄", "/"))
    return " ".join(text.split())


def _raised(character: str) -> str:
    kind = unicodedata.decomposition(character).partition(" ")[0]
    if kind in ("<super>", "<sub>"):
        return "^" + character
    return " " + character if kind == "<fraction>" else character


def words_of(text: str) -> Words:
    """The words of a text; of Chinese, Japanese, Korean and Thai every character is one."""
    words: list[str] = []
    decides: list[Difference | None] = []
    before = ""
    after_number = False
    for match in _TOKEN.finditer(plain(text)):
        written, kind = match.group(), match.lastgroup
        word = written.casefold()
        decision: Difference | None = None
        if kind == "number":
            decision = Difference.NUMBERS
            if _CURRENCY.fullmatch(before):
                decides[-1] = Difference.NUMBERS
        elif kind == "negation" or is_negation(word):
            decision = Difference.NEGATION
        elif is_number(word):
            decision = Difference.NUMBERS
        elif after_number and kind == "word" and len(word) <= _CASED_UNIT:
            word, decision = written, Difference.NUMBERS
        elif written[0].isupper():
            decision = Difference.NAMES
        words.append(word)
        decides.append(decision)
        before, after_number = written, kind == "number"
    return Words(tuple(words), tuple(decides))


def differences(first: Words, second: Words) -> frozenset[Difference]:
    """What sets two nearly equal texts apart; empty: they say the same, up to words that decide nothing.

    A capitalised word that differs by a slip is another name, unless the texts differ in nothing but slips, and in
    several.
    """
    found = {kind for kind in _DECISIVE if _deciding(first, kind) != _deciding(second, kind)}
    if found:
        return frozenset(found)
    gone: set[str] = set()
    new: set[str] = set()
    all_changes = changes(first.words, second.words)
    noisy = _are_noise(first.words, second.words, all_changes)
    for change in all_changes:
        old_words, new_words = first.words[change.old], second.words[change.new]
        gone.update(old_words)
        new.update(new_words)
        old, now = first.decides[change.old], second.decides[change.new]
        slip = is_slip(old_words, new_words)
        found.update(decision for decision in old + now if decision in _DECISIVE)
        if Difference.NAMES in old and Difference.NAMES in now and not (noisy and slip):
            found.add(Difference.NAMES)
        if not slip:
            found.update(decision for decision in _beside(first, change.old) if decision in _DECISIVE)
        if any(are_opposites(one, other) for one in old_words for other in new_words):
            found.add(Difference.NEGATION)
    if gone & new:
        found.add(Difference.ORDER)
    return frozenset(found)


def _deciding(text: Words, kind: Difference) -> list[str]:
    return [word for word, decision in zip(text.words, text.decides, strict=True) if decision is kind]


@dataclass(frozen=True, slots=True)
class Change:
    """Words of the first text that stand otherwise in the second; one of the two may be empty."""

    old: slice
    new: slice


def changes(first: Sequence[str], second: Sequence[str]) -> list[Change]:
    """Where two sequences of words differ, by their shortest alignment (Levenshtein 1966)."""
    found: list[Change] = []
    for equal, group in groupby(Levenshtein.opcodes(first, second), key=lambda step: step.tag == "equal"):
        if not equal:
            steps = list(group)
            found.append(
                Change(
                    slice(steps[0].src_start, steps[-1].src_end),
                    slice(steps[0].dest_start, steps[-1].dest_end),
                )
            )
    return found


def is_slip(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether words differ as typing and character recognition make them: by one letter, or a fifth, or a space."""
    one, other = "".join(old), "".join(new)
    distance = Levenshtein.distance(one, other)
    return distance <= max(1, max(len(one), len(other)) // 5) and min(len(one), len(other)) >= _SHORTEST_SLIP


def only_noise(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether no word is another word: what stands otherwise shares at least half of its letters with what it was."""
    return all(_is_noise(first[change.old], second[change.new]) for change in changes(first, second))


def _are_noise(first: Sequence[str], second: Sequence[str], found: Sequence[Change]) -> bool:
    pairs = {(*first[change.old], "", *second[change.new]) for change in found}
    return len(pairs) >= _SEVERAL and all(_is_noise(first[one.old], second[one.new]) for one in found)


def _is_noise(old: Sequence[str], new: Sequence[str]) -> bool:
    one, other = "".join(old), "".join(new)
    return Levenshtein.distance(one, other) <= max(1, max(len(one), len(other)) // 2)


def _beside(text: Words, place: slice) -> tuple[Difference | None, ...]:
    """What the words next to a change decide: the same ones in both texts."""
    return text.decides[max(0, place.start - 1) : place.start] + text.decides[place.stop : place.stop + 1]
