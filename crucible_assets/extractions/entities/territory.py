"""Which stretches of a document are about one entity and no other: there its values are looked for first."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from crucible_assets.extractions.entities.listing import Listing
from crucible_assets.extractions.entities.mention import Mention
from resources.models.reader.layout import blocks_of, lines_of, sentences_of
from resources.models.reader.spans import Span
from resources.vocabulary import Segment, SegmentKind

_HEADING = 120  # characters of a line that may head a section


def territories(
    listing: Listing, groups: Sequence[Sequence[Mention]], segments: Sequence[Segment]
) -> list[tuple[tuple[int, int], ...]]:
    """The spans of each group of mentions, rising and not overlapping within one.

    A mention in a row or item of a series of entities has all of it, one that heads a section the text down to the
    next heading or the next entity. Else it has its paragraph, or its sentence, or the words up to the next mention:
    the largest of them that speaks of no other entity.
    """
    text = listing.text
    blocks = blocks_of(text, lines_of(text))
    sentences = [Span(sentence.start, sentence.end) for sentence in sentences_of(text, blocks)]
    anchors = sorted(
        (mention.at, number) for number, group in enumerate(groups) for mention in group if mention.at is not None
    )
    headings = [s.start for s in segments if s.kind is SegmentKind.HEADING]
    ground = _Ground(listing, blocks, sentences, headings, anchors)
    return [
        _merged(span for mention in group for span in ground.of(mention, number))
        for number, group in enumerate(groups)
    ]


class _Ground:
    def __init__(
        self,
        listing: Listing,
        blocks: Sequence[Span],
        sentences: Sequence[Span],
        headings: Sequence[int],
        anchors: Sequence[tuple[int, int]],
    ) -> None:
        self._listing, self._text = listing, listing.text
        self._blocks, self._sentences, self._headings = blocks, sentences, headings
        self._anchors = anchors
        self._starts = [start for start, _ in anchors]

    def of(self, mention: Mention, group: int) -> Iterator[tuple[int, int]]:
        start, end = mention.at, mention.placement.end
        if start is None or end is None:
            return
        if mention.item is not None:
            item = self._listing.series[mention.item[0]].items[mention.item[1]]
            if self._alone(item, group):
                yield item.start, max(item.end, end)
                return
        block = _holding(self._blocks, start)
        if block is not None and self._alone(block, group):
            yield block.start, self._section_end(block, group)
            return
        sentence = _holding(self._sentences, start)
        if sentence is not None and self._alone(sentence, group):
            yield sentence.start, max(sentence.end, end)
            return
        following = self._next_other(start, group)
        limit = sentence.end if sentence is not None else end
        yield start, max(min(limit, following), min(end, following))

    def _alone(self, span: Span, group: int) -> bool:
        first = bisect_right(self._starts, span.start - 1)
        for start, other in self._anchors[first:]:
            if start >= span.end:
                return True
            if other != group:
                return False
        return True

    def _next_other(self, start: int, group: int) -> int:
        """Where the next mention of another entity begins."""
        for other_start, other in self._anchors[bisect_right(self._starts, start) :]:
            if other != group:
                return other_start
        return len(self._text)

    def _section_end(self, block: Span, group: int) -> int:
        """The end of a paragraph; of one that heads a section, where the section ends."""
        words = block.of(self._text)
        if len(words) > _HEADING or words.endswith((".", ";", ",")) or "|" in words:
            return block.end
        other = self._next_other(block.start, group)
        holder = _holding(self._blocks, other)
        ends = [holder.start if holder is not None else other]
        ends += self._headings[bisect_right(self._headings, block.start) :][:1]
        return max(block.end, len(self._text[: min(ends)].rstrip()))


def _holding(spans: Sequence[Span], offset: int) -> Span | None:
    index = bisect_right(spans, offset, key=lambda span: span.start) - 1
    return spans[index] if index >= 0 and offset < spans[index].end else None


def _merged(spans: Iterator[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(set(spans)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)
