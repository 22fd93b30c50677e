"""Tenants, projects and variables."""

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

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
    tenant = tenant_of(session)
    fields = {
        "name": project.name,
        "description": project.description,
        "domain": project.domain,
        "language": project.language,
        "unit_of_observation": project.unit_of_observation.value,
        "entity_pattern": project.entity_pattern,
        "source": project.source,
        "settings": settings_to_dict(project.settings),
    }
    statement = insert(projects).values(tenant_id=tenant, id=project.id, **fields)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "id"], set_={**fields, "updated_at": sa.func.clock_timestamp()}
        )
    )
    session.execute(sa.update(variables).where(variables.c.project_id == project.id).values(active=False))
    if not project.variables:
        return
    rows = insert(variables).values(
        [
            {
                "tenant_id": tenant,
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
    session.execute(
        rows.on_conflict_do_update(
            index_elements=["tenant_id", "project_id", "name"],
            set_={c: rows.excluded[c] for c in ("position", "type", "definition", "active")},
        )
    )


def load_project(session: TenantSession, project_id: str) -> Project | None:
    """The project with its active variables in order; None when there is none of that id."""
    row = session.execute(sa.select(projects).where(projects.c.id == project_id)).one_or_none()
    return None if row is None else _project(session, row)


def _project(session: TenantSession, row: Any) -> Project:
    definitions = session.scalars(
        sa.select(variables.c.definition)
        .where(variables.c.project_id == row.id, variables.c.active)
        .order_by(variables.c.position)
    )
    return Project(
        id=row.id,
        name=row.name,
        variables=tuple(variable_from_dict(definition) for definition in definitions),
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
    query = sa.select(projects).where(projects.c.id == project_id)
    row = session.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        return None
    return ProjectRecord(_project(session, row), row.archived, row.created_at, row.updated_at)


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
    statement = insert(projects).values(
        tenant_id=tenant_of(session), id=project.id, name=project.name, unit_of_observation="DOCUMENT"
    )
    made = session.scalar(statement.on_conflict_do_nothing().returning(projects.c.id))
    if made is None:
        return False
    save_project(session, project)
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


def variable_rows(session: TenantSession, project_id: str, *, deleted: bool = False) -> list[VariableRow]:
    """The variables of a project in order; with `deleted` those that are no longer active too, behind the others."""
    query = sa.select(variables.c.definition, variables.c.position, variables.c.active).where(
        variables.c.project_id == project_id
    )
    if not deleted:
        query = query.where(variables.c.active)
    rows = session.execute(query.order_by(variables.c.active.desc(), variables.c.position, variables.c.name))
    return [VariableRow(variable_from_dict(row.definition), row.position, row.active) for row in rows]
