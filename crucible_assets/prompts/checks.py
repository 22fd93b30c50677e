"""Check of the prompts: one active version per variable, which is what the variable says now or a person's choice."""

import dagster as dg

from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, projects
from crucible_assets.prompts.asset import outdated_prompts, prompts, require_project
from resources.installation import Installation


@dg.asset_check(
    asset=prompts,
    partitions_def=projects,
    blocking=True,
    description="Every variable has one active prompt, made from its present definition and the refinement in force, "
    "or chosen by a person since.",
)
def one_active_prompt_each(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Render every prompt again and compare it with the stored one."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        found = outdated_prompts(session, project)
    problems = [{"variable": name, "problem": problem} for name, problem in found.items()]
    return dg.AssetCheckResult(
        passed=not problems,
        metadata={"variables": len(project.variables), "problems": table(problems, ["variable", "problem"])},
    )
