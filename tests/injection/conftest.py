"""Runs of the whole extraction stage over attacks, each made once and looked at by many tests."""

from collections.abc import Iterator

import pytest

from tests.injection.obedient import Obedient
from tests.model_server import ModelServer


@pytest.fixture(scope="module")
def obedient_server() -> Iterator[ModelServer]:
    """A model that does whatever it is told outside a fence."""
    with ModelServer(Obedient()) as server:
        yield server
