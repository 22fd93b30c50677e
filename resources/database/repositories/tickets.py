"""Tickets: one-time permission to open a stream, for clients that cannot send headers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import tickets


def add_ticket(
    session: TenantSession, secret_hash: bytes, principal: Mapping[str, Any], now: datetime, expires_at: datetime
) -> None:
    """A new ticket; those that nobody used in time are forgotten."""
    session.execute(sa.delete(tickets).where(tickets.c.expires_at <= now))
    row = {
        "tenant_id": tenant_of(session),
        "secret_hash": secret_hash,
        "principal": dict(principal),
        "expires_at": expires_at,
    }
    session.execute(sa.insert(tickets).values(row))


def take_ticket(session: TenantSession, secret_hash: bytes, now: datetime) -> Mapping[str, Any] | None:
    """For whom a ticket was, which is used up by this; None when there is none, or no longer."""
    statement = (
        sa.delete(tickets)
        .where(tickets.c.secret_hash == secret_hash, tickets.c.expires_at > now)
        .returning(tickets.c.principal)
    )
    found: Mapping[str, Any] | None = session.scalar(statement)
    return found
