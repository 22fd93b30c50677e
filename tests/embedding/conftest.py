import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.embedding.model import E5Embedder
from tests.embedding.server import EmbeddingServer


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """Where the converted model is kept between test runs, so that a machine converts it once."""
    home = os.environ.get("CRUCIBLE_HOME")
    return Path(home) / "models" if home else Path.home() / ".cache" / "crucible-tests"


@pytest.fixture(scope="session")
def e5(model_cache: Path) -> E5Embedder:
    return E5Embedder(model_cache)


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with EmbeddingServer() as running:
        yield running
