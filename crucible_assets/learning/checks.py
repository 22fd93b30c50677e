"""Checks of what was learnt: what is in force is what is asked, and calibration does no harm."""

import dagster as dg

from crucible_assets.learning.asset import calibration, refinements
from crucible_assets.learning.reliability import Improvement
from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, projects
from crucible_assets.prompts.asset import refined_wordings, require_project
from resources.database.repositories.calibrations import load_calibrations
from resources.database.repositories.prompts import active_prompts
from resources.database.repositories.refinements import active_refinements
from resources.installation import Installation

_ENOUGH_LABELS = 30  # below, the figures themselves are too uncertain to warn of
_TOLERATED_BRIER = 0.005


@dg.asset_check(
    asset=refinements,
    partitions_def=projects,
    blocking=True,
    description="The prompt version of every refinement in force is the active one.",
)
def refinements_are_asked(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Compare the versions of refinements with those of active prompts."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        known = active_refinements(session, project.id)
        in_force = refined_wordings(project, known)
        active = active_prompts(session, project.id)
    problems = [
        {
            "variable": name,
            "refined": known[name].new_version,
            "asked": active[name].version if name in active else "",
        }
        for name in in_force
        if name not in active or active[name].version != known[name].new_version
    ]
    return dg.AssetCheckResult(
        passed=not problems,
        metadata={"in force": len(in_force), "problems": table(problems, ["variable", "refined", "asked"])},
    )


@dg.asset_check(
    asset=calibration,
    partitions_def=projects,
    description="Over all variables together, calibrated confidences are not further from the truth than before.",
)
def calibration_does_no_harm(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Warn where cross-validation finds the calibrated confidences worse."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        rows = [row for row in load_calibrations(session, key.project) if row.variable == ""]
    harmed = []
    for row in rows:
        figures = Improvement.from_json(row.reliability)
        if figures.before is None or figures.after is None or row.labels < _ENOUGH_LABELS:
            continue
        if figures.after.brier > figures.before.brier + _TOLERATED_BRIER:
            harmed.append(
                {
                    "model": row.model,
                    "claim": row.claim,
                    "Brier before": f"{figures.before.brier:.3f}",
                    "Brier after": f"{figures.after.brier:.3f}",
                }
            )
    return dg.AssetCheckResult(
        passed=not harmed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"curves": len(rows), "worse": table(harmed, ["model", "claim", "Brier before", "Brier after"])},
    )
