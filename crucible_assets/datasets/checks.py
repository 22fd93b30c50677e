"""Checks of the dataset: nothing is missing, and values keep the rules of their variables."""

import dagster as dg

from crucible_assets.datasets.asset import covers_whole_corpus, dataset
from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.load import load_dataset
from crucible_assets.datasets.reconcile import reconcile
from crucible_assets.datasets.rules import check
from crucible_assets.datasets.wide import wide
from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, projects
from crucible_assets.prompts.asset import require_project
from resources.installation import Installation


@dg.asset_check(
    asset=dataset,
    partitions_def=projects,
    blocking=True,
    description="rows × variables = the sum of the cells' states; no cell is missing, double or of no row.",
)
def cells_add_up(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Reconcile the stored cells with the rows and variables they should cover."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        data, _ = load_dataset(session, project, whole_corpus=covers_whole_corpus(context))
    counted = reconcile(data.rows, project.variables, data.cells)
    rows = {row.row_key: row for row in data.rows}
    missing = [
        {"document": rows[key].document_name, "entity": rows[key].entity or "", "variable": variable}
        for key, variable in counted.missing
    ]
    return dg.AssetCheckResult(
        passed=not (counted.missing or counted.duplicated or counted.unexpected),
        metadata={
            "cells expected": counted.expected,
            **{f"cells {state.value}": number for state, number in counted.by_state.items()},
            "cells missing": len(counted.missing),
            "cells double": len(counted.duplicated),
            "cells of no row": len(counted.unexpected),
            "missing": table(missing, ["document", "entity", "variable"]),
        },
    )


@dg.asset_check(
    asset=dataset,
    partitions_def=projects,
    description="Values keep the types, limits, patterns and categories of their variables (Pandera).",
)
def values_keep_the_rules(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Validate the wide table by rules made from the variables; a person looks at what breaks them."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        data, _ = load_dataset(session, project, whole_corpus=False)
    broken = check(wide(data.spec, data.rows, data.cells, ExportOptions()), data.spec)
    rows = [{"variable": b.variable, "row": b.row, "rule": b.rule, "value": b.value} for b in broken]
    return dg.AssetCheckResult(
        passed=not broken,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"violations": len(broken), "values": table(rows, ["variable", "row", "rule", "value"])},
    )


@dg.asset_check(
    asset=dataset,
    partitions_def=projects,
    description="Where rows are entities: as many as the source counts, each named in its document.",
)
def rows_are_complete(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Hold the rows that were found against what their documents say; a person looks where they differ."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        data, _ = load_dataset(session, project, whole_corpus=False)
    doubtful = [
        {"document": record.name, "rows": record.rows, "doubt": doubt}
        for record in data.documents
        for doubt in (*([record.failure] if record.failure else []), *record.warnings)
    ]
    return dg.AssetCheckResult(
        passed=not doubtful,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": len(data.rows),
            "documents without rows": len(data.without_rows),
            "doubts": table(doubtful, ["document", "rows", "doubt"]),
        },
    )
