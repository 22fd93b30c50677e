"""How many entities the source itself speaks of: rows and items that stand beside those found, counts in words.

An empty or short list of rows satisfies every schema; here the document is held against it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from crucible_assets.extractions.coercion.spelled import spelled_numbers
from crucible_assets.extractions.entities.mention import Count, Mention
from crucible_assets.extractions.entities.names import folded_name
from resources.models.reader.rows import pattern_stems, relevance
from resources.models.reader.series import Series, SeriesKind, series_of
from resources.models.reader.spans import Span
from resources.models.reader.words import content_stems
from resources.vocabulary import Segment, SegmentKind

_RELEVANT = 0.6  # from which a series is one of entities even where few of its items were found
_MOST = 0.5  # share of the mentions, or of the items, that makes a series one of entities
_CROWDED = 1.5  # mentions per item above which its items are no entities
_LEAST_NAME = 3  # characters of a name that is looked for in rows
_STATED = re.compile(r"\b(\d{1,3})\b")
_ANNOUNCING = re.compile(r"\b(?:following|these|folgende\w*|suivant\w*|total of|insgesamt)\s", re.IGNORECASE)
_ANNOUNCED = re.compile(_ANNOUNCING.pattern + r"+(?:\w+\s+){0,2}$", re.IGNORECASE)
_LIST_FOLLOWS = re.compile(r"[^.;:\n]{0,60}:\s")


@dataclass(frozen=True)
class Listing:
    """A document's series, found once."""

    text: str
    series: tuple[Series, ...]
    stems: frozenset[str]  # of the project's pattern

    def items_at(self, offset: int) -> Iterator[tuple[int, int]]:
        """(series, item) for every series that has an item at a character."""
        for number, series in enumerate(self.series):
            index = bisect_right(series.items, offset, key=lambda item: item.start) - 1
            if index >= 0 and offset < series.items[index].end:
                yield number, index


@dataclass(frozen=True, slots=True)
class Claims:
    """Which items of one series the mentions stand in."""

    series: int
    claimed: frozenset[int]
    missing: tuple[Span, ...]  # unclaimed items, in order
    of_entities: bool


def listing_of(text: str, segments: Sequence[Segment], pattern: str) -> Listing:
    """Find the series of a document, by its text and by what its format calls list items."""
    found = [*series_of(text), *_marked_lists(text, segments)]
    return Listing(text, tuple(found), pattern_stems(pattern))


def _marked_lists(text: str, segments: Sequence[Segment]) -> list[Series]:
    """List items that the format marks and the text does not (HTML), in runs without anything between them."""
    runs: list[list[Segment]] = []
    for before, segment in pairwise([None, *segments]):
        assert segment is not None, "only the first of the sequence is None"
        if segment.kind is not SegmentKind.LIST_ITEM:
            continue
        if before is not None and before.kind is SegmentKind.LIST_ITEM and runs:
            runs[-1].append(segment)
        else:
            runs.append([segment])
    return [
        Series(
            SeriesKind.LIST,
            tuple(Span(item.start, item.end) for item in run),
            lead=_line_before(text, run[0].start),
        )
        for run in runs
        if len(run) > 1 and text[run[0].start : run[0].start + 1].isalnum() and not text[run[0].start].isdigit()
    ]


def _line_before(text: str, start: int) -> Span | None:
    end = len(text[:start].rstrip())
    begin = text.rfind("\n", 0, end) + 1
    return Span(max(begin, end - 160), end) if end else None


def claims(listing: Listing, mentions: Sequence[Mention], window: tuple[int, int] | None = None) -> list[Claims]:
    """What the mentions claim of every series; `window` leaves out items that do not lie in it wholly."""
    start, end = window or (0, len(listing.text))
    placed = [m for m in mentions if m.at is not None]
    within: list[dict[int, set[str]]] = [{} for _ in listing.series]  # the names in each item
    for mention in placed:
        for number, index in listing.items_at(mention.at or 0):
            within[number].setdefault(index, set()).add(folded_name(mention.name))
    names = {name for mention in placed if len(name := folded_name(mention.name)) >= _LEAST_NAME}
    result = []
    for number, series in enumerate(listing.series):
        shown = [i for i, item in enumerate(series.items) if start <= item.start and item.end <= end]
        claimed = frozenset(index for index in shown if index in within[number])
        missing = tuple(series.items[index] for index in shown if index not in claimed)
        counts = [len(within[number][index]) for index in claimed]
        if shown:
            of = _of_entities(listing, series, counts, missing, len({(m.name, m.at) for m in placed}), names)
            result.append(Claims(number, claimed, missing, of))
    return result


