"""Where the sentences of a document's text are."""

from functools import lru_cache
from itertools import pairwise

import regex

from crucible_assets.answers.text.endings import TERMINATOR, continues
from resources.models.reader.layout import blocks_of, lines_of
from resources.models.reader.spans import Span

_NUMBERED = regex.compile(r"\s*\(?(?:\d{1,3}|\p{L})[.)]")


@lru_cache(maxsize=256)
def spans_of(text: str) -> tuple[Span, ...]:
    """The sentences of a source, found once."""
    return tuple(sentence_spans(text))


def sentence_spans(text: str) -> list[Span]:
    """Where the sentences of a document's text are, without surrounding blanks, in order.

    Wrapped lines are joined as the reader joins them; every row of a table and item of a list is a sentence.
    """
    found: list[Span] = []
    for block in blocks_of(text, lines_of(text)):
        part = block.of(text)
        cuts = [match.end() for match in TERMINATOR.finditer(part) if _is_end(part, match)]
        for begin, end in pairwise([0, *cuts, len(part)]):
            stretch = part[begin:end]
            if stretch.strip():
                first = block.start + begin
                lead = len(stretch) - len(stretch.lstrip())
                found.append(Span(first + lead, first + len(stretch.rstrip())))
    return found


def _is_end(part: str, match: "regex.Match[str]") -> bool:
    if _NUMBERED.fullmatch(part, 0, match.end()):
        return False
    after = int(match.end())
    while after < len(part) and part[after].isspace():
        after += 1
    if after == len(part):
        return True
    parted = after > match.end() or bool(match["wide"])
    return parted and not continues(part, match, after, marked=False)
