"""The tables. Every one but `tenants` carries `tenant_id` first in its key, and row-level security is forced on all.

The migrations are the truth for what exists in a database; a test holds these definitions against them.
"""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB, TIMESTAMP, UUID

from resources.vocabulary import (
    CallStatus,
    CellState,
    DocumentOrigin,
    DocumentStatus,
    TaskKind,
    TaskStatus,
    UnitOfObservation,
    VariableType,
    Verdict,
)

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


def _one_of(column: str, words: type[StrEnum], name: str | None = None) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word.value}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=name or column)


def _tenant() -> sa.Column[str]:
    return sa.Column(
        "tenant_id", Text, sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True, nullable=False
    )


def _created() -> sa.Column[Any]:
    return sa.Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now)


def _project_fk() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"], ondelete="CASCADE"
    )


def _document_fk() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "document_id"], ["documents.tenant_id", "documents.id"], ondelete="CASCADE"
    )


tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("id", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    _created(),
    sa.CheckConstraint("id ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="id"),
)

projects = sa.Table(
    "projects",
    metadata,
    _tenant(),
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
    _created(),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    sa.CheckConstraint("id ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="id"),
    _one_of("unit_of_observation", UnitOfObservation),
)

variables = sa.Table(
    "variables",
    metadata,
    _tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("name", Text, primary_key=True),
    sa.Column("position", Integer, nullable=False),
    sa.Column("type", Text, nullable=False),
    sa.Column("definition", JSONB, nullable=False),
    sa.Column("active", Boolean, nullable=False, server_default=sa.true()),
    _created(),
    _project_fk(),
    _one_of("type", VariableType),
)

prompts = sa.Table(
    "prompts",
    metadata,
    _tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("variable", Text, primary_key=True),
    sa.Column("version", Integer, primary_key=True),
    sa.Column("system", Text, nullable=False),
    sa.Column("question", Text, nullable=False),
    sa.Column("model_settings", JSONB, nullable=False),
    sa.Column("response_schema", JSON, nullable=False),  # not JSONB, which forgets the order of keys
    sa.Column("content_hash", Text, nullable=False),
    sa.Column("active", Boolean, nullable=False),
    _created(),
    sa.ForeignKeyConstraint(
        ["tenant_id", "project_id", "variable"],
        ["variables.tenant_id", "variables.project_id", "variables.name"],
        ondelete="CASCADE",
    ),
    sa.CheckConstraint("version >= 1", name="version"),
    sa.Index(
        "uq_prompts_one_active",
        "tenant_id",
        "project_id",
        "variable",
        unique=True,
        postgresql_where=sa.text("active"),
    ),
)

documents = sa.Table(
    "documents",
    metadata,
    _tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("batch", Integer, nullable=False),
    sa.Column("sha256", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("other_names", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("version", Integer, nullable=False, server_default="1"),
    sa.Column("current", Boolean, nullable=False, server_default=sa.true()),
    sa.Column("origin", Text, nullable=False),
    sa.Column("media_type", Text),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("blob", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("error_reason", Text),
    sa.Column("error_message", Text),
    sa.Column("title", Text),
    sa.Column("author", Text),
    sa.Column("dated", Text),
    sa.Column("language", Text),
    sa.Column("page_count", Integer),
    sa.Column("word_count", Integer),
    sa.Column("metadata", JSONB, nullable=False, server_default=EmptyObject),
    sa.Column("warnings", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("parser_version", Text),
    sa.Column("chunks_version", Text),  # what the chunks were made from; unequal means stale
    sa.Column("embeddings_version", Text),
    _created(),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    _project_fk(),
    sa.UniqueConstraint("tenant_id", "project_id", "sha256", name="bytes"),
    sa.Index("ix_documents_batch", "tenant_id", "project_id", "batch"),
    _one_of("status", DocumentStatus),
    _one_of("origin", DocumentOrigin),
    sa.CheckConstraint("(status = 'FAILED') = (error_reason IS NOT NULL)", name="failed_has_reason"),
    sa.CheckConstraint("batch >= 1", name="batch"),
)

document_texts = sa.Table(
    "document_texts",
    metadata,
    _tenant(),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("text", Text, nullable=False),
    sa.Column("segments", JSONB, nullable=False),
    _document_fk(),
)

chunks = sa.Table(
    "chunks",
    metadata,
    _tenant(),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("index", Integer, primary_key=True),
    sa.Column("start", Integer, nullable=False),
    sa.Column("end", Integer, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("tokens", Integer, nullable=False),
    sa.Column("heading_path", ARRAY(Text), nullable=False, server_default=EmptyTexts),
    sa.Column("content_hash", Text, nullable=False),
    _document_fk(),
)

passages = sa.Table(
    "passages",
    metadata,
    _tenant(),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("index", Integer, primary_key=True),
    sa.Column("chunk_index", Integer, nullable=False),
    sa.Column("start", Integer, nullable=False),
    sa.Column("end", Integer, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("tokens", Integer, nullable=False),
    sa.Column("content_hash", Text, nullable=False),
    sa.ForeignKeyConstraint(
        ["tenant_id", "document_id", "chunk_index"],
        ["chunks.tenant_id", "chunks.document_id", "chunks.index"],
        ondelete="CASCADE",
    ),
)

vectors = sa.Table(
    "vectors",
    metadata,
    _tenant(),
    sa.Column("document_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("passage_index", Integer, primary_key=True),
    sa.Column("model", Text, primary_key=True),
    sa.Column("dimension", Integer, nullable=False),
    sa.Column("embedding", HALFVEC(), nullable=False),
    sa.ForeignKeyConstraint(
        ["tenant_id", "document_id", "passage_index"],
        ["passages.tenant_id", "passages.document_id", "passages.index"],
        ondelete="CASCADE",
    ),
    sa.CheckConstraint("vector_dims(embedding) = dimension", name="dimension"),
)

tasks = sa.Table(
    "tasks",
    metadata,
    _tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("parameters", JSONB, nullable=False, server_default=EmptyObject),
    sa.Column("steps", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
    sa.Column("step", Integer, nullable=False, server_default="0"),
    sa.Column("run_id", Text),  # Dagster run of the current step
    sa.Column("progress", JSONB, nullable=False, server_default=EmptyObject),
    sa.Column("message", Text),
    _created(),
    sa.Column("started_at", TIMESTAMP(timezone=True)),
    sa.Column("finished_at", TIMESTAMP(timezone=True)),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    _project_fk(),
    sa.Index(
        "uq_tasks_one_active_extraction",
        "tenant_id",
        "project_id",
        unique=True,
        postgresql_where=sa.text("kind IN ('SAMPLE', 'FULL') AND status IN ('PENDING', 'RUNNING', 'PAUSED')"),
    ),
    _one_of("kind", TaskKind),
    _one_of("status", TaskStatus),
)

events = sa.Table(
    "events",
    metadata,
    _tenant(),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("task_id", UUID(as_uuid=True)),
    sa.Column("kind", Text, nullable=False),
    sa.Column("message", Text, nullable=False),
    sa.Column("payload", JSONB, nullable=False, server_default=EmptyObject),
    _created(),
    sa.ForeignKeyConstraint(["tenant_id", "task_id"], ["tasks.tenant_id", "tasks.id"], ondelete="CASCADE"),
    sa.Index("ix_events_task", "tenant_id", "task_id", "id"),
)

calls = sa.Table(
    "calls",
    metadata,
    _tenant(),
    sa.Column("key", Text, primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("document_id", UUID(as_uuid=True)),
    sa.Column("task_id", UUID(as_uuid=True)),
    sa.Column("variables", ARRAY(Text), nullable=False),
    sa.Column("provider", Text, nullable=False),
    sa.Column("model", Text, nullable=False),
    sa.Column("reply", Text, nullable=False),
    sa.Column("finish_reason", Text, nullable=False),
    sa.Column("input_tokens", Integer, nullable=False),
    sa.Column("cached_tokens", Integer, nullable=False),
    sa.Column("output_tokens", Integer, nullable=False),
    sa.Column("cache_write_tokens", Integer, nullable=False),
    sa.Column("cost_usd", sa.Numeric(18, 9)),  # NULL: no price is known for this model
    sa.Column("price_version", Text),
    sa.Column("seconds", sa.REAL, nullable=False),
    sa.Column("request_id", Text),
    _created(),
    _project_fk(),
    _document_fk(),
    sa.Index("ix_calls_project", "tenant_id", "project_id", "created_at"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    _tenant(),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("task_id", UUID(as_uuid=True)),
    sa.Column("call_key", Text, nullable=False),
    sa.Column("attempt", Integer, nullable=False),
    sa.Column("provider", Text, nullable=False),
    sa.Column("model", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("error", Text),
    sa.Column("seconds", sa.REAL, nullable=False),
    _created(),
    _project_fk(),
    _one_of("status", CallStatus),
    sa.Index("ix_attempts_call", "tenant_id", "call_key"),
)


def _cell_columns(*, history: bool) -> list[sa.Column[Any]]:
    key = not history
    return [
        sa.Column("project_id", Text, primary_key=key, nullable=False),
        sa.Column("document_id", UUID(as_uuid=True), primary_key=key, nullable=False),
        sa.Column("row_key", Text, primary_key=key, nullable=False),  # '' when the document is the row
        sa.Column("variable", Text, primary_key=key, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("value", JSONB),
        sa.Column("raw", JSONB),
        sa.Column("confidence", sa.REAL),
        sa.Column("evidence", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
        sa.Column("reasons", ARRAY(Text), nullable=False, server_default=EmptyTexts),
        sa.Column("prompt_version", Integer),
        sa.Column("model", Text),
        sa.Column("call_keys", ARRAY(Text), nullable=False, server_default=EmptyTexts),
        sa.Column("fingerprint", Text, nullable=False),
        sa.Column("task_id", UUID(as_uuid=True)),
        sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    ]


cells = sa.Table(
    "cells",
    metadata,
    _tenant(),
    *_cell_columns(history=False),
    sa.ForeignKeyConstraint(
        ["tenant_id", "project_id", "variable"],
        ["variables.tenant_id", "variables.project_id", "variables.name"],
        ondelete="CASCADE",
    ),
    _document_fk(),
    _one_of("state", CellState),
    sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
    sa.CheckConstraint("state <> 'FAILED' OR cardinality(reasons) > 0", name="failed_has_reason"),
)

cell_history = sa.Table(
    "cell_history",
    metadata,
    _tenant(),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    *_cell_columns(history=True),
    sa.Column("superseded_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    _document_fk(),
    sa.Index("ix_cell_history_cell", "tenant_id", "project_id", "document_id", "row_key", "variable"),
)

feedback = sa.Table(
    "feedback",
    metadata,
    _tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("document_id", UUID(as_uuid=True), nullable=False),
    sa.Column("row_key", Text, nullable=False, server_default=""),
    sa.Column("variable", Text, nullable=False),
    sa.Column("verdict", Text, nullable=False),
    sa.Column("corrected_value", JSONB),
    sa.Column("note", Text, nullable=False, server_default=""),
    sa.Column("author", Text, nullable=False),
    _created(),
    _project_fk(),
    _document_fk(),
    _one_of("verdict", Verdict),
)

datasets = sa.Table(
    "datasets",
    metadata,
    _tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("version", Integer, primary_key=True),
    sa.Column("content_hash", Text, nullable=False),
    sa.Column("rows", Integer, nullable=False),
    sa.Column("states", JSONB, nullable=False),
    sa.Column("quality", JSONB, nullable=False),
    _created(),
    _project_fk(),
)

exports = sa.Table(
    "exports",
    metadata,
    _tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("dataset_version", Integer, nullable=False),
    sa.Column("format", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("blob", Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", Text, nullable=False),
    sa.Column("options", JSONB, nullable=False, server_default=EmptyObject),
    _created(),
    sa.ForeignKeyConstraint(
        ["tenant_id", "project_id", "dataset_version"],
        ["datasets.tenant_id", "datasets.project_id", "datasets.version"],
        ondelete="CASCADE",
    ),
    sa.UniqueConstraint("tenant_id", "project_id", "name", "sha256", name="file"),
)
