"""What is asked for and what it took: tasks, their log, calls to models and failed tries."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, UUID

from resources.database.tables.base import (
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
from resources.vocabulary import CallPurpose, CallStatus, EventKind, TaskKind, TaskStatus

tasks = sa.Table(
    "tasks",
    metadata,
    tenant(),
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
    sa.Column("created_by", Text),  # the subject who asked; NULL: a command or a schedule
    sa.Column("last_event", sa.BigInteger, nullable=False, server_default="0"),
    created(),
    sa.Column("started_at", TIMESTAMP(timezone=True)),
    sa.Column("finished_at", TIMESTAMP(timezone=True)),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    project_fk(),
    sa.Index(
        "uq_tasks_one_active_extraction",
        "tenant_id",
        "project_id",
        unique=True,
        postgresql_where=sa.text(
            "kind IN ('SAMPLE', 'FULL', 'REFINE', 'REPROCESS_FAILED') AND status IN ('PENDING', 'RUNNING', 'PAUSED')"
        ),
    ),
    sa.Index("ix_tasks_created_at", "tenant_id", "created_at", "id"),
    sa.Index("ix_tasks_open", "tenant_id", postgresql_where=sa.text("status IN ('PENDING', 'RUNNING')")),
    one_of("kind", TaskKind),
    one_of("status", TaskStatus),
)

events = sa.Table(
    "events",
    metadata,
    tenant(),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("task_id", UUID(as_uuid=True)),
    # counted per task by a trigger, under the lock of the task's row: without gaps, and in the order of commits
    sa.Column("seq", sa.BigInteger),
    sa.Column("document_id", UUID(as_uuid=True)),  # which one is told of; NULL again when it was deleted
    sa.Column("kind", Text, nullable=False),
    sa.Column("message", Text, nullable=False),
    sa.Column("payload", JSONB, nullable=False, server_default=EmptyObject),
    created(),
    sa.ForeignKeyConstraint(["tenant_id", "task_id"], ["tasks.tenant_id", "tasks.id"], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "document_id"], ["documents.tenant_id", "documents.id"], ondelete="SET NULL (document_id)"
    ),
    sa.UniqueConstraint("tenant_id", "task_id", "seq", name="seq"),
    sa.CheckConstraint("(task_id IS NULL) = (seq IS NULL)", name="seq"),
    one_of("kind", EventKind),
    # the same is not told twice of a document in one task, however often its run was started
    sa.Index(
        "uq_events_document",
        "tenant_id",
        "document_id",
        "task_id",
        "kind",
        unique=True,
        postgresql_where=sa.text("document_id IS NOT NULL"),
    ),
)

calls = sa.Table(
    "calls",
    metadata,
    tenant(),
    sa.Column("key", Text, primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("document_id", UUID(as_uuid=True)),
    sa.Column("task_id", UUID(as_uuid=True)),
    sa.Column("variables", ARRAY(Text), nullable=False),
    sa.Column("purpose", Text, nullable=False, server_default=CallPurpose.EXTRACT.value),
    sa.Column("row_key", Text, nullable=False, server_default=""),
    sa.Column("span_start", Integer),  # of the stretch that was asked, in the document's text
    sa.Column("span_end", Integer),
    sa.Column("arm", Text),  # of a weighted choice between models
    sa.Column("batch_id", UUID(as_uuid=True)),  # provider batch that it came back with; NULL: live
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
    created(),
    project_fk(),
    sa.ForeignKeyConstraint(  # what it cost stays, what it said goes: a trigger empties it
        ["tenant_id", "document_id"],
        ["documents.tenant_id", "documents.id"],
        ondelete="SET NULL (document_id)",
    ),
    one_of("purpose", CallPurpose),
    sa.Index("ix_calls_document", "tenant_id", "document_id", postgresql_where=sa.text("document_id IS NOT NULL")),
    sa.Index("ix_calls_project", "tenant_id", "project_id", "created_at"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    tenant(),
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
    created(),
    project_fk(),
    one_of("status", CallStatus),
    sa.Index("ix_attempts_call", "tenant_id", "call_key"),
)
