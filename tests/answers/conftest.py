"""A study whose model is the model server, in either wire format."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from crucible_assets.answers import calling
from resources.database.engine import Database
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.installation import Installation
from resources.project import Project
from resources.project_settings import ProjectSettings
from resources.settings import Settings
from tests.answers.study import Study
from tests.model_server import ModelServer

MakeStudy = Callable[..., Study]


@pytest.fixture
def make_study(
    database: Database, settings: Settings, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> MakeStudy:
    """Studies of tenants of their own; `models` () for none but the reader."""
    monkeypatch.setenv("OPENAI_BASE_URL", model_server.openai_url)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", model_server.anthropic_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "any")
    monkeypatch.setattr(calling, "LONGEST_SECONDS", 20.0)  # an answerer that raises is not asked for minutes

    def make(models: tuple[str, ...] = ("openai:test",), tenant: str | None = None, **chosen: Any) -> Study:
        installation = Installation(replace(settings, models=models or ("local",)))
        installation.__dict__["database"] = database  # the session's, with its pool
        tenant = tenant or f"t{uuid.uuid4().hex[:12]}"
        name = f"study-{uuid.uuid4().hex[:8]}"
        with database.transaction(tenant) as session:
            ensure_tenant(session)
            save_project(session, Project(name, name, (), settings=ProjectSettings(**chosen)))
        return Study(installation, tenant, name)

    return make


@pytest.fixture
def study(make_study: MakeStudy) -> Study:
    return make_study()
