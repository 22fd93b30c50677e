"""The engine and the tenant-bound session: the only way in which the application talks to the database.

Every transaction of a `TenantSession` begins by binding the tenant (`app.tenant_id`, local to the transaction);
a session without a tenant cannot begin one. `plan_cache_mode=force_custom_plan` keeps the planner from reusing a
plan that was made for another tenant.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, SessionTransaction

from resources.database.migrate import APP_ROLE, migrate
from resources.database.server import Addresses, resolve
from resources.settings import Settings

_Begun = TypeVar("_Begun")

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
    settings = ", ".join(["set_config(%s, %s, true)"] * len(local))
    connection.exec_driver_sql(f"SELECT {settings}", tuple(text for pair in local.items() for text in pair))


def make_engine(url: sa.URL, settings: Mapping[str, str] | None = None, **options: Any) -> sa.Engine:
    """An engine that works as the application role, whoever the URL logs in as, under `settings` of the server."""
    said = {"role": APP_ROLE, "plan_cache_mode": "force_custom_plan", **(settings or {})}
    connect = " ".join(f"-c {name}={value}" for name, value in said.items())
    return sa.create_engine(url, connect_args={"options": connect}, **options)


def _alive(begin: Callable[[], _Begun]) -> _Begun:
    try:
        return begin()
    except sa.exc.DBAPIError as error:
        if not error.connection_invalidated:
            raise
    return begin()  # the pool has let go of all that it had: this connection is new


class Database:
    """One installation's database. Sessions are cheap; keep the object for the life of the process.

    Connections that died since they were last used (the server was restarted) are found by the first statement of a
    transaction, which is then begun anew: nothing is asked only to learn that there is an answer.
    """

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self.engine = make_engine(addresses.app, pool_size=8, max_overflow=8, pool_timeout=_POOL_SECONDS)

    def connect(self) -> sa.Connection:
        """A connection that works, bound to no tenant; for what concerns the installation."""
        return _alive(self._answering)

    def _answering(self) -> sa.Connection:
        connection = self.engine.connect()
        try:
            connection.exec_driver_sql("SELECT 1")
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        return connection

    def _bound(self, info: dict[str, Any]) -> TenantSession:
        session = TenantSession(self.engine, expire_on_commit=False, info=info)
        try:
            session.connection()
        except BaseException:
            session.close()
            raise
        return session

    @contextmanager
    def transaction(
        self,
        tenant: str,
        *,
        read_only: bool = False,
        durable: bool = True,
        seconds: float | None = None,
        lock_seconds: float | None = None,
    ) -> Iterator[TenantSession]:
        """One transaction as `tenant`: committed at the end, rolled back on an error.

        No statement of it takes more than `seconds` (sqlalchemy.exc.OperationalError), or waits longer than
        `lock_seconds` for a lock. What is not `durable` does not wait for the disk, and may be lost with the server.
        """
        local: dict[str, str] = {}
        if seconds is not None:
            local["statement_timeout"] = str(round(seconds * 1000))
        if lock_seconds is not None:
            local["lock_timeout"] = str(round(lock_seconds * 1000))
        if read_only:
            local["transaction_read_only"] = "on"
        if not durable:
            local["synchronous_commit"] = "off"
        with _alive(lambda: self._bound({"tenant": tenant, "local": local})) as session:
            begun = session.get_transaction()
            assert begun is not None  # by `_bound`
            with begun:
                yield session

    def tenants(self) -> list[str]:
        """The ids of all tenants; for the scheduler only, which works for each of them in turn."""
        with self.connect() as connection:
            return list(connection.scalars(sa.text("SELECT tenant_ids()")))

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """Start or find the server, migrate, and connect. Raises DatabaseUnavailableError."""
    addresses = resolve(settings)
    migrate(addresses.admin)
    return Database(addresses)
