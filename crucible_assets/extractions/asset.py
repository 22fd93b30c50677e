"""The assets `samples` and `extractions`: documents and prompts → cells."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import dagster as dg

from crucible_assets.extractions.open import Terms, open_gateways, search_vectors
from crucible_assets.extractions.plan import Asked
from crucible_assets.extractions.progress import Extracted, Progress
from crucible_assets.extractions.run import Run, extract
from crucible_assets.learning.load import load_curves
from crucible_assets.metadata import extraction_metadata, table
from crucible_assets.partitions import ALL, ProjectKey, batches, by_project, projects
from crucible_assets.prompts.asset import prompts, require_project
from resources.database.engine import TenantSession
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import DocumentRow, list_documents
from resources.database.repositories.projects import settings_of
from resources.database.repositories.prompts import active_prompts
from resources.database.repositories.provider_batches import Attempt
from resources.database.repositories.tasks import documents_of_task
from resources.installation import Installation
from resources.models.errors import ModelError
from resources.models.providers.choose import describe
from resources.observe.runs import observed
from resources.project import Project
from resources.vocabulary import CallMode

DEFAULT_SAMPLE = 10
_PREVIEWED = 20  # cells shown with a materialisation


@dg.asset(
    partitions_def=projects,
    deps=[dg.AssetDep("chunks", partition_mapping=ALL), prompts],
    group_name="dataset",
    kinds={"python", "postgres"},
    owners=["team:research"],
    description="A few documents, extracted to see whether the variables work before everything is run.",
)
@observed
def samples(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """Extract the documents that the task names, else a number of them, spread evenly over the corpus."""
    key = ProjectKey.parse(context.partition_key)
    size = int(context.run.tags.get("crucible/sample", DEFAULT_SAMPLE))
    with installation.database.transaction(key.tenant) as session:
        everything = list_documents(session, key.project)
        named = named_documents(session, context.run.tags)
    chosen = spread(everything, size) if named is None else [row for row in everything if row.id in named]
    progress = run_extraction(context, installation, key, chosen).total
    return dg.MaterializeResult(metadata=_metadata(installation, context, key, chosen, progress))


@dg.asset(
    partitions_def=batches,
    backfill_policy=dg.BackfillPolicy.single_run(),
    deps=["chunks", dg.AssetDep(prompts, partition_mapping=ALL)],
    group_name="dataset",
    kinds={"python", "postgres"},
    owners=["team:data-engineering"],
    description="One cell per (row, variable), each in exactly one state, each value with the words it came from. "
    "Finished calls are in the ledger and are never paid for twice.",
)
@observed
def extractions(context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]) -> None:
    """Fill the cells of the batches' documents in one schedule over all of them."""
    for project, keys in by_project(context.partition_keys).items():
        with installation.database.transaction(project.tenant) as session:
            rows = list_documents(session, project.project, [key.number for key in keys])
            named = named_documents(session, context.run.tags)
        if named is not None:
            rows = [row for row in rows if row.id in named]
        extracted = run_extraction(context, installation, project, rows, full=True)
        for key in keys:
            mine = [row for row in rows if row.batch == key.number]
            progress = extracted.by_batch.get(key.number, Progress())
            context.add_asset_metadata(
                _metadata(installation, context, project, mine, progress), partition_key=str(key)
            )


def spread(rows: Sequence[DocumentRow], size: int) -> list[DocumentRow]:
    """`size` documents at even distances in the corpus, first and last included: the same ones every time."""
    if size >= len(rows):
        return list(rows)
    if size <= 1:
        return list(rows[:size])
    step = (len(rows) - 1) / (size - 1)
    return [rows[round(index * step)] for index in range(size)]


def named_documents(session: TenantSession, tags: Mapping[str, str]) -> frozenset[UUID] | None:
    """The documents to which the task of a run is confined; None when it is to none in particular."""
    task = tags.get("crucible/task")
    return None if task is None else documents_of_task(session, UUID(task))


