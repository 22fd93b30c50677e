"""Placing quotes in a document: exact, else normalised, else fuzzy, else not found; and choosing among repeats."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from crucible_assets.extractions.grounding.exact import exact_spans
from crucible_assets.extractions.grounding.fuzzy import fuzzy_spans
from crucible_assets.extractions.grounding.normalised import normalised_spans
from crucible_assets.extractions.grounding.prepared import PreparedText
from resources.vocabulary import EvidenceStatus

_ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:\.{3,}|…)\s*\]|\(\s*(?:\.{3,}|…)\s*\)|\.{3,}|…)\s*")
_LONGEST_ELISION = 2000  # characters of the document that one ellipsis in a quote may stand for
_MOST_PARTS = 8  # of one quote, between ellipses
_MOST_LINKED = 256  # occurrences of each quote of a list between which the rising chain is sought
_CUT_FROM = 40  # characters; a quote this long is the document's own, though it ends within a number
_CUT_NUMBERS = re.compile(r"^[\d.,'’]+|[\d.,'’]+$")
_LEAST_PART = 3  # letters and digits on each side of an ellipsis


@dataclass(frozen=True, slots=True)
class Placement:
    """Where quoted words stand in a document.

    `start` and `end` are character offsets into the document's text (end excluded), None where nothing was found.
    `score` is 1 for exact and normalised, the share of agreement (0 to 1) for fuzzy, 0 where nothing was found.
    """

    status: EvidenceStatus
    start: int | None
    end: int | None
    score: float

    @property
    def found(self) -> bool:
        """Whether there is a span."""
        return self.start is not None


NOT_FOUND = Placement(EvidenceStatus.NOT_FOUND, None, None, 0.0)
NOTHING_QUOTED = Placement(EvidenceStatus.NONE, None, None, 0.0)


def place(quote: str, document: PreparedText, near: int | None = None, value: str | None = None) -> Placement:
    """Place one quote; an empty quote gives the status NONE.

    Of several places the one closest to `value` is chosen where the value stands in the document, then the first
    at or after the offset `near`, then the first of all.
    """
    if not quote.strip():
        return NOTHING_QUOTED
    candidates = placements(quote, document, near)
    return _choose(candidates, document, near, value) if candidates else NOT_FOUND


def place_all(quotes: Sequence[str], document: PreparedText) -> tuple[Placement, ...]:
    """Place quotes that a model gave in reading order, so that repeats attach to the right occurrence.

    As many quotes as possible are placed at rising offsets (the longest rising chain, earliest on ties). A quote
    outside the chain is placed at its first occurrence after the chain's previous quote, else at its first.
    """
    places = {
        quote: placements(quote, document) if quote.strip() else [NOTHING_QUOTED] for quote in dict.fromkeys(quotes)
    }
    repeats: Counter[str] = Counter()
    candidates: list[list[Placement]] = []
    for quote in quotes:
        # The n-th of equal quotes stands at the n-th occurrence or after it, so the first n need not be compared.
        options = places[quote]
        first = min(repeats[quote], max(0, len(options) - _MOST_LINKED))
        candidates.append(options[first : first + _MOST_LINKED])
        repeats[quote] += 1
    chain = _longest_chain([[p.start for p in options if p.start is not None] for options in candidates])
    result: list[Placement] = []
    reached = 0
    for quote, options, link in zip(quotes, candidates, chain, strict=True):
        if link is not None:
            result.append(options[link])
            reached = options[link].start or 0
        elif options and options[0].found:
            result.append(_choose(places[quote], document, reached, None))
        else:
            result.append(options[0] if options else NOT_FOUND)
    return tuple(result)


def placements(quote: str, document: PreparedText, near: int | None = None) -> list[Placement]:
    """The places of a quote in the first phase that finds any, rising; empty if none does.

    Of a quote that stands very often these are the first ones and those from the offset `near` on (see `exact`).
    """
    wanted = quote.strip()
    exact = exact_spans(wanted, document.text, near)
    if exact:
        return [Placement(EvidenceStatus.EXACT, start, end, 1.0) for start, end in exact]
    normalised = normalised_spans(wanted, document, near)
    if normalised:
        return [Placement(EvidenceStatus.NORMALISED, start, end, 1.0) for start, end in normalised]
    found = _elided(wanted, document, near) or _cut(wanted, document, near)
    if found:
        return found
    return [
        Placement(EvidenceStatus.FUZZY, span.start, span.end, span.score)
        for span in fuzzy_spans(wanted, document, near)
    ]


def _elided(quote: str, document: PreparedText, near: int | None) -> list[Placement]:
    """The spans of a quote with an ellipsis in it, each from its first part to its last; empty unless all are found.

    Parts follow each other in the document with at most `_LONGEST_ELISION` characters between them.
    """
    parts = [part for part in _ELLIPSIS.split(quote) if part]
    if not 2 <= len(parts) <= _MOST_PARTS or any(sum(map(str.isalnum, part)) < _LEAST_PART for part in parts):
        return []
    options: list[list[Placement]] = []
    for part in parts:
        found = placements(part, document, near)
        if not found:
            return []
        options.append(found)
    starts = [[option.start or 0 for option in found] for found in options]
    spans: list[Placement] = []
    for first in options[0]:
        last = first
        score = first.score
        for following, begins in zip(options[1:], starts[1:], strict=True):
            nearest = _next(following, begins, last)
            if nearest is None:
                break
            last, score = nearest, min(score, nearest.score)
        else:
            spans.append(Placement(EvidenceStatus.FUZZY, first.start, last.end, score))
    return _shortest(spans)


def _cut(quote: str, document: PreparedText, near: int | None) -> list[Placement]:
    """The spans of a long quote that was cut within a number, without what is left of the number."""
    if len(quote) < _CUT_FROM or quote not in document.text:
        return []
    whole = _CUT_NUMBERS.sub("", quote).strip()
    score = len(whole) / len(quote)
    return [
        Placement(EvidenceStatus.FUZZY, start, end, score) for start, end in exact_spans(whole, document.text, near)
    ]


def _shortest(spans: list[Placement]) -> list[Placement]:
    """Of spans that end at the same place, the one that starts last: its first part is nearest the others."""
    return list({span.end: span for span in spans}.values())


def _next(options: list[Placement], starts: list[int], last: Placement) -> Placement | None:
    """The first of the options behind a part, if it is near enough."""
    assert last.end is not None, "only found parts are joined"
    at = bisect_left(starts, last.end)
    return options[at] if at < len(starts) and starts[at] - last.end <= _LONGEST_ELISION else None


def _choose(options: list[Placement], document: PreparedText, near: int | None, value: str | None) -> Placement:
    if len(options) == 1:
        return options[0]
    standing: list[int] = []
    if value is not None and value.strip():
        standing = [start for start, _ in exact_spans(value.strip(), document.text)]
        standing = standing or [start for start, _ in normalised_spans(value, document)]

    def preference(option: Placement) -> tuple[int, bool, int]:
        assert option.start is not None and option.end is not None, "options are found placements"
        early = near is not None and option.start < near
        return _distance(option.start, option.end, standing), early, -option.start if early else option.start

    return min(options, key=preference)


def _distance(start: int, end: int, standing: list[int]) -> int:
    """Characters between a span and the nearest of the rising offsets; 0 inside it or where there are none."""
    at = bisect_left(standing, start)
    after = max(0, standing[at] - end + 1) if at < len(standing) else None
    before = start - standing[at - 1] if at else None
    return min((d for d in (before, after) if d is not None), default=0)


def _longest_chain(starts: list[list[int]]) -> list[int | None]:
    """For each quote the index of its occurrence in the longest strictly rising chain; None for those outside.

    Patience sorting over (quote, occurrence); a quote's occurrences are taken from the last to the first, so that
    it enters the chain at most once. O(total * log(total)).
    """
    tails: list[int] = []  # smallest end of a chain of each length
    ends: list[tuple[int, int]] = []  # (quote, occurrence) at that end
    parents: dict[tuple[int, int], tuple[int, int] | None] = {}
    for quote, options in enumerate(starts):
        for occurrence in range(len(options) - 1, -1, -1):
            start = options[occurrence]
            length = bisect_left(tails, start)
            parents[(quote, occurrence)] = ends[length - 1] if length else None
            if length == len(tails):
                tails.append(start)
                ends.append((quote, occurrence))
            else:
                tails[length] = start
                ends[length] = (quote, occurrence)
    chain: list[int | None] = [None] * len(starts)
    link = ends[-1] if ends else None
    while link is not None:
        chain[link[0]] = link[1]
        link = parents[link]
    return chain
