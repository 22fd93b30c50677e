"""The leg of words: BM25 as the formula has it, phrases, pairs, frequent words, languages."""

from __future__ import annotations

import itertools
import random

import pytest
import sqlalchemy as sa

from resources.database.repositories.postings import languages_of
from resources.database.repositories.retrieval import Filters, hybrid
from resources.search.analysis import terms
from resources.search.query import make_query
from tests.search.corpus import add, bm25, fresh_project, refresh

TEXTS = {
    "wing": "The lift of a wing in a slipstream; the wing was tested at high speed.",
    "slab": "Heat conduction in composite slabs. Heat flows.",
    "speed": "High speed flow over a flat plate with high temperature.",
    "short": "A wing.",
    "other": "Nothing of that kind is told here, at any length whatsoever, in many words.",
}


def search(database, project, text, languages=None, k=20, **options):
    with database.transaction("default") as session:
        known = languages_of(session, project) if languages is None else languages
        return hybrid(session, project, make_query(text, known), None, None, k, **options)


@pytest.fixture(scope="module")
def project(database):
    name = fresh_project(database)
    for document, text in TEXTS.items():
        add(database, name, document, [text])
    refresh(database, name)
    return name


@pytest.mark.parametrize(
    "question", ["wing", "the lift of high speed wings", "heat, heat and temperature", "told of a"]
)
def test_the_score_is_bm25(database, project, question):
    stems = {name: terms(text, "en") for name, text in TEXTS.items()}
    expected = bm25(stems, [[term] for term in dict.fromkeys(terms(question, "en"))])
    found = search(database, project, question, pair_boost=0)
    assert {hit.document_name: hit.lexical_score for hit in found} == pytest.approx(expected, abs=1e-6)
    assert [hit.document_name for hit in found] == sorted(expected, key=lambda name: -expected[name])


def test_the_score_is_bm25_over_passages_of_documents_in_two_languages(database):
    """A word's forms are one word, though both stand in one passage."""
    name, chance = fresh_project(database), random.Random(7)
    words = ["operating", "operate", "systems", "system", "häuser", "haus", "wings", "the", "der", "2015", "oper"]
    texts: dict[str, list[str]] = {}
    for number in range(12):
        language = ("en", "de", None)[number % 3]
        passages = [" ".join(chance.choices(words, k=chance.randint(1, 30))) for _ in range(3)]
        add(database, name, f"d{number}", passages, language=language)
        texts |= {f"d{number}/{index}": terms(passage, language) for index, passage in enumerate(passages)}
    refresh(database, name)
    query = make_query("operating systems, häuser", ["en", "de"])
    forms = [
        [term for term, _ in group]
        for _, group in itertools.groupby(zip(query.terms, query.words, strict=True), key=lambda pair: pair[1])
    ]
    assert forms == [["oper", "operating"], ["system", "systems"], ["häuser", "haus"]]
    expected = bm25(texts, forms)
    assert any(set(forms[0]) <= set(found) for found in texts.values())
    found = search(database, name, "operating systems, häuser", ["en", "de"], k=100, pair_boost=0)
    scores = {f"{hit.document_name}/{hit.index}": hit.lexical_score for hit in found}
    assert scores == pytest.approx(expected, abs=1e-6)


def test_a_word_found_in_two_forms_is_not_counted_twice(database):
    """`operating` has a stem in English and stands as it is where the language is unknown."""
    name = fresh_project(database)
    both = add(database, name, "both", ["oper operating x y"], language=None)
    once = add(database, name, "once", ["operating operating x y"], language=None)
    add(database, name, "none", ["u v w x"], language=None)
    refresh(database, name)
    found = search(database, name, "operating", ["en"], pair_boost=0)
    assert {hit.document_id for hit in found} == {both, once}
    assert found[0].lexical_score == found[1].lexical_score


def test_words_are_found_in_the_language_of_each_document(database):
    name = fresh_project(database)
    german = add(database, name, "german", ["Die Häuser der Stadt"], language="de")
    english = add(database, name, "english", ["Operating systems"], language="en")
    chinese = add(database, name, "chinese", ["黑豹队的防守只丢了308分"], language="zh")
    unknown = add(database, name, "unknown", ["Prüfbericht WP-2022-0048"], language=None)
    refresh(database, name)
    for question, document in (
        ("haus", german), ("operate system", english), ("防守", chinese), ("wp-2022-0048", unknown),
    ):  # fmt: skip
        assert [hit.document_id for hit in search(database, name, question)] == [document], question


