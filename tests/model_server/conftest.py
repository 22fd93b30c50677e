"""Fixtures of the server's own tests."""

from tests.model_server.fixtures import model_server

__all__ = ["model_server"]
