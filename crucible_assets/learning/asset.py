"""The assets `refinements` and `calibration`: what people said → better instructions, and confidences to believe."""

from typing import Any
from uuid import UUID

import dagster as dg

from crucible_assets.extractions.asset import asked_variables, models_of
from crucible_assets.extractions.means import Means
from crucible_assets.extractions.open import open_gateways, search_vectors
from crucible_assets.extractions.run import Run
from crucible_assets.learning.analysis import rows_of as analysis_rows
from crucible_assets.learning.errors import LanguageModelNeededError, LearningError
from crucible_assets.learning.load import Learnt, load_curves, load_learnt
from crucible_assets.learning.reliability import bin_rows
from crucible_assets.learning.run import Opened, Refinement, Refining, refine
from crucible_assets.learning.scoring import Calibration, calibrate, figures_of
from crucible_assets.learning.scoring import rows_of as calibration_rows
from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, projects
from crucible_assets.prompts.asset import require_project, variables
from resources.database.engine import TenantSession
from resources.database.repositories.calibrations import CalibrationRow, replace_calibrations
from resources.installation import Installation
from resources.models.errors import ModelError
from resources.models.gateway import Gateway
from resources.models.ledger import Ledger
from resources.models.providers.choose import make_provider, parse_spec
from resources.observe.runs import observed
from resources.vocabulary import RefinementStatus

feedback = dg.AssetSpec(
    "feedback",
    group_name="questions",
    kinds={"postgres"},
    owners=["team:research"],
    description="Verdicts of people on cells, and gold labels.",
)


@dg.asset(
    partitions_def=projects,
    deps=[variables, feedback],
    group_name="questions",
    kinds={"python", "postgres"},
    owners=["team:research"],
    description="Better instructions for variables with wrong cells, worded by a language model from verdicts on one "
    "half of the labelled documents and measured against the old ones on the other half; put in force if not worse.",
)
@observed
def refinements(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """Refine the variables that the run's tags name, else all of the project."""
    key = ProjectKey.parse(context.partition_key)
    try:
        specs = language_models(models_of(context, installation))
        done = _refine(context, installation, key, specs)
    except (LearningError, ModelError) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    for item in done:
        context.log.info(f"{key}: {item.variable}: {item.row.status if item.row else 'not refined'}, {item.said}")
    return dg.MaterializeResult(metadata=_refined_metadata(done))


def language_models(specs: tuple[str, ...]) -> tuple[str, ...]:
    """The language models among some. Raises LanguageModelNeededError when the reader is all there is."""
    found = tuple(spec for spec in specs if parse_spec(spec)[0] != "local")
    if not found:
        raise LanguageModelNeededError(
            "Refining words instructions anew, which takes a language model; the reader is none. Set CRUCIBLE_MODEL, "
            "or name one with --model, for example anthropic:<model>, openai:<model> or gguf:<file>."
        )
    return found


def _refine(
    context: dg.AssetExecutionContext, installation: Installation, key: ProjectKey, specs: tuple[str, ...]
) -> list[Refinement]:
    task = context.run.tags.get("crucible/task")
    named = context.run.tags.get("crucible/variables")
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        learnt = load_learnt(session, project)
        run = Run(
            database=installation.database,
            tenant=key.tenant,
            project=project,
            asked=asked_variables(session, project),
            documents=(),
            task_id=UUID(task) if task else None,
            concurrency=installation.settings.concurrency,
            curves=load_curves(session, project.id),
        )
    vector_model, vectors = search_vectors(installation, key.tenant, project)

    def open_models() -> Opened:
        gateways = open_gateways(installation, run, models_of(context, installation))
        timeout = installation.settings.call_timeout_seconds
        proposer = Gateway(
            [make_provider(spec, timeout_seconds=timeout) for spec in specs],
            Ledger(run.database, run.tenant),
            concurrency=run.concurrency,
        )
        means = Means(
            gateway=gateways.main,
            project=project,
            asked=run.asked,
            task_id=run.task_id,
            verifier=gateways.verifier,
            curves=run.curves,
            query_vectors=vectors,
        )
        return Opened(means, gateways, proposer)

    work = Refining(
        database=installation.database,
        tenant=key.tenant,
        learnt=learnt,
        variables=tuple(named.split(",")) if named else (),
        task_id=run.task_id,
        vector_model=vector_model,
    )
    return refine(work, open_models)


def _refined_metadata(done: list[Refinement]) -> dict[str, Any]:
    rows = []
    for item in done:
        measured = item.row.measured if item.row else None
        rows.append(
            {
                "variable": item.variable,
                "status": item.row.status if item.row else "",
                "old": f"{measured['old']['accuracy']:.2f}" if measured else "",
                "new": f"{measured['new']['accuracy']:.2f}" if measured else "",
                "held-out labels": measured["labels"] if measured else "",
                "reason": item.said,
                "instructions": item.row.instructions if item.row else "",
            }
        )
    analyses = analysis_rows({item.variable: item.analysis for item in done})
    active = sum(item.row is not None and item.row.status is RefinementStatus.ACTIVE for item in done)
    return {
        "dagster/row_count": len(rows),
        "put in force": active,
        "refinements": table(rows, ["variable", "status", "old", "new", "held-out labels", "reason", "instructions"]),
        "wrong cells": table(analyses, ["variable", "labelled", "right", "wrong", "patterns", "categories"]),
    }


@dg.asset(
    partitions_def=projects,
    deps=["dataset", feedback],
    group_name="dataset",
    kinds={"numpy", "postgres"},
    owners=["team:research"],
    description="How far each variable's confidence is to be believed: curves learnt from labelled cells, with "
    "reliability figures before and after, measured by cross-validation. Changed curves make cells stale.",
)
@observed
def calibration(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """Learn the curves of a project anew from all labels and present cells."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        learnt = load_learnt(session, require_project(session, key))
        made = store_calibration(session, learnt)
    rows = calibration_rows(figures_of(made))
    bins = [
        {"model": item.model, "claim": item.claim.value, **row}
        for item in made
        if item.variable == "" and item.reliability.after is not None
        for row in bin_rows(item.reliability.after)
    ]
    names = {key: row.name for key, row in learnt.documents.items()}
    disputed = [
        {"document": names[key[0]], "row": key[1], "variable": key[2], "dispute": said}
        for key, said in learnt.labels.disputed
    ]
    columns = ["variable", "claim", "model", "labels", "method", "right", "confidence"]
    columns += ["ECE before", "ECE after", "Brier before", "Brier after"]
    shown = ["model", "claim", "confidence", "cells", "mean confidence", "right", "95 % interval"]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rows),
            "labels": len(learnt.labels.by_cell),
            "labels without a document": len(learnt.unknown),
            "curves": table(rows, columns),
            "reliability after calibration": table(bins, shown),
            "disputed": table(disputed, ["document", "row", "variable", "dispute"]),
        }
    )


def store_calibration(session: TenantSession, learnt: Learnt) -> list[Calibration]:
    """Learn the curves and put them in the place of the project's old ones."""
    known = {variable.name: variable for variable in learnt.project.variables}
    hashes = {key: row.sha256 for key, row in learnt.documents.items()}
    made = calibrate(learnt.labels, learnt.cells, known, hashes)
    rows = [
        CalibrationRow(
            model=item.model,
            variable=item.variable,
            claim=item.claim,
            method=item.curve.method,
            labels=item.curve.labels,
            curve=list(item.curve.points),
            reliability=item.reliability.as_json(),
        )
        for item in made
    ]
    replace_calibrations(session, learnt.project.id, rows)
    return made
