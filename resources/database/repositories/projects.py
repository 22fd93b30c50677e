"""Tenants, projects and variables."""

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, insert

from resources.database.engine import TenantSession
from resources.database.tables import projects, tenants, variables
from resources.project import (
    Project,
    ProjectError,
    ProjectSettings,
    settings_from_dict,
    settings_to_dict,
    variable_from_dict,
    variable_to_dict,
)
from resources.vocabulary import UnitOfObservation, Variable


def tenant_of(session: TenantSession) -> str:
    """The tenant this session is bound to."""
    return str(session.info["tenant"])


def ensure_tenant(session: TenantSession) -> None:
    """Make the session's own tenant exist."""
    tenant = tenant_of(session)
    session.execute(insert(tenants).values(id=tenant, name=tenant).on_conflict_do_nothing())


def refuse_other_study(session: TenantSession, project: Project) -> None:
    """Raise ProjectError when a project of this id exists whose documents lie elsewhere: it is another study."""
    known = session.execute(sa.select(projects.c.name, projects.c.source).where(projects.c.id == project.id)).first()
    if known is not None and known.name != project.name and known.source != project.source:
        raise ProjectError(
            [
                f"id: {project.id!r} is already the study {known.name!r} with documents in {known.source}. "
                "Give this one an id of its own, for example `id: my-study`."
            ]
        )


def save_project(session: TenantSession, project: Project) -> None:
    """Create or change a project and its variables. A variable that is gone is kept but no longer active."""
    fields = _fields(project)
    statement = insert(projects).values(tenant_id=tenant_of(session), id=project.id, **fields)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "id"], set_={**fields, "updated_at": sa.func.clock_timestamp()}
        )
    )
    names = [variable.name for variable in project.variables]
    gone = sa.and_(variables.c.project_id == project.id, variables.c.active, variables.c.name.not_in(names))
    session.execute(sa.update(variables).where(gone).values(active=False))
    _save_variables(session, project)


def _fields(project: Project) -> dict[str, Any]:
    return {
        "name": project.name,
        "description": project.description,
        "domain": project.domain,
        "language": project.language,
        "unit_of_observation": project.unit_of_observation.value,
        "entity_pattern": project.entity_pattern,
        "source": project.source,
        "settings": settings_to_dict(project.settings),
    }


def _save_variables(session: TenantSession, project: Project) -> None:
    if not project.variables:
        return
    rows = insert(variables).values(
        [
            {
                "tenant_id": tenant_of(session),
                "project_id": project.id,
                "name": variable.name,
                "position": position,
                "type": variable.type.value,
                "definition": variable_to_dict(variable),
                "active": True,
            }
            for position, variable in enumerate(project.variables)
        ]
    )
    stored = ("position", "type", "definition", "active")
    session.execute(
        rows.on_conflict_do_update(
            index_elements=["tenant_id", "project_id", "name"],
            set_={column: rows.excluded[column] for column in stored},
            # those that are as they were are not written
            where=sa.or_(*(variables.c[column].is_distinct_from(rows.excluded[column]) for column in stored)),
        )
    )


_DEFINITIONS = (
    sa.select(sa.func.jsonb_agg(aggregate_order_by(variables.c.definition, variables.c.position), type_=JSONB))
    .where(variables.c.tenant_id == projects.c.tenant_id, variables.c.project_id == projects.c.id, variables.c.active)
    .scalar_subquery()
    .label("definitions")
)


def _row(session: TenantSession, project_id: str) -> Any:
    """A project's row with the `definitions` of its active variables in order; None when there is none."""
    return session.execute(sa.select(projects, _DEFINITIONS).where(projects.c.id == project_id)).one_or_none()


def load_project(session: TenantSession, project_id: str) -> Project | None:
    """The project with its active variables in order; None when there is none of that id."""
    row = _row(session, project_id)
    return None if row is None else _project(row)


def _project(row: Any) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        variables=tuple(variable_from_dict(definition) for definition in row.definitions or []),
        description=row.description,
        domain=row.domain,
        language=row.language,
        unit_of_observation=UnitOfObservation(row.unit_of_observation),
        entity_pattern=row.entity_pattern,
        source=row.source,
        settings=settings_from_dict(row.settings),
    )


def project_ids(session: TenantSession) -> list[str]:
    """All projects that are not archived, by id."""
    return list(session.scalars(sa.select(projects.c.id).where(~projects.c.archived).order_by(projects.c.id)))


def settings_of(session: TenantSession, project_id: str) -> ProjectSettings:
    """A project's settings; the defaults where there is no such project."""
    stored = session.scalar(sa.select(projects.c.settings).where(projects.c.id == project_id))
    return settings_from_dict(stored or {})


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """A stored project with what is known of its row. `updated_at` changes with every change of it."""

    project: Project
    archived: bool
    created_at: datetime
    updated_at: datetime


