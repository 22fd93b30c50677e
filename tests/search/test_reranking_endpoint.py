"""A reranker behind HTTP, over a real socket: what is sent, what is read, and how it fails."""

import json
import socket
from collections.abc import Iterator

import pytest

from resources.reranking.endpoint import EndpointReranker
from resources.reranking.errors import (
    RerankInputError,
    RerankRejectedError,
    RerankReplyError,
    RerankUnavailableError,
)
from resources.reranking.rerank import rerank
from tests.search.made import hit
from tests.search.rerank_server import Answer, RerankServer

TEXTS = ["about cats", "when the invoice is due", "the invoice"]
QUERY = "when is the invoice due"


@pytest.fixture
def server() -> Iterator[RerankServer]:
    with RerankServer() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def reranker(server: RerankServer, waits: list[float]) -> Iterator[EndpointReranker]:
    with EndpointReranker(server.url, "rerank-v3.5", "key-1", seconds=60, sleep=waits.append) as made:
        yield made


def replies(*results: tuple[object, object]) -> Answer:
    content = {"results": [{"index": index, "relevance_score": score} for index, score in results]}
    return Answer(200, json.dumps(content).encode())


def test_scores_come_in_the_order_of_the_texts(reranker: EndpointReranker, server: RerankServer) -> None:
    assert reranker.scores(QUERY, TEXTS) == [0.0, 1.0, 0.4]
    assert server.requests == [{"model": "rerank-v3.5", "query": QUERY, "documents": TEXTS, "top_n": 3}]
    assert server.keys == ["Bearer key-1"]


def test_hits_are_ordered_by_it(reranker: EndpointReranker) -> None:
    made = rerank(reranker, QUERY, [hit(text, index=2 * place) for place, text in enumerate(TEXTS)])
    assert [one.passage.text for one in made] == [TEXTS[1], TEXTS[2], TEXTS[0]]


def test_without_a_key_none_is_sent(server: RerankServer) -> None:
    with EndpointReranker(server.url, "local") as made:
        made.scores(QUERY, TEXTS)
    assert server.keys == [None]


def test_scores_may_be_negative(reranker: EndpointReranker, server: RerankServer) -> None:
    server.answers.append(replies((1, -3.5), (0, 2)))
    assert reranker.scores(QUERY, TEXTS[:2]) == [2.0, -3.5]


def test_no_texts_need_no_request(reranker: EndpointReranker, server: RerankServer) -> None:
    assert reranker.scores(QUERY, []) == []
    assert server.requests == []


def test_a_blank_query_is_refused_unsent(reranker: EndpointReranker, server: RerankServer) -> None:
    with pytest.raises(RerankInputError):
        reranker.scores(" \n", TEXTS)
    assert server.requests == []


def test_lone_surrogates_are_sent_as_replacement_characters(reranker: EndpointReranker, server: RerankServer) -> None:
    reranker.scores("a\ud800", ["b\udfff"])
    assert (server.requests[0]["query"], server.requests[0]["documents"]) == ("a\ufffd", ["b\ufffd"])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_faults_that_pass_are_tried_again(
    reranker: EndpointReranker, server: RerankServer, waits: list[float], status: int
) -> None:
    server.answers += [Answer(status), Answer(status)]
    assert reranker.scores(QUERY, TEXTS) == [0.0, 1.0, 0.4]
    assert len(server.requests) == 3
    assert [0.25 <= wait <= 0.5 for wait in waits[:1]] == [True]
    assert 0.5 <= waits[1] <= 0.75


@pytest.mark.parametrize(("asked", "waited"), [("2", 2.0), ("3600", 5.0), ("0", 0.0)])
def test_the_server_says_how_long_to_wait_within_reason(
    reranker: EndpointReranker, server: RerankServer, waits: list[float], asked: str, waited: float
) -> None:
    server.answers.append(Answer(429, headers={"retry-after": asked}))
    reranker.scores(QUERY, TEXTS)
    assert waits == [waited]


def test_a_wait_that_is_longer_than_there_is_time_is_not_waited(server: RerankServer, waits: list[float]) -> None:
    server.answers.append(Answer(429, headers={"retry-after": "3"}))
    with (
        EndpointReranker(server.url, "busy", seconds=3, sleep=waits.append) as made,
        pytest.raises(RerankUnavailableError, match="429"),
    ):
        made.scores(QUERY, TEXTS)
    assert waits == []


