"""Check of the extractions: every row of the batch has all its cells."""

from collections.abc import Mapping
from uuid import UUID

import dagster as dg

from crucible_assets.extractions.asset import extractions, named_documents
from crucible_assets.metadata import table
from crucible_assets.partitions import by_project, checked_batches
from crucible_assets.prompts.asset import require_project
from resources.database.engine import TenantSession
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import list_documents
from resources.database.repositories.entities import row_keys
from resources.database.repositories.provider_batches import batches_of_attempt
from resources.installation import Installation
from resources.vocabulary import CellState


@dg.asset_check(
    asset=extractions,
    blocking=True,
    description="Rows × variables = the sum of the cells' states in these batches, or in those of their documents "
    "to which the run's task is confined. Rows whose requests this run "
    "handed to a provider as a batch are counted as waiting; the run that follows must find them filled.",
)
def every_cell_has_a_state(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Count the cells of the batches against what must be there."""
    expected = found = 0
    missing: list[dict[str, str]] = []
    states = dict.fromkeys(CellState, 0)
    waiting = False
    for key, numbers in by_project(checked_batches(context)).items():
        with installation.database.transaction(key.tenant) as session:
            project = require_project(session, key)
            rows = list_documents(session, key.project, [number.number for number in numbers])
            named = named_documents(session, context.run.tags)
            rows = [row for row in rows if named is None or row.id in named]
            cells = load_cells(session, key.project, [row.id for row in rows])
            wanted = row_keys(session, project.id, project.unit_of_observation, [row.id for row in rows])
            waiting = waiting or _handed_over(session, context.run.tags)
        have = {(cell.document_id, cell.row_key, cell.variable) for cell in cells}
        names = {row.id: row.name for row in rows}
        pairs = [(id_, row, v.name) for id_, keys in wanted.items() for row in keys for v in project.variables]
        expected += len(pairs)
        found += len(have)
        for cell in cells:
            states[CellState(cell.state)] += 1
        missing += [
            {"document": names[id_], "row": row, "variable": variable}
            for id_, row, variable in pairs
            if (id_, row, variable) not in have
        ]
    whole = not missing and found == expected
    return dg.AssetCheckResult(
        passed=whole or (waiting and found + len(missing) == expected),
        metadata={
            "cells expected": expected,
            "cells found": found,
            "cells that wait for a provider batch": len(missing) if waiting else 0,
            **{f"cells {state.value}": number for state, number in states.items()},
            "missing": table(missing, ["document", "row", "variable"]),
        },
    )


def _handed_over(session: TenantSession, tags: Mapping[str, str]) -> bool:
    """Whether this run put requests into provider batches."""
    task = tags.get("crucible/task")
    if task is None:
        return False
    step, attempt = int(tags["crucible/step"]), int(tags["crucible/attempt"])
    return bool(batches_of_attempt(session, UUID(task), step, attempt))
