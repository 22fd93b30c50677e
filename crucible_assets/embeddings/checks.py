"""Check of the embeddings: no passage is without a vector of the present model."""

import dagster as dg

from crucible_assets.chunks.asset import READ
from crucible_assets.embeddings.asset import embeddings
from crucible_assets.metadata import table
from crucible_assets.partitions import by_project, checked_batches
from resources.database.repositories.documents import list_documents
from resources.database.repositories.passages import without_vector
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation


@dg.asset_check(
    asset=embeddings,
    description="Every passage has a vector; search would not find the ones without.",
)
def every_passage_has_a_vector(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Look for passages without a vector."""
    settings = installation.settings
    model = embedder_from_settings(settings.embedding, settings.model_cache).fingerprint
    missing = []
    for project, keys in by_project(checked_batches(context)).items():
        with installation.database.transaction(project.tenant) as session:
            rows = list_documents(session, project.project, [key.number for key in keys])
            for row in rows:
                number = len(without_vector(session, row.id, model)) if row.status in READ else 0
                if number:
                    missing.append({"document": row.name, "passages without a vector": number})
    return dg.AssetCheckResult(
        passed=not missing,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "model": model,
            "documents with gaps": table(missing, ["document", "passages without a vector"]),
        },
    )