def asked_variables(session: TenantSession, project: Project) -> dict[str, Asked]:
    """Every variable with its active prompt. Raises dg.Failure when a prompt is missing."""
    active = active_prompts(session, project.id)
    missing = [v.name for v in project.variables if v.name not in active]
    if missing:
        raise dg.Failure(f"No prompt yet for {', '.join(missing)}: materialise `prompts` of this project first.")
    return {v.name: Asked(v, active[v.name]) for v in project.variables}


def models_of(
    context: dg.AssetExecutionContext, installation: Installation, key: ProjectKey | None = None
) -> tuple[str, ...]:
    """The models of this run: what the task asked for, else what the project or the installation is set to.

    `key` is the project; the run's partition where it is not given.
    """
    chosen = context.run.tags.get("crucible/models")
    if chosen:
        return tuple(chosen.split(","))
    key = key or ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        return settings_of(session, key.project).models or installation.settings.models


def run_extraction(
    context: dg.AssetExecutionContext,
    installation: Installation,
    key: ProjectKey,
    rows: Sequence[DocumentRow],
    *,
    full: bool = False,
) -> Extracted:
    """Extract some documents of a project; in provider batches where a full run is to go so.

    Raises dg.Failure with the reason when no call can succeed.
    """
    specs = models_of(context, installation, key)
    task = context.run.tags.get("crucible/task")
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        asked = asked_variables(session, project)
        curves = load_curves(session, project.id)
    model, vectors = search_vectors(installation, key.tenant, project)
    run = Run(
        database=installation.database,
        tenant=key.tenant,
        project=project,
        asked=asked,
        documents=rows,
        task_id=UUID(task) if task else None,
        concurrency=installation.settings.concurrency,
        force=context.run.tags.get("crucible/force") == "true",
        vector_model=model,
        query_vectors=vectors,
        curves=curves,
    )
    try:
        terms = terms_of(context.run.tags, project, full=full)
        extracted = extract(run, lambda: open_gateways(installation, run, specs, terms))
    except ModelError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    progress = extracted.total
    context.log.info(
        f"{key}: {progress.documents_done} documents, {progress.calls} calls paid, "
        f"{progress.calls_from_ledger} from the ledger, states {progress.states}"
    )
    return extracted


def terms_of(tags: Mapping[str, str], project: Project, *, full: bool) -> Terms:
    """What the task of a run may spend, and whether its requests go into provider batches."""
    task, budget = tags.get("crucible/task"), tags.get("crucible/budget")
    mode = CallMode(tags.get("crucible/calls", project.settings.calls))
    batch = None
    if full and task is not None and mode is CallMode.BATCH:
        batch = Attempt(project.id, UUID(task), int(tags["crucible/step"]), int(tags["crucible/attempt"]))
    return Terms(Decimal(budget) if budget else None, batch)


def _metadata(
    installation: Installation,
    context: dg.AssetExecutionContext,
    key: ProjectKey,
    rows: Sequence[DocumentRow],
    progress: Progress,
) -> dict[str, Any]:
    names = {row.id: row.name for row in rows}
    with installation.database.transaction(key.tenant) as session:
        cells = load_cells(session, key.project, list(names))
    preview = [
        {
            "document": names[cell.document_id],
            "variable": cell.variable,
            "state": cell.state,
            "value": cell.value,
            "confidence": None if cell.confidence is None else f"{cell.confidence:.2f}",
            "evidence": cell.evidence[0]["quote"] if cell.evidence else "",
        }
        for cell in sorted(cells, key=lambda c: (names[c.document_id], c.variable))[:_PREVIEWED]
    ]
    failed = [
        {"document": names[c.document_id], "variable": c.variable, "reason": "; ".join(c.reasons)}
        for c in cells
        if c.state == "FAILED"
    ]
    models = ", ".join(describe(spec) for spec in models_of(context, installation, key))
    return {
        "dagster/row_count": len(rows),
        **extraction_metadata(progress, models),
        "preview": table(preview, ["document", "variable", "state", "value", "confidence", "evidence"]),
        "failed cells": table(failed, ["document", "variable", "reason"]),
    }
