"""Folding: the form in which a quote and a document agree although case, spaces, hyphens or Unicode differ.

Every character takes its form of `characters`, so ligatures, full-width forms and composed or decomposed accents
meet in one. Then everything is evened out that a line break or a model changes without changing words:

- a run of white space becomes one space; beside Chinese or Japanese characters on both sides it vanishes, since a
  line break there is no word boundary (Korean separates words by spaces and keeps them);
- a hyphen between two letters vanishes with the white space after it ('agree-⏎ment' = 'agreement', 'long-term' =
  'long-⏎term'); a long dash, or any with a space before it, becomes ' - '; one between two digits a bare '-';
- two apostrophes are a quotation mark; the dot that lower-casing leaves on a Turkish i goes; marks on one letter
  stand in canonical order;
- invisible characters, Hebrew points, Arabic vowel signs and the tatweel vanish: writers add and omit them freely.

All of it is done on arrays of code points: a document of 100,000 words folds in a few hundredths of a second.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crucible_assets.extractions.grounding.characters import (
    DASH,
    DIGIT,
    LETTER,
    LONG,
    SOFT,
    SPACE,
    SPACELESS,
    TABLES,
    Codes,
    codes_of,
    text_of,
)

_SPACE, _DASH, _APOSTROPHE, _QUOTE = map(ord, " -'\"")
_DOT_ABOVE, _SMALL_I = 0x307, ord("i")
_FIRST_MARK = 0x300  # no character before it is a combining mark

Indices = NDArray[np.int32]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A folded text: code points, and for each the index of the character of the original that it stands for."""

    codes: Codes
    origins: Indices  # rising; a character with a longer form stands behind several


@dataclass(frozen=True, slots=True, eq=False)
class _Emitted:
    """What each character of the original becomes: `lengths[i]` codes, of which `firsts[i]` is the first.

    The rest come from the row `rows[i]` of `forms`. Changed in place by the rules below.
    """

    lengths: NDArray[np.uint8]
    firsts: Codes
    rows: NDArray[np.uint32]
    forms: Codes

    def set(self, at: NDArray[np.intp], row: int) -> None:
        """Let the characters at these places become a row of `forms`."""
        self.lengths[at] = int(np.count_nonzero(self.forms[row]))
        self.firsts[at] = self.forms[row, 0]
        self.rows[at] = row


def fold(text: str) -> str:
    """The folded form of a quote, without white space at its ends."""
    return text_of(fold_text(text.strip()).codes).strip()


def fold_text(text: str) -> Folded:
    """The folded form of a text, with the origin of every code in it."""
    codes = codes_of(text)
    TABLES.learn(codes, text)
    kinds = TABLES.kinds[codes]
    forms, dashes = _with_dashes(TABLES.forms)
    emitted = _Emitted(TABLES.lengths[codes], TABLES.firsts[codes], TABLES.rows[codes], forms)
    _fold_runs(kinds, emitted, dashes)
    folded = _emit(emitted)
    return _settle_pairs(_settle_marks(folded))


def _with_dashes(forms: Codes) -> tuple[Codes, dict[tuple[bool, bool], int]]:
    """The forms with four rows more: a dash with spaces added before and after it, or not."""
    rows = np.zeros((4, forms.shape[1]), np.uint32)
    dashes: dict[tuple[bool, bool], int] = {}
    for number, (before, after) in enumerate(((False, False), (True, False), (False, True), (True, True))):
        form = " " * before + "-" + " " * after
        rows[number, : len(form)] = [ord(c) for c in form]
        dashes[before, after] = len(forms) + number
    return np.concatenate((forms, rows)), dashes


