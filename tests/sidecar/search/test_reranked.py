"""Searches whose best hits are ordered anew: by a server over a real socket, by token vectors, or not; and why."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from resources.embedding.model import E5Embedder
from resources.installation import Installation
from sidecar.search import service
from tests.embedding.conftest import model_cache
from tests.search.rerank_server import Answer, RerankServer
from tests.sidecar.search.conftest import Corpus
from tests.sidecar.search.test_search import search, texts

__all__ = ["model_cache"]

FUSED = ["grant grant grant", "grant money house", "grant money for the house of wood"]
QUERY = "grant money for house"
SetUp = Callable[..., None]


class Servers(RerankServer):
    """Cohere's answers under /v2/rerank; under /v1/rerank those of servers whose lists are like OpenAI's."""

    def scores(self, path: str, body: dict[str, Any]) -> Answer:
        answer = super().scores("/v2/rerank", body)
        if path == "/v2/rerank":
            return answer
        results = json.loads(answer.content)["results"]
        data = [
            {"object": "rerank", "index": one["index"], "score": one["relevance_score"],
             "document": {"text": body["documents"][one["index"]]}}
            for one in results
        ]  # fmt: skip
        said = {"object": "list", "model": body["model"], "data": data, "usage": {"total_tokens": 9}}
        return Answer(200, json.dumps(said).encode())


@pytest.fixture
def server() -> Iterator[Servers]:
    with Servers() as running:
        yield running


@pytest.fixture
def set_up(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> SetUp:
    """`set_up(reranker="maxsim")`: settings of the installation, for this test."""

    def change(**changes: Any) -> None:
        monkeypatch.setattr(installation, "settings", replace(installation.settings, **changes))

    return change


@pytest.fixture
def reader(client_as):
    return client_as("researcher")


@pytest.fixture
def filled(corpus: Corpus) -> Corpus:
    corpus.add("a.txt", *FUSED)
    return corpus


def ranks_before(page):
    return [hit["scores"]["rank_before"] for hit in page["items"]]


@pytest.mark.parametrize("path", ["/v2/rerank", "/v1/rerank"])
def test_an_endpoint_orders_the_hits_and_the_order_of_before_is_told(filled, reader, set_up, server, path):
    before = search(reader, QUERY)
    assert before["reranking"] == {"used": False, "reason": "OFF", "reranker": None}
    assert ranks_before(before) == [None] * 3
    url = server.url.replace("/v2/rerank", path)
    set_up(reranker="endpoint:rerank-v3.5", reranker_url=url, reranker_key="key-1")
    page = search(reader, QUERY)
    asked = set(QUERY.split())
    wanted = sorted(texts(before), key=lambda text: -len(asked & set(text.split())))
    assert texts(page) == wanted != texts(before)
    assert page["reranking"] == {"used": True, "reason": None, "reranker": "rerank-v3.5"}
    assert [texts(before)[rank - 1] for rank in ranks_before(page)] == wanted
    scores = [hit["scores"] for hit in page["items"]]
    assert [one["rerank_score"] for one in scores] == [1.0, 0.75, 0.25]
    assert {one["fused"] for one in scores} == {hit["scores"]["fused"] for hit in before["items"]}
    (request,) = server.requests
    assert (request["model"], request["query"], request["documents"]) == ("rerank-v3.5", QUERY, texts(before))
    assert server.keys == ["Bearer key-1"]
    kept = reader.get(f"/v1/context/searches/{page['id']}").json()
    assert (kept["items"], kept["reranking"]) == (page["items"], page["reranking"])
    assert reader.get("/v1/context/searches").json()["items"][0]["reranking"] == page["reranking"]
    assert len(server.requests) == 1  # pages and history are of the hits that are kept


def test_fifty_hits_are_read_and_the_others_stay_behind_them(corpus, reader, set_up, server):
    corpus.add("a.txt", *(f"grant {'house ' * (n % 7)}{n}" for n in range(60)))
    set_up(reranker="endpoint:m", reranker_url=server.url)
    page = search(reader, "grant", k=100)
    assert len(server.requests[0]["documents"]) == 50
    assert sorted(ranks_before(page)[:50]) == list(range(1, 51))
    assert ranks_before(page)[50:] == list(range(51, 61))
    assert [hit["scores"]["rerank_score"] for hit in page["items"][50:]] == [None] * 10


def test_a_project_may_choose_another_or_none(filled, reader, set_up, server):
    set_up(reranker="none", reranker_url=server.url)

    def choose(reranker):
        answer = reader.put("/v1/projects/study/parameters", json={"retrieval": {"reranker": reranker}})
        assert answer.json()["retrieval"]["reranker"] == reranker

    choose("endpoint:mine")
    assert search(reader, QUERY)["reranking"]["reranker"] == "mine"
    assert server.requests[0]["model"] == "mine"
    choose(None)
    assert search(reader, QUERY)["reranking"]["reason"] == "OFF"
    set_up(reranker="endpoint:usual")
    assert search(reader, QUERY)["reranking"]["reranker"] == "usual"
    choose("none")
    assert search(reader, QUERY)["reranking"]["reason"] == "OFF"
    refused = reader.put("/v1/projects/study/parameters", json={"retrieval": {"reranker": "endpoint:"}})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(401), "REFUSED"),
        (Answer(200, b"<html>"), "BAD_REPLY"),
        (Answer(200, b'{"results": [{"index": 0, "relevance_score": 1.0}]}'), "BAD_REPLY"),
        (Answer(429, headers={"retry-after": "60"}), "UNAVAILABLE"),
        (Answer(200, late=True), "UNAVAILABLE"),
    ],
    ids=["refused", "no-json", "a-score-is-missing", "overloaded", "late"],
)
def test_a_reranker_that_fails_or_is_slow_leaves_the_order_and_says_so(
    filled, reader, set_up, server, answer, reason
):
    before = search(reader, QUERY)
    set_up(reranker="endpoint:rerank-v3.5", reranker_url=server.url, reranker_seconds=0.3)
    server.answers.append(answer)
    page = search(reader, QUERY)
    assert page["reranking"] == {"used": False, "reason": reason, "reranker": None}
    assert (texts(page), ranks_before(page)) == (texts(before), [None] * 3)
    kept = reader.get(f"/v1/context/searches/{page['id']}").json()
    assert kept["reranking"]["reason"] == reason


def test_a_server_that_is_not_there_is_said(filled, reader, set_up):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/rerank"
        set_up(reranker="endpoint:gone", reranker_url=url, reranker_seconds=0.3)
        assert search(reader, QUERY)["reranking"]["reason"] == "UNAVAILABLE"


def test_what_the_installation_lacks_is_said(filled, reader, set_up):
    reader.put("/v1/projects/study/parameters", json={"retrieval": {"reranker": "endpoint:mine"}})
    assert search(reader, QUERY)["reranking"]["reason"] == "NOT_SET_UP"
    reader.put("/v1/projects/study/parameters", json={"retrieval": {"reranker": "maxsim"}})
    assert search(reader, QUERY)["reranking"]["reason"] == "NOT_SET_UP"  # its embedder has no vectors of tokens


def test_token_vectors_that_take_too_long_leave_the_order_and_say_so(
    filled, reader, set_up, model_cache, monkeypatch
):
    before = search(reader, QUERY, mode="words")
    monkeypatch.setattr(service, "embedder_of", lambda _: E5Embedder(model_cache))
    set_up(reranker="maxsim", reranker_seconds=0.0)
    page = search(reader, QUERY, mode="words")
    assert page["reranking"] == {"used": False, "reason": "UNAVAILABLE", "reranker": None}
    assert ranks_before(page) == [None] * 3
    assert texts(page) == texts(before)


def test_one_hit_or_none_needs_no_reranker(corpus, reader, set_up, server):
    set_up(reranker="endpoint:m", reranker_url=server.url)
    assert search(reader, QUERY)["reranking"]["reason"] == "NO_CHOICE"
    corpus.add("a.txt", "The grant.")
    assert search(reader, "grant")["reranking"]["reason"] == "NO_CHOICE"
    assert server.requests == []


def test_the_same_key_is_answered_with_the_same_order(filled, reader, set_up, server):
    set_up(reranker="endpoint:m", reranker_url=server.url)
    headers = {"Idempotency-Key": "once"}
    first = search(reader, QUERY, headers=headers)
    server.answers.append(Answer(401))
    assert search(reader, QUERY, headers=headers) == first


def test_the_packaged_model_s_token_vectors_order_the_hits(corpus, reader, set_up, model_cache, monkeypatch):
    corpus.add("a.txt", "The cat ate the bill of the bird.", "The bill is due within thirty days.", model=None)
    monkeypatch.setattr(service, "embedder_of", lambda _: E5Embedder(model_cache))
    set_up(reranker="maxsim")
    page = search(reader, "bill must be paid within which time?", mode="words")
    assert page["reranking"]["used"]
    assert page["reranking"]["reranker"].startswith("maxsim over")
    scores = {hit["text"]: hit["scores"]["rerank_score"] for hit in page["items"]}
    assert scores["The bill is due within thirty days."] > scores["The cat ate the bill of the bird."]
    assert page["items"][0]["text"].endswith("thirty days.")
    assert page["items"][0]["places"]
    assert sorted(ranks_before(page)) == [1, 2]
