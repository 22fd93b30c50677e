"""Changes of projects: checked by the code that reads project files, made one after the other, and recorded.

What the API accepts, the command line accepts: a change is laid over the project as plain data, and the whole is read
as if it came from a file.
"""

from collections.abc import Mapping
from typing import Any

from crucible_assets.prompts.examples import check_examples
from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.document_lists import project_exists
from resources.database.repositories.projects import (
    ProjectRecord,
    add_project,
    changed_at,
    free_id,
    project_record,
    save_project,
)
from resources.database.repositories.tasks import active_extraction
from resources.project import (
    Project,
    ProjectError,
    project_from_data,
    settings_to_dict,
    slug,
    variable_to_dict,
)
from sidecar.problems import Conflict, FieldProblem, Invalid, NotFound, Unusable
from sidecar.projects.etags import etag, require_match

_SHOWN = 300  # characters of a replaced value in the audit log


def found(session: TenantSession, project_id: str, *, lock: bool = False) -> ProjectRecord:
    """A stored project. Raises NotFound."""
    record = project_record(session, project_id, lock=lock)
    if record is None:
        raise NotFound(f"There is no project `{project_id}`.")
    return record


def known(session: TenantSession, project_id: str | None) -> None:
    """Raises NotFound for a project that a list is to be narrowed to and that is not there: no empty list says so."""
    if project_id is not None and not project_exists(session, project_id):
        raise NotFound(f"There is no project `{project_id}`.")


def current_etag(session: TenantSession, project_id: str) -> str:
    """The `ETag` of a stored project. Raises NotFound."""
    at = changed_at(session, project_id)
    if at is None:
        raise NotFound(f"There is no project `{project_id}`.")
    return etag(at)


def held(session: TenantSession, project_id: str, if_match: str | None) -> ProjectRecord:
    """A project that is about to be changed: locked, the one that was read, not archived, and not being extracted.

    Raises NotFound, PreconditionFailed, and Conflict for an archived project and for one of which a run is reading.
    """
    record = found(session, project_id, lock=True)
    require_match(if_match, record.updated_at)
    if record.archived:
        raise Conflict(f"Project `{project_id}` is archived; restore it first.")
    active = active_extraction(session, project_id)
    if active is not None:
        raise Conflict(
            f"Task {active.id} is working on project `{project_id}`; wait until it ends, or cancel it.",
            active_task=str(active.id),
        )
    return record


def plain_data(project: Project) -> dict[str, Any]:
    """A project as plain data with every key, to lay changes over."""
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "domain": project.domain,
        "language": project.language,
        "unit_of_observation": project.unit_of_observation.value,
        "entity_pattern": project.entity_pattern,
        "documents": project.source,
        "settings": settings_to_dict(project.settings),
        "variables": [variable_to_dict(variable) for variable in project.variables],
    }


def checked(data: Mapping[str, Any], models: tuple[str, ...]) -> Project:
    """A project from plain data. `models` are the installation's. Raises Unusable with every problem found."""
    try:
        project = project_from_data(data, variables_needed=False)
        check_examples(project)
    except ProjectError as error:
        raise problem_of(error) from None
    refuse_files(project, models)
    return project


def problem_of(error: ProjectError, kind: type[Invalid] = Unusable) -> Invalid:
    """The problems of a project as problem details."""
    errors = [FieldProblem(field=f"body.{p.field}" if p.field else "body", message=p.said) for p in error.located]
    shown = "; ".join(error.problems[:5])
    return kind(_readable(shown)[:2_000], errors=[e.model_copy(update=_clean(e)) for e in errors[:200]])


def _clean(problem: FieldProblem) -> dict[str, str]:
    return {"field": _readable(problem.field)[:300], "message": _readable(problem.message)[:1_000]}


def _readable(text: str) -> str:
    """Text as it can be sent: half characters are written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def refuse_files(project: Project, models: tuple[str, ...]) -> None:
    """Raises Unusable for a model file that the installation does not name: paths of the server are not for users."""
    settings = project.settings
    second = [settings.verification_model] if settings.verification_model else []
    named = {"models": settings.models, "routes": tuple(settings.routes), "verification_model": tuple(second)}
    errors = [
        FieldProblem(field=f"body.settings.{key}", message=f"{spec}: this installation has no such model file.")
        for key, specs in named.items()
        for spec in specs
        if spec.startswith("gguf") and spec not in models
    ]
    if errors:
        raise Unusable("; ".join(error.message for error in errors), errors=errors)


def create(session: TenantSession, data: dict[str, Any], models: tuple[str, ...], action: str) -> Project:
    """Store a new project. Raises Unusable, and Conflict (with a free id) when there is one of its id."""
    if data.get("id") is None:
        data["id"] = slug(str(data["name"]))
    project = checked(data, models)
    if not add_project(session, project):
        free = free_id(session, project.id)
        raise Conflict(f"There is a project `{project.id}` already; `{free}` is free.", suggestion=free)
    audit(session, action, f"project:{project.id}", name=project.name, variables=len(project.variables))
    return project


def store(
    session: TenantSession, before: Project, data: Mapping[str, Any], models: tuple[str, ...], action: str, about: str
) -> Project:
    """Store a changed project and record what it replaces; nothing is written where nothing changed."""
    project = checked(data, models)
    if project == before:
        return before
    save_project(session, project)
    audit(session, action, about, changed=changes(plain_data(before), plain_data(project)))
    return project


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What a change replaced, by field; long values by their beginning. Variables and settings by name."""
    flat_before, flat_after = _flat(before), _flat(after)
    return {
        key: {"from": _shown(flat_before.get(key)), "to": _shown(flat_after.get(key))}
        for key in sorted(flat_before.keys() | flat_after.keys())
        if flat_before.get(key) != flat_after.get(key)
    }


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    flat = {key: value for key, value in data.items() if key not in ("settings", "variables")}
    flat |= {f"settings.{key}": value for key, value in data["settings"].items()}
    flat["order"] = [variable["name"] for variable in data["variables"]]
    for variable in data["variables"]:
        flat |= {f"variables.{variable['name']}.{key}": value for key, value in variable.items()}
    return flat


def _shown(value: Any) -> Any:
    text = value if isinstance(value, str) else str(value)
    return value if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
