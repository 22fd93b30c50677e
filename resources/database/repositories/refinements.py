"""Proposed wordings of variables: what they answer to, how they measured, and which of them is in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import refinements
from resources.vocabulary import RefinementStatus


@dataclass(frozen=True, slots=True)
class RefinementRow:
    """One proposal. `based_on` is the hash of the variable's wording as the researcher wrote it."""

    variable: str
    status: RefinementStatus
    based_on: str
    instructions: str
    counter_examples: Sequence[Mapping[str, Any]]
    analysis: Mapping[str, Any]
    old_version: int
    new_version: int | None = None
    measured: Mapping[str, Any] | None = None
    reason: str | None = None
    task_id: UUID | None = None
    id: UUID = field(default_factory=uuid4)
    created_at: datetime | None = None  # set by the database
    decided_at: datetime | None = None  # likewise


_COLUMNS = [refinements.c[name] for name in RefinementRow.__dataclass_fields__]


def _row(row: Any) -> RefinementRow:
    return RefinementRow(**{**row._mapping, "status": RefinementStatus(row.status)})


def add_refinement(session: TenantSession, project_id: str, row: RefinementRow) -> None:
    """Keep a proposal with its figures. One that is ACTIVE takes the place of the one in force."""
    if row.status is RefinementStatus.ACTIVE:
        retire_refinement(session, project_id, row.variable, "a later refinement is in force")
    session.execute(
        sa.insert(refinements).values(
            tenant_id=tenant_of(session),
            project_id=project_id,
            decided_at=None if row.status is RefinementStatus.PROPOSED else sa.func.now(),
            **{
                name: getattr(row, name)
                for name in RefinementRow.__dataclass_fields__
                if name not in ("status", "created_at", "decided_at", "measured")
            },
            status=row.status.value,
            measured=sa.null() if row.measured is None else dict(row.measured),
        )
    )


def retire_refinement(session: TenantSession, project_id: str, variable: str, reason: str) -> None:
    """End the refinement in force of a variable, if there is one."""
    session.execute(
        sa.update(refinements)
        .where(
            refinements.c.project_id == project_id,
            refinements.c.variable == variable,
            refinements.c.status == RefinementStatus.ACTIVE.value,
        )
        .values(status=RefinementStatus.SUPERSEDED.value, reason=reason, decided_at=sa.func.now())
    )


def get_refinement(session: TenantSession, project_id: str, refinement_id: UUID) -> RefinementRow | None:
    """One proposal; None when the project has none of that id."""
    row = session.execute(
        sa.select(*_COLUMNS).where(refinements.c.project_id == project_id, refinements.c.id == refinement_id)
    ).one_or_none()
    return None if row is None else _row(row)


def decide_refinement(
    session: TenantSession, project_id: str, row: RefinementRow, status: RefinementStatus, reason: str
) -> None:
    """Put a proposal in force, in the place of the one that is, or turn it down; with who says so and why."""
    if status is RefinementStatus.ACTIVE:
        retire_refinement(session, project_id, row.variable, "a person activated another refinement")
    session.execute(
        sa.update(refinements)
        .where(refinements.c.project_id == project_id, refinements.c.id == row.id)
        .values(status=status.value, reason=reason, decided_at=sa.func.now())
    )


def refinement_page(
    session: TenantSession,
    project_id: str,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    variable: str | None = None,
    status: RefinementStatus | None = None,
) -> list[RefinementRow]:
    """At most `limit` proposals, the newest first, after the one with this time and id where given."""
    query = sa.select(*_COLUMNS).where(refinements.c.project_id == project_id)
    if variable is not None:
        query = query.where(refinements.c.variable == variable)
    if status is not None:
        query = query.where(refinements.c.status == status.value)
    if after is not None:
        query = query.where(sa.tuple_(refinements.c.created_at, refinements.c.id) < sa.tuple_(*after))
    order = (refinements.c.created_at.desc(), refinements.c.id.desc())
    return [_row(row) for row in session.execute(query.order_by(*order).limit(limit))]


def set_new_version(session: TenantSession, refinement_id: UUID, version: int) -> None:
    """Say which prompt version a refinement became."""
    session.execute(sa.update(refinements).where(refinements.c.id == refinement_id).values(new_version=version))


def active_refinements(session: TenantSession, project_id: str) -> dict[str, RefinementRow]:
    """The refinement in force of every variable that has one."""
    rows = session.execute(
        sa.select(*_COLUMNS).where(
            refinements.c.project_id == project_id, refinements.c.status == RefinementStatus.ACTIVE.value
        )
    )
    return {row.variable: _row(row) for row in rows}


def list_refinements(session: TenantSession, project_id: str, variable: str | None = None) -> list[RefinementRow]:
    """All proposals of a project, or of one variable, newest first."""
    query = sa.select(*_COLUMNS).where(refinements.c.project_id == project_id)
    if variable is not None:
        query = query.where(refinements.c.variable == variable)
    return [_row(row) for row in session.execute(query.order_by(refinements.c.created_at.desc()))]
