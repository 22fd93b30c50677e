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
    taken: Collection[tuple[int, int]],
    key: str | None,
) -> list[Mention]:
    """Mentions of one answer about a stretch, which begins at `start` of the document.

    Quotes are placed in reading order within the stretch, else anywhere in the document, of which the beginning is
    shown with every stretch. One that lands where the same words were placed by an earlier answer (`taken`, spans of
    the document) goes to its next free occurrence. A quote that shows no word of the name, where the name stands
    nowhere else either, places nothing: it is no evidence of that entity.
    """
    used = set(taken)
    mentions = []
    for row, found in zip(rows, place_all([row.source_text for row in rows], stretch), strict=True):
        placement, quote = _moved(found, start), row.source_text
        if _span(placement) in used:
            free = [p for p in (_moved(p, start) for p in placements(quote, stretch)) if _span(p) not in used]
            placement = free[0] if free else placement
        if not _shows(document.text, placement, row.name):
            placement, quote = _elsewhere(row, stretch, start, document)
        if placement.found:
            used.add(_span(placement))
        mentions.append(
            Mention(row.name, quote, placement, _at(document.text, placement, row.name), start, None, key)
        )
    return mentions


def _at(text: str, placement: Placement, name: str) -> int | None:
    """Where the name begins in the placed words; their beginning where it does not stand in them as it is given."""
    if placement.start is None:
        return None
    found = re.search(re.escape(name), text[placement.start : placement.end], re.IGNORECASE)
    return placement.start + (found.start() if found else 0)


def _elsewhere(row: NamedRow, stretch: PreparedText, start: int, document: PreparedText) -> tuple[Placement, str]:
    """The quote anywhere, else the name in the stretch, else anywhere; with the words that are placed."""
    for words, text, offset in ((row.source_text, document, 0), (row.name, stretch, start), (row.name, document, 0)):
        for placement in placements(words, text)[:1]:
            moved = _moved(placement, offset)
            if _shows(document.text, moved, row.name):
                return moved, words
    return NOT_FOUND, row.source_text


def _span(placement: Placement) -> tuple[int, int]:
    return (-1 if placement.start is None else placement.start), (-1 if placement.end is None else placement.end)


def _moved(placement: Placement, start: int) -> Placement:
    if placement.start is None or placement.end is None:
        return placement
    return Placement(placement.status, placement.start + start, placement.end + start, placement.score)


def _shows(text: str, placement: Placement, name: str) -> bool:
    """Whether words are placed, and have at least one word of the name in them (or the name is in another script)."""
    if placement.start is None:
        return False
    shown = set(re.findall(r"\w+", folded_name(text[placement.start : placement.end])))
    wanted = re.findall(r"\w+", folded_name(name))
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
