"""One transaction per request, as the tenant of who asks: committed before the answer is sent.

A route says by the type of its session what it may do: `ReadSession` (a read-only transaction), `WriteSession`,
`RunSession`, `AdminReadSession`, `AdminSession`, `ServiceSession`. Services and repositories never commit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Request, params

from resources.database.engine import Database, TenantSession
from sidecar.security.principal import Administrator, Principal, Reader, Runner, Service, Writer
from sidecar.security.scopes import Scope

_SHARE = 0.8
"""Of the time that a request has, for one statement of it; a lock is waited for half as long."""


def _transaction(request: Request, who: Principal, *, read_only: bool = False) -> Iterator[TenantSession]:
    database: Database = request.app.state.installation.database
    # shorter than the request's own time-out: what is given up there has then ended here
    seconds = request.app.state.bounds.request_seconds * _SHARE
    with database.transaction(who.tenant, read_only=read_only, seconds=seconds, lock_seconds=seconds / 2) as session:
        session.info["actor"] = who.subject
        session.info["request_id"] = getattr(request.state, "request_id", "")
        yield session


part_of_request = contextmanager(_transaction)
"""For routes that declare a `Principal` in place of a session: what takes long between two such transactions holds no
connection."""


def _reading(request: Request, who: Reader) -> Iterator[TenantSession]:
    yield from _transaction(request, who, read_only=True)


def _writing(request: Request, who: Writer) -> Iterator[TenantSession]:
    yield from _transaction(request, who)


def _running(request: Request, who: Runner) -> Iterator[TenantSession]:
    yield from _transaction(request, who)


def _looking_after(request: Request, who: Administrator) -> Iterator[TenantSession]:
    yield from _transaction(request, who, read_only=True)


def _administrating(request: Request, who: Administrator) -> Iterator[TenantSession]:
    yield from _transaction(request, who)


def _serving(request: Request, who: Service) -> Iterator[TenantSession]:
    yield from _transaction(request, who)


# scope="function": the transaction ends before the answer is sent, so that no answer promises what did not happen
ReadSession = Annotated[TenantSession, params.Security(_reading, scope="function", scopes=[Scope.READ.value])]
WriteSession = Annotated[TenantSession, params.Security(_writing, scope="function", scopes=[Scope.WRITE.value])]
RunSession = Annotated[TenantSession, params.Security(_running, scope="function", scopes=[Scope.RUN.value])]
AdminReadSession = Annotated[
    TenantSession, params.Security(_looking_after, scope="function", scopes=[Scope.ADMIN.value])
]
AdminSession = Annotated[
    TenantSession, params.Security(_administrating, scope="function", scopes=[Scope.ADMIN.value])
]
ServiceSession = Annotated[TenantSession, params.Security(_serving, scope="function", scopes=[Scope.INTERNAL.value])]
