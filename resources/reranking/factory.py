"""From a setting to a reranker."""

from resources.embedding.contract import Embedder
from resources.reranking.endpoint import EndpointReranker
from resources.reranking.errors import RerankSettingsError
from resources.reranking.maxsim import MaxSimReranker
from resources.reranking.rerank import Reranker


def reranker_from_settings(
    spec: str, embedder: Embedder, url: str | None = None, api_key: str | None = None
) -> Reranker | None:
    """The reranker that `spec` names: `none`, `maxsim`, or `endpoint:<model>`; None for `none`.

    `maxsim` works with the embedder's own token vectors, which the packaged model gives and endpoints do not.
    `endpoint:` needs `url`, the whole address of the route. Raises `RerankSettingsError`.
    """
    if spec == "none":
        return None
    if spec == "maxsim":
        # imported here: an installation that embeds elsewhere does not load the runtime
        from resources.embedding.model import E5Embedder

        if not isinstance(embedder, E5Embedder):
            raise RerankSettingsError(f"maxsim needs the vectors of tokens, which {embedder.name} does not give")
        return MaxSimReranker(embedder)
    kind, _, model = spec.partition(":")
    if kind != "endpoint" or not model:
        raise RerankSettingsError(f"unknown reranker {spec!r}: write 'none', 'maxsim' or 'endpoint:<model>'")
    if not url:
        raise RerankSettingsError(f"the reranker {spec!r} needs an address, such as http://127.0.0.1:8080/v1/rerank")
    return EndpointReranker(url, model, api_key)
