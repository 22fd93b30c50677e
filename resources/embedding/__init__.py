"""Embedders: the packaged multilingual model in ONNX Runtime, or any OpenAI-compatible endpoint."""

from resources.embedding.contract import Embedder, FloatMatrix
from resources.embedding.errors import EmbeddingError
from resources.embedding.factory import embedder_from_settings

__all__ = ["Embedder", "EmbeddingError", "FloatMatrix", "embedder_from_settings"]
