"""A quote with the noise that models make is found where it stands; a quote that is not there is not found."""

import re
import unicodedata

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crucible_assets.extractions.grounding.folding import fold
from crucible_assets.extractions.grounding.meaning import is_quantity, negates
from crucible_assets.extractions.grounding.place import place
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.grounding.words import word_list
from resources.vocabulary import EvidenceStatus
from tests.grounding.texts import FILLER, LEASE

DOCUMENT = PreparedText(FILLER + "\n\n" + LEASE + "\n\n" + FILLER[::-1])
OFFSET = len(FILLER) + 2
FOREIGN = ("quantum", "violin", "glacier", "senate", "enzyme", "orbit", "coral", "ledger", "falcon")
WORDS = [match.span() for match in re.finditer(r"(?:\S*[a-z]-\n)?\S+", LEASE)]


@st.composite
def stretches(draw: st.DrawFn, least: int = 4, most: int = 60) -> tuple[int, int]:
    """The span of a few consecutive words of the lease, as offsets into the document."""
    first = draw(st.integers(0, len(WORDS) - least))
    length = draw(st.integers(least, min(most, len(WORDS) - first)))
    return OFFSET + WORDS[first][0], OFFSET + WORDS[first + length - 1][1]


def overlap(placement_start: int, placement_end: int, start: int, end: int) -> float:
    shared = min(placement_end, end) - max(placement_start, start)
    return max(0, shared) / max(placement_end - placement_start, end - start)


CHARACTER_NOISE = {
    "upper case": str.upper,
    "one line": lambda quote: " ".join(quote.split()),
    "wide spaces": lambda quote: quote.replace(" ", "\u00a0 "),
    "typographic quotes": lambda quote: quote.replace('"', "”").replace("'", "’"),
    "long dashes": lambda quote: quote.replace(" — ", "—").replace("-", "–"),
    "hyphenation undone": lambda quote: quote.replace("-\n", ""),
    "hyphenated anew": lambda quote: re.sub(r"\b([a-z]{4})([a-z]{4,})\b", "\\1-\n\\2", quote, count=1),
    "ligatures": lambda quote: quote.replace("fi", "ﬁ").replace("ff", "ﬀ"),
    "full width": lambda quote: quote.replace("a", "\uff41").replace("0", "\uff10"),
    "soft hyphens": lambda quote: quote.replace("ent", "e\u00adnt"),
    "zero width": lambda quote: quote.replace("er", "e\u200br"),
    "bold": lambda quote: "**" + quote + "**",
    "a word bold": lambda quote: re.sub(r"\b([a-z]{5,})\b", r"**\1**", quote, count=1),
    "bullet": lambda quote: "• " + quote,
    "heading": lambda quote: "## " + quote,
    "table": lambda quote: "| " + quote.replace(", ", " | ") + " |",
    "quoted": lambda quote: f'"{quote}"',
    "single quotes": lambda quote: quote.replace('"', "'"),
    "without quotes": lambda quote: quote.replace('"', ""),
    "without commas": lambda quote: re.sub(r",(?=\s)", "", quote),
    "semicolons": lambda quote: re.sub(r",(?=\s)", ";", quote),
    "final ellipsis": lambda quote: quote + " …",
    "leading dots": lambda quote: "..." + quote,
    "run together": lambda quote: re.sub(r"(?<=[a-z]{4}) (?=[a-z]{4})", "", quote, count=1),
    "torn apart": lambda quote: re.sub(r"\b([a-z]{5})([a-z]{4,})\b", r"\1 \2", quote, count=1),
}


@given(stretches(), st.lists(st.sampled_from(sorted(CHARACTER_NOISE)), min_size=1, max_size=4))
@settings(max_examples=250, deadline=None)
def test_a_quote_differing_in_characters_only_is_found_exactly_there(
    span: tuple[int, int], noises: list[str]
) -> None:
    start, end = span
    quote = DOCUMENT.text[start:end]
    for noise in noises:
        quote = CHARACTER_NOISE[noise](quote)
    placed = place(quote, DOCUMENT, near=OFFSET)
    assert placed.status in (EvidenceStatus.EXACT, EvidenceStatus.NORMALISED)
    assert placed.start is not None and placed.end is not None
    assert overlap(placed.start, placed.end, start, end) > 0.85


