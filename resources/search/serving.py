"""By which embedding model a project is searched while another one takes its place."""

from collections.abc import Mapping
from pathlib import Path

from resources.database.repositories.vector_models import rank_models
from resources.embedding.contract import Embedder
from resources.embedding.former import embedder_of


def serving_embedder(preferred: Embedder, counts: Mapping[str, int], cache_dir: Path) -> Embedder:
    """The embedder for queries of a project with so many vectors by model (`vector_models.known_counts`).

    It is the one that has most of the project's passages: the former model while `preferred`, the installation's, is
    not done, then that. Models that cannot be used here are passed over.
    """
    for model in rank_models(counts, preferred.fingerprint):
        if model == preferred.fingerprint:
            break
        former = embedder_of(model, cache_dir)
        if former is not None:
            return former
    return preferred
