"""The asset `dataset`: the cells of a project as a table with quality figures."""

from typing import Any

import dagster as dg

from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import Cost, Dataset
from crucible_assets.datasets.load import content_hash, load_dataset
from crucible_assets.datasets.quality import quality, quality_frame
from crucible_assets.datasets.reconcile import reconcile
from crucible_assets.datasets.wide import wide
from crucible_assets.extractions.asset import extractions, samples
from crucible_assets.metadata import table
from crucible_assets.partitions import ALL, ProjectKey, projects
from crucible_assets.prompts.asset import require_project
from resources.database.repositories.datasets import save_dataset
from resources.installation import Installation
from resources.observe.runs import observed
from resources.vocabulary import CellState


def covers_whole_corpus(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> bool:
    """Whether the run is the end of a FULL task: then every document must be a row."""
    return context.run.tags.get("crucible/kind") == "FULL"


@dg.asset(
    partitions_def=projects,
    deps=[dg.AssetDep(extractions, partition_mapping=ALL), samples],
    group_name="dataset",
    kinds={"polars", "postgres"},
    owners=["team:research"],
    description="Rows × variables as a table: every cell in one state, counts that add up, quality per variable.",
)
@observed
def dataset(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """Assemble the dataset and record a new version when its content changed."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        data, left_out = load_dataset(session, project, whole_corpus=covers_whole_corpus(context))
        counted = reconcile(data.rows, project.variables, data.cells)
        figures = quality(data.spec, data.rows, data.cells)
        frame = quality_frame(figures)
        states = {state.value: counted.by_state.get(state, 0) for state in CellState}
        version = save_dataset(session, project.id, content_hash(data), len(data.rows), states, frame.to_dicts())
    shown = wide(
        data.spec,
        data.rows[:20],
        [c for c in data.cells if c.row_key in {r.row_key for r in data.rows[:20]}],
        ExportOptions(),
    )
    preview: list[dict[str, Any]] = shown.to_dicts()
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(data.rows),
            "version": version,
            "documents not extracted": left_out,
            **_documents(data),
            "cells expected": counted.expected,
            **{f"cells {state}": count for state, count in states.items()},
            "cost": (data.cost or Cost(0.0)).in_words(6),
            "preview": table(preview, shown.columns),
            "quality": table(frame.to_dicts(), frame.columns),
        }
    )


def _documents(data: Dataset) -> dict[str, Any]:
    """What the searches for entities found and could not settle; nothing where the unit is a document."""
    if not data.documents:
        return {}
    doubtful = [record for record in data.documents if record.warnings or record.failure]
    rows = [
        {
            "document": record.name,
            "rows": record.rows,
            "rows in the source": record.expected,
            "what remains": "; ".join([*([record.failure] if record.failure else []), *record.warnings]),
        }
        for record in doubtful
    ]
    return {
        "documents without rows": len(data.without_rows),
        "documents with doubtful rows": len(doubtful),
        "doubtful": table(rows, ["document", "rows", "rows in the source", "what remains"]),
    }
