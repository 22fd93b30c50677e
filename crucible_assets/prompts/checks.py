"""Check of the prompts: exactly one active version per variable, and it is what the variable says now."""

import dagster as dg

from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, projects
from crucible_assets.prompts.asset import prompts, refined_wordings, require_project
from crucible_assets.prompts.render import render_prompt
from resources.database.repositories.prompts import active_prompts
from resources.database.repositories.refinements import active_refinements
from resources.installation import Installation


@dg.asset_check(
    asset=prompts,
    partitions_def=projects,
    blocking=True,
    description="Every variable has one active prompt, made from its present definition and the refinement in force.",
)
def one_active_prompt_each(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Render every prompt again and compare it with the stored one."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        active = active_prompts(session, project.id)
        refined = refined_wordings(project, active_refinements(session, project.id))
    problems = []
    for variable in project.variables:
        stored = active.get(variable.name)
        if stored is None:
            problems.append({"variable": variable.name, "problem": "no active prompt"})
        elif stored.content_hash != render_prompt(project, variable, refined.get(variable.name)).content_hash:
            problems.append({"variable": variable.name, "problem": "the prompt is older than the variable"})
    return dg.AssetCheckResult(
        passed=not problems,
        metadata={"variables": len(project.variables), "problems": table(problems, ["variable", "problem"])},
    )
