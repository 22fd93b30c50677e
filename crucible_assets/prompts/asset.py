"""The asset `prompts`: a project's variables → one immutable, active prompt version each."""

import dagster as dg

from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, projects
from crucible_assets.prompts.render import render_prompt
from resources.database.engine import TenantSession
from resources.database.repositories.projects import load_project
from resources.database.repositories.prompts import PromptRow, activate, active_prompts
from resources.installation import Installation
from resources.project import Project

variables = dg.AssetSpec(
    "variables",
    group_name="questions",
    kinds={"postgres"},
    owners=["team:research"],
    description="The columns to extract, as researchers define them in a project file.",
)


@dg.asset(
    partitions_def=projects,
    deps=[variables],
    group_name="questions",
    kinds={"python", "postgres"},
    owners=["team:research"],
    description="One immutable prompt version per variable: text, model settings, answer schema. "
    "An edited variable gives a new active version and keeps the old.",
)
def prompts(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """Generate the prompts of a project and activate what changed."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        changed = make_prompts(session, project)
        active = active_prompts(session, project.id)
    new = {row.variable for row in changed}
    rows = [
        {
            "variable": v.name,
            "type": v.type,
            "version": active[v.name].version,
            "changed": "yes" if v.name in new else "",
            "question": active[v.name].question,
        }
        for v in project.variables
    ]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rows),
            "versions changed": len(changed),
            "prompts": table(rows, ["variable", "type", "version", "changed", "question"]),
        }
    )


def require_project(session: TenantSession, key: ProjectKey) -> Project:
    """The project of a partition. Raises dg.Failure when it does not exist."""
    project = load_project(session, key.project)
    if project is None:
        raise dg.Failure(f"Project {key} does not exist; run `crucible run PROJECT.yaml` to create it.")
    return project


def make_prompts(session: TenantSession, project: Project) -> list[PromptRow]:
    """Generate and activate the prompts of all variables; returns the versions that became active."""
    made = {}
    for variable in project.variables:
        prompt = render_prompt(project, variable)
        made[variable.name] = PromptRow(
            variable.name, 0, prompt.system, prompt.question, prompt.model_settings, prompt.response_schema,
            prompt.content_hash,
        )  # fmt: skip
    return activate(session, project.id, made)
