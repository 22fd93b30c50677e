"""From a setting to an embedder."""

import functools
import os
import re
from pathlib import Path

from resources.embedding.contract import Embedder
from resources.embedding.errors import EmbedderSettingsError

_OPENAI_SPEC = re.compile(r"openai:(?P<model>[^@\s]+(?:@[^@\s\d][^@\s]*)*)(?:@(?P<dimension>[1-9]\d*))?")


def embedder_from_settings(spec: str, cache_dir: Path) -> Embedder:
    """The embedder that `spec` names: `local`, or `openai:<model>[@dimension]`.

    `local` converts the packaged model into `cache_dir` the first time (seconds), and
    a process loads it once. `openai:` takes its key from
    `OPENAI_API_KEY` and its address from `OPENAI_BASE_URL` (any compatible server); the dimension may be left out
    for OpenAI's own models. Raises `EmbedderSettingsError` when the spec or the environment lacks something.
    """
    if spec == "local":
        return _local(cache_dir)
    match = _OPENAI_SPEC.fullmatch(spec)
    if match is None:
        raise EmbedderSettingsError(
            f"unknown embedder {spec!r}: write 'local' or 'openai:<model>[@dimension]', "
            "for example 'openai:text-embedding-3-small' or 'openai:bge-m3@1024'"
        )
    from resources.embedding.openai_compatible import DEFAULT_BASE_URL, OpenAIEmbedder

    base_url = os.environ.get("OPENAI_BASE_URL") or DEFAULT_BASE_URL
    api_key = os.environ.get("OPENAI_API_KEY")
    if not api_key:
        raise EmbedderSettingsError(
            f"the embedder {spec!r} needs OPENAI_API_KEY (any word will do for a server that asks for no key)"
        )
    dimension = match["dimension"]
    return OpenAIEmbedder(base_url, api_key, match["model"], int(dimension) if dimension else None)


@functools.cache
def _local(cache_dir: Path) -> Embedder:
    # imported here: an installation that embeds elsewhere does not load the runtime
    from resources.embedding.model import E5Embedder

    return E5Embedder(cache_dir)