def _of_entities(
    listing: Listing,
    series: Series,
    counts: Sequence[int],
    missing: Sequence[Span],
    mentions: int,
    names: set[str],
) -> bool:
    """Whether each item of a series is one entity, as far as the mentions and the pattern's words show."""
    if counts and sum(counts) > _CROWDED * len(counts):
        return False
    relevant = relevance(listing.text, series, listing.stems) >= _RELEVANT
    if len(counts) < 2:
        return relevant and (len(counts) == 1 or not mentions)
    longest = max((name.count(" ") + 1 for name in names), default=0)
    repeats = sum(_repeats(listing.text, item, names, longest) for item in missing)
    fresh = len(missing) - repeats
    if len(counts) < repeats and fresh < repeats:
        return False  # the items speak of the same few entities again and again
    most = sum(counts) >= _MOST * mentions or len(counts) >= _MOST * (len(counts) + len(missing))
    return relevant or most


def _repeats(text: str, item: Span, names: set[str], longest: int) -> bool:
    """Whether an item says one of the names, of at most `longest` words."""
    words = folded_name(item.of(text)).split()
    return any(
        " ".join(words[first : first + length]) in names
        for length in range(1, min(longest, len(words)) + 1)
        for first in range(len(words) - length + 1)
    )


def placed_in_items(listing: Listing, mentions: Sequence[Mention]) -> dict[int, tuple[int, int]]:
    """The item that each mention (by its index) stands in, where a series lists the entities; the innermost one."""
    of = {claim.series for claim in claims(listing, mentions) if claim.of_entities}
    found: dict[int, tuple[int, int]] = {}
    for index, mention in enumerate(mentions):
        if mention.at is None:
            continue
        held = [pair for pair in listing.items_at(mention.at) if pair[0] in of]
        if held:
            found[index] = min(held, key=lambda pair: _length(listing.series[pair[0]].items[pair[1]]))
    return found


def _length(span: Span) -> int:
    return span.end - span.start


def counts_in(
    listing: Listing, mentions: Sequence[Mention], language: str | None, window: tuple[int, int] | None = None
) -> tuple[Count, ...]:
    """What the source says about the number of entities, by each of its series and by numbers in words.

    A series that lies within an item of another that counts is left out, and so is one that repeats its items.
    """
    counting = [claim for claim in claims(listing, mentions, window) if claim.of_entities]
    counts = []
    for claim in counting:
        series = listing.series[claim.series]
        if any(_inside(series, listing.series[other.series]) for other in counting if other is not claim):
            continue
        expected = len(claim.claimed) + len(claim.missing)
        missing = tuple((item.start, item.end) for item in claim.missing)
        first = series.items[0].start
        counts.append(Count(series.kind.value, first, expected, len(claim.claimed), missing))
    if counts:
        return tuple(counts)
    return tuple(_stated(listing, mentions, language, window))


def _inside(series: Series, other: Series) -> bool:
    """Whether a series lies within one item of another, or is the same one found a second time."""
    first, last = series.items[0].start, series.items[-1].end
    if any(item.start <= first and last <= item.end for item in other.items):
        return _length(Span(first, last)) < _length(Span(other.items[0].start, other.items[-1].end))
    return False


def _stated(
    listing: Listing, mentions: Sequence[Mention], language: str | None, window: tuple[int, int] | None
) -> Iterator[Count]:
    """Numbers that announce a list of what the pattern names: 'the following twelve companies', '12 companies:'."""
    start, end = window or (0, len(listing.text))
    found = len({folded_name(mention.name) for mention in mentions})
    for line in re.finditer(r"[^\n]+", listing.text[start:end]):
        text = line.group()
        if ":" not in text and not _ANNOUNCING.search(text):
            continue
        numbers = [(m.start(), m.end(), int(m.group())) for m in _STATED.finditer(text)]
        for first, last, value in sorted([*numbers, *spelled_numbers(text, language)]):
            behind = re.match(r"(?:\s+[^\W\d_][\w-]*){1,3}", text[last : last + 80])
            if behind is None or value < 2 or not listing.stems & set(content_stems(behind.group())):
                continue
            if _ANNOUNCED.search(text[:first]) or _LIST_FOLLOWS.match(text, last):
                yield Count("stated in words", start + line.start() + first, value, min(found, value))
                return
