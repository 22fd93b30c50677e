"""Tenants, projects and variables."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from resources.database.engine import TenantSession
from resources.database.tables import projects, tenants, variables
from resources.project import (
    Project,
    ProjectError,
    settings_from_dict,
    settings_to_dict,
    variable_from_dict,
    variable_to_dict,
)
from resources.vocabulary import UnitOfObservation


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
            index_elements=["tenant_id", "id"], set_={**fields, "updated_at": sa.func.now()}
        )
    )
    session.execute(sa.update(variables).where(variables.c.project_id == project.id).values(active=False))
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
    if row is None:
        return None
    definitions = session.scalars(
        sa.select(variables.c.definition)
        .where(variables.c.project_id == project_id, variables.c.active)
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
