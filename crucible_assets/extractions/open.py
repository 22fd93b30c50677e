"""Opening what a run extracts with: the gateways of its models, and the vectors of what it searches for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from crucible_assets.extractions.gateways import Gateways
from crucible_assets.extractions.retrieve import query_of
from crucible_assets.extractions.run import Run
from resources.database.repositories.budgets import WHOLE_PROJECT
from resources.database.repositories.provider_batches import Attempt
from resources.database.repositories.vector_models import known_counts
from resources.embedding.contract import Embedder
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation
from resources.models.batches.batching import Batching
from resources.models.batches.connect import has_batches
from resources.models.budgets import Budget
from resources.models.gateway import Collector, Gateway
from resources.models.ledger import Ledger
from resources.models.providers.choose import make_provider
from resources.project import LongDocuments, Project
from resources.search.serving import serving_embedder
from resources.vocabulary import Verification


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run may spend, and how it asks. `batch` is set where its requests go into provider batches."""

    task_usd: Decimal | None = None
    batch: Attempt | None = None


def open_gateways(installation: Installation, run: Run, specs: Sequence[str], terms: Terms = Terms()) -> Gateways:
    """The gateways of a run. Call inside its event loop. Raises ModelMissingError."""
    settings, installed = run.project.settings, installation.settings
    budgets = _budgets(run, terms)

    def gateway(models: Sequence[str], routes: Mapping[str, float], collector: Collector | None) -> Gateway:
        return Gateway(
            [make_provider(model, timeout_seconds=installed.call_timeout_seconds) for model in models],
            Ledger(run.database, run.tenant),
            concurrency=run.concurrency,
            routes=routes,
            collector=collector,
            budget=_budget(run, terms) if budgets else None,
            limits=installed.limits,
        )

    models = [*specs, *(model for model in settings.routes if model not in specs)]
    batching = _batching(run, models, terms, budgets)
    main = gateway(models, settings.routes, batching.collector if batching else None)
    second = settings.verification_model
    if settings.verification is Verification.NONE or second is None:
        return Gateways(main, batching=batching)
    return Gateways(main, gateway([second], {}, None), batching)


def _budgets(run: Run, terms: Terms) -> dict[str, Decimal]:
    """Limits in USD by scope."""
    project = run.project.settings.budget_usd
    limits = {WHOLE_PROJECT: None if project is None else Decimal(str(project))}
    if run.task_id is not None:
        limits[str(run.task_id)] = terms.task_usd
    return {scope: limit for scope, limit in limits.items() if limit is not None}


def _budget(run: Run, terms: Terms) -> Budget:
    limits = _budgets(run, terms)
    return Budget(
        run.database,
        run.tenant,
        run.project.id,
        run.task_id,
        project_usd=limits.get(WHOLE_PROJECT),
        task_usd=limits.get(str(run.task_id)),
    )


def _batching(run: Run, models: Sequence[str], terms: Terms, budgets: Mapping[str, Decimal]) -> Batching | None:
    """What takes requests for provider batches; None where they are asked live."""
    if terms.batch is None or not all(has_batches(model) for model in models):
        return None
    arms = list(run.project.settings.routes)
    return Batching(run.database, run.tenant, terms.batch, arms=arms, budgets=budgets)


def search_vectors(
    installation: Installation, tenant: str, project: Project
) -> tuple[str | None, Mapping[str, npt.NDArray[np.float32]]]:
    """The embedding model's fingerprint and a unit vector for every variable; nothing unless parts are searched.

    The model is the one by which the project is searched: the former one while another takes its place.
    """
    if project.settings.long_documents is not LongDocuments.RETRIEVE:
        return None, {}
    settings = installation.settings
    with installation.database.transaction(tenant, read_only=True) as session:
        counts = known_counts(session, project.id)
    preferred = embedder_from_settings(settings.embedding, settings.model_cache)
    embedder = serving_embedder(preferred, counts, settings.model_cache)
    queries = [_fitting(query_of(variable), embedder) for variable in project.variables]
    matrix = embedder.embed_queries(queries)
    return embedder.fingerprint, {v.name: matrix[at] for at, v in enumerate(project.variables)}


def _fitting(query: str, embedder: Embedder) -> str:
    """As much of a query as the embedding model reads; its beginning says what is meant."""
    words = query.split()
    while len(words) > 1 and embedder.count_tokens(" ".join(words)) > embedder.window:
        words = words[: len(words) * 3 // 4]
    return " ".join(words)
