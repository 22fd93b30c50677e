"""The asset `prompts`: a project's variables → one immutable, active prompt version each."""

from collections.abc import Mapping

import dagster as dg

from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, projects
from crucible_assets.prompts.examples import check_examples
from crucible_assets.prompts.refined import Refined, wording_hash
from crucible_assets.prompts.render import render_prompt
from resources.database.engine import TenantSession
from resources.database.repositories.projects import load_project
from resources.database.repositories.prompts import PromptRow, activate, active_prompts
from resources.database.repositories.refinements import RefinementRow, active_refinements, retire_refinement
from resources.installation import Installation
from resources.observe.runs import observed
from resources.project import Project, ProjectError

variables = dg.AssetSpec(
    "variables",
    group_name="questions",
    kinds={"postgres"},
    owners=["team:research"],
    description="The columns to extract, as researchers define them in a project file.",
)


@dg.asset(
    partitions_def=projects,
    deps=[variables, "refinements"],
    group_name="questions",
    kinds={"python", "postgres"},
    owners=["team:research"],
    description="One immutable prompt version per variable: text, model settings, answer schema. "
    "An edited variable gives a new active version and keeps the old.",
)
@observed
def prompts(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """Generate the prompts of a project and activate what changed."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant) as session:
        project = require_project(session, key)
        try:
            check_examples(project)
        except ProjectError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        changed = make_prompts(session, project)
        active = active_prompts(session, project.id)
        refined = refined_wordings(project, active_refinements(session, project.id))
    new = {row.variable for row in changed}
    rows = [
        {
            "variable": v.name,
            "type": v.type,
            "version": active[v.name].version,
            "changed": "yes" if v.name in new else "",
            "wording": "learnt from feedback" if v.name in refined else "the researcher's",
            "question": active[v.name].question,
        }
        for v in project.variables
    ]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(rows),
            "versions changed": len(changed),
            "prompts": table(rows, ["variable", "type", "version", "changed", "wording", "question"]),
        }
    )


def require_project(session: TenantSession, key: ProjectKey) -> Project:
    """The project of a partition. Raises dg.Failure when it does not exist."""
    project = load_project(session, key.project)
    if project is None:
        raise dg.Failure(f"Project {key} does not exist; run `crucible run PROJECT.yaml` to create it.")
    return project


def make_prompts(session: TenantSession, project: Project) -> list[PromptRow]:
    """Generate and activate the prompts of all variables; returns the versions that became active.

    A refinement stays in force as long as the researcher's own wording is the one that it was made from; when the
    researcher rewords the variable, their word counts and the refinement is superseded.
    """
    known = active_refinements(session, project.id)
    in_force = refined_wordings(project, known)
    for name in known:
        if name not in in_force:
            retire_refinement(session, project.id, name, "the researcher reworded the variable")
    made = {}
    for variable in project.variables:
        prompt = render_prompt(project, variable, in_force.get(variable.name))
        made[variable.name] = PromptRow(
            variable.name, 0, prompt.system, prompt.question, prompt.model_settings, prompt.response_schema,
            prompt.content_hash,
        )  # fmt: skip
    return activate(session, project.id, made)


def refined_wordings(project: Project, active: Mapping[str, RefinementRow]) -> dict[str, Refined]:
    """The refinements that are in force, by variable: those made from the wording that the variable has now."""
    now = {variable.name: wording_hash(variable) for variable in project.variables}
    return {
        name: Refined.from_json(row.instructions, row.counter_examples)
        for name, row in active.items()
        if now.get(name) == row.based_on
    }
