"""Opening what a run extracts with: the gateways of its models, and the vectors of what it searches for."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from crucible_assets.extractions.retrieve import query_of
from crucible_assets.extractions.run import Gateways, Run
from resources.embedding.contract import Embedder
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation
from resources.models.gateway import Gateway
from resources.models.ledger import Ledger
from resources.models.providers.choose import make_provider
from resources.project import LongDocuments, Project
from resources.vocabulary import Verification


def open_gateways(installation: Installation, run: Run, specs: Sequence[str]) -> Gateways:
    """The gateways of a run. Call inside its event loop. Raises ModelMissingError."""
    settings = run.project.settings

    def gateway(models: Sequence[str], routes: Mapping[str, float]) -> Gateway:
        providers = [make_provider(m, timeout_seconds=installation.settings.call_timeout_seconds) for m in models]
        ledger = Ledger(run.database, run.tenant)
        return Gateway(providers, ledger, concurrency=run.concurrency, routes=routes)

    main = gateway([*specs, *(m for m in settings.routes if m not in specs)], settings.routes)
    second = settings.verification_model
    if settings.verification is Verification.NONE or second is None:
        return Gateways(main)
    return Gateways(main, gateway([second], {}))


def search_vectors(
    installation: Installation, project: Project
) -> tuple[str | None, Mapping[str, npt.NDArray[np.float32]]]:
    """The embedding model's fingerprint and a unit vector for every variable; nothing unless parts are searched."""
    if project.settings.long_documents is not LongDocuments.RETRIEVE:
        return None, {}
    embedder = embedder_from_settings(installation.settings.embedding, installation.settings.model_cache)
    queries = [_fitting(query_of(variable), embedder) for variable in project.variables]
    matrix = embedder.embed_queries(queries)
    return embedder.fingerprint, {v.name: matrix[at] for at, v in enumerate(project.variables)}


def _fitting(query: str, embedder: Embedder) -> str:
    """As much of a query as the embedding model reads; its beginning says what is meant."""
    words = query.split()
    while len(words) > 1 and embedder.count_tokens(" ".join(words)) > embedder.window:
        words = words[: len(words) * 3 // 4]
    return " ".join(words)
