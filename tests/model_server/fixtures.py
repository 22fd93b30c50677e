"""Pytest fixtures; import them in a conftest: `from tests.model_server.fixtures import model_server`."""

from collections.abc import Iterator

import pytest

from tests.model_server.server import ModelServer


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    """A fresh server that answers from lines `name: value`; change it by `configure` and `answer_with`."""
    with ModelServer() as server:
        yield server
