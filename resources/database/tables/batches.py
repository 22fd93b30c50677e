"""Requests handed to a provider as a batch, at half the price, and what became of each."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

from resources.database.tables.base import Boolean, Integer, Now, Text, created, metadata, one_of, project_fk, tenant
from resources.vocabulary import BatchItemStatus, BatchStatus

provider_batches = sa.Table(
    "provider_batches",
    metadata,
    tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("task_id", UUID(as_uuid=True)),  # the task that waits for it
    sa.Column("step", Integer, nullable=False, server_default="0"),  # of the task
    sa.Column("attempt", Integer, nullable=False, server_default="0"),  # at the step
    sa.Column("provider", Text, nullable=False),
    sa.Column("model", Text, nullable=False),
    sa.Column("remote_id", Text),  # the provider's; NULL until it said that it took the batch
    sa.Column("status", Text, nullable=False),
    sa.Column("sealed", Boolean, nullable=False, server_default=sa.false()),  # complete: no item is added any more
    sa.Column("items", Integer, nullable=False, server_default="0"),
    sa.Column("size_bytes", sa.BigInteger, nullable=False, server_default="0"),  # as it is sent
    sa.Column("worst_usd", sa.Numeric(18, 9), nullable=False, server_default="0"),  # held of budgets while it is open
    sa.Column("message", Text),
    created(),
    sa.Column("submitted_at", TIMESTAMP(timezone=True)),  # when it was about to be sent
    sa.Column("taken_at", TIMESTAMP(timezone=True)),  # when the provider was seen to work on it; bodies are gone
    sa.Column("cancel_requested_at", TIMESTAMP(timezone=True)),
    sa.Column("ended_at", TIMESTAMP(timezone=True)),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    project_fk(),
    one_of("status", BatchStatus),
    sa.CheckConstraint("status NOT IN ('SUBMITTED', 'INGESTED') OR sealed", name="sent_when_sealed"),
    sa.Index("ix_provider_batches_task", "tenant_id", "task_id"),
    sa.Index(
        "ix_provider_batches_open",
        "tenant_id",
        "project_id",
        postgresql_where=sa.text("status IN ('PREPARED', 'SUBMITTED')"),
    ),
)

provider_batch_items = sa.Table(
    "provider_batch_items",
    metadata,
    tenant(),
    sa.Column("batch_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("call_key", Text, primary_key=True),  # also the item's custom id at the provider
    sa.Column("body", Text),  # JSON as it is sent, its order kept; NULL once the provider works on it
    sa.Column("context", JSONB, nullable=False),  # what the call is made for
    sa.Column("status", Text, nullable=False),
    sa.Column("error", Text),
    sa.ForeignKeyConstraint(
        ["tenant_id", "batch_id"],
        ["provider_batches.tenant_id", "provider_batches.id"],
        ondelete="CASCADE",
    ),
    one_of("status", BatchItemStatus),
    sa.CheckConstraint("(status = 'FAILED') = (error IS NOT NULL)", name="failed_has_error"),
)
