"""A project to upload to, and how a client sends files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from resources.database.engine import Database
from resources.database.repositories.projects import save_project
from resources.project import Project
from resources.vocabulary import Variable, VariableType

Send = Callable[..., Any]


def make_project(database: Database, tenant: str, project_id: str = "study") -> str:
    variables = (Variable("amount", VariableType.NUMBER, "How much is paid?"),)
    with database.transaction(tenant) as session:
        save_project(session, Project(project_id, project_id, variables))
    return project_id


@pytest.fixture
def project(database: Database, tenant: str) -> str:
    return make_project(database, tenant)


@pytest.fixture
def researcher(client_as: Callable[..., TestClient], project: str) -> TestClient:
    return client_as("researcher")


def send(client: TestClient, *files: tuple[str, bytes], project: str = "study", **headers: str) -> Any:
    """POST files as a form does."""
    parts = [("files", (name, data, "application/octet-stream")) for name, data in files]
    return client.post("/v1/context/upload", data={"project_id": project}, files=parts, headers=headers)
