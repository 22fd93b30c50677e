"""The first hits in a new order, the others behind them as they were."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.embedding.contract import Embedder, FloatMatrix
from resources.embedding.errors import TextTooLongError
from resources.embedding.model import E5Embedder
from resources.reranking.endpoint import EndpointReranker
from resources.reranking.errors import RerankInputError, RerankSettingsError, RerankUnavailableError
from resources.reranking.factory import reranker_from_settings
from resources.reranking.maxsim import MaxSimReranker, max_sim
from resources.reranking.rerank import rerank
from resources.search.candidates import gather
from tests.embedding.conftest import model_cache
from tests.search.made import hit

__all__ = ["model_cache"]


class Fixed:
    """A reranker that knows its scores beforehand."""

    name = "fixed"

    def __init__(self, scores: Sequence[float], *, decides_alone: bool = True, depth: int = 50) -> None:
        self.decides_alone = decides_alone
        self.depth = depth
        self.asked: list[str] = []
        self._scores = scores

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked = list(texts)
        return [float(score) for score in self._scores[: len(texts)]]


class Letters:
    """Token vectors made of letters: a token is a letter, equal ones have cosine 1, others 0."""

    name = "letters"

    def passage_tokens(self, texts: Sequence[str]) -> list[FloatMatrix]:
        return [np.eye(26, dtype=np.float32)[[ord(one) - 97 for one in text]] for text in texts]

    query_tokens = passage_tokens


class Slow(Letters):
    """A second for every text, by a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.read = 0

    def passage_tokens(self, texts: Sequence[str]) -> list[FloatMatrix]:
        self.now += len(texts)
        self.read += len(texts)
        return super().passage_tokens(texts)


HITS = [hit(text, 1 - place / 10, index=2 * place) for place, text in enumerate("abcde")]


def order(reranker: Fixed) -> str:
    return "".join(one.passage.text for one in rerank(reranker, "q", HITS))


def test_the_rerankers_order_replaces_that_of_the_search() -> None:
    made = rerank(Fixed([1, 5, 3, 4, 2]), "q", HITS)
    assert [one.passage.text for one in made] == ["b", "d", "c", "e", "a"]
    assert [one.rank_before for one in made] == [2, 4, 3, 5, 1]
    assert [one.rerank_score for one in made] == [5, 4, 3, 2, 1]


def test_what_lies_beyond_its_depth_is_not_read_and_stays_behind() -> None:
    reranker = Fixed([1, 5, 3], depth=3)
    made = rerank(reranker, "q", HITS)
    assert "".join(one.passage.text for one in made) == "bcade"
    assert reranker.asked == ["a", "b", "c"]
    assert [one.rerank_score for one in made][3:] == [None, None]


def test_equal_scores_keep_the_order_of_the_search() -> None:
    assert order(Fixed([1, 1, 1, 1, 1])) == "abcde"


def test_one_that_does_not_decide_alone_is_fused_by_rank() -> None:
    # ranks before and after: a 1 2, b 2 5, c 3 1, d 4 3, e 5 4
    assert order(Fixed([4, 1, 5, 3, 2], decides_alone=False)) == "acbde"


def test_no_hits_are_not_reranked() -> None:
    reranker = Fixed([1])
    assert rerank(reranker, "q", []) == []
    assert reranker.asked == []


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=5), st.integers(1, 5), st.booleans())
def test_every_hit_is_there_once_and_scores_fall(scores: list[float], depth: int, decides_alone: bool) -> None:
    made = rerank(Fixed(scores, depth=depth, decides_alone=decides_alone), "q", HITS[: len(scores)])
    assert sorted(one.passage.text for one in made) == list("abcde"[: len(scores)])
    assert [one.score for one in made] == sorted((one.score for one in made), reverse=True)
    assert {one.passage.text for one in made[:depth]} == set("abcde"[: min(depth, len(scores))])


