"""Where the entities of an answer stand in the document."""

import re
from collections.abc import Collection, Sequence

from crucible_assets.extractions.entities.ask import NamedRow
from crucible_assets.extractions.entities.mention import Mention
from crucible_assets.extractions.entities.names import folded_name
from crucible_assets.extractions.grounding.place import NOT_FOUND, Placement, place_all, placements
from crucible_assets.extractions.grounding.prepared import PreparedText
from resources.patterns import occurrences
from resources.vocabulary import EvidenceStatus


def place_rows(
    rows: Sequence[NamedRow],
    stretch: PreparedText,
    start: int,
    document: PreparedText,
    known: Sequence[Mention],
    key: str | None,
) -> list[Mention]:
    """The new mentions of one answer about a stretch, which begins at `start` of the document.

    Quotes are placed in reading order within the stretch, else where the document has them. One that lands where an
    earlier answer's (`known`) or an earlier row's stands goes to its next free occurrence. Where the quoted words do
    not say the name, the place where the stretch says it counts, then the quote if it shows words of the name, then
    the document as a whole, of which the beginning is shown with every stretch. What is left is placed nowhere: a
    quote without a word of the name is no evidence of it. A name at a place where it is known already is no new
    mention.
    """
    used = {_span(mention.placement) for mention in known}
    seen = {(folded_name(mention.name), mention.at) for mention in known}
    mentions = []
    for row, found in zip(rows, place_all([row.source_text for row in rows], stretch), strict=True):
        placement, quote = _placed(row, _moved(found, start), stretch, start, document, used)
        at = _at(document.text, placement, row.name)
        if (folded_name(row.name), at) in seen:
            continue
        seen.add((folded_name(row.name), at))
        if placement.found:
            used.add(_span(placement))
        mentions.append(Mention(row.name, quote, placement, at, start, None, key))
    return mentions


def _placed(
    row: NamedRow,
    placement: Placement,
    stretch: PreparedText,
    start: int,
    document: PreparedText,
    used: Collection[tuple[int, int]],
) -> tuple[Placement, str]:
    """Where a row stands, and the words that are placed."""
    text = document.text
    if placement.found and _span(placement) in used:
        options = (_moved(option, start) for option in placements(row.source_text, stretch))
        placement = next((option for option in options if _span(option) not in used), placement)
    if not placement.found and (at := text.find(row.source_text)) >= 0:
        placement = Placement(EvidenceStatus.EXACT, at, at + len(row.source_text), 1.0)
    if placement.found and stands(row.name, text[placement.start : placement.end]):
        return placement, row.source_text
    for words, offset in ((stretch.text, start), (text, 0)):
        named = [_named(a + offset, b + offset, text, row.name) for a, b in stands(row.name, words)]
        if offset == 0 and _shows(text, placement, row.name):
            return placement, row.source_text
        if named:
            return next((option for option in named if _span(option) not in used), named[0]), row.name
    for option in placements(row.source_text, document)[:1]:
        if _shows(text, option, row.name):
            return option, row.source_text
    return NOT_FOUND, row.source_text


def stands(name: str, text: str) -> list[tuple[int, int]]:
    """Where a text says a name as whole words, whatever its case and spacing."""
    words = name.split()
    if not words:
        return []
    pattern = r"\s+".join(re.escape(word) for word in words)
    before = r"(?<!\w)" if words[0][0].isascii() and words[0][0].isalnum() else ""
    after = r"(?!\w)" if words[-1][-1].isascii() and words[-1][-1].isalnum() else ""
    return [match.span() for match in re.finditer(before + pattern + after, text, re.IGNORECASE)]


def _named(start: int, end: int, text: str, name: str) -> Placement:
    status = EvidenceStatus.EXACT if text[start:end] == name else EvidenceStatus.NORMALISED
    return Placement(status, start, end, 1.0)


def _at(text: str, placement: Placement, name: str) -> int | None:
    """Where the name begins in the placed words; their beginning where it does not stand in them as it is given."""
    if placement.start is None:
        return None
    found = stands(name, text[placement.start : placement.end])
    return placement.start + (found[0][0] if found else 0)


def _span(placement: Placement) -> tuple[int, int]:
    return (-1 if placement.start is None else placement.start), (-1 if placement.end is None else placement.end)


def _moved(placement: Placement, start: int) -> Placement:
    if placement.start is None or placement.end is None:
        return placement
    return Placement(placement.status, placement.start + start, placement.end + start, placement.score)


def _shows(text: str, placement: Placement, name: str) -> bool:
    """Whether placed words have all numbers and a word of the name in them (or the name is in another script)."""
    if placement.start is None:
        return False
    shown = set(re.findall(r"\w+", folded_name(text[placement.start : placement.end])))
    wanted = re.findall(r"\w+", folded_name(name))
    numbers = [word for word in wanted if any(c.isdigit() for c in word)]
    if any(number not in shown for number in numbers):
        return False
    return any(word in shown for word in wanted) or not " ".join(wanted).isascii()


def regex_mentions(pattern: str, text: str) -> list[Mention]:
    """The entities that a regular expression finds: the group 'name', else the first group, else the whole match.

    The quote is the whole match. Raises PatternError for a pattern that is none, or takes too long.
    """
    mentions = []
    for name, start, end in occurrences(pattern, text):
        words = " ".join(name.split())
        if words:
            exact = Placement(EvidenceStatus.EXACT, start, end, 1.0)
            mentions.append(Mention(words, text[start:end], exact, _at(text, exact, name)))
    return mentions
