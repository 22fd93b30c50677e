"""Idempotency keys: what was answered to a request, kept in the transaction of its effect."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import idempotency_keys


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was sent with this key before."""

    request_hash: bytes
    status: int | None
    response: Any


def claim(session: TenantSession, owner: str, key: str, request_hash: bytes) -> Answered | None:
    """Take a key for this request; None when it was free. Waits for a request in progress with the same key."""
    row = {"tenant_id": tenant_of(session), "owner": owner, "key": key, "request_hash": request_hash}
    statement = insert(idempotency_keys).values(row).on_conflict_do_nothing().returning(idempotency_keys.c.key)
    if session.scalar(statement) is not None:
        return None
    known = session.execute(sa.select(idempotency_keys).filter_by(owner=owner, key=key)).one()
    return Answered(known.request_hash, known.status, known.response)


def settle(session: TenantSession, owner: str, key: str, status: int, response: Any) -> None:
    """Keep what is answered."""
    statement = sa.update(idempotency_keys).filter_by(owner=owner, key=key)
    session.execute(statement.values(status=status, response=response))


def forget_old_keys(session: TenantSession) -> int:
    """Delete keys that were sent more than a day ago. Gives how many."""
    old = idempotency_keys.c.created_at < sa.func.now() - sa.text("interval '1 day'")
    return session.connection().execute(sa.delete(idempotency_keys).where(old)).rowcount
