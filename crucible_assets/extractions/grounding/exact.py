"""First phase: the quote stands in the text character by character."""

import re
import unicodedata
from collections.abc import Iterator

# Scripts that separate no words by spaces, and Korean, whose particles follow their noun without one: a match may
# start or end anywhere in them.
_UNSPACED = re.compile(
    "[\uac00-\ud7af\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
CUT_ALLOWED_FROM = 12  # characters; a quote this long may begin or end inside a word, models do cut them
MOST_OCCURRENCES = 256  # of one quote that are compared; a quote that stands more often says little anyway
_MOST_LOOKED_AT = 4096  # of one quote, whole words or not


def exact_spans(quote: str, text: str) -> list[tuple[int, int]]:
    """Spans at which the quote stands, rising; at most `MOST_OCCURRENCES`.

    Occurrences that begin and end at word boundaries come alone if there are any. A span never cuts a number or
    separates a letter from its accent.
    """
    return whole_words_first(text, ((at, at + len(quote)) for at in occurrences(quote, text)))


def occurrences(needle: str, text: str) -> Iterator[int]:
    """Offsets at which the needle stands, rising, the first `_MOST_LOOKED_AT`; none for an empty needle."""
    at = text.find(needle) if needle else -1
    for _ in range(_MOST_LOOKED_AT):
        if at < 0:
            return
        yield at
        at = text.find(needle, at + 1)


def whole_words_first(text: str, spans: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans that are whole words; if there are none, those of long quotes that cut a word."""
    whole: list[tuple[int, int]] = []
    cut: list[tuple[int, int]] = []
    for start, end in spans:
        before, after = _joined(text, start), _joined(text, end)
        if not before and not after:
            whole.append((start, end))
            if len(whole) == MOST_OCCURRENCES:
                break
        elif "number" not in (before, after) and end - start >= CUT_ALLOWED_FROM and len(cut) < MOST_OCCURRENCES:
            cut.append((start, end))
    return whole or cut


def _joined(text: str, at: int) -> str:
    """What would be cut at this offset: '' (nothing), 'word' or 'number' (a letter from its accent counts too)."""
    if at <= 0 or at >= len(text):
        return ""
    left, right = text[at - 1], text[at]
    if unicodedata.combining(right):
        return "number"
    if left.isdigit() and (right.isdigit() or (right in ".," and text[at + 1 : at + 2].isdigit())):
        return "number"
    if right.isdigit() and left in ".," and at >= 2 and text[at - 2].isdigit():
        return "number"
    if left.isalnum() and right.isalnum() and not (_UNSPACED.match(left) or _UNSPACED.match(right)):
        return "word"
    return ""
