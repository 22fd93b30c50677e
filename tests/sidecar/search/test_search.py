"""Searching: what is found and shown, by which legs and under which filters, and what is said when it is missing."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from resources.database.tables import document_texts, documents, entities, search_hits, searches
from sidecar.search import service
from tests.sidecar.context.conftest import make_project
from tests.sidecar.search.conftest import BrokenEmbedder

WEATHER = "The weather in Bergen was mild."
GRANT = "The grant for the heat pump was paid in March 2023, see WP-2022-0048."
PUMP = "A pump stands in the cellar."


def search(client, query, status=200, headers=None, **body):
    answer = client.post(
        "/v1/context/search", json={"project_id": "study", "query": query, **body}, headers=headers or {}
    )
    assert answer.status_code == status, answer.text
    return answer.json()


def words(hit):
    return [hit["text"][span["start"] : span["end"]] for span in hit["highlights"]]


def texts(page):
    return [hit["text"] for hit in page["items"]]


@pytest.fixture
def reader(client_as):
    return client_as("viewer")


def test_a_hit_says_where_it_stands_and_why(corpus, reader, embedder):
    document = corpus.add("a.txt", WEATHER, GRANT, PUMP)
    page = search(reader, "when were grants paid?")
    (first, *_) = page["items"]
    assert (first["text"], first["rank"], first["document_id"]) == (GRANT, 1, str(document))
    assert (first["document_name"], first["passage_index"], first["headings"]) == ("a.txt", 1, ["Report"])
    assert (first["start"], first["end"]) == (len(WEATHER) + 2, len(WEATHER) + 2 + len(GRANT))
    assert first["places"] == [{"page": 2, "label": None, "boxes": [[72, 90, 300, 104]]}]
    assert {"grant", "paid"} <= set(words(first))
    scores = first["scores"]
    assert (scores["lexical_rank"], scores["dense_rank"]) == (1, 1)
    assert scores["fused"] == pytest.approx(2 / 61)
    query, stored = embedder.embed_queries(["when were grants paid?"])[0], embedder.embed_passages([GRANT])[0]
    assert scores["distance"] == pytest.approx(1 - float(query @ stored), abs=2e-3)
    assert page["dense"] == {"used": True, "reason": None, "model": embedder.fingerprint, "lane": "exact"}
    assert (page["nothing"], page["found"], page["next"]) == (None, 3, None)


def test_a_passage_deep_in_a_chunk_tells_the_headings_over_it(corpus, reader, database, tenant):
    document = corpus.add("a.txt", "Äußeres 🙂 report", WEATHER, "Money  and\ngrants", GRANT, "Cellars", PUMP)
    levels = {0: 1, 2: 2, 4: 2}
    with database.transaction(tenant) as session:
        stored = session.scalar(sa.select(document_texts.c.segments))
        segments = [
            [*one[:2], "HEADING", *one[3:6], levels[n]] if n in levels else one for n, one in enumerate(stored)
        ]
        session.execute(sa.update(document_texts).values(segments=segments))
    found = {hit["text"]: hit["headings"] for hit in search(reader, "weather grant pump money")["items"]}
    assert found[WEATHER] == ["Äußeres 🙂 report"]
    assert found[GRANT] == ["Äußeres 🙂 report", "Money and grants"]
    assert found["Money  and\ngrants"] == found[GRANT]
    assert found[PUMP] == ["Äußeres 🙂 report", "Cellars"]
    assert {hit["document_id"] for hit in search(reader, "pump")["items"]} == {str(document)}


def test_each_leg_can_be_asked_alone(corpus, reader):
    corpus.add("a.txt", WEATHER, GRANT, PUMP)
    by_words = search(reader, "pump", mode="words")
    assert set(texts(by_words)) == {GRANT, PUMP}
    assert {hit["scores"]["dense_rank"] for hit in by_words["items"]} == {None}
    assert by_words["dense"] == {"used": False, "reason": "NOT_ASKED", "model": None, "lane": None}
    by_vectors = search(reader, "pump", mode="vectors")
    assert len(by_vectors["items"]) == 3
    assert {hit["scores"]["lexical_rank"] for hit in by_vectors["items"]} == {None}


def test_identifiers_are_found_and_marked_as_they_are_written(corpus, reader):
    corpus.add("a.txt", WEATHER, GRANT)
    hit = search(reader, "wp-2022-0048", mode="words")["items"][0]
    assert words(hit) == ["WP-2022-0048"]


def test_a_phrase_ranks_higher_and_is_marked_as_a_whole(corpus, reader):
    corpus.add("a.txt", "Heat from a pump.", "Pump, or heat.", "The heat pump.", WEATHER)
    hit = search(reader, '"heat pump"', mode="words")["items"][0]
    assert (hit["text"], words(hit)) == ("The heat pump.", ["heat pump"])


def test_words_that_stand_everywhere_are_not_marked(corpus, reader):
    corpus.add("a.txt", *(f"The house number {n} is old." for n in range(40)), "The grant.")
    hit = search(reader, "the grant", mode="words")["items"][0]
    assert words(hit) == ["grant"]
    assert words(search(reader, "the", mode="words")["items"][0]) == ["The"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"pdf", "txt"}),
        ({"languages": ["de"]}, {"txt"}),
        ({"types": ["application/pdf"]}, {"pdf"}),
        ({"dates": {"first": "2021-01-01"}}, {"txt"}),
        ({"dates": {"last": "2020-12-31"}}, {"pdf"}),
        ({"metadata": {"county": "Vestland"}}, {"pdf"}),
        ({"metadata": {"county": "Oslo"}}, set()),
        ({"entity": "orchard"}, {"txt"}),
        ({"current": False}, {"pdf", "txt", "old"}),
        ({"documents": [str(uuid4())]}, set()),
    ],
)
def test_filters_narrow(corpus, reader, database, tenant, filters, expected):
    corpus.add("pdf", GRANT, media_type="application/pdf", dated="2020-05-01", metadata={"county": "Vestland"})
    txt = corpus.add("txt", GRANT, language="de", media_type="text/plain", dated="2022")
    corpus.add("old", GRANT, current=False)
    with database.transaction(tenant) as session:
        session.execute(
            sa.insert(entities).values(
                tenant_id=tenant,
                project_id="study",
                document_id=txt,
                row_key="orchard",
                position=1,
                name="Orchard",
                status="EXACT",
            )
        )
    page = search(reader, "grant", filters=filters)
    assert {hit["document_name"] for hit in page["items"]} == expected
    assert page["nothing"] == (None if expected else "NO_MATCH")


def test_one_document_can_be_searched(corpus, reader):
    corpus.add("a.txt", GRANT)
    wanted = corpus.add("b.txt", "Another grant.")
    page = search(reader, "grant", filters={"documents": [str(wanted)]})
    assert {hit["document_id"] for hit in page["items"]} == {str(wanted)}


def test_facets_count_all_hits_and_not_only_the_page_s(corpus, reader):
    corpus.add("a.pdf", *(f"Grant number {n}." for n in range(7)), media_type="application/pdf", dated="2020-05-01")
    corpus.add("b.txt", "A grant.", media_type="text/plain", language="de", dated="2022")
    corpus.add("c.txt", "Grants.", media_type="text/plain")
    page = search(reader, "grant", k=2)
    assert (len(page["items"]), page["found"]) == (2, 9)
    facets = page["facets"]
    assert {one["document_name"]: one["hits"] for one in facets["documents"]} == {"a.pdf": 7, "b.txt": 1, "c.txt": 1}
    assert facets["documents"][0]["document_name"] == "a.pdf"
    assert (facets["hits"], facets["complete"], page["more"]) == (9, True, False)
    assert facets["languages"] == [{"value": "en", "hits": 8}, {"value": "de", "hits": 1}]
    assert facets["types"] == [{"value": "application/pdf", "hits": 7}, {"value": "text/plain", "hits": 2}]
    assert facets["years"] == [
        {"value": "2022", "hits": 1},
        {"value": "2020", "hits": 7},
        {"value": None, "hits": 1},
    ]


@pytest.mark.parametrize("mode", ["hybrid", "words"])
@pytest.mark.parametrize(("passages", "more"), [(200, False), (201, True)])
def test_of_how_many_hits_facets_are_is_said(corpus, reader, database, tenant, mode, passages, more):
    corpus.add("a.txt", *(f"Grant number {n}." for n in range(passages - 3)))
    first = corpus.add("b.txt", "A grant.", "Grants.", "Grant grant.")
    page = search(reader, "grant", mode=mode)
    assert (page["found"], page["more"]) == (200, more)
    assert (page["facets"]["hits"], page["facets"]["complete"]) == (200, not more)
    with database.transaction(tenant) as session:
        session.execute(sa.delete(documents).where(documents.c.id == first))
    again = reader.get(f"/v1/context/searches/{page['id']}").json()
    lost = sum(one["hits"] for one in page["facets"]["documents"] if one["document_name"] == "b.txt")
    assert again["facets"]["hits"] == sum(one["hits"] for one in again["facets"]["documents"]) == 200 - lost < 200
    assert again["facets"]["complete"] is not more
    assert reader.get("/v1/context/searches").json()["items"][0]["more"] is more


def test_why_nothing_was_found_is_said(corpus, reader, database, tenant):
    assert search(reader, "grant")["nothing"] == "NO_DOCUMENTS"
    corpus.add("empty.txt")
    assert search(reader, "grant")["nothing"] == "NOT_EMBEDDED"
    corpus.add("a.txt", WEATHER, model=None)
    page = search(reader, "grant")
    assert (page["nothing"], page["dense"]["reason"], page["items"]) == ("NO_MATCH", "NOT_EMBEDDED", [])
    assert search(reader, "grant", mode="vectors")["nothing"] == "NOT_EMBEDDED"


def test_vectors_of_another_model_are_said_not_compared(corpus, reader):
    corpus.add("a.txt", GRANT, model="other@64")
    page = search(reader, "grant")
    assert (texts(page), page["dense"]["used"], page["dense"]["reason"]) == ([GRANT], False, "OTHER_MODEL")
    search(reader, "grant", 409, mode="vectors")


def test_a_query_beyond_the_window_goes_by_words_and_says_so(corpus, reader, embedder):
    corpus.add("a.txt", GRANT)
    long = "grant " * (embedder.window + 1)
    page = search(reader, long)
    assert (texts(page), page["dense"]["reason"]) == ([GRANT], "QUERY_TOO_LONG")
    assert "51 tokens" in search(reader, long, 422, mode="vectors")["detail"]


def test_a_model_that_does_not_answer_leaves_the_words(corpus, reader, monkeypatch):
    corpus.add("a.txt", GRANT)
    monkeypatch.setattr(service, "embedder_of", lambda _: BrokenEmbedder())
    page = search(reader, "grant")
    assert (texts(page), page["dense"]["reason"]) == ([GRANT], "MODEL_UNAVAILABLE")
    search(reader, "grant", 503, mode="vectors")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"query": "  "}, 422, "invalid"),
        ({"query": "a\x00b"}, 422, "invalid"),
        ({"query": "x" * 4001}, 422, "invalid"),
        ({"query": "\x1c"}, 422, "unusable"),
        ({"k": 0}, 422, "invalid"),
        ({"k": 101}, 422, "invalid"),
        ({"mode": "magic"}, 422, "invalid"),
        ({"filters": {"dates": {"first": "2022-01-02", "last": "2022-01-01"}}}, 422, "unusable"),
        ({"filters": {"dates": {"first": 1}}}, 422, "invalid"),
        ({"filters": {"dates": {"first": "2022-01-01T00:00:00"}}}, 422, "invalid"),
        ({"filters": {"tenant": "other"}}, 422, "invalid"),
        ({"filters": {"metadata": {"a": "\x00"}}}, 422, "unusable"),
        ({"project_id": "nobody-s"}, 404, "not-found"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(corpus, reader, body, status, said):
    corpus.add("a.txt", GRANT)
    problem = search(reader, **{"query": "grant", "status": status, **body})
    assert problem["type"] == f"urn:crucible:problem:{said}"


def test_metadata_and_query_are_never_read_as_sql(corpus, reader):
    corpus.add("a.txt", GRANT)
    for text in ("'); DROP TABLE searches; --", "%", "\\", ":project", "\\W+", '"("', "a:*&!b"):
        search(reader, f"grant {text}", filters={"metadata": {text: text}})
        assert texts(search(reader, f"grant {text}")) == [GRANT]


def test_another_tenant_s_project_is_not_there(corpus, client_as, database):
    corpus.add("a.txt", GRANT)
    other = f"other-{uuid4().hex[:8]}"
    search(client_as("admin", tenant=other), "grant", 404)
    make_project(database, other, "study")
    assert search(client_as("admin", tenant=other), "grant")["nothing"] == "NO_DOCUMENTS"


def test_the_same_key_searches_once(corpus, reader, database, tenant):
    corpus.add("a.txt", GRANT, WEATHER)
    headers = {"Idempotency-Key": uuid4().hex}
    first, again = search(reader, "grant", headers=headers), search(reader, "grant", headers=headers)
    assert first == again
    search(reader, "other", 422, headers=headers)
    with database.transaction(tenant) as session:
        assert session.scalars(sa.select(searches.c.id)).all() == [UUID(first["id"])]
        assert session.scalar(sa.select(sa.func.count()).select_from(search_hits)) == 2


def test_an_answer_given_again_does_not_tell_of_what_was_deleted(corpus, client_as):
    gone = corpus.add("a.txt", GRANT)
    corpus.add("b.txt", "Another grant.")
    client, headers = client_as("researcher"), {"Idempotency-Key": uuid4().hex}
    assert len(search(client, "grant", headers=headers)["items"]) == 2
    assert client.delete(f"/v1/context/{gone}").status_code == 204
    assert texts(search(client, "grant", headers=headers)) == ["Another grant."]
