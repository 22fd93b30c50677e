"""Searches are kept for who asked: page by page, until they are forgotten or their documents deleted."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from resources.database.repositories.retrieval import hybrid
from resources.database.repositories.search_state import weights_of
from resources.database.repositories.searches import Search, add_search, page_of_hits
from resources.database.tables import documents, search_hits
from resources.search.finding import Hit
from resources.search.query import make_query
from resources.search.vocabulary import SearchMode, WithoutReranking, WithoutVectors
from tests.sidecar.context.conftest import make_project
from tests.sidecar.search.test_search import search

SEARCHES = "/v1/context/searches"


@pytest.fixture
def reader(client_as):
    return client_as("viewer")


def paged(client, made, limit):
    """All hits, page by page."""
    hits, after = [], None
    while True:
        said = {"limit": limit, **({"after": after} if after else {})}
        page = client.get(f"{SEARCHES}/{made['id']}", params=said).json()
        hits += page["items"]
        after = page["next"]
        if after is None:
            return hits


def test_pages_are_of_the_same_hits(corpus, reader):
    corpus.add("a.txt", *(f"Grant number {n}." for n in range(11)))
    made = search(reader, "grant", k=4)
    rest = reader.get(f"{SEARCHES}/{made['id']}", params={"after": made["next"], "limit": 100}).json()
    assert [hit["rank"] for hit in made["items"] + rest["items"]] == list(range(1, 12))
    corpus.add("b.txt", "Grant, grant, grant.")
    assert paged(reader, made, 3) == made["items"] + rest["items"]
    assert {name: made[name] for name in ("filters", "dense", "created_at")} == {
        name: rest[name] for name in ("filters", "dense", "created_at")
    }


def test_two_hundred_hits_are_kept_and_the_best_ones(corpus, reader):
    corpus.add("a.txt", *(f"Grant {'house ' * (n % 30)}{n}." for n in range(230)))
    made = search(reader, "grant", k=100, mode="words")
    assert made["found"] == 200
    hits = paged(reader, made, 100)
    scores = [hit["scores"]["lexical_score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert len({hit["passage_index"] for hit in hits}) == 200


def test_hits_of_a_deleted_document_are_gone_and_ranks_keep_their_gaps(corpus, client_as):
    client = client_as("researcher")
    gone = corpus.add("a.txt", "Grant.")
    corpus.add("b.txt", "A grant for a house.", "Some grant for a garden, and for nothing else at all.")
    made = search(client, "grant")
    (lost,) = [hit["rank"] for hit in made["items"] if hit["document_id"] == str(gone)]
    assert client.delete(f"/v1/context/{gone}").status_code == 204
    page = client.get(f"{SEARCHES}/{made['id']}").json()
    assert [hit["rank"] for hit in page["items"]] == sorted({1, 2, 3} - {lost})
    assert (page["found"], len(page["facets"]["documents"])) == (3, 1)
    assert str(gone) not in str(page)


def test_the_history_is_paged_the_newest_first(corpus, reader, database, tenant):
    corpus.add("a.txt", "A grant.")
    asked = [f"grant {n}" for n in range(5)]
    for query in asked:
        search(reader, query)
    first = reader.get(SEARCHES, params={"limit": 3, "project_id": "study"}).json()
    rest = reader.get(SEARCHES, params={"limit": 3, "after": first["next"]}).json()
    assert [item["query"] for item in first["items"] + rest["items"]] == asked[::-1]
    assert rest["next"] is None
    assert first["items"][0]["found"] == 1
    make_project(database, tenant, "other")
    assert reader.get(SEARCHES, params={"project_id": "other"}).json()["items"] == []


def test_filters_are_told_as_they_were_asked(corpus, reader):
    filters = {
        "documents": [str(uuid4())], "current": False, "dates": {"first": "2020-01-01", "last": None},
        "languages": ["de"], "types": ["text/plain"], "metadata": {"a": [1, {"b": None}]}, "entity": "x",
    }  # fmt: skip
    made = search(reader, "grant", filters=filters)
    assert made["filters"] == filters
    assert reader.get(SEARCHES).json()["items"][0]["filters"] == filters


@pytest.mark.parametrize("role", ["viewer", "researcher", "admin"])
def test_another_person_s_searches_are_not_there(corpus, reader, client_as, role):
    corpus.add("a.txt", "A grant.")
    made, other = search(reader, "grant"), client_as(role)
    assert other.get(SEARCHES).json()["items"] == []
    assert other.get(f"{SEARCHES}/{made['id']}").status_code == 404
    assert other.delete(f"{SEARCHES}/{made['id']}").status_code == 404
    assert reader.get(f"{SEARCHES}/{made['id']}").status_code == 200


def test_a_search_can_be_forgotten(corpus, reader, database, tenant):
    corpus.add("a.txt", "A grant.")
    made = search(reader, "grant")
    assert reader.delete(f"{SEARCHES}/{made['id']}").status_code == 204
    assert reader.delete(f"{SEARCHES}/{made['id']}").status_code == 404
    assert reader.get(f"{SEARCHES}/{made['id']}").status_code == 404
    with database.transaction(tenant) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(search_hits)) == 0


def test_searches_of_a_person_s_keys_are_theirs(corpus, client_as):
    client = client_as("researcher")
    key = client.post("/v1/keys", json={"name": "script"}).json()["key"]
    corpus.add("a.txt", "A grant.")
    made = search(client, "grant", headers={"Authorization": f"Bearer {key}"})
    assert client.get(f"{SEARCHES}/{made['id']}").json()["items"] == made["items"]


@pytest.mark.parametrize(
    ("path", "after"),
    [("", "x"), ("", "WzFd"), ("", "WyIyMDIwIiwgIngiXQ"), ("/{id}", "x"), ("/{id}", "Wy0xXQ"), ("/{id}", "WyJhIl0")],
)
def test_a_made_up_next_is_refused(corpus, reader, path, after):
    made = search(reader, "grant")
    answer = reader.get(SEARCHES + path.format(id=made["id"]), params={"after": after})
    assert answer.status_code == 422


def test_the_address_of_a_search_is_no_document_s(corpus, reader):
    assert reader.get("/v1/context/search").status_code == 405
    assert reader.get(SEARCHES + "/x").status_code == 422
    assert reader.get(f"{SEARCHES}/{uuid4()}").status_code == 404


def test_what_is_being_deleted_while_it_is_found_is_left_out(corpus, database, tenant):
    gone = corpus.add("a.txt", "A grant.")
    corpus.add("b.txt", "Another grant.")
    asked = Search(
        "study", "user:a", "grant", SearchMode.WORDS, {}, None, None, WithoutVectors.NOT_ASKED, None, 2, False,
        None, None, WithoutReranking.OFF,
    )  # fmt: skip
    with database.transaction(tenant) as searching:
        found = [Hit.of(one) for one in hybrid(searching, "study", make_query("grant", ["en"]), None, None, 10)]
        with database.transaction(tenant) as deleting:
            deleting.execute(sa.delete(documents).where(documents.c.id == gone))
            deleting.flush()
            add_search(searching, asked, found)  # waits for nobody
        kept = page_of_hits(searching, asked.id, 0, 10)
    assert len(found) == 2
    assert [hit.document_name for hit in kept] == ["b.txt"]


def test_rare_words_weigh_more(corpus, database, tenant):
    corpus.add("a.txt", "The grant.", "The house.", "The weather.")
    with database.transaction(tenant) as session:
        weights = weights_of(session, "study", ["the", "grant", "absent"])
    assert weights["grant"] > weights["the"] > 0
    assert set(weights) == {"grant", "the"}


def test_hits_are_not_another_tenant_s(corpus, reader, database, other):
    corpus.add("a.txt", "A grant.")
    made = search(reader, "grant")
    with database.transaction(other) as session:
        assert page_of_hits(session, UUID(made["id"]), 0, 10) == []
