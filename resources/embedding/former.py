"""From a setting to the fingerprint of its vectors, and from stored vectors back to the model that made them."""

import re
from pathlib import Path

from resources.embedding.contract import Embedder
from resources.embedding.errors import EmbedderSettingsError, EmbeddingError
from resources.embedding.factory import embedder_from_settings

_OPENAI = re.compile(r"(?P<name>openai:.+)@(?P<dimension>[1-9]\d*)/[^/]*/[^/]*")


def fingerprint_of(spec: str) -> str:
    """The fingerprint of the embedder that a setting names, without loading it.

    Raises `EmbedderSettingsError` when the dimension of a model must be named and is not.
    """
    if spec == "local":
        from resources.embedding.model import E5Embedder

        return E5Embedder.fingerprint
    from resources.embedding.openai_compatible import KNOWN_DIMENSIONS

    name, _, dimension = spec.rpartition("@") if spec.rpartition("@")[2].isdigit() else (spec, "", "")
    number = dimension or KNOWN_DIMENSIONS.get(name.removeprefix("openai:"))
    if number is None:
        raise EmbedderSettingsError(f"the dimension of {spec!r} is not known: write it behind the name, as @1024")
    return f"{name}@{number}//"


def embedder_of(fingerprint: str, cache_dir: Path) -> Embedder | None:
    """The embedder whose vectors can be compared with those of this fingerprint; None when there is none here.

    None also for models that are reached no longer (no key), and for another version of the packaged one.
    """
    match = _OPENAI.fullmatch(fingerprint)
    spec = f"{match['name']}@{match['dimension']}" if match else "local"
    try:
        embedder = embedder_from_settings(spec, cache_dir)
    except EmbeddingError:
        return None
    return embedder if embedder.fingerprint == fingerprint else None
