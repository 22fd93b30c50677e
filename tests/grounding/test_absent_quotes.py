"""A quote that is not there is not found, however much of it stands somewhere."""

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crucible_assets.extractions.grounding.place import place
from crucible_assets.extractions.grounding.prepared import PreparedText
from resources.vocabulary import EvidenceStatus
from tests.grounding.test_slips import DOCUMENT, SENTENCES
from tests.grounding.texts import FILLER, LEASE, REPORT

LEASE_ALONE, REPORT_ALONE = PreparedText(FILLER + LEASE), PreparedText(REPORT + FILLER)
NAMES = ("Okafor", "Brightwater", "Maria", "Tallinn", "Zenith", "Petrov", "Lambert", "Sussex")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
sentences = st.sampled_from(SENTENCES)


def absent(quote: str) -> bool:
    return place(quote, DOCUMENT).status is EvidenceStatus.NOT_FOUND


def test_sentences_of_another_document_are_not_found() -> None:
    for sentence in SENTENCES:
        other = REPORT_ALONE if sentence in " ".join(LEASE.split()) else LEASE_ALONE
        assert place(sentence, other).status is EvidenceStatus.NOT_FOUND


@given(st.lists(sentences, min_size=2, max_size=2, unique=True), st.data())
@settings(max_examples=100, deadline=None)
def test_halves_of_two_sentences_are_no_sentence(two: list[str], data: st.DataObject) -> None:
    first, second = (sentence.split() for sentence in two)
    quote = " ".join(first[: len(first) // 2] + second[len(second) // 2 :])
    assume(" ".join(two) not in DOCUMENT.text and " ".join(reversed(two)) not in DOCUMENT.text)
    assert absent(quote)


def with_spans(pattern: str) -> list[tuple[str, tuple[int, int]]]:
    """Every sentence with each span of it that the pattern matches."""
    return [(sentence, match.span()) for sentence in SENTENCES for match in re.finditer(pattern, sentence)]


FIGURES = st.sampled_from(with_spans(r"\d+(?:[.,]\d+)*"))


@given(FIGURES, st.data())
@settings(max_examples=150, deadline=None)
def test_another_number(where: tuple[str, tuple[int, int]], data: st.DataObject) -> None:
    sentence, (start, end) = where
    at = data.draw(st.sampled_from([i for i in range(start, end) if sentence[i].isdigit()]))
    digit = data.draw(st.sampled_from([d for d in "123456789" if d != sentence[at]]))
    assert absent(sentence[:at] + digit + sentence[at + 1 :])


@given(FIGURES, st.integers(1, 9), st.booleans())
@settings(max_examples=60, deadline=None)
def test_ten_times_the_number(where: tuple[str, tuple[int, int]], digit: int, before: bool) -> None:
    sentence, (start, end) = where
    at = start if before else end
    assert absent(sentence[:at] + str(digit) + sentence[at:])


@given(st.sampled_from(with_spans(rf"(?<=[a-z,] )(?!{'|'.join(MONTHS)})[A-Z][a-z]{{2,}}")), st.sampled_from(NAMES))
@settings(max_examples=150, deadline=None)
def test_another_name(where: tuple[str, tuple[int, int]], name: str) -> None:
    sentence, (start, end) = where
    assert absent(sentence[:start] + name + sentence[end:])


@given(st.sampled_from(with_spans("|".join(MONTHS))), st.sampled_from(MONTHS))
@settings(max_examples=60, deadline=None)
def test_another_month(where: tuple[str, tuple[int, int]], month: str) -> None:
    sentence, (start, end) = where
    assume(sentence[start:end] != month)
    for written in (month, month.lower(), month.upper()):
        assert absent(sentence[:start] + written + sentence[end:])


@given(st.sampled_from(with_spans(r"\b(?:EUR|USD)\b")), st.sampled_from(["USD", "CHF", "$", "€", "pounds"]))
@settings(max_examples=60, deadline=None)
def test_another_currency(where: tuple[str, tuple[int, int]], currency: str) -> None:
    sentence, (start, end) = where
    assume(currency != sentence[start:end])
    assert absent(sentence[:start] + currency + sentence[end:])


@given(
    st.sampled_from(with_spans(r"\b(?:is|shall|may|was|were|are|will|would|had|has|be)\b")),
    st.sampled_from(["not", "never", "hardly", "no longer"]),
)
@settings(max_examples=150, deadline=None)
def test_a_negation_put_in(where: tuple[str, tuple[int, int]], negation: str) -> None:
    sentence, (_, end) = where
    assert absent(f"{sentence[:end]} {negation}{sentence[end:]}")


def test_a_negation_left_out() -> None:
    negated = with_spans(r"\b(?:not|no|No) (?!\d)")
    assert len(negated) >= 5
    for sentence, (start, end) in negated:
        assert absent(sentence[:start] + sentence[end:])


def test_words_that_turn_the_sense() -> None:
    document = PreparedText(
        "The dismissal of the employee was lawful and the lessor shall increase the price after the delivery. "
        "The two parties are able to agree on notable terms within three months of the signature of the contract."
    )
    quotes = [
        "The dismissal of the employee was unlawful and the lessor shall increase the price after the delivery",
        "The dismissal of the employer was lawful and the lessor shall increase the price after the delivery",
        "The dismissal of the employee was lawful and the lessee shall increase the price after the delivery",
        "The dismissal of the employee was lawful and the lessor shall decrease the price after the delivery",
        "The dismissal of the employee was lawful and the lessor shall increase the price before the delivery",
        "The two parties are able to agree on not able terms within three months of the signature of the contract",
        "The two parties are unable to agree on notable terms within three months of the signature of the contract",
        "The two parties are able to agree on notable terms within three weeks of the signature of the contract",
        "The two parties are able to agree on notable terms within four months of the signature of the contract",
    ]
    assert [quote for quote in quotes if place(quote, document).found] == []


def test_swapped_names_and_numbers_are_not_found() -> None:
    document = PreparedText("In the end Smith sold 40 shares to Jones and 70 bonds to Meyer the same day in Leeds.")
    quotes = [
        "In the end Jones sold 40 shares to Smith and 70 bonds to Meyer the same day in Leeds.",
        "In the end Smith sold 70 shares to Jones and 40 bonds to Meyer the same day in Leeds.",
        "In the end Smith sold 40 shares to Meyer and 70 bonds to Jones the same day in Leeds.",
    ]
    assert [quote for quote in quotes if place(quote, document).found] == []


def test_a_number_without_its_multiplier_or_in_another_scale_is_another_number() -> None:
    document = PreparedText("The turnover of the company rose to 14 200 euros and later to 1.5 million euros in all.")
    quotes = [
        "The turnover of the company rose to 14 euros and later to 1.5 million euros in all",
        "The turnover of the company rose to 14 200 euros and later to 15 million euros in all",
        "The turnover of the company rose to 14 200 euros and later to 1.5 billion euros in all",
        "The turnover of the company rose to 14 200 euros and later to 1.5 euros in all",
    ]
    assert [quote for quote in quotes if place(quote, document).found] == []
