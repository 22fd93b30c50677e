"""Second phase: the quote stands in the text but for case, spaces, hyphenation, punctuation and Unicode form."""

import re
from collections.abc import Iterator
from functools import partial

from crucible_assets.extractions.grounding.exact import (
    CUT_ALLOWED_FROM,
    Span,
    from_both,
    occurrences,
    whole_words_first,
)
from crucible_assets.extractions.grounding.folding import fold
from crucible_assets.extractions.grounding.meaning import is_number, negations
from crucible_assets.extractions.grounding.prepared import PreparedText, prepared_quote
from crucible_assets.extractions.grounding.words import word_list

# Punctuation that models add to the ends of a quote or leave out. Of '-5' the dash stays.
_OUTER = re.compile(r"^(?:[ \"'*.,;:!?()\[\]]|- )+|[ \"'*.,;:!?()\[\]-]+$")
_MOST_BARE = 64  # places at which the words agree that are compared in their numbers and negations


def normalised_spans(quote: str, document: PreparedText, near: int | None = None) -> list[Span]:
    """Spans of the original text whose folded form is that of the quote, rising.

    If there are none, the punctuation at the quote's ends is left aside and the rest is looked for; then all
    punctuation and all spaces, in the quote and in the text: words may be run together or torn apart, emphasised,
    bulleted or quoted otherwise, but their letters, numbers and negations are the same.
    """
    wanted = prepared_quote(quote.strip())
    folded = wanted.folded.strip()
    for form in dict.fromkeys((folded, _OUTER.sub("", folded))):
        found = from_both(partial(_folded_spans, form, document), near)
        if found:
            return found
    return from_both(partial(_bare_spans, wanted, document), near)


def _folded_spans(folded: str, document: PreparedText, at: int) -> list[Span]:
    return whole_words_first(document.text, _spans(folded, document, at))


def _spans(folded: str, document: PreparedText, at: int) -> Iterator[Span]:
    for start in occurrences(folded, document.folded, document.folded_offset(at)):
        span = document.span(start, start + len(folded))
        if span is not None:
            yield span


def _bare_spans(quote: PreparedText, document: PreparedText, at: int) -> list[Span]:
    bare = quote.bare
    if not bare:
        return []
    standing = (
        document.bare_span(start, start + len(bare))
        for start in occurrences(bare, document.bare, document.bare_offset(at))
    )
    spans = whole_words_first(document.text, (span for span in standing if span is not None))[:_MOST_BARE]
    words = word_list(quote.folded)
    return [span for span in spans if _says_the_same(words, word_list(fold(document.text[span[0] : span[1]])))]


def _says_the_same(quoted: list[str], standing: list[str]) -> bool:
    """Whether words of the same letters have the same numbers and negations ('not able' is not 'notable')."""
    if quoted == standing:
        return True
    if sum(map(len, quoted)) < CUT_ALLOWED_FROM or negations(quoted) != negations(standing):
        return False
    return list(filter(is_number, quoted)) == list(filter(is_number, standing))
