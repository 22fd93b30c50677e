"""What a search found, in the database: in place of the search before, nothing of which is lost."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from crucible_assets.extractions.entities.mention import Found
from crucible_assets.extractions.entities.stored import entity_rows, resolution_rows, search_row
from crucible_assets.extractions.plan import Source
from resources.database.engine import Database
from resources.database.repositories.cells import load_cells, save_cells
from resources.database.repositories.entities import load_entities, load_resolutions, load_searches, save_entities
from resources.database.tables import cell_history
from resources.project import Project
from tests.entities.making import Finding, served, source_of, study
from tests.entities.test_find import Rows

TEXT = "Report 9\n\nAcme GmbH made an offer.\n\nFoo Ltd made none.\n\nLater ACME GMBH withdrew."


class Stored:
    """One document whose entities are found and stored by this test."""

    def __init__(self, database: Database, server) -> None:
        self.database, self.server = database, server
        self.project: Project = study("each company")
        self.source: Source = Finding(database, served(server)).stored(self.project, source_of(TEXT))

    def find(self, *names: str, failure: str | None = None, most: int | None = None) -> Found:
        found = Finding(self.database, served(self.server, Rows(names)))(self.project, self.source)
        found = replace(found, entities=found.entities[:most])
        with self.database.transaction("default") as session:
            save_entities(
                session,
                self.project.id,
                self.source.id,
                search=search_row(found, "print") | {"failure": failure},
                found=entity_rows(found, self.source),
                compared=resolution_rows(found),
            )
        return found

    def save_cell(self, row_key: str) -> None:
        row = {
            "document_id": self.source.id, "row_key": row_key, "variable": "price", "state": "ABSENT", "value": None,
            "raw": None, "confidence": None, "uncalibrated": None, "evidence": [], "reasons": [], "prompt_version": 1,
            "model": "m", "call_keys": [], "fingerprint": "f", "task_id": None,
        }  # fmt: skip
        with self.database.transaction("default") as session:
            save_cells(session, self.project.id, [row])

    def cells(self) -> list[str]:
        with self.database.transaction("default") as session:
            return sorted(cell.row_key for cell in load_cells(session, self.project.id))


@pytest.fixture
def stored(database, model_server) -> Stored:
    return Stored(database, model_server)


def test_entities_decisions_and_the_search_come_back(stored):
    found = stored.find("Acme GmbH", "ACME GMBH", "Foo Ltd")
    with stored.database.transaction("default") as session:
        rows = load_entities(session, stored.project.id)
        (search,) = load_searches(session, stored.project.id)
        decisions = load_resolutions(session, stored.project.id, stored.source.id)
    assert [(row.row_key, row.position, row.name, row.other_names, row.status) for row in rows] == [
        (found.entities[0].row_key, 1, "Acme GmbH", ["ACME GMBH"], "EXACT"),
        (found.entities[1].row_key, 2, "Foo Ltd", [], "EXACT"),
    ]
    assert [TEXT[m["start"] : m["end"]] for m in rows[0].evidence] == [
        "Acme GmbH made an offer.",
        "Later ACME GMBH withdrew.",
    ]
    assert (search.found, search.expected, search.warnings, search.failure) == (2, None, [], None)
    assert [(d.left_name, d.right_name, d.same, d.method) for d in decisions] == [
        ("Acme GmbH", "ACME GMBH", True, "SAME_NAME")
    ]


def test_cells_of_rows_that_are_no_more_go_to_the_history(stored):
    first = stored.find("Acme GmbH", "Foo Ltd")
    for entity in first.entities:
        stored.save_cell(entity.row_key)
    second = stored.find("Acme GmbH", "Foo Ltd", most=1)
    assert stored.cells() == [second.entities[0].row_key] == [first.entities[0].row_key]
    with stored.database.transaction("default") as session:
        kept = session.scalars(
            sa.select(cell_history.c.row_key).where(cell_history.c.project_id == stored.project.id)
        )
        assert list(kept) == [first.entities[1].row_key]


def test_the_row_of_a_failed_search_stays_until_a_search_succeeds(stored):
    stored.find("Acme GmbH", failure="a part could not be searched")
    stored.save_cell("")
    stored.find("Acme GmbH", failure="a part could not be searched")
    assert stored.cells() == [""]
    stored.find("Acme GmbH")
    assert stored.cells() == []


def test_a_document_without_entities_is_known_to_be_searched(stored):
    stored.find()
    with stored.database.transaction("default") as session:
        assert load_entities(session, stored.project.id) == []
        assert [(s.document_id, s.found) for s in load_searches(session, stored.project.id)] == [
            (stored.source.id, 0)
        ]
