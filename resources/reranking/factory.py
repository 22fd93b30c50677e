"""From a setting to a reranker."""

from collections.abc import Callable
from functools import lru_cache

from resources.embedding.contract import Embedder
from resources.reranking.endpoint import EndpointReranker
from resources.reranking.errors import RerankSettingsError
from resources.reranking.maxsim import MaxSimReranker
from resources.reranking.rerank import Reranker
from resources.reranking.specs import RERANKER, RERANKER_FORMS


def reranker_from_settings(
    spec: str,
    embedder: Callable[[], Embedder],
    url: str | None = None,
    api_key: str | None = None,
    seconds: float = 5.0,
) -> Reranker | None:
    """The reranker that `spec` names: `none`, `maxsim`, or `endpoint:<model>`; None for `none`.

    `maxsim` works with the embedder's own token vectors, which the packaged model gives and endpoints do not; no
    other reranker loads it. `endpoint:` needs `url`, the whole address of the route. Either has `seconds` for a
    search, all attempts together. Endpoints live as long as the process. Raises `RerankSettingsError`, and
    `EmbeddingError` where the embedder cannot be loaded.
    """
    if not RERANKER.fullmatch(spec):
        raise RerankSettingsError(f"unknown reranker {spec!r}: write {RERANKER_FORMS}")
    if spec == "none":
        return None
    if spec == "maxsim":
        return _maxsim(embedder(), seconds)
    if not url:
        raise RerankSettingsError(f"the reranker {spec!r} needs an address, such as http://127.0.0.1:8080/v1/rerank")
    return _endpoint(url, spec.partition(":")[2], api_key, seconds)


def _maxsim(embedder: Embedder, seconds: float) -> MaxSimReranker:
    # imported here: an installation that embeds elsewhere does not load the runtime
    from resources.embedding.model import E5Embedder

    if not isinstance(embedder, E5Embedder):
        raise RerankSettingsError(f"maxsim needs the vectors of tokens, which {embedder.name} does not give")
    return MaxSimReranker(embedder, seconds=seconds)


@lru_cache(maxsize=32)  # connections are kept open between searches
def _endpoint(url: str, model: str, api_key: str | None, seconds: float) -> EndpointReranker:
    return EndpointReranker(url, model, api_key, seconds=seconds)
