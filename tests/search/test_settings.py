"""What the environment says of search: the share that is checked, and what reranks."""

import pytest

from resources import installation as installations
from resources.installation import Installation
from resources.project_settings import ProjectSettings
from resources.search.budget import DEFAULT_QUOTAS, Quotas
from resources.search.checking import CHECKER, SHARE
from resources.settings import SettingsError, load_settings

URL = {"CRUCIBLE_RERANKER_URL": "http://127.0.0.1:8080/v1/rerank"}


def test_one_search_in_a_hundred_is_checked_and_nothing_reranked_unless_it_is_said():
    said = load_settings({})
    assert (said.search_check_share, said.reranker, said.reranker_url) == (0.01, "none", None)
    assert said.search_check_share == SHARE


@pytest.mark.parametrize("share", ["0", "0.25", "1"])
def test_the_share_that_is_set_is_checked(monkeypatch, share):
    monkeypatch.setattr(CHECKER, "share", SHARE)
    opened = object()
    monkeypatch.setattr(installations, "open_database", lambda _: opened)
    made = Installation(load_settings({"CRUCIBLE_SEARCH_CHECK_SHARE": share}))
    assert CHECKER.share == SHARE
    assert made.database is opened
    assert CHECKER.share == float(share)


@pytest.mark.parametrize("share", ["-0.1", "1.01", "nan", "inf", "often"])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(SettingsError, match="CRUCIBLE_SEARCH_CHECK_SHARE"):
        load_settings({"CRUCIBLE_SEARCH_CHECK_SHARE": share})


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"CRUCIBLE_RERANKER": "cohere", **URL}, "endpoint:<model>"),
        ({"CRUCIBLE_RERANKER": "endpoint:", **URL}, "endpoint:<model>"),
        ({"CRUCIBLE_RERANKER": "endpoint:m"}, "needs CRUCIBLE_RERANKER_URL"),
        ({"CRUCIBLE_RERANKER_URL": "localhost:8080"}, "begins with http"),
        ({"CRUCIBLE_RERANKER": "maxsim", "CRUCIBLE_EMBEDDING": "openai:bge-m3@1024"}, "vectors of tokens"),
        ({"CRUCIBLE_RERANKER_SECONDS": "0"}, "at least 0.1"),
        ({"CRUCIBLE_RERANKER_SECONDS": "600"}, "at most 60"),
    ],
    ids=["no-reranker", "no-model", "no-address", "no-url", "no-tokens", "no-time", "too-much-time"],
)
def test_a_reranker_that_cannot_work_is_refused_at_once(said, message):
    with pytest.raises(SettingsError, match=message):
        load_settings(said)


def test_the_key_of_a_reranker_is_not_shown():
    said = load_settings({"CRUCIBLE_RERANKER": "endpoint:m", **URL, "CRUCIBLE_RERANKER_KEY": "secret-1"})
    assert (said.reranker, said.reranker_key, said.reranker_seconds) == ("endpoint:m", "secret-1", 5.0)
    assert "secret-1" not in repr(said)


def test_a_project_says_how_much_one_source_may_be():
    assert ProjectSettings().quotas() == DEFAULT_QUOTAS
    assert ProjectSettings(document_sections=5, document_share=0.6, segment_sections=1).quotas() == Quotas(5, 0.6, 1)
