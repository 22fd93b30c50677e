"""The application with a clock that tests set, users with passwords, and ways to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from resources.accounts import hash_password
from resources.database.engine import Database
from resources.database.repositories.projects import ensure_tenant
from resources.database.repositories.users import add_user
from resources.database.tables import audit_log
from resources.installation import Installation
from resources.vocabulary import Role
from sidecar.app import make_app
from sidecar.limits.settings import Bounds, Zone
from sidecar.security.authenticate import authenticator
from sidecar.security.secrets import Secrets

PASSWORD = "correct horse battery"
_WIDE = Zone("wide", 1_000_000, 1_000_000)


@dataclass
class Clock:
    """Shows the time that a test set."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, **much: float) -> None:
        self.ahead += timedelta(**much)


@pytest.fixture(scope="session")
def set_clock() -> Clock:
    return Clock()


@pytest.fixture
def clock(set_clock: Clock) -> Iterator[Clock]:
    yield set_clock
    set_clock.ahead = timedelta()


@pytest.fixture(scope="session")
def timed_app(installation: Installation, secrets: Secrets, set_clock: Clock) -> Iterator[FastAPI]:
    bounds = Bounds(principal=_WIDE, costly=_WIDE, address=_WIDE, login=Zone("login", 1, 10))
    made = make_app(installation, secrets, bounds)
    made.state.authentication = made.state.authenticator = authenticator(installation, secrets, set_clock)
    with TestClient(made):  # start-up and shutdown
        yield made


@pytest.fixture
def anyone(timed_app: FastAPI, clock: Clock) -> TestClient:
    """A client that sends no token."""
    return TestClient(timed_app, raise_server_exceptions=False)


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@dataclass(frozen=True)
class Person:
    id: UUID
    email: str
    tenant: str

    @property
    def username(self) -> str:
        return f"{self.tenant}/{self.email}"


MakePerson = Callable[..., Person]


@pytest.fixture
def person(database: Database, tenant: str, password_hash: str) -> MakePerson:
    """`person("admin")`: a user who can log in with PASSWORD."""

    def make(role: str = "researcher", tenant: str = tenant) -> Person:
        email = f"{uuid4().hex[:12]}@example.org"
        with database.transaction(tenant) as session:
            ensure_tenant(session)
            user = add_user(session, email=email, name="Ada", role=Role(role), password_hash=password_hash)
        return Person(user.id, email, tenant)

    return make


@pytest.fixture
def log_in(anyone: TestClient) -> Callable[..., SimpleNamespace]:
    """`log_in(person)`: its tokens."""

    def make(who: Person, **form: str) -> SimpleNamespace:
        answer = anyone.post("/v1/auth/token", data={"username": who.username, "password": PASSWORD, **form})
        assert answer.status_code == 200, answer.text
        return SimpleNamespace(**answer.json())

    return make


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def actions(database: Database, tenant: str) -> list[str]:
    with database.transaction(tenant) as session:
        return list(session.scalars(sa.select(audit_log.c.action).order_by(audit_log.c.n)))
