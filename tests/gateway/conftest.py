"""A project of its own for each test, so that ledgers do not meet."""

from uuid import uuid4

import pytest

from resources.database.engine import Database
from resources.database.repositories.projects import save_project
from resources.project import project_from_data
from tests.gateway.asking import Desk


@pytest.fixture
def desk(database: Database) -> Desk:
    project = project_from_data(
        {
            "name": f"gateway {uuid4().hex}",
            "documents": "documents",
            "variables": [{"name": "borrower", "type": "TEXT", "instructions": "Who borrows."}],
        }
    )
    with database.transaction("default") as session:
        save_project(session, project)
    return Desk(database, project.id)


@pytest.fixture
def text() -> str:
    """A document that no other test has, so that the tenant's ledger does not know it."""
    return f"Loan agreement {uuid4().hex}\nBorrower: Acme GmbH\nAmount: 1234.5"
