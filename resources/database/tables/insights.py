"""What is found over many documents: opportunities with the evidence they cite."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from resources.database.tables.base import EmptyObject, Now, Text, created, metadata, project_fk, tenant

opportunities = sa.Table(
    "opportunities",
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("external_id", Text, primary_key=True),  # given by the service that found it
    sa.Column("title", Text, nullable=False),
    sa.Column("description", Text, nullable=False, server_default=""),
    sa.Column("score", sa.Double),
    sa.Column("evidence", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),  # document, span, quote
    sa.Column("details", JSONB, nullable=False, server_default=EmptyObject),
    created(),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    project_fk(),
)