def test_the_new_scores_lead_the_shaping_of_a_context() -> None:
    made = {one.passage.text: one.score for one in rerank(Fixed([1, 5, 3, 4, 2]), "q", HITS)}
    candidates = gather({"q": HITS}, lambda found: made[found.text])
    assert [one.passage.text for one in candidates] == ["b", "d", "c", "e", "a"]


def test_max_sim_is_the_mean_of_the_best_cosines_of_the_querys_tokens() -> None:
    query = np.array([[1, 0], [0, 1]], np.float32)
    passage = np.array([[0.6, 0.8], [1, 0]], np.float32)
    assert max_sim(query, passage) == pytest.approx((1 + 0.8) / 2)
    assert MaxSimReranker(Letters()).scores("ab", ["xyab", "ax", "xy"]) == [1.0, 0.5, 0.0]


def test_what_the_model_cannot_read_is_an_error_of_the_input() -> None:
    class Short(Letters):
        def passage_tokens(self, texts: Sequence[str]) -> list[FloatMatrix]:
            raise TextTooLongError(0, 600, 512, "short", texts[0])

    with pytest.raises(RerankInputError, match="at most 512"):
        MaxSimReranker(Short()).scores("a", ["b"])


def test_the_packaged_model_finds_the_passage_that_has_the_querys_words(model_cache: Path) -> None:
    embedder = E5Embedder(model_cache)
    reranker = reranker_from_settings("maxsim", lambda: embedder)
    assert isinstance(reranker, MaxSimReranker)
    assert (reranker.depth, reranker.decides_alone) == (20, False)
    texts = [
        "The wing of an aircraft bends under the load of a gust.",
        "The invoice is due within thirty days of the date of issue.",
        "Cats sleep for most of the day.",
    ]
    scores = reranker.scores("When must the invoice be paid?", texts)
    assert int(np.argmax(scores)) == 1
    assert all(-1 <= score <= 1 for score in scores)
    with pytest.raises(RerankInputError, match="blank"):
        reranker.scores(" ", texts)


@pytest.mark.parametrize(
    ("spec", "url", "message"),
    [
        ("maxsim", None, "vectors of tokens"),
        ("cohere", None, "unknown reranker"),
        ("endpoint:", "http://localhost/rerank", "unknown reranker"),
        ("endpoint:rerank-v3.5", None, "needs an address"),
        ("endpoint:rerank-v3.5", "ftp://localhost/rerank", "http"),
        ("endpoint:rerank-v3.5", "/rerank", "http"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(spec: str, url: str | None, message: str) -> None:
    with pytest.raises(RerankSettingsError, match=message):
        reranker_from_settings(spec, lambda: cast(Embedder, Letters()), url)


def test_settings_name_a_reranker() -> None:
    def nobody() -> Any:
        raise AssertionError("only maxsim needs an embedder")

    assert reranker_from_settings("none", nobody) is None
    made = reranker_from_settings("endpoint:a/model:v2", nobody, "http://localhost:1/rerank", "key")
    assert isinstance(made, EndpointReranker)
    assert (made.name, made.depth, made.decides_alone) == ("a/model:v2", 50, True)
    assert reranker_from_settings("endpoint:a/model:v2", nobody, "http://localhost:1/rerank", "key") is made
    assert reranker_from_settings("endpoint:a/model:v2", nobody, "http://localhost:1/rerank", "other") is not made


@pytest.mark.parametrize(("texts", "read"), [(3, 3), (4, 3), (20, 3)], ids=["in-time", "one-more", "many-more"])
def test_token_vectors_that_take_too_long_are_given_up_before_the_next_passage(texts: int, read: int) -> None:
    embedder = Slow()
    reranker = MaxSimReranker(embedder, seconds=2.5, clock=lambda: embedder.now)
    if texts == read:
        assert reranker.scores("ab", ["ab", "cd", "a"]) == [1.0, 0.0, 0.5]
    else:
        with pytest.raises(RerankUnavailableError, match=f"read 3 of {texts} passages in 2.5 s"):
            reranker.scores("ab", ["ab"] * texts)
    assert embedder.read == read
