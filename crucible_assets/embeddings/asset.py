"""The asset `embeddings`: chunks → passages that fit the embedding model's window → vectors."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import dagster as dg

from crucible_assets.chunks.asset import READ
from crucible_assets.chunks.passages import PassageSettings, cut_passages
from crucible_assets.chunks.split import Chunk
from crucible_assets.partitions import batches, by_project
from resources.database.engine import TenantSession
from resources.database.repositories.documents import DocumentRow, list_documents, load_texts, set_fields
from resources.database.repositories.passages import (
    add_vectors,
    counts,
    delete_vectors,
    load_chunks,
    replace_passages,
    without_vector,
)
from resources.database.repositories.postings import refresh_statistics, replace_postings
from resources.embedding.contract import Embedder, FloatMatrix
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation
from resources.observe.runs import observed
from resources.observe.traces import span
from resources.search import analysis
from resources.vocabulary import DocumentStatus


@dg.asset(
    partitions_def=batches,
    backfill_policy=dg.BackfillPolicy.single_run(),
    deps=["chunks"],
    group_name="corpus",
    kinds={"onnx", "postgres"},
    owners=["team:data-engineering"],
    description="Passages within the embedding model's window, never truncated, and their vectors as half floats.",
)
@observed
def embeddings(context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]) -> None:
    """Cut and embed every document whose vectors are missing or were made otherwise."""
    settings = installation.settings
    embedder = embedder_from_settings(settings.embedding, settings.model_cache)
    sizes = PassageSettings()
    version = sizes.hash(f"{embedder.fingerprint}, {analysis.VERSION}")
    force = context.run.tags.get("crucible/force") == "true"
    for project, keys in by_project(context.partition_keys).items():
        with installation.database.transaction(project.tenant) as session:
            rows = list_documents(session, project.project, [key.number for key in keys])
        readable = [row for row in rows if row.status in READ]
        stale = [row for row in readable if force or row.embeddings_version != version]
        for row in stale:
            embed_document(installation, project.tenant, row, embedder, sizes, version, anew=force)
        with installation.database.transaction(project.tenant) as session:
            refresh_statistics(session, project.project)
        for key in keys:
            mine = [row for row in readable if row.batch == key.number]
            context.add_asset_metadata(
                _metadata(installation, project.tenant, mine, embedder), partition_key=str(key)
            )
        context.log.info(f"{project}: {len(readable)} documents, {len(stale)} embedded now")


def embed_document(
    installation: Installation,
    tenant: str,
    row: DocumentRow,
    embedder: Embedder,
    sizes: PassageSettings,
    version: str,
    *,
    anew: bool = False,
) -> None:
    """Cut one document into passages, embed those without a vector (or all, `anew`), and mark it READY.

    Vectors of other models stay beside the new ones: the project is searched by them until this model has more of
    its passages, and they are forgotten once it has them all (jobs/search_index.py).
    """
    with installation.database.transaction(tenant) as session:
        _store_passages(session, row.id, embedder, sizes)
        replace_postings(session, row.id, analysis.count_terms)
        missing = without_vector(session, row.id, "" if anew else embedder.fingerprint)
    matrix = _embed(installation, embedder, [text for _, text in missing]) if missing else None
    with installation.database.transaction(tenant) as session:
        if anew:
            delete_vectors(session, [row.id], embedder.fingerprint)
        if matrix is not None:
            add_vectors(session, row.id, embedder.fingerprint, [index for index, _ in missing], matrix)
        set_fields(session, row.id, embeddings_version=version, status=DocumentStatus.READY.value)


def _embed(installation: Installation, embedder: Embedder, texts: Sequence[str]) -> FloatMatrix:
    attributes = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.provider.name": installation.settings.embedding.partition(":")[0],
        "gen_ai.request.model": embedder.name,
        "gen_ai.embeddings.dimension.count": embedder.dimension,
        "crucible.passages": len(texts),
    }
    with span(f"embeddings {embedder.name}", attributes, client=True):
        return embedder.embed_passages(texts)


def _store_passages(session: TenantSession, document_id: UUID, embedder: Embedder, sizes: PassageSettings) -> None:
    text = load_texts(session, [document_id])[document_id]
    pieces: list[Chunk] = []
    for index, (start, end, words) in enumerate(load_chunks(session, [document_id]).get(document_id, ())):
        own_start = pieces[-1].end if pieces else 0
        pieces.append(Chunk(index, start, end, own_start, words, 0, (), ""))
    made = cut_passages(text.text, text.segments, pieces, embedder.count_tokens, embedder.window, sizes)
    replace_passages(
        session,
        document_id,
        [
            {
                "index": passage.index,
                "chunk_index": passage.chunk_index,
                "start": passage.start,
                "end": passage.end,
                "text": passage.text,
                "tokens": passage.tokens,
                "content_hash": passage.content_hash,
            }
            for passage in made
        ],
    )


def _metadata(
    installation: Installation, tenant: str, rows: Sequence[DocumentRow], embedder: Embedder
) -> dict[str, Any]:
    with installation.database.transaction(tenant) as session:
        _, passages, vectors = counts(session, [row.id for row in rows])
    return {
        "dagster/row_count": vectors,
        "documents": len(rows),
        "passages": passages,
        "vectors": vectors,
        "model": embedder.name,
        "dimension": embedder.dimension,
    }
