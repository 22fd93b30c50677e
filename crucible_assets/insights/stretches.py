"""A document as numbered stretches that can be cited: paragraphs, short ones together, long ones cut at sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crucible_assets.answers.text.spans import sentence_spans
from resources.vocabulary import Segment, SegmentKind

ENOUGH, MOST = 300, 1_000
"""Characters: a stretch takes in what follows until it has enough, and never has more than the most."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`text[start:end]` of a document."""

    start: int
    end: int


def stretches(text: str, segments: Sequence[Segment]) -> list[Stretch]:
    """Stretches that hold all words of a text, in order and without overlap; a heading is with what it heads."""
    found: list[Stretch] = []
    open_: Stretch | None = None
    heading = False
    for start, end, heads in _units(text, segments):
        fits = open_ is not None and end - open_.start <= MOST
        wanting = heading or (not heads and open_ is not None and open_.end - open_.start < ENOUGH)
        if open_ is not None and fits and wanting:
            open_ = Stretch(open_.start, end)
        else:
            found += [open_] if open_ else []
            open_ = Stretch(start, end)
        heading = heads
    return [*found, *([open_] if open_ else [])]


def _units(text: str, segments: Sequence[Segment]) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it is a heading) of what is not parted unless it is longer than a stretch may be."""
    at = 0
    for segment in segments:
        yield from _pieces(text, at, segment.start)  # parsers leave separators only; a service may leave words
        if segment.kind is SegmentKind.HEADING and segment.end - segment.start <= MOST:
            if text[segment.start : segment.end].strip():
                yield segment.start, segment.end, True
        else:
            yield from _pieces(text, segment.start, segment.end)
        at = segment.end
    yield from _pieces(text, at, len(text))


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """A unit, as one if it is short enough, else its sentences put together, the longest of them cut."""
    words = text[start:end]
    if not words.strip():
        return
    if end - start <= MOST:
        yield _trimmed(text, start, end)
        return
    begin = last = start
    for span in sentence_spans(words):
        stop = start + span.end
        if stop - begin > MOST and last > begin:
            yield _trimmed(text, begin, last)
            begin = start + span.start
        while stop - begin > MOST:
            cut = text.rfind(" ", begin + MOST // 2, begin + MOST)
            cut = cut if cut > begin else begin + MOST
            yield _trimmed(text, begin, cut)
            begin = cut
        last = stop
    if text[begin:end].strip():
        yield _trimmed(text, begin, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int, bool]:
    words = text[start:end]
    return end - len(words.lstrip()), start + len(words.rstrip()), False
