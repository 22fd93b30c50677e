"""A tenant with a partition and an index of its own."""

import pytest

from resources.database.engine import Database
from resources.database.search_index import keep_indexes
from tests.search.corpora import Corpus, make_corpus


@pytest.fixture(scope="session")
def large(database: Database) -> Corpus:
    """12,000 vectors in one project, moved and indexed; beside it a project of 60 in the same partition."""
    corpus = make_corpus(database, 12_000)
    make_corpus(database, 60, corpus.tenant, "side")
    kept = keep_indexes(database)
    assert not kept.failed
    assert corpus.tenant in kept.moved
    return corpus
