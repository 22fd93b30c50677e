"""Check of the chunks: together they hold every character of the text."""

import dagster as dg

from crucible_assets.chunks.asset import READ, chunks
from crucible_assets.metadata import table
from crucible_assets.partitions import by_project, checked_batches
from resources.database.repositories.documents import list_documents, load_texts
from resources.database.repositories.passages import load_chunks
from resources.installation import Installation


@dg.asset_check(
    asset=chunks,
    blocking=True,
    description="Every character of every readable document is in a chunk, and chunks are what the text says there.",
)
def chunks_cover_the_text(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Lay the chunks beside the texts."""
    problems = []
    checked = 0
    for project, keys in by_project(checked_batches(context)).items():
        for key in keys:
            with installation.database.transaction(project.tenant) as session:
                rows = [r for r in list_documents(session, project.project, [key.number]) if r.status in READ]
                texts = load_texts(session, [row.id for row in rows])
                found = load_chunks(session, [row.id for row in rows])
            for row in rows:
                checked += 1
                text = texts[row.id].text
                covered = 0
                for start, end, piece in found.get(row.id, ()):
                    if start > covered or text[start:end] != piece:
                        break
                    covered = end
                if covered < len(text):
                    problems.append({"document": row.name, "problem": f"not covered from character {covered}"})
    return dg.AssetCheckResult(
        passed=not problems,
        metadata={"documents": checked, "problems": table(problems, ["document", "problem"])},
    )
