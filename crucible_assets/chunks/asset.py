"""The asset `chunks`: texts → stretches that fit a model's budget, cut at the document's own structure."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from crucible_assets.chunks.split import SplitSettings, split, split_settings
from crucible_assets.metadata import table
from crucible_assets.partitions import batches, by_project
from resources.database.repositories.documents import DocumentRow, list_documents, load_texts, set_fields
from resources.database.repositories.passages import load_chunks, replace_chunks
from resources.database.repositories.projects import settings_of
from resources.installation import Installation
from resources.observe.runs import observed
from resources.vocabulary import DocumentStatus

READ = (DocumentStatus.PARSED, DocumentStatus.READY)
_TOGETHER = 50


@dg.asset(
    partitions_def=batches,
    backfill_policy=dg.BackfillPolicy.single_run(),
    deps=["documents"],
    group_name="corpus",
    kinds={"python", "postgres"},
    owners=["team:data-engineering"],
    description="2,000-3,000 tokens with 200-300 repeated, cut at headings, paragraphs and sentences; "
    "a document of up to 5,000 words is one chunk. The project's settings may say other sizes.",
)
@observed
def chunks(context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]) -> None:
    """Cut every document whose chunks are missing or were made otherwise."""
    force = context.run.tags.get("crucible/force") == "true"
    for project, keys in by_project(context.partition_keys).items():
        with installation.database.transaction(project.tenant) as session:
            rows = list_documents(session, project.project, [key.number for key in keys])
            settings = split_settings(settings_of(session, project.project))
        readable = [row for row in rows if row.status in READ]
        stale = [row for row in readable if force or row.chunks_version != settings.hash]
        for at in range(0, len(stale), _TOGETHER):
            cut_documents(installation, project.tenant, stale[at : at + _TOGETHER], settings)
        for key in keys:
            mine = [row for row in readable if row.batch == key.number]
            context.add_asset_metadata(_metadata(installation, project.tenant, mine), partition_key=str(key))
        context.log.info(f"{project}: {len(readable)} documents, {len(stale)} cut now")


def cut_documents(
    installation: Installation, tenant: str, rows: Sequence[DocumentRow], settings: SplitSettings
) -> None:
    """Cut some documents and store their chunks in one transaction."""
    with installation.database.transaction(tenant) as session:
        texts = load_texts(session, [row.id for row in rows])
        for row in rows:
            text = texts[row.id]
            made = [
                {
                    "index": chunk.index,
                    "start": chunk.start,
                    "end": chunk.end,
                    "text": chunk.text,
                    "tokens": chunk.tokens,
                    "heading_path": list(chunk.heading_path),
                    "content_hash": chunk.content_hash,
                }
                for chunk in split(text.text, text.segments, settings)
            ]
            replace_chunks(session, row.id, made)
            set_fields(session, row.id, chunks_version=settings.hash, embeddings_version=None)


def _metadata(installation: Installation, tenant: str, rows: Sequence[DocumentRow]) -> dict[str, Any]:
    with installation.database.transaction(tenant) as session:
        found = load_chunks(session, [row.id for row in rows])
    counts = [
        {"document": row.name, "chunks": len(found.get(row.id, ())), "words": row.word_count}
        for row in sorted(rows, key=lambda r: -len(found.get(r.id, ())))
    ]
    return {
        "dagster/row_count": sum(len(pieces) for pieces in found.values()),
        "documents": len(rows),
        "documents in several chunks": sum(len(pieces) > 1 for pieces in found.values()),
        "longest documents": table(counts, ["document", "chunks", "words"]),
    }
