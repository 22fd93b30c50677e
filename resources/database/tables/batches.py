"""Requests handed to a provider as a batch, at half the price, and what became of each."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, JSONB, TIMESTAMP, UUID

from resources.database.tables.base import Integer, Now, Text, created, metadata, one_of, project_fk, tenant
from resources.vocabulary import BatchItemStatus, BatchStatus

provider_batches = sa.Table(
    "provider_batches",
    metadata,
    tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("project_id", Text, nullable=False),
    sa.Column("task_id", UUID(as_uuid=True)),
    sa.Column("provider", Text, nullable=False),
    sa.Column("model", Text, nullable=False),
    sa.Column("remote_id", Text),  # the provider's; NULL until it took the batch
    sa.Column("status", Text, nullable=False),
    sa.Column("items", Integer, nullable=False),
    sa.Column("message", Text),
    created(),
    sa.Column("submitted_at", TIMESTAMP(timezone=True)),
    sa.Column("ended_at", TIMESTAMP(timezone=True)),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    project_fk(),
    one_of("status", BatchStatus),
    sa.Index("ix_provider_batches_task", "tenant_id", "task_id"),
)

provider_batch_items = sa.Table(
    "provider_batch_items",
    metadata,
    tenant(),
    sa.Column("batch_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("call_key", Text, primary_key=True),  # also the item's custom id at the provider, shortened
    sa.Column("body", JSON, nullable=False),  # as it is sent
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
    sa.Index("ix_provider_batch_items_call", "tenant_id", "call_key"),
)
