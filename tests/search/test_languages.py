"""Queries in another language than the documents: known as such only where that is sure."""

import pytest

from resources.database.repositories.postings import languages_of, words_known
from resources.languages import is_in_none_of
from resources.search.language import in_other_language
from resources.search.query import make_query
from tests.search.corpus import add, fresh_project, refresh

GERMAN = "Wie viele Anträge auf Förderung wurden im vergangenen Jahr bewilligt?"
ENGLISH = "How many applications for a grant were approved in the last year?"
CHINESE = "去年批准了多少项资助申请"
HINDI = "पिछले वर्ष अनुदान के लिए कितने आवेदन स्वीकृत किए गए थे और किसने उन्हें स्वीकृत किया?"


@pytest.mark.parametrize(
    ("text", "languages", "sure"),
    [
        (GERMAN, ["en"], True),
        (GERMAN, ["en", "zh"], True),
        (GERMAN, ["de"], False),
        (GERMAN, ["en", "de"], False),
        (ENGLISH, ["de"], True),
        (ENGLISH, ["en"], False),
        (CHINESE, ["en"], True),
        (CHINESE, ["zh"], False),
        (HINDI, ["en", "de"], True),
        ("Förderung", ["en"], False),  # too little to tell
        ("资助", ["en"], False),
        ("WP-2022-0048 12345678901234567890", ["de"], False),
        (GERMAN, [], False),  # nobody knows what the documents are in
        (GERMAN, ["la"], False),  # Latin is not told from others
        ("", ["en"], False),
    ],
)
def test_a_text_is_in_none_of_the_languages_only_where_that_is_sure(text, languages, sure):
    assert is_in_none_of(text, languages) is sure


@pytest.fixture(scope="module")
def project(database):
    name = fresh_project(database)
    add(
        database,
        name,
        "a",
        ["Applications were approved in 2015 by the agency.", "A wing was tested."],
    )
    add(database, name, "b", ["The Kreditanstalt für Wiederaufbau in Frankfurt approved them, as was said before."])
    refresh(database, name)
    return name


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("approved applications", 1.0),
        ("approval of applications", 2 / 3),  # `of` is nowhere
        ("WAS tested was", 1.0),
        ("xyzzy plugh", 0.0),
        ("?!", 0.0),
    ],
)
def test_the_share_of_known_words_is_of_words_not_of_their_forms(database, project, text, known):
    with database.transaction("default") as session:
        found = words_known(session, project, make_query(text, languages_of(session, project)))
    assert found == pytest.approx(known)


def test_words_of_another_tenant_are_not_known(database, project):
    with database.transaction("another") as session:
        assert words_known(session, project, make_query("approved applications", ["en"])) == 0


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (GERMAN, True),
        (ENGLISH, False),
        ("Kreditanstalt für Wiederaufbau in Frankfurt", False),  # German, and it stands there
    ],
)
def test_a_query_whose_words_stand_in_the_documents_is_asked_by_words_whatever_its_language(
    database, project, text, other
):
    with database.transaction("default") as session:
        languages = languages_of(session, project)
        assert languages == ["en"]
        assert in_other_language(session, project, make_query(text, languages), languages) is other
