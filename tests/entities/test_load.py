"""The dataset of a study of entities, as it is loaded from the database."""

import hashlib
from uuid import UUID

import pytest

from crucible_assets.datasets.load import load_dataset
from crucible_assets.datasets.reconcile import reconcile
from resources.database.repositories.cells import save_cells
from resources.database.repositories.documents import NewFile, take_in
from resources.database.repositories.entities import save_entities
from resources.database.repositories.projects import save_project
from resources.vocabulary import DocumentOrigin, EvidenceStatus
from tests.entities.making import study


class Corpus:
    """Documents of one study, with what their searches found."""

    def __init__(self, database) -> None:
        self.database, self.project = database, study("every part")
        with database.transaction("default") as session:
            save_project(session, self.project)

    def document(self, name: str) -> UUID:
        digest = hashlib.sha256(f"{self.project.id} {name}".encode()).hexdigest()
        with self.database.transaction("default") as session:
            (taken,) = take_in(session, self.project.id, [NewFile(name, digest, 1, "b")], DocumentOrigin.FOLDER)
        return taken.document_id

    def searched(
        self, document: UUID, *names: str, failure: str | None = None, warnings: tuple[str, ...] = ()
    ) -> None:
        entities = [
            {
                "row_key": name.lower(), "position": position, "name": name, "other_names": [], "status": "EXACT",
                "evidence": [{"name": name, "quote": f"1 {name}", "places": []}], "call_keys": [],
            }
            for position, name in enumerate(names, 1)
        ]  # fmt: skip
        search = {
            "found": len(names), "expected": None, "warnings": list(warnings), "failure": failure, "call_keys": [],
            "fingerprint": "f",
        }  # fmt: skip
        with self.database.transaction("default") as session:
            save_entities(session, self.project.id, document, search=search, found=entities, compared=[])

    def cell(self, document: UUID, row_key: str, value: float | None, state: str = "VALUE") -> None:
        quotes = [
            {
                "quote": "1 x",
                "start": 0,
                "end": 3,
                "status": "EXACT",
                "score": 1.0,
                "places": [{"page": 2, "label": None}],
            }
        ]
        row = {
            "document_id": document, "row_key": row_key, "variable": "price", "state": state, "value": value,
            "raw": None, "confidence": None, "uncalibrated": None, "evidence": quotes if value else [],
            "reasons": ["lost"] if state == "FAILED" else [], "prompt_version": 1, "model": "m", "call_keys": [],
            "fingerprint": "f", "task_id": None,
        }  # fmt: skip
        with self.database.transaction("default") as session:
            save_cells(session, self.project.id, [row])

    def load(self, *, whole: bool):
        with self.database.transaction("default") as session:
            return load_dataset(session, self.project, whole_corpus=whole)


@pytest.fixture
def corpus(database) -> Corpus:
    made = Corpus(database)
    full, empty, lost, new = (made.document(f"{name}.txt") for name in ("a", "b", "c", "d"))
    made.searched(full, "Nut", "Bolt", warnings=("the source has 3",))
    made.cell(full, "nut", 2)
    made.cell(full, "bolt", 3)
    made.searched(empty)
    made.searched(lost, "Ring", failure="a part could not be searched")
    made.cell(lost, "ring", 5)
    made.cell(lost, "", None, "FAILED")
    assert new
    return made


def test_rows_are_entities_and_a_document_without_any_is_listed(corpus):
    data, left_out = corpus.load(whole=False)
    assert [(row.document_name, row.entity) for row in data.rows] == [
        ("a.txt", "Nut"),
        ("a.txt", "Bolt"),
        ("c.txt", "Ring"),
        ("c.txt", None),
    ]
    assert data.rows[0].quote == "1 Nut" and data.rows[0].status is EvidenceStatus.EXACT
    assert [(d.name, d.rows) for d in data.documents] == [("a.txt", 2), ("b.txt", 0), ("c.txt", 1)]
    assert data.documents[0].warnings == ("the source has 3",)
    assert data.without_rows == ("b.txt",)
    assert left_out == 1
    assert reconcile(data.rows, corpus.project.variables, data.cells).complete


def test_in_a_whole_corpus_a_document_that_was_not_searched_is_missed(corpus):
    data, left_out = corpus.load(whole=True)
    assert left_out == 0
    counted = reconcile(data.rows, corpus.project.variables, data.cells)
    assert [key for key, _ in counted.missing] == [row.row_key for row in data.rows if row.document_name == "d.txt"]


def test_a_cell_knows_its_entity_and_carries_its_evidence(corpus):
    data, _ = corpus.load(whole=False)
    nut = next(cell for cell in data.cells if cell.entity == "Nut")
    assert (nut.value, nut.page, [quoted.page for quoted in nut.evidence]) == (2, 2, [2])


def test_an_entity_without_its_cells_is_left_out_of_a_sample_and_missed_in_the_whole(corpus):
    document = corpus.document("e.txt")
    corpus.searched(document, "Washer")
    assert "e.txt" not in {row.document_name for row in corpus.load(whole=False)[0].rows}
    data, _ = corpus.load(whole=True)
    missing = reconcile(data.rows, corpus.project.variables, data.cells).missing
    assert (f"{document}/washer", "price") in missing
