"""A tenant and a project of each test's own, and an instance of Dagster in memory."""

import uuid

import dagster as dg
import pytest

from resources.database.repositories.projects import ensure_tenant
from resources.installation import Installation
from tests.sensors.ticking import make_project


@pytest.fixture
def installation(database, settings):
    made = Installation(settings)
    yield made
    made.database.dispose()


@pytest.fixture
def tenant(database):
    """A tenant of this test's own, so that what others left behind is not in the way."""
    name = f"t{uuid.uuid4().hex[:10]}"
    with database.transaction(name) as session:
        ensure_tenant(session)
    return name


@pytest.fixture
def project(database, tenant):
    return make_project(database, tenant)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("sensors.inbox._SETTLED_SECONDS", -1.0)
    monkeypatch.setattr("sensors.tasks._SETTLED_SECONDS", -1.0)
    monkeypatch.setattr("sensors.tasks._WAIT_SECONDS", 0.0)
