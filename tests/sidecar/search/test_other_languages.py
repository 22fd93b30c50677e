"""A question in another language than the documents: its vector decides, and the search says so."""

import pytest

from tests.sidecar.search.test_search import GRANT, PUMP, WEATHER, search

GERMAN = "Wann wurde der Zuschuss für die Wärmepumpe in March 2023 ausgezahlt?"
USED, OTHER = {"used": True, "reason": None}, {"used": False, "reason": "OTHER_LANGUAGE"}


@pytest.fixture
def reader(client_as):
    return client_as("viewer")


def test_a_question_in_another_language_is_answered_by_its_vector_and_says_so(corpus, reader):
    corpus.add("a.txt", WEATHER, GRANT, PUMP)
    page = search(reader, GERMAN)
    assert page["words"] == OTHER
    assert page["dense"]["used"]
    assert [hit["scores"]["lexical_rank"] for hit in page["items"]] == [None] * 3
    assert [hit["scores"]["dense_rank"] for hit in page["items"]] == [1, 2, 3]
    again = reader.get(f"/v1/context/searches/{page['id']}").json()
    assert again["words"] == OTHER


@pytest.mark.parametrize(
    ("language", "mode", "vectors", "words"),
    [
        ("en", "words", True, USED),  # words alone were asked for
        ("en", "hybrid", False, USED),  # there is nothing else to go by
        ("de", "hybrid", True, USED),
        ("en", "vectors", True, {"used": False, "reason": "NOT_ASKED"}),
    ],
)
def test_words_are_left_out_only_where_vectors_can_decide(corpus, reader, language, mode, vectors, words):
    corpus.add("a.txt", WEATHER, GRANT, PUMP, language=language, model="" if vectors else None)
    assert search(reader, GERMAN, mode=mode)["words"] == words
