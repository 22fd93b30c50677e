"""The application over the real database, and clients that ask as somebody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from resources.database.engine import Database
from resources.database.repositories.projects import ensure_tenant
from resources.database.tables import users
from resources.installation import Installation
from resources.settings import Settings
from resources.vocabulary import Role
from sidecar.app import make_app
from sidecar.limits.settings import Bounds, Zone
from sidecar.security.principal import Principal
from sidecar.security.scopes import SCOPES
from sidecar.security.secrets import Secrets, load_secrets
from sidecar.security.tokens import TokenUse, issue

ClientAs = Callable[..., TestClient]


@pytest.fixture(scope="session")
def installation(settings: Settings, database: Database) -> Installation:
    made = Installation(settings)
    made.__dict__["database"] = database  # the one of the session, already migrated
    return made


@pytest.fixture(scope="session")
def secrets(home: Path) -> Secrets:
    return load_secrets(home)


@pytest.fixture(scope="session")
def app(installation: Installation, secrets: Secrets) -> Iterator[FastAPI]:
    made = make_app(installation, secrets, Bounds(address=Zone("address", 10**6, 10**6)))  # all tests are one address
    with TestClient(made):  # start-up and shutdown
        yield made


@pytest.fixture
def tenant(database: Database) -> str:
    """A tenant of this test alone."""
    return fresh_tenant(database)


@pytest.fixture
def other(database: Database) -> str:
    """Another tenant, of this test alone as well."""
    return fresh_tenant(database)


def fresh_tenant(database: Database) -> str:
    """A tenant that nobody else works in."""
    name = f"t-{uuid4().hex[:12]}"
    with database.transaction(name) as session:
        ensure_tenant(session)
    return name


@pytest.fixture
def client_as(app: FastAPI, database: Database, secrets: Secrets, tenant: str) -> ClientAs:
    """`client_as("researcher")`, `client_as("admin", tenant=other)`: a client that sends a user's access token."""

    def make(role: str = "researcher", tenant: str = tenant) -> TestClient:
        who = make_user(database, tenant, Role(role))
        use = TokenUse.SERVICE if who.role is Role.SERVICE else TokenUse.ACCESS
        client = TestClient(app, raise_server_exceptions=False)
        client.headers["Authorization"] = f"Bearer {issue(secrets, who, use=use)}"
        return client

    return make


def make_user(database: Database, tenant: str, role: Role) -> Principal:
    """A user in the database, as a request would know them."""
    user_id = uuid4()
    with database.transaction(tenant) as session:
        ensure_tenant(session)
        session.execute(
            sa.insert(users).values(
                tenant_id=tenant, id=user_id, email=f"{user_id}@example.org", name=role.value, role=role.value
            )
        )
    return Principal(tenant, f"user:{user_id}", role, SCOPES[role], str(user_id))
