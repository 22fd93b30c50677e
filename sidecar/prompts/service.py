"""What a person may decide about prompts: which version is asked, and which refinement is in force."""

import difflib
import json
import re
from collections.abc import Mapping

from crucible_assets.prompts.asset import make_prompts, refined_wordings
from crucible_assets.prompts.refined import choice_mark, wording_hash
from crucible_assets.prompts.render import Prompt, render_prompt
from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.projects import touch
from resources.database.repositories.prompts import PromptVersion, active_prompts, choose, prompt_version
from resources.database.repositories.refinements import (
    RefinementRow,
    active_refinements,
    decide_refinement,
    retire_refinement,
    set_new_version,
)
from resources.project import Project
from resources.vocabulary import PromptRow, RefinementStatus, Variable, VariableType
from sidecar.problems import Conflict, NotFound
from sidecar.prompts.schemas import PromptChange


def variable_of(project: Project, name: str) -> Variable:
    """A variable of the project that is not deleted. Raises NotFound."""
    variable = next((variable for variable in project.variables if variable.name == name), None)
    if variable is None:
        raise NotFound(f"Project `{project.id}` has no variable `{name}`.")
    return variable


def version_of(session: TenantSession, project_id: str, variable: str, version: int) -> PromptVersion:
    """A stored version. Raises NotFound."""
    found = prompt_version(session, project_id, variable, version)
    if found is None:
        raise NotFound(f"Variable `{variable}` of project `{project_id}` has no prompt version {version}.")
    return found


def activate_version(session: TenantSession, project: Project, name: str, version: int) -> None:
    """Make a stored version the one that is asked, until the variable is reworded or another is activated.

    A refinement in force ends where its version is not the one. Raises NotFound, and Conflict for a version that asks
    for another kind of answer than the variable takes now.
    """
    variable, wanted = variable_of(project, name), version_of(session, project.id, name, version)
    in_force = active_refinements(session, project.id).get(name)
    if in_force is not None and in_force.new_version != version:
        retire_refinement(session, project.id, name, f"a person activated prompt version {version}")
    refined = refined_wordings(project, active_refinements(session, project.id)).get(name)
    now = render_prompt(project, variable, refined)
    _refuse_other_kind(variable, wanted.row, now)
    before = active_prompts(session, project.id).get(name)
    own = wanted.row.content_hash == now.content_hash  # what the variable says: then it goes on following it
    choose(session, project.id, name, version, None if own else choice_mark(variable, refined))
    touch(session, project.id)
    replaced = None if before is None else before.version
    audit(session, "prompt.activate", f"variable:{project.id}/{name}", version=version, replaced=replaced)


def _refuse_other_kind(variable: Variable, stored: PromptRow, now: Prompt) -> None:
    kind = f"\nType: {variable.type.value}."
    names = variable.classification_rules if variable.type is VariableType.CATEGORY else ()
    lost = [name for name in names if name not in stored.question]
    if dict(stored.response_schema) != now.response_schema or kind not in stored.question or lost:
        raise Conflict(
            f"Version {stored.version} asks for another kind of answer than `{variable.name}` takes now: its type, "
            "its categories or whether it has several values changed since."
        )


def activate_refinement(session: TenantSession, project: Project, row: RefinementRow, actor: str) -> None:
    """Put a proposal in force. Raises Conflict when it cannot be."""
    if row.status is RefinementStatus.ACTIVE:
        return
    variable = variable_of(project, row.variable)
    if not row.instructions.strip():
        raise Conflict("This proposal has no instructions; its reason says why.")
    if wording_hash(variable) != row.based_on:
        raise Conflict(f"`{row.variable}` was reworded since this was proposed; ask for a new refinement.")
    decide_refinement(session, project.id, row, RefinementStatus.ACTIVE, f"activated by {actor}")
    make_prompts(session, project, {row.variable})
    set_new_version(session, row.id, active_prompts(session, project.id)[row.variable].version)
    touch(session, project.id)
    audit(session, "refinement.activate", f"refinement:{row.id}", variable=row.variable, was=row.status.value)


def reject_refinement(session: TenantSession, project: Project, row: RefinementRow, reason: str) -> None:
    """Turn a proposal down; one in force gives way to the researcher's wording. Raises Conflict for an old one."""
    if row.status not in (RefinementStatus.PROPOSED, RefinementStatus.ACTIVE):
        raise Conflict(f"This refinement is {row.status} already.")
    decide_refinement(session, project.id, row, RefinementStatus.REJECTED, reason)
    if row.status is RefinementStatus.ACTIVE:
        make_prompts(session, project, {row.variable})
    touch(session, project.id)
    audit(session, "refinement.reject", f"refinement:{row.id}", variable=row.variable, reason=reason)


def differences(before: PromptRow, after: PromptRow) -> tuple[str, list[PromptChange]]:
    """Two versions as unified text and as the lines of each part that differ."""
    parts = [(name, _lines(before, name), _lines(after, name)) for name in _PARTS]
    unified: list[str] = []
    changes = []
    for name, old, new in parts:
        old_name, new_name = f"version {before.version}: {name}", f"version {after.version}: {name}"
        unified += difflib.unified_diff(old, new, old_name, new_name, lineterm="")
        for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if kind != "equal":
                changes.append(PromptChange(part=name, before=old[a:b], after=new[c:d]))
    return "\n".join(unified), changes


_CODE = re.compile(r"(</?[a-z]+-)[0-9a-f]{16}>")  # of a fence: follows from the text between, and says nothing new
_PARTS = ("system", "question", "model_settings", "response_schema")


def _lines(row: PromptRow, part: str) -> list[str]:
    value = getattr(row, part)
    if isinstance(value, Mapping):
        return json.dumps(dict(value), indent=2, ensure_ascii=False).split("\n")
    text: str = value
    return _CODE.sub(r"\1…>", text).split("\n")
