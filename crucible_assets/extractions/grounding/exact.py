"""First phase: the quote stands in the text character by character."""

from collections.abc import Callable, Iterator

from crucible_assets.extractions.grounding.characters import is_mark, is_unspaced

CUT_ALLOWED_FROM = 12  # characters; a quote this long may begin or end inside a word, models do cut them
MOST_OCCURRENCES = 1024  # of one quote that are compared, from the text's start and again from a given offset
_FEWEST, _CHARACTERS = 128, 100_000  # of a long quote fewer are compared: as many as have these characters together
_MOST_LOOKED_AT = 4096  # whole words or not
_MOST_CUT = 128  # occurrences of a long quote that cut a word, after which no whole ones are expected

Span = tuple[int, int]
SpansFrom = Callable[[int], list[Span]]


def exact_spans(quote: str, text: str, near: int | None = None) -> list[Span]:
    """Spans at which the quote stands, rising: the first `MOST_OCCURRENCES`, and as many from the offset `near` on.

    Occurrences that begin and end at word boundaries come alone if there are any. A span never cuts a number or
    separates a letter from its accent.
    """

    def spans(start: int) -> Iterator[Span]:
        return ((at, at + len(quote)) for at in occurrences(quote, text, start))

    return from_both(lambda start: whole_words_first(text, spans(start)), near)


def occurrences(needle: str, text: str, start: int = 0) -> Iterator[int]:
    """Offsets from `start` on at which the needle stands, rising, up to a limit; none for an empty needle."""
    at = text.find(needle, start) if needle else -1
    for _ in range(_MOST_LOOKED_AT):
        if at < 0:
            return
        yield at
        at = text.find(needle, at + 1)


def from_both(spans_from: SpansFrom, near: int | None) -> list[Span]:
    """What is found from the text's start and from the offset `near` on, rising."""
    found = spans_from(0)
    if near is None or len(found) < 2:
        return found
    reached = found[-1][0]
    return found + [span for span in spans_from(max(near, 0)) if span[0] > reached]


def whole_words_first(text: str, spans: Iterator[Span]) -> list[Span]:
    """The spans that are whole words; if there are none, those of long quotes that cut a word."""
    whole: list[Span] = []
    cut: list[Span] = []
    for start, end in spans:
        most = min(MOST_OCCURRENCES, max(_FEWEST, _CHARACTERS // (end - start)))
        before, after = _joined(text, start), _joined(text, end)
        if not before and not after:
            whole.append((start, end))
            if len(whole) == most:
                break
        elif "number" not in (before, after) and end - start >= CUT_ALLOWED_FROM:
            cut.append((start, end))
            if len(cut) == _MOST_CUT:
                break
    return whole or cut


def _joined(text: str, at: int) -> str:
    """What would be cut at this offset: '' (nothing), 'word' or 'number' (a letter from its accent counts too)."""
    if at <= 0 or at >= len(text):
        return ""
    left, right = text[at - 1], text[at]
    if left.isspace() or right.isspace():
        return ""
    if is_mark(right):
        return "number"
    if left.isdecimal() and (right.isdecimal() or (right in ".,'’" and text[at + 1 : at + 2].isdecimal())):
        return "number"
    if right.isdecimal() and left in ".,'’" and at >= 2 and text[at - 2].isdecimal():
        return "number"
    # Korean particles follow their noun without a space.
    if _is_wordy(left) and _is_wordy(right) and not (_runs_on(left) or _runs_on(right)):
        return "word"
    return ""


def _is_wordy(character: str) -> bool:
    return character.isalnum() or is_mark(character)


def _runs_on(character: str) -> bool:
    return is_unspaced(character) or "\uac00" <= character <= "\ud7af"
