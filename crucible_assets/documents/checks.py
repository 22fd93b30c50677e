"""Check of the documents: a person should look at files that could not be read."""

import dagster as dg

from crucible_assets.documents.asset import documents
from crucible_assets.metadata import table
from crucible_assets.partitions import by_project, checked_batches
from resources.database.repositories.documents import list_documents
from resources.installation import Installation
from resources.vocabulary import DocumentStatus


@dg.asset_check(
    asset=documents,
    description="Every file could be read; those that could not are listed with what to do.",
)
def documents_are_readable(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Warn about FAILED documents."""
    failed = []
    total = 0
    for project, keys in by_project(checked_batches(context)).items():
        with installation.database.transaction(project.tenant) as session:
            rows = list_documents(session, project.project, [key.number for key in keys])
        total += len(rows)
        failed += [row for row in rows if row.status is DocumentStatus.FAILED]
    return dg.AssetCheckResult(
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "documents": total,
            "failed": len(failed),
            "failed documents": table(
                [{"document": r.name, "reason": r.error_reason, "what to do": r.error_message} for r in failed],
                ["document", "reason", "what to do"],
            ),
        },
    )
