"""By which embedding model a project is searched while another one takes its place."""

from collections.abc import Mapping

from resources.database.repositories.vector_models import rank_models
from resources.embedding.contract import Embedder
from resources.embedding.factory import embedder_from_settings
from resources.embedding.former import embedder_of
from resources.settings import Settings


def serving_embedder(counts: Mapping[str, int], settings: Settings) -> Embedder:
    """The embedder for queries of a project with so many vectors by model (`vector_models.known_counts`).

    It is the one that has most of the project's passages: the former model while the installation's new one is not
    done, then the new one. A model that cannot be used here is passed over. Raises EmbedderSettingsError when the
    installation's own cannot be.
    """
    preferred = embedder_from_settings(settings.embedding, settings.model_cache)
    for model in rank_models(counts, preferred.fingerprint):
        if model == preferred.fingerprint:
            break
        former = embedder_of(model, settings.model_cache)
        if former is not None:
            return former
    return preferred
