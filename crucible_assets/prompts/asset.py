"""The asset `prompts`: a project's variables → one immutable, active prompt version each."""

from collections.abc import Collection, Mapping

import dagster as dg

from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, projects
from crucible_assets.prompts.examples import check_examples
from crucible_assets.prompts.refined import Refined, choice_mark, wording_hash
from crucible_assets.prompts.render import Prompt, render_prompt
from resources.database.engine import TenantSession
from resources.database.repositories.projects import load_project
from resources.database.repositories.prompts import PromptRow, activate, active_prompts, chosen_prompts
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


def make_prompts(session: TenantSession, project: Project, only: Collection[str] | None = None) -> list[PromptRow]:
    """Generate and activate the prompts of all variables, or of some; returns the versions that became active.

    A refinement stays in force as long as the researcher's own wording is the one that it was made from; when the
    researcher rewords the variable, their word counts and the refinement is superseded. A version that a person
    activated stays as long as the variable's wording and its refinement are what they were then: this runs before
    every task, and would otherwise undo in silence what the person decided.
    """
    known = active_refinements(session, project.id)
    in_force = refined_wordings(project, known)
    asked = [variable for variable in project.variables if only is None or variable.name in only]
    for name in known:
        if name not in in_force and (only is None or name in only):
            retire_refinement(session, project.id, name, "the researcher reworded the variable")
    chosen = chosen_prompts(session, project.id)
    made = {}
    for variable in asked:
        refined = in_force.get(variable.name)
        if chosen.get(variable.name) == choice_mark(variable, refined):
            continue
        made[variable.name] = prompt_row(render_prompt(project, variable, refined))
    return activate(session, project.id, made)


def prompt_row(prompt: Prompt) -> PromptRow:
    """A rendered prompt as it is stored; the version is given when it is."""
    return PromptRow(
        prompt.variable, 0, prompt.system, prompt.question, prompt.model_settings, prompt.response_schema,
        prompt.content_hash,
    )  # fmt: skip


def outdated_prompts(session: TenantSession, project: Project) -> dict[str, str]:
    """The variables whose active prompt is not what it should be, and why; empty when `make_prompts` has no work."""
    active, chosen = active_prompts(session, project.id), chosen_prompts(session, project.id)
    refined = refined_wordings(project, active_refinements(session, project.id))
    found = {}
    for variable in project.variables:
        learnt, stored = refined.get(variable.name), active.get(variable.name)
        if stored is None:
            found[variable.name] = "no active prompt"
        elif chosen.get(variable.name) == choice_mark(variable, learnt):
            continue  # a person's choice, which is not what the variable says
        elif stored.content_hash != render_prompt(project, variable, learnt).content_hash:
            found[variable.name] = "the prompt is older than the variable"
    return found


def refined_wordings(project: Project, active: Mapping[str, RefinementRow]) -> dict[str, Refined]:
    """The refinements that are in force, by variable: those made from the wording that the variable has now."""
    now = {variable.name: wording_hash(variable) for variable in project.variables}
    return {
        name: Refined.from_json(row.instructions, row.counter_examples)
        for name, row in active.items()
        if now.get(name) == row.based_on
    }
