"""From a span of text to where a reader finds it in the file: pages, boxes, labels."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from crucible_assets.extractions.grounding.place import Placement
from resources.vocabulary import Segment

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Where:
    """One place in the file: a page with the boxes on it, or a label where the format has no pages.

    `page` counts from 1; boxes are x0, y0, x1, y1 in points from the page's top left.
    """

    page: int | None
    boxes: tuple[Box, ...]
    label: str | None


def where(placement: Placement, segments: Sequence[Segment]) -> tuple[Where, ...]:
    """The places that a placed span touches, in text order; empty for a placement without a span.

    `segments` are those of the document, in text order and not overlapping. Segments on the same page become one
    place with several boxes; without pages, each label is a place of its own.
    """
    if placement.start is None or placement.end is None:
        return ()
    first = bisect_right(segments, placement.start, key=lambda segment: segment.end)
    places: dict[tuple[int | None, str | None], tuple[str | None, list[Box]]] = {}
    for segment in segments[first:]:
        if segment.start >= placement.end:
            break
        key = (segment.page, segment.label if segment.page is None else None)
        _, boxes = places.setdefault(key, (segment.label, []))
        if segment.box is not None:
            boxes.append(segment.box)
    return tuple(Where(page, tuple(boxes), label) for (page, _), (label, boxes) in places.items())
