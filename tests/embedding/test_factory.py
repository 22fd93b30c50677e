from pathlib import Path

import numpy as np
import pytest

from resources.embedding import Embedder, embedder_from_settings
from resources.embedding.errors import EmbedderSettingsError
from tests.embedding.server import EmbeddingServer


def test_local_is_the_packaged_model(model_cache: Path) -> None:
    embedder: Embedder = embedder_from_settings("local", model_cache)
    assert (embedder.name, embedder.dimension, embedder.window) == ("multilingual-e5-small-int8", 384, 512)


def test_a_process_loads_the_packaged_model_once(model_cache: Path) -> None:
    assert embedder_from_settings("local", model_cache) is embedder_from_settings("local", model_cache)


def test_openai_takes_key_and_address_from_the_environment(
    server: EmbeddingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "key-2")
    embedder = embedder_from_settings("openai:BAAI/bge-m3@8", tmp_path)
    assert (embedder.name, embedder.dimension) == ("openai:BAAI/bge-m3", 8)
    assert np.linalg.norm(embedder.embed_queries(["x"])) == pytest.approx(1)
    assert server.keys == ["Bearer key-2"]


def test_openai_without_a_key_says_which_variable_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(EmbedderSettingsError, match="OPENAI_API_KEY"):
        embedder_from_settings("openai:text-embedding-3-small", tmp_path)


@pytest.mark.parametrize("spec", ["", "Local", "openai", "openai:", "openai:a b", "cohere:x"])
def test_an_unknown_spec_is_refused_with_an_example(spec: str, tmp_path: Path) -> None:
    with pytest.raises(EmbedderSettingsError, match="for example"):
        embedder_from_settings(spec, tmp_path)
