"""A transaction for a part of a request only: what takes long afterwards holds no connection of the pool."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from resources.database.engine import Database, TenantSession
from sidecar.security.principal import Principal


@contextmanager
def short_transaction(request: Request, who: Principal, *, read_only: bool = True) -> Iterator[TenantSession]:
    """One transaction as the tenant of who asks, for routes that declare a `Principal` in place of a session."""
    database: Database = request.app.state.installation.database
    with database.transaction(who.tenant, read_only=read_only) as session:
        session.info["actor"] = who.subject
        session.info["request_id"] = getattr(request.state, "request_id", "")
        yield session
