"""Placing single quotes and lists of quotes."""

import pickle

import pytest

from crucible_assets.extractions.grounding.place import place, place_all
from crucible_assets.extractions.grounding.prepared import PreparedText
from resources.vocabulary import EvidenceStatus


def placed(quote: str, text: str, near: int | None = None, value: str | None = None) -> tuple[str, str | None]:
    placement = place(quote, PreparedText(text), near, value)
    return placement.status.value, None if placement.start is None else text[placement.start : placement.end]


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("the agreement", "of the agree-\nment dated", "the agree-\nment"),
        ("a long-term lease", "a long-\nterm lease", "a long-\nterm lease"),
        ("finance office", "The ﬁnance  oﬃce.", "ﬁnance  oﬃce"),
        ("Cafe\u0301 Noir", "im café noir", "café noir"),
        ("Tie\u0302\u0301ng Vie\u0323\u0302t", "học Tiếng Việt hay", "Tiếng Việt"),
        ("Straße", "in der STRASSE 5", "STRASSE"),
        ("東京都千代田区", "所在地は東京都\n千代田区です", "東京都\n千代田区"),
        ("ＡＢＣ株式会社", "当社はABC株式会社と", "ABC株式会社"),
        ("שלום עולם", "אמר שָׁלוֹם עוֹלָם לכולם", "שָׁלוֹם עוֹלָם"),
        ("الكتاب الجديد", "هذا الكِتَابُ الجديدُ هنا", "الكِتَابُ الجديدُ"),
        ("한국어 문서", "이 한국어\n문서는", "한국어\n문서"),
        ('"Effective Date"', "the “Effective Date” means", "“Effective Date”"),
        ("pages 5-10", "see pages 5 – 10 below", "pages 5 – 10"),
        ("soft hyphen", "a so\u00adft hy\u00adphen", "so\u00adft hy\u00adphen"),
        ("Acme Corp.", "by Acme Corp, of", "Acme Corp"),
    ],
)
def test_unicode_case_hyphens_and_quotes_are_evened_out(quote: str, text: str, found: str) -> None:
    status, words = placed(quote, text)
    assert words == found
    assert status == "NORMALISED"


def test_a_quote_that_stands_there_is_exact_with_its_own_offsets() -> None:
    assert place("is due", PreparedText("Rent is due.")) == place(" is due ", PreparedText("Rent is due."))
    placement = place("is due", PreparedText("Rent is due."))
    assert (placement.status, placement.start, placement.end, placement.score) == (EvidenceStatus.EXACT, 5, 11, 1.0)


def test_an_empty_quote_claims_nothing() -> None:
    assert placed("  ", "text") == ("NONE", None)


@pytest.mark.parametrize(
    ("quote", "text"),
    [("10", "in 2010 or 5.10"), ("5", "5.3 and 1,5"), ("234", "1,234"), ("art", "party"), ("cafe", "un cafe\u0301")],
)
def test_a_short_quote_is_not_found_inside_words_and_numbers(quote: str, text: str) -> None:
    assert place(quote, PreparedText(text)).status not in (EvidenceStatus.EXACT, EvidenceStatus.NORMALISED)


def test_a_whole_word_is_preferred_to_the_same_letters_inside_another() -> None:
    assert place("art", PreparedText("party of art")).start == 9


def test_a_word_cut_by_a_long_quote_is_accepted_but_never_a_cut_number() -> None:
    assert placed("landlord lets the gro", "The landlord lets the ground floor")[0] == "EXACT"
    assert placed("rent is EUR 14", "rent is EUR 1420")[0] == "NOT_FOUND"


def test_among_repeats_the_one_by_the_value_is_chosen() -> None:
    text = "Total: 5 EUR. Total: 7 EUR."
    assert place("Total:", PreparedText(text), value="7").start == 14
    assert place("Total:", PreparedText(text), value="99").start == 0


def test_among_repeats_the_first_from_the_given_offset_is_chosen() -> None:
    document = PreparedText("yes one yes two yes three")
    assert [place("yes", document, near=near).start for near in (None, 0, 1, 9, 20)] == [0, 0, 8, 16, 16]


def test_repeated_quotes_take_rising_occurrences() -> None:
    document = PreparedText("Smith spoke. Jones spoke. Smith left.")
    starts = [placement.start for placement in place_all(["Smith", "spoke", "Jones", "Smith"], document)]
    assert starts == [0, 6, 13, 26]


def test_a_quote_out_of_order_does_not_move_the_others() -> None:
    document = PreparedText("a1 b2 c3 d4 e5 b2")
    placements = place_all(["e5", "a1", "c3", "zz9", "d4"], document)
    assert [placement.start for placement in placements] == [12, 0, 6, None, 9]


def test_empty_and_missing_quotes_keep_their_places_in_the_list() -> None:
    statuses = [placement.status.value for placement in place_all(["", "b", "nowhere"], PreparedText("a b"))]
    assert statuses == ["NONE", "EXACT", "NOT_FOUND"]


def test_a_quote_with_an_ellipsis_spans_its_parts_in_order() -> None:
    text = "The tenant shall, at its own cost and without delay, repair the roof."
    assert placed("The tenant shall … repair the roof", text) == ("FUZZY", text[:-1])
    assert placed("repair the roof ... The tenant shall", text)[0] == "NOT_FOUND"
    assert placed("The tenant shall [...] paint the fence", text)[0] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        (
            "The landlord shall be liable for all damage to goods",
            "The landlord shall not be liable for all damage to goods",
        ),
        ("The landlord shall not be liable for damage to goods", "The landlord shall be liable for damage to goods"),
        ("The price of the machine is 4,500 euros net", "The price of the machine is 4,600 euros net"),
        ("Der Mieter haftet nicht für Schäden am Dach", "Der Mieter haftet für Schäden am Dach"),
        ("Le locataire n'est pas responsable des dommages", "Le locataire est responsable des dommages"),
        ("The parties don't agree on the price at all", "The parties do agree on the price at all"),
    ],
)
def test_numbers_and_negations_must_agree(quote: str, text: str) -> None:
    assert placed(quote, text)[0] == "NOT_FOUND"


def test_reformatted_figures_are_the_same_number() -> None:
    status, _ = placed("a total of 1.250,50 euros is due at once", "a total of 1,250.50 euros is due at once")
    assert status == "FUZZY"


def test_a_prepared_text_travels_to_a_worker_as_its_text() -> None:
    document = PreparedText("some text " * 1000)
    assert document.folded
    payload = pickle.dumps(document)
    assert len(payload) < 11_000
    again = pickle.loads(payload)
    assert again == document
    assert again is pickle.loads(payload)