def test_a_quoted_phrase_ranks_higher_than_the_same_words_apart(database):
    name = fresh_project(database)
    apart = add(database, name, "apart", ["a layer at the boundary of the boundary layers, the layer"])
    close = add(database, name, "close", ["it begins at the Boundary-\nLayer of that plate there, after a while"])
    refresh(database, name)
    assert [hit.document_id for hit in search(database, name, "boundary layer", pair_boost=0)] == [apart, close]
    assert [hit.document_id for hit in search(database, name, '"boundary layer"', pair_boost=0)] == [close, apart]


@pytest.mark.parametrize(
    ("phrase", "text", "holds"),
    [
        ("car seat", "the car seat", True),
        ("car seat", "scar seats", False),
        ("große straße", "Die GROSSE STRASSE", True),
        ("grosse strasse", "die große Straße", True),
        ("防守只丢", "黑豹队的防守只丢了308分", True),
        ("हिन्दी में", "यह हिन्दी में है", True),
        ("4.1", "§ 4.1 of it", True),
    ],
)
def test_what_a_phrase_is(database, phrase, text, holds):
    name = fresh_project(database)
    add(database, name, "one", [text], language=None)
    refresh(database, name)
    words = [*terms(phrase, None), *terms(text, None)]
    plain = search(database, name, " ".join(words), pair_boost=0)[0].lexical_score
    quoted = search(database, name, " ".join(words) + f' "{phrase}"', pair_boost=0)[0].lexical_score
    assert (quoted > 1.9 * plain) == holds


def test_neighbouring_words_weigh_half_as_much_again_at_most(database, project):
    plain = search(database, project, "high speed flow", pair_boost=0)
    boosted = search(database, project, "high speed flow")
    by_name = {hit.document_name: hit.lexical_score for hit in plain}
    share = {hit.document_name: hit.lexical_score / by_name[hit.document_name] for hit in boosted}
    assert share == pytest.approx({"speed": 1.5, "wing": 1.25, "slab": 1})


def test_frequent_words_of_a_large_project_count_only_where_no_other_is_found(database):
    name = fresh_project(database)
    for number in range(10):
        rare = "quaternary" if number == 3 else f"filler{number}"
        add(database, name, f"d{number}", [f"the common word {rare} {side} {i}" for i in range(55) for side in "xy"])
    refresh(database, name)
    with database.transaction("default") as session:
        frequent = session.scalar(
            sa.text("SELECT frequent FROM search_statistics WHERE project_id = :project"), {"project": name}
        )
    assert {"the", "common", "word", "x", "y"} <= set(frequent)
    assert not {"quaternari", "filler4"} & set(frequent)
    assert {hit.document_name for hit in search(database, name, "the common quaternary", k=200)} == {"d3"}
    assert len(search(database, name, "the common word", k=200)) == 200
    assert len(search(database, name, "the common xyzzy", k=200)) == 200


def test_every_word_counts_in_a_small_project(database, project):
    with database.transaction("default") as session:
        said = session.scalar(
            sa.text("SELECT frequent FROM search_statistics WHERE project_id = :project"), {"project": project}
        )
    assert said == []
    assert len(search(database, project, "the wing of that")) == 3


def test_words_are_found_before_the_statistics_are_counted(database):
    name = fresh_project(database)
    document = add(database, name, "new", ["a new wing"])
    assert [hit.document_id for hit in search(database, name, "wing", ["en"])] == [document]


def test_a_term_in_more_passages_of_a_document_than_a_row_holds_is_found_in_all_of_them(database):
    name = fresh_project(database)
    long = add(database, name, "long", [f"wing number{i} " + "x " * (i % 7) for i in range(300)])
    refresh(database, name)
    with database.transaction("default") as session:
        rows = session.execute(
            sa.text("SELECT part, cardinality(entries) FROM postings WHERE document_id = :d AND term = 'wing'"),
            {"d": long},
        )
        assert sorted(map(tuple, rows)) == [(0, 128), (1, 128), (2, 44)]
    expected = bm25({str(i): terms(f"wing number{i} " + "x " * (i % 7), "en") for i in range(300)}, [["wing"]])
    found = search(database, name, "wing", k=300)
    assert {str(hit.index): hit.lexical_score for hit in found} == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("narrowed", [False, True])
def test_former_versions_are_found_only_when_asked_for(database, narrowed):
    name = fresh_project(database)
    former = add(database, name, "former", ["a wing of old"], current=False)
    now = add(database, name, "now", ["a wing of now"])
    refresh(database, name)
    given = {"languages": ("en",)} if narrowed else {}
    assert [hit.document_id for hit in search(database, name, "wing", filters=Filters(**given))] == [now]
    found = search(database, name, "wing", filters=Filters(current=False, **given))
    assert {hit.document_id for hit in found} == {former, now}
