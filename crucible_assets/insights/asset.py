"""The assets `document_summaries`, `project_summary` and `themes`."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from crucible_assets.extractions.asset import models_of, named_documents
from crucible_assets.insights.asking import language_models
from crucible_assets.insights.clusters import FEWEST, MOST
from crucible_assets.insights.summing import Summed, sum_up_documents, sum_up_project
from crucible_assets.insights.theming import make_themes
from crucible_assets.insights.work import Work
from crucible_assets.metadata import table
from crucible_assets.partitions import ALL, ProjectKey, batches, by_project, projects
from crucible_assets.prompts.asset import require_project
from resources.database.repositories.documents import DocumentRow, list_documents
from resources.database.repositories.insight_rows import ChangedMeanwhileError
from resources.database.repositories.insights import page_of_themes, summary_of_project
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation
from resources.models.errors import ModelError
from resources.observe.runs import observed

NUMBER = "crucible/themes"
"""Run tag: how many themes are asked for."""
_LEFT_OUT = "sentences left out, not borne by what they cite"


@dg.asset(
    partitions_def=batches,
    backfill_policy=dg.BackfillPolicy.single_run(),
    deps=["embeddings"],
    group_name="insights",
    kinds={"python", "postgres"},
    owners=["team:research"],
    description="Up to seven facts of each document, each with the words that bear it. Without a language model, up "
    "to five of its own sentences.",
)
@observed
def document_summaries(context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]) -> None:
    """Sum up every document whose summary is missing, stale, or was made otherwise."""
    for key, keys in by_project(context.partition_keys).items():
        work = _work(context, installation, key)
        with installation.database.transaction(key.tenant) as session:
            rows = list_documents(session, key.project, [one.number for one in keys])
            named = named_documents(session, context.run.tags)
        if named is not None:
            rows = [row for row in rows if row.id in named]
        try:
            summed = sum_up_documents(work, rows)
        except ModelError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        for one in keys:
            mine = [row for row in rows if row.batch == one.number]
            context.add_asset_metadata(_documents_metadata(mine, summed), partition_key=str(one))
        context.log.info(
            f"{key}: {len(rows)} documents, {len(summed.made)} summed up now, {len(summed.failed)} failed"
        )


@dg.asset(
    partitions_def=projects,
    deps=[dg.AssetDep(document_summaries, partition_mapping=ALL)],
    group_name="insights",
    kinds={"python", "postgres"},
    owners=["team:research"],
    description="Up to twelve sentences on what the documents of a project say together, each with the words that "
    "bear it. Without a language model, the eight facts that most others are like.",
)
@observed
def project_summary(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """Sum up the facts of a project's documents, if they are others than those of its present summary."""
    key = ProjectKey.parse(context.partition_key)
    try:
        whole = sum_up_project(_work(context, installation, key))
    except ModelError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    if whole.failed is not None:
        raise dg.Failure(f"The project could not be summed up: {whole.failed}")
    with installation.database.transaction(key.tenant, read_only=True) as session:
        stored = summary_of_project(session, key.project)
    shown = [
        {
            "sentence": one.statement.text,
            "support": one.statement.support,
            "documents": ", ".join(dict.fromkeys(cited.document_name for cited in one.citations)),
        }
        for one in (stored.statements if stored else ())
    ]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(shown),
            "documents": whole.documents,
            "facts of documents": whole.facts,
            "model": (stored and stored.model) or "none: sentences were copied",
            "made now": whole.summary is not None,
            _LEFT_OUT: whole.summary.dropped if whole.summary else 0,
            **whole.spent.as_metadata(),
            "summary": table(shown, ["sentence", "support", "documents"]),
        }
    )


@dg.asset(
    partitions_def=projects,
    deps=[dg.AssetDep("embeddings", partition_mapping=ALL)],
    group_name="insights",
    kinds={"numpy", "postgres"},
    owners=["team:research"],
    description="What the passages of a project are about: clusters of their vectors with keywords, sentences that "
    "stand for them, and how much of each no variable reads yet. A language model, where there is one, names them.",
)
@observed
def themes(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """Make the themes of a project, if its passages are others than those of the present ones."""
    key = ProjectKey.parse(context.partition_key)
    settings = installation.settings
    preferred = embedder_from_settings(settings.embedding, settings.model_cache).fingerprint
    try:
        themed = make_themes(_work(context, installation, key), preferred, _number(context.run.tags.get(NUMBER)))
    except ModelError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    except ChangedMeanwhileError as error:
        raise dg.Failure(f"Documents changed while themes were made: {error}.") from error
    with installation.database.transaction(key.tenant, read_only=True) as session:
        stored = page_of_themes(session, key.project, MOST)
    shown = [
        {
            "theme": one.label or "",
            "passages": one.passages,
            "documents": one.documents,
            "opportunity": f"{one.opportunity:.2f}",
            "keywords": ", ".join(one.keywords),
            "sentence": one.statements[0].statement.text if one.statements else "",
        }
        for one in stored
    ]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(stored),
            "passages": themed.passages,
            "made now": themed.made,
            "passages of no theme": themed.left_out,
            "passages that nearly repeat another": themed.repeated,
            **themed.spent.as_metadata(),
            "themes": table(shown, ["theme", "passages", "documents", "opportunity", "keywords", "sentence"]),
            "not named by the model": table([{"reason": one} for one in themed.unnamed], ["reason"]),
        }
    )


def _work(context: dg.AssetExecutionContext, installation: Installation, key: ProjectKey) -> Work:
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
    specs = language_models(models_of(context, installation, key))
    return Work(installation, key.tenant, project, specs, context.run.tags)


def _number(asked: str | None) -> int | None:
    if asked is None:
        return None
    if not asked.isdigit() or not FEWEST <= int(asked) <= MOST:
        raise dg.Failure(f"{NUMBER} is {asked!r}; give {FEWEST} to {MOST} themes.", allow_retries=False)
    return int(asked)


def _documents_metadata(rows: Sequence[DocumentRow], summed: Summed) -> dict[str, Any]:
    """For a batch; calls and cost are those of the whole run."""
    made = [(row, summed.made[row.id]) for row in rows if row.id in summed.made]
    shown = [
        {"document": row.name, "fact": one.text, "support": one.support, "checked by": one.checked_by or ""}
        for row, summary in made
        for one in summary.said
    ]
    lost = [{"document": row.name, "reason": summed.failed[row.id]} for row in rows if row.id in summed.failed]
    return {
        "dagster/row_count": len(rows) - len(lost),
        "documents": len(rows),
        "summed up now": len(made),
        "facts": len(shown),
        _LEFT_OUT: sum(summary.dropped for _, summary in made),
        "documents whose own sentences were copied": sum(summary.copied for _, summary in made),
        **summed.spent.as_metadata(),
        "preview": table(shown, ["document", "fact", "support", "checked by"]),
        "failed documents": table(lost, ["document", "reason"]),
    }
