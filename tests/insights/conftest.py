"""A study whose model is scripted."""

from collections.abc import Iterator

import pytest

from resources.database.engine import Database
from resources.settings import Settings
from tests.insights.bench import Bench
from tests.model_server import ModelServer


@pytest.fixture
def bench(
    database: Database, settings: Settings, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setenv("OPENAI_BASE_URL", model_server.openai_url)
    made = Bench(database, settings, model_server)
    yield made
    made.installation.database.dispose()


@pytest.fixture
def alone(database: Database, settings: Settings) -> Iterator[Bench]:
    """A study without a language model."""
    made = Bench(database, settings, None)
    yield made
    made.installation.database.dispose()
