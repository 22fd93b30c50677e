import socket
from collections.abc import Iterator

import numpy as np
import pytest

from resources.embedding.errors import (
    BlankTextError,
    EmbedderSettingsError,
    EndpointRejectedError,
    EndpointReplyError,
    EndpointUnavailableError,
    TextTooLongError,
)
from resources.embedding.openai_compatible import OpenAIEmbedder
from tests.embedding.server import EmbeddingServer, Failure, vector_of


class Waits(list[float]):
    """Keeps how long the embedder would have slept."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def embedder(server: EmbeddingServer, waits: Waits) -> Iterator[OpenAIEmbedder]:
    made = OpenAIEmbedder(server.url, "key-1", "bge-m3", 8, sleep=waits)
    yield made
    made.close()


def test_vectors_are_the_servers_at_length_one(embedder: OpenAIEmbedder, server: EmbeddingServer) -> None:
    vectors = embedder.embed_passages(["first", "second"])
    assert vectors.shape == (2, 8)
    assert vectors.dtype == np.float32
    expected = np.array([vector_of("first", 8), vector_of("second", 8)])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, expected, rtol=1e-5)
    assert server.keys == ["Bearer key-1"]


def test_vectors_follow_the_order_of_the_texts_not_of_the_answer(
    embedder: OpenAIEmbedder, server: EmbeddingServer
) -> None:
    straight = embedder.embed_passages(["a", "b", "c"])
    server.reversed = True
    np.testing.assert_array_equal(embedder.embed_passages(["a", "b", "c"]), straight)


def test_no_texts_need_no_request(embedder: OpenAIEmbedder, server: EmbeddingServer) -> None:
    assert embedder.embed_passages([]).shape == (0, 8)
    assert server.requests == []


def test_many_texts_travel_in_several_requests(embedder: OpenAIEmbedder, server: EmbeddingServer) -> None:
    texts = [f"text {number}" for number in range(300)]
    vectors = embedder.embed_passages(texts)
    assert [len(body["input"]) for body in server.requests] == [128, 128, 44]
    np.testing.assert_allclose(vectors[299], embedder.embed_passages([texts[299]])[0], rtol=1e-5)


def test_long_texts_travel_in_requests_of_fewer_tokens(server: EmbeddingServer) -> None:
    embedder = OpenAIEmbedder(server.url, "k", "long", 8, window=60_000)
    embedder.embed_passages(["word " * 40_000] * 5)
    embedder.close()
    assert [len(body["input"]) for body in server.requests] == [2, 2, 1]


def test_prefixes_are_put_before_queries_and_passages(server: EmbeddingServer) -> None:
    embedder = OpenAIEmbedder(server.url, "k", "e5", 8, query_prefix="query: ", passage_prefix="passage: ")
    embedder.embed_queries(["when"])
    embedder.embed_passages(["then"])
    embedder.close()
    assert [body["input"] for body in server.requests] == [["query: when"], ["passage: then"]]


def test_a_shorter_dimension_is_asked_of_models_that_can(server: EmbeddingServer) -> None:
    embedder = OpenAIEmbedder(server.url, "k", "text-embedding-3-small", 256)
    assert embedder.embed_passages(["x"]).shape == (1, 256)
    embedder.close()
    assert server.requests[0]["dimensions"] == 256


def test_other_models_are_not_asked_for_a_dimension(embedder: OpenAIEmbedder, server: EmbeddingServer) -> None:
    embedder.embed_passages(["x"])
    assert "dimensions" not in server.requests[0]


def test_a_passing_fault_is_tried_again_with_growing_waits(
    embedder: OpenAIEmbedder, server: EmbeddingServer, waits: Waits
) -> None:
    server.failures.extend([Failure(503), Failure(500), Failure(429)])
    assert embedder.embed_passages(["x"]).shape == (1, 8)
    assert [int(wait) for wait in waits] == [1, 2, 4]


def test_the_server_may_say_how_long_to_wait(embedder: OpenAIEmbedder, server: EmbeddingServer, waits: Waits) -> None:
    server.failures.append(Failure(429, {"retry-after": "7"}))
    embedder.embed_passages(["x"])
    assert waits == [7.0]


def test_a_server_that_stays_down_is_reported_as_unavailable(
    embedder: OpenAIEmbedder, server: EmbeddingServer, waits: Waits
) -> None:
    server.failures.extend([Failure(503)] * 6)
    with pytest.raises(EndpointUnavailableError, match="503") as caught:
        embedder.embed_passages(["x"])
    assert caught.value.status == 503
    assert len(server.requests) == 6
    assert len(waits) == 5


def test_a_server_that_is_not_there_is_reported_as_unavailable(waits: Waits) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    embedder = OpenAIEmbedder(url, "k", "bge-m3", 8, sleep=waits)
    with pytest.raises(EndpointUnavailableError, match="cannot be reached"):
        embedder.embed_passages(["x"])
    embedder.close()


@pytest.mark.parametrize(
    "failure", [Failure(401), Failure(400), Failure(404), Failure(429, code="insufficient_quota")]
)
def test_a_refusal_is_reported_at_once(
    embedder: OpenAIEmbedder, server: EmbeddingServer, waits: Waits, failure: Failure
) -> None:
    server.failures.append(failure)
    with pytest.raises(EndpointRejectedError) as caught:
        embedder.embed_passages(["x"])
    assert caught.value.status == failure.status
    assert waits == []


def test_a_wrong_dimension_is_reported_with_both_numbers(embedder: OpenAIEmbedder, server: EmbeddingServer) -> None:
    server.dimension = 5
    with pytest.raises(EndpointReplyError, match="dimension 5, the setting says 8"):
        embedder.embed_passages(["x"])


def test_a_missing_vector_is_reported(embedder: OpenAIEmbedder, server: EmbeddingServer) -> None:
    server.drop_last = True
    with pytest.raises(EndpointReplyError, match="1 vectors for 2 texts"):
        embedder.embed_passages(["x", "y"])


def test_a_zero_vector_is_reported(embedder: OpenAIEmbedder, server: EmbeddingServer) -> None:
    server.zeros = True
    with pytest.raises(EndpointReplyError, match="zero"):
        embedder.embed_passages(["x"])


def test_too_long_and_blank_texts_are_refused_before_anything_is_sent(
    embedder: OpenAIEmbedder, server: EmbeddingServer
) -> None:
    with pytest.raises(TextTooLongError) as caught:
        embedder.embed_passages(["short", "word " * 600])
    assert caught.value.index == 1
    with pytest.raises(BlankTextError):
        embedder.embed_queries(["\n"])
    assert server.requests == []


def test_the_dimension_of_openais_own_models_is_known(server: EmbeddingServer) -> None:
    embedder = OpenAIEmbedder(server.url, "k", "text-embedding-3-large")
    embedder.close()
    assert (embedder.dimension, embedder.window) == (3072, 8191)
    with pytest.raises(EmbedderSettingsError, match="bge-m3@1024"):
        OpenAIEmbedder(server.url, "k", "bge-m3")
