"""The engine and the tenant-bound session: the only way in which the application talks to the database.

Every transaction of a `TenantSession` begins by binding the tenant (`app.tenant_id`, local to the transaction);
a session without a tenant cannot begin one. `plan_cache_mode=force_custom_plan` keeps the planner from reusing a
plan that was made for another tenant.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, SessionTransaction

from resources.database.migrate import APP_ROLE, migrate
from resources.database.server import Addresses, resolve
from resources.settings import Settings

_POOL_SECONDS = 10
"""How long one waits for a free connection before that is an error: the database is far behind."""


class TenantSession(Session):
    """A session whose every transaction is bound to one tenant."""


@sa.event.listens_for(TenantSession, "after_begin")
def _bind_tenant(session: Session, _transaction: SessionTransaction, connection: sa.Connection) -> None:
    tenant = session.info.get("tenant")
    if not tenant:
        raise RuntimeError("No tenant is bound to this session.")
    local = {"app.tenant_id": tenant, **session.info.get("local", {})}
    names = ", ".join(f"set_config(:n{i}, :v{i}, true)" for i in range(len(local)))
    values = {
        f"{kind}{i}": text for i, pair in enumerate(local.items()) for kind, text in zip("nv", pair, strict=True)
    }
    connection.execute(sa.text(f"SELECT {names}"), values)


def make_engine(url: sa.URL, settings: Mapping[str, str] | None = None, **options: Any) -> sa.Engine:
    """An engine that works as the application role, whoever the URL logs in as, under `settings` of the server."""
    said = {"role": APP_ROLE, "plan_cache_mode": "force_custom_plan", **(settings or {})}
    connect = " ".join(f"-c {name}={value}" for name, value in said.items())
    return sa.create_engine(url, connect_args={"options": connect}, **{"pool_pre_ping": True, **options})


class Database:
    """One installation's database. Sessions are cheap; keep the object for the life of the process."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self.engine = make_engine(addresses.app, pool_size=8, max_overflow=8, pool_timeout=_POOL_SECONDS)

    @contextmanager
    def transaction(
        self, tenant: str, *, read_only: bool = False, seconds: float | None = None, lock_seconds: float | None = None
    ) -> Iterator[TenantSession]:
        """One transaction as `tenant`: committed at the end, rolled back on an error.

        No statement of it takes more than `seconds` (sqlalchemy.exc.OperationalError), or waits longer than
        `lock_seconds` for a lock.
        """
        local: dict[str, str] = {}
        if seconds is not None:
            local["statement_timeout"] = str(round(seconds * 1000))
        if lock_seconds is not None:
            local["lock_timeout"] = str(round(lock_seconds * 1000))
        if read_only:
            local["transaction_read_only"] = "on"
        session = TenantSession(self.engine, expire_on_commit=False, info={"tenant": tenant, "local": local})
        with session, session.begin():
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
