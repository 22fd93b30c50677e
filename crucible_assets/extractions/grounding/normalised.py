"""Second phase: the quote stands in the text but for case, spaces, hyphenation, quotes, dashes and Unicode form."""

import re
from collections.abc import Iterator

from crucible_assets.extractions.grounding.exact import occurrences, whole_words_first
from crucible_assets.extractions.grounding.folding import fold
from crucible_assets.extractions.grounding.prepared import PreparedText

# Punctuation that models add to the ends of a quote or leave out. Of '-5' the dash stays.
_OUTER = re.compile(r"^(?:[ \"'*.,;:!?()\[\]]|- )+|[ \"'*.,;:!?()\[\]-]+$")


def normalised_spans(quote: str, document: PreparedText) -> list[tuple[int, int]]:
    """Spans of the original text whose folded form is that of the quote, rising.

    If there are none, the punctuation at the quote's ends is left aside and the rest is looked for.
    """
    folded = fold(quote)
    found = whole_words_first(document.text, _spans(folded, document))
    if found:
        return found
    bare = _OUTER.sub("", folded)
    if bare == folded:
        return []
    return whole_words_first(document.text, _spans(bare, document))


def _spans(folded: str, document: PreparedText) -> Iterator[tuple[int, int]]:
    for at in occurrences(folded, document.folded):
        span = document.span(at, at + len(folded))
        if span is not None:
            yield span