def _fold_runs(kinds: NDArray[np.uint8], emitted: _Emitted, dashes: dict[tuple[bool, bool], int]) -> None:
    """Fold the runs of white space and dashes; invisible characters within a run or beside it are looked through."""
    in_run = (kinds & (SPACE | DASH)) != 0
    visible = np.flatnonzero(in_run | (emitted.lengths > 0))
    if len(visible) < len(kinds):
        kinds, in_run = kinds[visible], in_run[visible]
    edges = np.diff(in_run.view(np.int8), prepend=np.int8(0), append=np.int8(0))
    starts: Places = np.flatnonzero(edges == 1)
    ends: Places = np.flatnonzero(edges == -1)
    emitted.lengths[visible[in_run]] = 0
    padded = np.concatenate((np.zeros(1, np.uint8), kinds, np.zeros(1, np.uint8)))
    before, after = padded[starts], padded[ends + 1]  # 0 at the ends of the text

    places = np.flatnonzero(kinds & DASH)
    first = np.searchsorted(places, starts)
    number = np.searchsorted(places, ends) - first
    dashed = number > 0
    spaces = ~dashed & (before & after & SPACELESS == 0)
    _emit_space(emitted, visible[starts[spaces]])
    if not len(places):
        return
    starts, ends, number = starts[dashed], ends[dashed], number[dashed]
    before, after = before[dashed], after[dashed]
    dash = places[first[dashed]]  # the first of each run
    hard = number - _counts(kinds, SOFT, starts, ends)
    long = _counts(kinds, LONG, starts, ends) > 0
    spaced_before, spaced_after = kinds[starts] & SPACE != 0, kinds[ends - 1] & SPACE != 0
    letters, digits = before & after & LETTER != 0, before & after & DIGIT != 0

    broken_line = letters & ~spaced_before
    _emit_space(emitted, visible[starts[(hard == 0) & (ends - starts > number) & ~broken_line]])
    separating = letters & (spaced_before | long | (hard > 1))
    standing = (hard > 0) & (separating | ~letters)
    bare = ~letters & (digits | ((before > 0) & ~spaced_before))  # 'COVID-⏎19'
    wants_before, wants_after = separating | (~bare & spaced_before), separating | (~bare & spaced_after)
    _emit_space(emitted, visible[starts[standing & wants_before & spaced_before]])
    _emit_space(emitted, visible[ends[standing & wants_after & spaced_after] - 1])
    adds_before, adds_after = wants_before & ~spaced_before, wants_after & ~spaced_after
    for (add_before, add_after), row in dashes.items():
        emitted.set(visible[dash[standing & (adds_before == add_before) & (adds_after == add_after)]], row)


def _counts(
    kinds: NDArray[np.uint8], kind: int, starts: NDArray[np.intp], ends: NDArray[np.intp]
) -> NDArray[np.intp]:
    """How many characters of a rare kind stand in each run."""
    places = np.flatnonzero(kinds & kind)
    return np.searchsorted(places, ends) - np.searchsorted(places, starts)


def _emit_space(emitted: _Emitted, at: NDArray[np.intp]) -> None:
    emitted.lengths[at] = 1
    emitted.firsts[at] = _SPACE


def _emit(emitted: _Emitted) -> Folded:
    origins = np.repeat(np.arange(len(emitted.lengths), dtype=np.int32), emitted.lengths)
    codes = emitted.firsts[origins]
    longest = int(emitted.lengths.max(initial=0))
    if longest > 1:
        begins = np.cumsum(emitted.lengths, dtype=np.int64) - emitted.lengths
        for place in range(1, longest):
            longer = np.flatnonzero(emitted.lengths > place)
            codes[begins[longer] + place] = emitted.forms[emitted.rows[longer], place]
    return Folded(codes, origins)


def _settle_pairs(folded: Folded) -> Folded:
    """Two apostrophes become a quotation mark; a dot above a small i goes."""
    codes = folded.codes
    following = codes[1:]
    gone = np.zeros(len(codes), bool)
    gone[1:] = (following == _DOT_ABOVE) & (codes[:-1] == _SMALL_I)
    pairs = np.flatnonzero((following == _APOSTROPHE) & (codes[:-1] == _APOSTROPHE))
    if len(pairs):
        # In a row of several the first and the second make a pair, the third and the fourth, and so on.
        new_row = np.diff(pairs, prepend=-2) > 1
        in_row = np.arange(len(pairs)) - np.maximum.accumulate(np.where(new_row, np.arange(len(pairs)), 0))
        pairs = pairs[in_row % 2 == 0]
        codes[pairs] = _QUOTE
        gone[pairs + 1] = True
    return Folded(codes[~gone], folded.origins[~gone]) if gone.any() else folded


def _settle_marks(folded: Folded) -> Folded:
    """Put the combining marks of each letter into canonical order (Unicode Standard, section 3.11)."""
    codes = folded.codes
    places = np.flatnonzero(codes >= _FIRST_MARK)
    if not len(places):
        return folded
    classes = TABLES.combining_classes(codes[places])
    places, classes = places[classes > 0], classes[classes > 0]
    new_letter = np.diff(places, prepend=-2) > 1
    disordered = (classes[1:] < classes[:-1]) & ~new_letter[1:]
    if disordered.any():
        order = np.lexsort((classes, np.cumsum(new_letter)))
        codes[places] = codes[places[order]]
    return folded