@pytest.mark.parametrize("asked", ["inf", "soon"])
def test_a_wait_that_is_no_time_is_ignored(
    reranker: EndpointReranker, server: RerankServer, waits: list[float], asked: str
) -> None:
    server.answers.append(Answer(503, headers={"retry-after": asked}))
    reranker.scores(QUERY, TEXTS)
    assert 0.25 <= waits[0] <= 0.5


def test_faults_that_do_not_pass_are_an_error_after_three_attempts(
    reranker: EndpointReranker, server: RerankServer
) -> None:
    server.answers += [Answer(503)] * 4
    with pytest.raises(RerankUnavailableError, match=r"rerank-v3.5 at 127.0.0.1 answered 503.*attempts: 3") as raised:
        reranker.scores(QUERY, TEXTS)
    assert raised.value.status == 503
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [301, 400, 401, 404, 422])
def test_a_refusal_is_an_error_at_once(reranker: EndpointReranker, server: RerankServer, status: int) -> None:
    server.answers.append(Answer(status, headers={"location": server.url} if status == 301 else {}))
    with pytest.raises(RerankRejectedError, match=f"{status}: .*as the test asked") as raised:
        reranker.scores(QUERY, TEXTS)
    assert raised.value.status == status
    assert "key-1" not in str(raised.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>"),
        Answer(200, b"\xff"),
        Answer(200, b"[]"),
        Answer(200, b'{"data": []}'),
        Answer(200, b'{"results": [{"index": 0, "relevance_score": NaN}]}'),
        replies((0, 1.0), (1, 0.5)),
        replies((0, 1.0), (1, 0.5), (1, 0.4)),
        replies((0, 1.0), (1, 0.5), (3, 0.4)),
        replies((0, 1.0), (1, 0.5), (-1, 0.4)),
        replies((0, 1.0), (1, 0.5), (2, None)),
        replies((0, 1.0), (1, 0.5), (2, 0.3), (2, 0.3)),
    ],
)
def test_an_answer_that_is_no_set_of_scores_is_an_error(
    reranker: EndpointReranker, server: RerankServer, answer: Answer
) -> None:
    server.answers.append(answer)
    with pytest.raises(RerankReplyError, match=r"rerank-v3.5 at 127.0.0.1 sent"):
        reranker.scores(QUERY, TEXTS)
    assert len(server.requests) == 1


def test_a_server_that_does_not_answer_in_time(server: RerankServer, waits: list[float]) -> None:
    server.answers += [Answer(200, late=True)] * 3
    with (
        EndpointReranker(server.url, "slow", seconds=0.1, sleep=waits.append) as made,
        pytest.raises(RerankUnavailableError, match="in time"),
    ):
        made.scores(QUERY, TEXTS)
    assert waits == []  # the time is over: nothing is tried again


def test_a_server_that_answers_byte_by_byte_has_no_more_time(server: RerankServer, waits: list[float]) -> None:
    now = iter(range(1000))  # every look at the clock finds a second gone
    server.answers.append(replies((0, 1.0), (1, 0.5), (2, 0.4)))
    with (
        EndpointReranker(server.url, "slow", seconds=2, sleep=waits.append, clock=lambda: next(now)) as made,
        pytest.raises(RerankUnavailableError, match="in time: 2 s"),
    ):
        made.scores(QUERY, TEXTS)


def test_an_answer_without_end_is_not_read_to_it(reranker: EndpointReranker, server: RerankServer) -> None:
    server.answers.append(Answer(200, b" " * (8 * 2**20 + 1)))
    with pytest.raises(RerankReplyError, match="more than"):
        reranker.scores(QUERY, TEXTS)


@pytest.mark.parametrize("listed", ["results", "data"])
@pytest.mark.parametrize("score", ["relevance_score", "score"])
def test_lists_and_scores_may_be_called_as_openai_s_or_cohere_s(
    reranker: EndpointReranker, server: RerankServer, listed: str, score: str
) -> None:
    results = [{"index": 1, score: 0.9, "document": {"text": TEXTS[1]}}, {"index": 0, score: 0.1}]
    server.answers.append(Answer(200, json.dumps({"object": "list", "model": "m", listed: results}).encode()))
    assert reranker.scores(QUERY, TEXTS[:2]) == [0.1, 0.9]


def test_a_server_that_is_not_there(waits: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/rerank"
        with (
            EndpointReranker(url, "gone", sleep=waits.append) as made,
            pytest.raises(RerankUnavailableError, match="cannot be reached") as raised,
        ):
            made.scores(QUERY, TEXTS)
    assert raised.value.status is None
