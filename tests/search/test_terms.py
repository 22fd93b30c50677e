"""What of a text is compared: stems by the language, identifiers as written, pairs of characters without spaces."""

import unicodedata

import pytest

from resources.search.analysis import LONGEST_TERM, count_terms, fold, terms
from resources.search.query import MOST_WORDS, make_query


def test_words_are_compared_by_the_stems_of_their_language():
    assert terms("Operating systems", "en") == ["oper", "system"]
    assert terms("Die Häuser der Städte", "de") == ["die", "haus", "der", "stadt"]
    assert terms("Operating systems", None) == ["operating", "systems"]
    assert terms("Operating systems", "xx") == ["operating", "systems"]


def test_case_and_form_of_characters_do_not_matter():
    assert terms("ＷＩＮＧ Ⅻ ﬁn", None) == terms("wing xii fin", None)
    assert terms("STRASSE", "de") == terms("Straße", "de")
    assert terms(unicodedata.normalize("NFD", "Häuser"), "de") == terms("Häuser", "de")


@pytest.mark.parametrize(
    "identifier",
    ["WP-2022-0048", "12/3", "4.1", "a.b@c.org", "ISO-9001:2015", "x_1.txt", "jane.doe+x@mail.example.org"],
)
def test_an_identifier_is_a_term_as_it_is_written_besides_its_parts(identifier):
    found = terms(f"See {identifier}, please.", "en")
    assert fold(identifier) in found
    assert len(found) > 3


def test_what_only_looks_like_one_is_words():
    assert terms("well-known either/or", None) == ["well", "known", "either", "or"]


def test_scripts_without_spaces_give_pairs_of_neighbouring_characters():
    assert terms("黑豹队的防守", "zh") == ["黑豹", "豹队", "队的", "的防", "防守"]
    assert terms("東京タワー", "ja") == ["東京", "京タ", "タワ", "ワー"]
    assert terms("队", "zh") == ["队"]
    assert terms("NFL联盟2015年", "zh") == ["nfl", "联盟", "2015", "年"]


def test_marks_are_parts_of_words():
    assert terms("हिन्दी में", None) == [fold("हिन्दी"), fold("में")]
    assert len(terms("किताबें पढ़ना", "hi")) == 2


def test_a_long_word_is_cut_in_documents_and_queries_alike():
    word = "ab" * LONGEST_TERM
    assert terms(word, None) == [word[:LONGEST_TERM]]
    assert make_query(word, []).terms == (word[:LONGEST_TERM],)


def test_frequencies_and_length():
    assert count_terms("wings and wing", "en") == ({"wing": 2, "and": 1}, 3)
    assert count_terms(" — ", "en") == ({}, 0)


@pytest.mark.parametrize(
    "text", ["Operating the SYSTEMS of 4.1 — 黑豹队 WP-2022-0048, naïve हिन्दी", "ß ŉ İstanbul ﷺ", ""]
)
def test_a_text_has_as_many_terms_in_every_language(text):
    assert len({len(terms(text, language)) for language in ("en", "de", "tr", "hi", "zh", None)}) == 1


def test_the_forms_of_a_word_in_several_languages_are_one_word():
    query = make_query("operating systems", ["en", "de"])
    forms: dict[int, set[str]] = {}
    for term, word in zip(query.terms, query.words, strict=True):
        forms.setdefault(word, set()).add(term)
    assert forms == {0: {"oper", "operating"}, 1: {"system", "systems"}}


def test_repeated_words_and_forms_of_one_word_are_one_word():
    query = make_query("system systems System", ["en"])
    assert query.terms == ("system", "systems")
    assert query.words == (0, 0)


def test_words_of_documents_without_a_known_language_are_asked_for_too():
    assert "operating" in make_query("operating", ["en"]).terms


def test_a_long_query_is_its_first_words():
    query = make_query(" ".join(f"word{number}" for number in range(200)), ["en", "fr"])
    assert max(query.words) + 1 == len(set(query.words)) == MOST_WORDS
    assert "word0" in query.terms
    assert f"word{MOST_WORDS}" not in query.terms


@pytest.mark.parametrize("quoted", ['"Boundary  Layer"', "“boundary layer”", "„boundary-layer“", "«Boundary\nlayer»"])
def test_quotation_marks_make_a_phrase(quoted):
    query = make_query(f"the {quoted} of wings", ["en"])
    assert query.phrases == ("boundary layer",)
    assert "wing" in query.terms


def test_neighbouring_words_are_pairs_once_each():
    assert make_query("Lift of wings; lift of fins", ["en"]).pairs == (
        "lift of", "of wings", "wings lift", "of fins",
    )  # fmt: skip


def test_nothing_to_ask_is_no_error():
    query = make_query(' "" — ?! ', ["en"])
    assert (query.terms, query.words, query.phrases, query.pairs) == ((), (), (), ())
