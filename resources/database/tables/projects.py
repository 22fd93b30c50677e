"""Tenants, their projects, the variables of a project and the versions of their prompts."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, JSONB, TIMESTAMP

from resources.database.tables.base import (
    Boolean,
    EmptyObject,
    Integer,
    Now,
    Text,
    created,
    metadata,
    one_of,
    project_fk,
    tenant,
)
from resources.vocabulary import UnitOfObservation, VariableType

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("id", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    created(),
    sa.CheckConstraint("id ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="id"),
)

projects = sa.Table(
    "projects",
    metadata,
    tenant(),
    sa.Column("id", Text, primary_key=True),  # slug, never changed: it stands in partition keys
    sa.Column("name", Text, nullable=False),
    sa.Column("description", Text, nullable=False, server_default=""),
    sa.Column("domain", Text, nullable=False, server_default=""),
    sa.Column("language", Text),
    sa.Column("unit_of_observation", Text, nullable=False),
    sa.Column("entity_pattern", Text),
    sa.Column("source", Text),  # folder, glob or URL the documents come from
    sa.Column("settings", JSONB, nullable=False, server_default=EmptyObject),
    sa.Column("archived", Boolean, nullable=False, server_default=sa.false()),
    created(),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    sa.CheckConstraint("id ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="id"),
    one_of("unit_of_observation", UnitOfObservation),
)

variables = sa.Table(
    "variables",
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("name", Text, primary_key=True),
    sa.Column("position", Integer, nullable=False),
    sa.Column("type", Text, nullable=False),
    sa.Column("definition", JSONB, nullable=False),
    sa.Column("active", Boolean, nullable=False, server_default=sa.true()),
    created(),
    project_fk(),
    one_of("type", VariableType),
)

prompts = sa.Table(
    "prompts",
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("variable", Text, primary_key=True),
    sa.Column("version", Integer, primary_key=True),
    sa.Column("system", Text, nullable=False),
    sa.Column("question", Text, nullable=False),
    sa.Column("model_settings", JSONB, nullable=False),
    sa.Column("response_schema", JSON, nullable=False),  # not JSONB, which forgets the order of keys
    sa.Column("content_hash", Text, nullable=False),
    sa.Column("active", Boolean, nullable=False),
    sa.Column("chosen_for", Text),  # a person activated it: hash of what the variable said then, see `choice_mark`
    created(),
    sa.ForeignKeyConstraint(
        ["tenant_id", "project_id", "variable"],
        ["variables.tenant_id", "variables.project_id", "variables.name"],
        ondelete="CASCADE",
    ),
    sa.CheckConstraint("version >= 1", name="version"),
    sa.CheckConstraint("active OR chosen_for IS NULL", name="chosen"),
    sa.Index(
        "uq_prompts_one_active",
        "tenant_id",
        "project_id",
        "variable",
        unique=True,
        postgresql_where=sa.text("active"),
    ),
)
