"""Gold labels given with a file, as stored."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from resources.database.bulk import insert_rows
from resources.database.engine import TenantSession
from resources.database.tables import feedback, labels


@dataclass(frozen=True, slots=True)
class LabelRow:
    """The labelled values of one cell: a list of values, each a list of accepted spellings; empty for absent."""

    document_name: str
    row_name: str  # the entity's names, one a line; '' where the document is the row
    variable: str
    values: list[list[Any]]


def load_labels(session: TenantSession, project_id: str) -> list[LabelRow]:
    """Every gold label of a project."""
    columns = [labels.c[name] for name in LabelRow.__dataclass_fields__]
    query = sa.select(*columns).where(labels.c.project_id == project_id)
    return [LabelRow(**row._mapping) for row in session.execute(query.order_by(*columns[:3]))]


def any_labels(session: TenantSession, project_id: str) -> bool:
    """Whether anything is known to be right or wrong: a gold label or a verdict."""
    either = sa.or_(
        sa.exists().where(labels.c.project_id == project_id), sa.exists().where(feedback.c.project_id == project_id)
    )
    return bool(session.scalar(sa.select(either)))


def replace_labels(session: TenantSession, project_id: str, rows: Sequence[LabelRow]) -> None:
    """Put these labels in the place of all that the project had: a gold file is read as a whole."""
    session.execute(sa.delete(labels).where(labels.c.project_id == project_id))
    insert_rows(session, labels, [{"project_id": project_id, **asdict(row)} for row in rows])