@given(stretches(least=5), st.data())
@settings(max_examples=100, deadline=None)
def test_a_quote_with_punctuation_dropped_or_added_is_found_there(span: tuple[int, int], data: st.DataObject) -> None:
    start, end = span
    quote = DOCUMENT.text[start:end].replace("-\n", "")
    quote = re.sub(r"(?<=[a-z])[,.;:](?=\s)", "", quote)
    at = data.draw(st.integers(0, len(quote.split()) - 1))
    words = quote.split()
    words[at] += data.draw(st.sampled_from([",", ";", ":", "!"]))
    placed = place(" ".join(words), DOCUMENT, near=OFFSET)
    assert placed.start is not None and placed.end is not None
    assert overlap(placed.start, placed.end, start, end) > 0.8


@given(stretches(least=12), st.data())
@settings(max_examples=150, deadline=None)
def test_a_quote_with_one_word_changed_left_out_or_put_in_is_found_there(
    span: tuple[int, int], data: st.DataObject
) -> None:
    start, end = span
    words = DOCUMENT.text[start:end].split()
    at = data.draw(st.integers(1, len(words) - 2))
    assume(not any(is_quantity(word) or negates(word) for word in word_list(fold(words[at]))))
    # A short word with a capital and another letter is another name, as far as anyone can tell: 'If paid' is not
    # 'Ix paid', nor 'He paid' 'Ed paid'. Longer names may have a slip of one letter.
    short_name = any(map(str.isupper, words[at])) and sum(map(str.isalpha, words[at])) < 3
    match data.draw(st.sampled_from(["change", "leave out", "put in", *([] if short_name else ["typo"])])):
        case "change":
            words[at] = "something"
        case "leave out":
            del words[at]
        case "put in":
            words.insert(at, "also")
        case _:
            words[at] = words[at][:-1] + "x"
    placed = place(" ".join(words), DOCUMENT)
    assert placed.start is not None and placed.end is not None
    assert overlap(placed.start, placed.end, start, end) > 0.7
    assert 0 < placed.score <= 1


@given(stretches(least=6), st.sampled_from(["number", "negation", "order"]))
@settings(max_examples=100, deadline=None)
def test_a_quote_with_another_number_or_without_its_negation_is_not_found(span: tuple[int, int], change: str) -> None:
    quote = DOCUMENT.text[span[0] : span[1]]
    if change == "number":
        numbers = re.findall(r"\d[\d.,]*\d|\d", quote)
        assume(numbers)
        quote = quote.replace(numbers[0], "98765", 1)
    elif change == "negation":
        assume(re.search(r"\bnot\b", quote))
        quote = re.sub(r"\bnot\b", "always", quote)
    else:
        words = quote.split()
        assume(len(set(words)) > 5)
        quote = " ".join(sorted(words, key=lambda word: word[::-1]))
        assume(quote.split() != words)
    placed = place(quote, DOCUMENT)
    if change == "order" and placed.start is not None:
        assert placed.score < 1  # a short quote may have survived sorting almost in order
    else:
        assert placed.status is EvidenceStatus.NOT_FOUND


@given(
    st.lists(
        st.sampled_from(FOREIGN),
        min_size=3,
    )
)
@settings(max_examples=50, deadline=None)
def test_words_that_are_not_in_the_document_are_not_found(words: list[str]) -> None:
    assert place(" ".join(words), DOCUMENT).status is EvidenceStatus.NOT_FOUND


@given(st.text(max_size=60), st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_offsets_are_valid_for_any_quote_in_any_text(quote: str, text: str) -> None:
    placed = place(quote, PreparedText(text))
    if placed.start is None:
        assert placed.end is None and placed.score == 0
    else:
        assert placed.end is not None
        assert 0 <= placed.start < placed.end <= len(text)


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_the_map_of_a_folded_text_is_monotone(text: str) -> None:
    document = PreparedText(text)
    spans = [document.span(i, i + 1, widen=True) for i in range(len(document.folded))]
    starts = [span[0] for span in spans if span is not None]
    assert len(starts) == len(document.folded)
    assert starts == sorted(starts)


@given(st.text(max_size=100))
@settings(max_examples=200, deadline=None)
def test_every_text_without_cut_numbers_finds_itself(text: str) -> None:
    assume(any(c.isalnum() for c in text))
    placed = place(text, PreparedText(text))
    assert placed.status is EvidenceStatus.EXACT
    assert text[placed.start : placed.end] == text.strip()


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_folding_ignores_the_normal_form_of_unicode(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
