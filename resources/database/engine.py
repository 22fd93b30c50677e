"""The engine and the tenant-bound session: the only way in which the application talks to the database.

Every transaction of a `TenantSession` begins by binding the tenant (`app.tenant_id`, local to the transaction);
a session without a tenant cannot begin one. `plan_cache_mode=force_custom_plan` keeps the planner from reusing a
plan that was made for another tenant.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, SessionTransaction

from resources.database.migrate import APP_ROLE, migrate
from resources.database.server import Addresses, resolve
from resources.settings import Settings


class TenantSession(Session):
    """A session whose every transaction is bound to one tenant."""


@sa.event.listens_for(TenantSession, "after_begin")
def _bind_tenant(session: Session, _transaction: SessionTransaction, connection: sa.Connection) -> None:
    tenant = session.info.get("tenant")
    if not tenant:
        raise RuntimeError("No tenant is bound to this session.")
    connection.execute(sa.text("SELECT set_config('app.tenant_id', :t, true)"), {"t": tenant})


def make_engine(url: sa.URL, **options: Any) -> sa.Engine:
    """An engine that works as the application role, whoever the URL logs in as."""
    return sa.create_engine(
        url,
        connect_args={"options": f"-c role={APP_ROLE} -c plan_cache_mode=force_custom_plan"},
        pool_pre_ping=True,
        **options,
    )


class Database:
    """One installation's database. Sessions are cheap; keep the object for the life of the process."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self.engine = make_engine(addresses.app, pool_size=8, max_overflow=8)

    @contextmanager
    def transaction(self, tenant: str, *, read_only: bool = False) -> Iterator[TenantSession]:
        """One transaction as `tenant`: committed at the end, rolled back on an error."""
        session = TenantSession(self.engine, expire_on_commit=False, info={"tenant": tenant})
        with session, session.begin():
            if read_only:
                session.execute(sa.text("SET TRANSACTION READ ONLY"))
            yield session

    def tenants(self) -> list[str]:
        """The ids of all tenants; for the scheduler only, which works for each of them in turn."""
        with self.engine.connect() as connection:
            return list(connection.scalars(sa.text("SELECT tenant_ids()")))

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """Start or find the server, migrate, and connect. Raises DatabaseUnavailableError."""
    addresses = resolve(settings)
    migrate(addresses.admin)
    return Database(addresses)
