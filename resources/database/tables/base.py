"""What all tables share: naming of constraints, the tenant first in every key, states held by CHECK."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(constraint_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
metadata = sa.MetaData(naming_convention=NAMING)

Text, Integer, Boolean = sa.Text, sa.Integer, sa.Boolean
Now = sa.text("now()")
EmptyObject = sa.text("'{}'::jsonb")
EmptyTexts = sa.text("'{}'::text[]")


def one_of(column: str, words: type[StrEnum], name: str | None = None) -> sa.CheckConstraint:
    """A CHECK that a column holds one of the words."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=name or column)


def tenant() -> sa.Column[str]:
    """The tenant, first in the primary key."""
    return sa.Column(
        "tenant_id", Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, nullable=False
    )


def created() -> sa.Column[Any]:
    """When the row was made."""
    return sa.Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now)


def project_fk() -> sa.ForeignKeyConstraint:
    """The project the row belongs to; deleting it deletes the row."""
    return sa.ForeignKeyConstraint(
        ["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"], ondelete="CASCADE"
    )


def document_fk() -> sa.ForeignKeyConstraint:
    """The document the row was made from; deleting it deletes the row."""
    return sa.ForeignKeyConstraint(
        ["tenant_id", "document_id"], ["documents.tenant_id", "documents.id"], ondelete="CASCADE"
    )


def text_fk() -> sa.ForeignKeyConstraint:
    """The document whose text the row points into; with the text the row is gone, and a trigger sees to changes."""
    return sa.ForeignKeyConstraint(
        ["tenant_id", "document_id"], ["document_texts.tenant_id", "document_texts.document_id"], ondelete="CASCADE"
    )
