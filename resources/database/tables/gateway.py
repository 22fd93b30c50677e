"""What the processes that call models share: breakers and limits per model, budgets and what is reserved of them,
and who is asking what at this moment."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

from resources.database.tables.base import EmptyObject, Now, Text, created, metadata, project_fk, tenant

lanes = sa.Table(
    "lanes",  # one for each account with a provider and model, which all tenants of an installation share
    metadata,
    sa.Column(
        "lane", Text, primary_key=True
    ),  # 'openai:gpt-4.1-mini@api.openai.com#1a2b3c4d': server, and digits of the key's hash
    sa.Column("breaker", JSONB, nullable=False, server_default=EmptyObject),
    sa.Column("limits", JSONB, nullable=False, server_default=EmptyObject),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
)

budgets = sa.Table(
    "budgets",
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("scope", Text, primary_key=True),  # '' for the whole project, else a task's id
    sa.Column("limit_usd", sa.Numeric(18, 9), nullable=False),
    sa.Column("spent_usd", sa.Numeric(18, 9), nullable=False, server_default="0"),  # counted when calls are stored
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    project_fk(),
    sa.CheckConstraint("limit_usd >= 0 AND spent_usd >= 0", name="not_negative"),
)

reservations = sa.Table(
    "reservations",  # what processes hold of budgets for calls to come and in flight; nothing once it has expired
    metadata,
    tenant(),
    sa.Column("project_id", Text, primary_key=True),
    sa.Column("scope", Text, primary_key=True),
    sa.Column("holder", UUID(as_uuid=True), primary_key=True),  # the gateway of one process
    sa.Column("amount_usd", sa.Numeric(18, 9), nullable=False),
    sa.Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    created(),
    sa.ForeignKeyConstraint(
        ["tenant_id", "project_id", "scope"],
        ["budgets.tenant_id", "budgets.project_id", "budgets.scope"],
        ondelete="CASCADE",
    ),
    sa.CheckConstraint("amount_usd >= 0", name="not_negative"),
)

call_claims = sa.Table(
    "call_claims",  # requests that a process is asking or about to ask; nothing once it has expired
    metadata,
    tenant(),
    sa.Column("key", Text, primary_key=True),  # the ledger's, for the first model of the request's order
    sa.Column("holder", UUID(as_uuid=True), nullable=False),  # one gateway
    sa.Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)
