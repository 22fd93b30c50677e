"""A change of the embedding model leaves no project unsearchable: the former one serves until the new one is done."""

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from crucible_assets.chunks.asset import cut_documents
from crucible_assets.chunks.passages import PassageSettings
from crucible_assets.chunks.split import SplitSettings
from crucible_assets.embeddings.asset import embed_document
from resources.database.repositories.documents import DocumentText, list_documents, save_read
from resources.database.repositories.postings import refresh_statistics
from resources.database.repositories.vector_models import known_counts, rank_models
from resources.embedding.errors import EmbedderSettingsError, EndpointUnavailableError
from resources.embedding.factory import embedder_from_settings
from resources.embedding.former import embedder_of, fingerprint_of
from resources.installation import Installation
from resources.search.serving import serving_embedder
from tests.search.corpora import EACH, make_corpus

NEW, OLD = "openai:text-embedding-3-small", "openai:bge-m3@1024"


@pytest.fixture
def online(settings, monkeypatch):
    """Settings whose embedders are reached by a key; none of them is called."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    return replace(settings, embedding=NEW)


def preferred(online):
    return embedder_from_settings(online.embedding, online.model_cache)


def test_a_fingerprint_is_known_without_loading_the_model(online):
    for spec in (NEW, OLD):
        assert fingerprint_of(spec) == embedder_from_settings(spec, online.model_cache).fingerprint
    with pytest.raises(EmbedderSettingsError, match="not known"):
        fingerprint_of("openai:unheard-of")


def test_vectors_lead_back_to_their_model(online):
    found = embedder_of(fingerprint_of(OLD), online.model_cache)
    assert found is not None
    assert found.fingerprint == fingerprint_of(OLD)


@pytest.mark.parametrize("stranger", ["a-service's-own", "openai:bge-m3@1024/query: /passage: ", "", "openai:x"])
def test_vectors_of_strangers_lead_nowhere(online, stranger):
    assert embedder_of(stranger, online.model_cache) is None


def test_the_model_with_most_passages_comes_first_and_of_equals_the_installations():
    assert rank_models({"a": 5, "b": 9, "c": 9}, "c") == ["c", "b", "a"]
    assert rank_models({"a": 5, "b": 9, "c": 9}, "a") == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("old", "new", "serving"), [(100, 0, OLD), (100, 99, OLD), (100, 100, NEW), (0, 1, NEW), (90, 95, NEW)]
)
def test_the_former_model_serves_until_the_new_one_has_as_many_passages(online, old, new, serving):
    counts = {fingerprint_of(OLD): old, fingerprint_of(NEW): new, "a-service's-own": 1_000}
    assert serving_embedder(preferred(online), counts, online.model_cache).fingerprint == fingerprint_of(serving)


def test_a_project_without_vectors_is_asked_by_the_installations_model(online):
    assert serving_embedder(preferred(online), {}, online.model_cache).fingerprint == fingerprint_of(NEW)


class Countable:
    """An embedder that can be told to fail; its vectors tell how often it was asked."""

    def __init__(self, name: str) -> None:
        self.name, self.fingerprint, self.dimension, self.window = name, f"{name}@4/", 4, 64
        self.asked, self.fails = 0, False

    def embed_passages(self, texts):
        if self.fails:
            raise EndpointUnavailableError("away")
        self.asked += 1
        return np.tile(np.float32([np.cos(self.asked), np.sin(self.asked), 0, 0]), (len(texts), 1))

    def count_tokens(self, text):
        return len(text.split()) + 2


TEXT = "The tenant pays the rent on the first day of each month. " * 20


@pytest.fixture
def cut(database, installation):
    """A document of several passages that has no vectors yet."""
    corpus = make_corpus(database, EACH)
    text = DocumentText(TEXT, ())
    with database.transaction(corpus.tenant) as session:
        session.execute(sa.text("DELETE FROM chunks"))
        save_read(session, corpus.documents[0], {}, text)
        (row,) = list_documents(session, corpus.project)
    cut_documents(installation, corpus.tenant, [row], SplitSettings())
    return corpus, row


@pytest.fixture
def installation(database, settings):
    made = Installation(settings)
    made.__dict__["database"] = database
    return made


def counts_of(database, corpus):
    with database.transaction(corpus.tenant) as session:
        refresh_statistics(session, corpus.project)
        return known_counts(session, corpus.project)


def vectors_of(database, corpus, embedder):
    with database.transaction(corpus.tenant) as session:
        found = session.scalars(
            sa.text("SELECT embedding::text FROM vectors WHERE model = :m ORDER BY passage_index"),
            {"m": embedder.fingerprint},
        )
        return list(found)


def test_vectors_of_the_former_model_stay_beside_those_of_the_new_one(database, installation, cut):
    corpus, row = cut
    old, new = Countable("old"), Countable("new")
    embed_document(installation, corpus.tenant, row, old, PassageSettings(), "1")
    before = vectors_of(database, corpus, old)
    assert len(before) > 1
    new.fails = True
    with pytest.raises(EndpointUnavailableError):
        embed_document(installation, corpus.tenant, row, new, PassageSettings(), "2")
    assert counts_of(database, corpus) == {old.fingerprint: len(before)}
    new.fails = False
    embed_document(installation, corpus.tenant, row, new, PassageSettings(), "2")
    assert counts_of(database, corpus) == {old.fingerprint: len(before), new.fingerprint: len(before)}
    assert vectors_of(database, corpus, old) == before


def test_embedding_anew_keeps_the_vectors_until_the_new_ones_are_there(database, installation, cut):
    corpus, row = cut
    embedder = Countable("one")
    embed_document(installation, corpus.tenant, row, embedder, PassageSettings(), "1")
    before = vectors_of(database, corpus, embedder)
    embedder.fails = True
    with pytest.raises(EndpointUnavailableError):
        embed_document(installation, corpus.tenant, row, embedder, PassageSettings(), "1", anew=True)
    assert vectors_of(database, corpus, embedder) == before
    embedder.fails = False
    embed_document(installation, corpus.tenant, row, embedder, PassageSettings(), "1", anew=True)
    after = vectors_of(database, corpus, embedder)
    assert len(after) == len(before)
    assert after != before
