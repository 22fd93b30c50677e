"""Vectors of queries, by the installation's embedder."""

import threading

from resources.embedding.contract import Embedder
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation

_LOADING = threading.Lock()


def embedder_of(installation: Installation) -> Embedder:
    """The installation's embedder, loaded when it is first asked for. Raises EmbeddingError."""
    settings = installation.settings
    with _LOADING:  # once, however many ask first
        return embedder_from_settings(settings.embedding, settings.model_cache)