def project_record(session: TenantSession, project_id: str, *, lock: bool = False) -> ProjectRecord | None:
    """A project with its times; with `lock`, nobody else changes it until this transaction ends."""
    if lock:  # a statement of its own: one that waited for the lock still reads variables as they were before
        session.execute(sa.select(projects.c.id).where(projects.c.id == project_id).with_for_update())
    row = _row(session, project_id)
    if row is None:
        return None
    return ProjectRecord(_project(row), row.archived, row.created_at, row.updated_at)


def changed_at(session: TenantSession, project_id: str) -> datetime | None:
    """When a project was last changed; None when there is none of that id."""
    return session.scalar(sa.select(projects.c.updated_at).where(projects.c.id == project_id))


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project in a list."""

    id: str
    name: str
    description: str
    domain: str
    unit_of_observation: str
    archived: bool
    variable_count: int
    created_at: datetime
    updated_at: datetime


def list_projects(
    session: TenantSession, limit: int, after: str | None = None, *, archived: bool | None = None, words: str = ""
) -> list[ProjectLine]:
    """At most `limit` projects by id, after the id given; `words` stand in the id, the name or the description."""
    counted = (
        sa.select(sa.func.count())
        .where(
            variables.c.tenant_id == projects.c.tenant_id, variables.c.project_id == projects.c.id, variables.c.active
        )
        .scalar_subquery()
    )
    named = [projects.c[name] for name in ProjectLine.__dataclass_fields__ if name != "variable_count"]
    query = sa.select(*named, counted.label("variable_count")).order_by(projects.c.id).limit(limit)
    if after is not None:
        query = query.where(projects.c.id > after)
    if archived is not None:
        query = query.where(projects.c.archived == archived)
    if words:
        texts = (projects.c.id, projects.c.name, projects.c.description)
        query = query.where(sa.or_(*(text.icontains(words, autoescape=True) for text in texts)))
    return [ProjectLine(**row._mapping) for row in session.execute(query)]


def add_project(session: TenantSession, project: Project) -> bool:
    """Create a project with its variables; False, and nothing done, when there is one of that id."""
    ensure_tenant(session)
    statement = insert(projects).values(tenant_id=tenant_of(session), id=project.id, **_fields(project))
    made = session.scalar(statement.on_conflict_do_nothing().returning(projects.c.id))
    if made is None:
        return False
    _save_variables(session, project)
    return True


def free_id(session: TenantSession, wanted: str) -> str:
    """An id like the one wanted that no project has: with the next free number behind it."""
    stem = wanted[:56].rstrip("-")
    alike = projects.c.id.startswith(stem, autoescape=True)
    taken = set(session.scalars(sa.select(projects.c.id).where(alike)))
    return next(name for n in itertools.count(2) if (name := f"{stem}-{n}") not in taken)


def set_archived(session: TenantSession, project_id: str, archived: bool) -> None:
    """Put a project away, or take it out again."""
    session.execute(
        sa.update(projects)
        .where(projects.c.id == project_id)
        .values(archived=archived, updated_at=sa.func.clock_timestamp())
    )


def touch(session: TenantSession, project_id: str) -> datetime:
    """Say that something of a project changed that is not in its own row; gives the time."""
    statement = sa.update(projects).where(projects.c.id == project_id).values(updated_at=sa.func.clock_timestamp())
    changed: datetime = session.execute(statement.returning(projects.c.updated_at)).scalar_one()
    return changed


@dataclass(frozen=True, slots=True)
class VariableRow:
    """A variable as it is stored. One that is not active was deleted; its cells and prompts are kept."""

    variable: Variable
    position: int
    active: bool


_VARIABLES = sa.select(variables.c.definition, variables.c.position, variables.c.active)


def variable_rows(session: TenantSession, project_id: str, *, deleted: bool = False) -> list[VariableRow]:
    """The variables of a project in order; with `deleted` those that are no longer active too, behind the others."""
    query = _VARIABLES.where(variables.c.project_id == project_id)
    if not deleted:
        query = query.where(variables.c.active)
    rows = session.execute(query.order_by(variables.c.active.desc(), variables.c.position, variables.c.name))
    return [VariableRow(variable_from_dict(row.definition), row.position, row.active) for row in rows]


def variable_row(session: TenantSession, project_id: str, name: str) -> VariableRow | None:
    """One variable, also one that is no longer active; None when the project never had it."""
    query = _VARIABLES.where(variables.c.project_id == project_id, variables.c.name == name)
    row = session.execute(query).one_or_none()
    return row and VariableRow(variable_from_dict(row.definition), row.position, row.active)
