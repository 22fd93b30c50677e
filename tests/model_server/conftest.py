"""Fixtures of the server's own tests."""

import pytest

from tests.model_server import ModelServer
from tests.model_server.fixtures import model_server

__all__ = ["model_server"]


@pytest.fixture
def quick(model_server: ModelServer) -> ModelServer:
    model_server.configure(batch_seconds=0.02)
    return model_server
