"""A tenant, a project and a task of its own for each test, once for each provider."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from resources.database.engine import Database
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.repositories.tasks import create_task, update_task
from resources.project import project_from_data
from resources.vocabulary import TaskKind, TaskStatus
from tests.batches.desk import Desk
from tests.model_server import ModelServer


def env_of(url: str) -> dict[str, str]:
    """The environment in which both providers are the server at this address."""
    return {
        "OPENAI_API_KEY": "key",
        "OPENAI_BASE_URL": f"{url}/v1",
        "ANTHROPIC_API_KEY": "key",
        "ANTHROPIC_BASE_URL": url,
    }


@pytest.fixture
def make_desk(database: Database) -> Callable[[str, str], Desk]:
    def make(url: str, provider: str) -> Desk:
        tenant = f"t{uuid4().hex[:10]}"
        project = project_from_data(
            {
                "name": f"batches {uuid4().hex}",
                "documents": "documents",
                "variables": [{"name": "amount", "type": "NUMBER", "instructions": "The amount."}],
            }
        )
        with database.transaction(tenant) as session:
            ensure_tenant(session)
            save_project(session, project)
            task = create_task(session, project.id, TaskKind.FULL, {}, [{"job": "full", "first": "x", "last": None}])
            update_task(session, task, status=TaskStatus.RUNNING)
        return Desk(database, tenant, project.id, task, env_of(url), provider)

    return make


@pytest.fixture(params=["openai", "anthropic"])
def desk(request: pytest.FixtureRequest, model_server: ModelServer, make_desk: Callable[[str, str], Desk]) -> Desk:
    model_server.configure(batch_seconds=0.05)
    return make_desk(model_server.url, request.param)
