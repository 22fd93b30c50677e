"""A project with documents, as a task finds it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from resources.database.engine import Database
from resources.database.repositories.documents import NewFile, list_documents, take_in
from resources.database.repositories.projects import save_project
from resources.database.tables import projects, variables
from resources.project import Project, project_from_data
from resources.vocabulary import DocumentOrigin

MakeProject = Callable[..., Project]


@pytest.fixture
def make_project(database: Database, tenant: str) -> MakeProject:
    """`make_project(documents=3)`: a project of the test's tenant."""

    def make(documents: int = 3, *, with_variables: bool = True, archived: bool = False) -> Project:
        made = project_from_data(
            {
                "name": f"study {uuid.uuid4().hex[:10]}",
                "documents": "x",
                "variables": [
                    {"name": "price", "type": "NUMBER", "instructions": "The price."},
                    {"name": "signed", "type": "DATE", "instructions": "The day."},
                ],
            }
        )
        with database.transaction(tenant) as session:
            save_project(session, made)
            if not with_variables:
                session.execute(sa.delete(variables).where(variables.c.project_id == made.id))
            session.execute(sa.update(projects).where(projects.c.id == made.id).values(archived=archived))
            files = [NewFile(f"{i:03d}.txt", f"{made.id}{i}", 1, "b") for i in range(documents)]
            if files:
                take_in(session, made.id, files, DocumentOrigin.UPLOAD)
        return made

    return make


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project()


@pytest.fixture
def document_ids(database: Database, tenant: str) -> Callable[[Project], list[str]]:
    def ids(project: Project) -> list[str]:
        with database.transaction(tenant) as session:
            return [str(row.id) for row in list_documents(session, project.id)]

    return ids
