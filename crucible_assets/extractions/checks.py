"""Check of the extractions: every document of the batch has all its cells."""

import dagster as dg

from crucible_assets.extractions.asset import extractions
from crucible_assets.metadata import table
from crucible_assets.partitions import by_project, checked_batches
from crucible_assets.prompts.asset import require_project
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import list_documents
from resources.installation import Installation
from resources.vocabulary import CellState


@dg.asset_check(
    asset=extractions,
    blocking=True,
    description="Documents × variables = the sum of the cells' states in these batches.",
)
def every_cell_has_a_state(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Count the cells of the batches against what must be there."""
    expected = found = 0
    missing: list[dict[str, str]] = []
    states = dict.fromkeys(CellState, 0)
    for key, numbers in by_project(checked_batches(context)).items():
        with installation.database.transaction(key.tenant) as session:
            project = require_project(session, key)
            rows = list_documents(session, key.project, [number.number for number in numbers])
            cells = load_cells(session, key.project, [row.id for row in rows])
        have = {(cell.document_id, cell.variable) for cell in cells}
        expected += len(rows) * len(project.variables)
        found += len(have)
        for cell in cells:
            states[CellState(cell.state)] += 1
        missing += [
            {"document": row.name, "variable": variable.name}
            for row in rows
            for variable in project.variables
            if (row.id, variable.name) not in have
        ]
    return dg.AssetCheckResult(
        passed=not missing and found == expected,
        metadata={
            "cells expected": expected,
            "cells found": found,
            **{f"cells {state.value}": number for state, number in states.items()},
            "missing": table(missing, ["document", "variable"]),
        },
    )
