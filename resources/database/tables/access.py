"""Who may do what, and what they did: users, their sessions, keys, the audit log, what bounds requests."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TIMESTAMP, UUID

from resources.database.tables.base import (
    Boolean,
    EmptyObject,
    Integer,
    Now,
    Text,
    created,
    metadata,
    one_of,
    tenant,
)
from resources.vocabulary import Role


def _user_fk() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE")


users = sa.Table(
    "users",
    metadata,
    tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("email", Text, nullable=False),  # in lower case
    sa.Column("name", Text, nullable=False, server_default=""),
    sa.Column("role", Text, nullable=False),
    sa.Column("password_hash", Text),  # argon2id; NULL: has no password here
    sa.Column("active", Boolean, nullable=False, server_default=sa.true()),
    sa.Column("version", Integer, nullable=False, server_default="1"),  # a token of an older version is refused
    created(),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    sa.UniqueConstraint("tenant_id", "email", name="email"),
    one_of("role", Role),
    sa.CheckConstraint("email = lower(email)", name="email"),
)

sessions = sa.Table(
    "sessions",  # one for each login; its refresh tokens are counted, not stored
    metadata,
    tenant(),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    sa.Column("user_id", UUID(as_uuid=True), nullable=False),
    sa.Column("key", BYTEA, nullable=False),  # of the refresh tokens' HMAC
    sa.Column("counter", Integer, nullable=False, server_default="0"),
    created(),
    sa.Column("rotated_at", TIMESTAMP(timezone=True), nullable=False, server_default=Now),
    sa.Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    sa.Column("ended_at", TIMESTAMP(timezone=True)),
    sa.Column("end_reason", Text),
    _user_fk(),
    sa.Index("ix_sessions_user", "tenant_id", "user_id"),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    tenant(),
    sa.Column("id", Text, primary_key=True),  # the part of the key that is shown
    sa.Column("user_id", UUID(as_uuid=True), nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("scopes", ARRAY(Text), nullable=False),
    sa.Column("secret_hash", BYTEA, nullable=False),  # HMAC-SHA-256 under the pepper
    sa.Column("pepper", Text, nullable=False),  # which of the installation's secrets the pepper is made from
    created(),
    sa.Column("expires_at", TIMESTAMP(timezone=True)),
    sa.Column("revoked_at", TIMESTAMP(timezone=True)),
    sa.Column("last_used_at", TIMESTAMP(timezone=True)),
    _user_fk(),
)

tickets = sa.Table(
    "tickets",  # one-time permission to open a stream, for clients that cannot send headers
    metadata,
    tenant(),
    sa.Column("secret_hash", BYTEA, primary_key=True),
    sa.Column("principal", JSONB, nullable=False),
    sa.Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
)

idempotency_keys = sa.Table(
    "idempotency_keys",  # written in the transaction of the effect, with the answer that was given
    metadata,
    tenant(),
    sa.Column("owner", Text, primary_key=True),  # the subject who sent it
    sa.Column("key", Text, primary_key=True),
    sa.Column("request_hash", BYTEA, nullable=False),
    sa.Column("status", Integer),
    sa.Column("response", JSONB),
    created(),
    sa.Index("ix_idempotency_keys_created_at", "tenant_id", "created_at"),
)

audit_log = sa.Table(
    "audit_log",  # a chain: each entry's hash covers the one before it; the trigger sets n, at and the hashes
    metadata,
    tenant(),
    sa.Column("n", sa.BigInteger, primary_key=True, server_default="0"),  # the trigger's choice
    sa.Column("at", TIMESTAMP(timezone=True), nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("action", Text, nullable=False),
    sa.Column("object", Text, nullable=False),
    sa.Column("payload", JSONB, nullable=False, server_default=EmptyObject),
    sa.Column("request_id", Text, nullable=False, server_default=""),
    sa.Column("previous", BYTEA, nullable=False),
    sa.Column("hash", BYTEA, nullable=False),
    sa.CheckConstraint("n >= 1", name="n"),
)

rate_buckets = sa.Table(
    "rate_buckets",  # token buckets of the installation's clients; lost at a crash, and no harm done
    metadata,
    sa.Column("bucket", Text, primary_key=True),  # a hash of who asks
    sa.Column("tokens", sa.Double, nullable=False),
    sa.Column("at", TIMESTAMP(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
    postgresql_with={"fillfactor": "50"},
)
