"""Fusion, ties, filters, deletion and tenants: what the one statement of search gives."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import sqlalchemy as sa

from resources.database.repositories.deletion import delete_documents
from resources.database.repositories.projects import save_project
from resources.database.repositories.retrieval import Filters, hybrid
from resources.project import Project
from resources.search.query import make_query
from tests.search.corpus import MODEL, add, fresh_project, refresh, unit

EVERYTHING = Filters()
EAST, NORTH, UP = unit(1, 0, 0, 0), unit(0, 1, 0, 0), unit(0, 0, 1, 0)


def ask(database, project, text=None, vector=None, k=20, filters=EVERYTHING, tenant="default"):
    query = None if text is None else make_query(text, ["en"])
    model = None if vector is None else MODEL
    with database.transaction(tenant) as session:
        return hybrid(session, project, query, model, vector, k, filters)


@pytest.fixture(scope="module")
def four(database):
    """Four documents: words and vectors agree on the first, one leg alone finds the next two, none the last."""
    name = fresh_project(database)
    ids = {
        "both": add(database, name, "both", ["wing wing"], vectors=[EAST]),
        "words": add(database, name, "words", ["a wing here"], vectors=[]),
        "near": add(database, name, "near", ["nothing"], vectors=[unit(1, 1, 0, 0)]),
        "far": add(database, name, "far", ["silence"], vectors=[UP]),
    }
    refresh(database, name)
    return name, ids


def test_ranks_and_distances_of_both_legs_are_told_and_fused(database, four):
    name, ids = four
    found = {hit.document_id: hit for hit in ask(database, name, "wing", EAST)}
    both, words, near, far = (found[ids[key]] for key in ("both", "words", "near", "far"))
    assert (both.lexical_rank, both.dense_rank) == (1, 1)
    assert (words.lexical_rank, words.dense_rank, words.distance) == (2, None, None)
    assert (near.lexical_rank, near.lexical_score, near.dense_rank) == (None, None, 2)
    assert both.distance == pytest.approx(0, abs=1e-3)
    assert near.distance == pytest.approx(1 - 2**-0.5, abs=1e-3)
    assert far.distance == pytest.approx(1, abs=1e-3)
    assert {hit.document_id: hit.score for hit in found.values()} == pytest.approx(
        {ids["both"]: 2 / 61, ids["words"]: 1 / 62, ids["near"]: 1 / 62, ids["far"]: 1 / 63}
    )


def test_a_leg_alone_decides_alone(database, four):
    name, ids = four
    assert [hit.document_id for hit in ask(database, name, "wing")] == [ids["both"], ids["words"]]
    assert [hit.document_id for hit in ask(database, name, vector=EAST)] == [ids["both"], ids["near"], ids["far"]]
    assert ask(database, name, "?!") == []
    assert next(hit.document_id for hit in ask(database, name, "?!", NORTH)) == ids["near"]


def test_no_more_than_asked_and_the_best_of_them(database, four):
    name, ids = four
    assert [hit.document_id for hit in ask(database, name, "wing", EAST, k=1)] == [ids["both"]]


def test_vectors_of_other_models_or_sizes_are_not_compared(database, four):
    name, _ = four
    with database.transaction("default") as session:
        assert hybrid(session, name, None, "another", EAST, 5) == []
        assert hybrid(session, name, None, MODEL, np.ones(5, np.float32), 5) == []


def test_ties_are_broken_by_ids_and_always_alike(database):
    name = fresh_project(database)
    ids = [add(database, name, f"d{n}", ["a wing", "a wing"], vectors=[EAST, EAST]) for n in range(15)]
    refresh(database, name)
    expected = [(document, index) for document in sorted(ids) for index in (0, 1)]
    for question in (("wing", None), (None, EAST), ("wing", EAST)):
        found = ask(database, name, *question, k=100)
        assert [(hit.document_id, hit.index) for hit in found] == expected
        assert [(hit.document_id, hit.index) for hit in ask(database, name, *question, k=7)] == expected[:7]


@pytest.fixture(scope="module")
def library(database):
    name = fresh_project(database)
    common = {"vectors": [EAST]}
    ids = {
        "report": add(
            database, name, "report", ["wing one"], dated="2023-05-01", media_type="application/pdf",
            metadata={"kind": "report", "year": 2023}, **common,
        ),
        "letter": add(
            database, name, "letter", ["wing two"], language="de", dated="2024", media_type="text/plain",
            metadata={"kind": "letter"}, **common,
        ),
        "note": add(database, name, "note", ["wing three"], language=None, **common),
    }  # fmt: skip
    add(database, name, "replaced", ["wing old"], **common)
    ids["replaced"] = add(database, name, "replaced", ["wing new"], **common)
    with database.transaction("default") as session:
        session.execute(
            sa.text(
                "INSERT INTO entities (tenant_id, project_id, document_id, row_key, name, position, status) "
                "VALUES ('default', :project, :document, 'acme', 'Acme', 1, 'EXACT')"
            ),
            {"project": name, "document": ids["letter"]},
        )
    refresh(database, name)
    return name, ids


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), {"report", "letter", "note", "replaced"}),
        (Filters(languages=("de",)), {"letter"}),
        (Filters(languages=("de", "en")), {"report", "letter", "replaced"}),
        (Filters(media_types=("application/pdf",)), {"report"}),
        (Filters(dated_from=date(2023, 5, 1)), {"report", "letter"}),
        (Filters(dated_from=date(2023, 5, 2), dated_to=date(2024, 12, 31)), {"letter"}),
        (Filters(dated_to=date(2023, 5, 1)), {"report"}),
        (Filters(metadata={"kind": "report"}), {"report"}),
        (Filters(metadata={"kind": "report", "year": 2022}), set()),
        (Filters(entity="acme"), {"letter"}),
        (Filters(entity="acme", languages=("en",)), set()),
    ],
)
def test_filters_narrow_both_legs_alike(database, library, filters, expected):
    name, ids = library
    for question in (("wing", None), (None, EAST), ("wing", EAST)):
        found = ask(database, name, *question, filters=filters)
        assert {hit.document_id for hit in found} == {ids[key] for key in expected}


def test_documents_and_earlier_versions_may_be_named(database, library):
    name, ids = library
    chosen = (ids["note"], ids["letter"])
    assert {hit.document_id for hit in ask(database, name, "wing", EAST, filters=Filters(documents=chosen))} == set(
        chosen
    )
    assert len(ask(database, name, "wing", EAST, filters=Filters(current=False))) == 5


def test_a_deleted_document_is_found_no_more_in_the_same_transaction(database):
    name = fresh_project(database)
    kept = add(database, name, "kept", ["wing"], vectors=[EAST])
    gone = add(database, name, "gone", ["wing"], vectors=[EAST])
    refresh(database, name)
    with database.transaction("default") as session:
        query = make_query("wing", ["en"])
        assert len(hybrid(session, name, query, MODEL, EAST, 20)) == 2
        delete_documents(session, [gone])
        for words, vector in ((query, None), (None, EAST), (query, EAST)):
            found = hybrid(session, name, words, None if vector is None else MODEL, vector, 20)
            assert [hit.document_id for hit in found] == [kept]
        for table in ("passages", "vectors", "postings"):
            left = sa.text(f"SELECT count(*) FROM {table} WHERE document_id = :id")
            assert session.scalar(left, {"id": gone}) == 0


def test_another_tenant_is_never_answered(database, library):
    """Not even one that has a project of the same name with the same words."""
    name, ids = library
    assert ask(database, name, "wing", EAST, tenant="other") == []
    with database.transaction("other") as session:
        save_project(session, Project(name, name, ()))
    own = add(database, name, "own", ["wing"], tenant="other", vectors=[EAST])
    refresh(database, name, "other")
    assert [hit.document_id for hit in ask(database, name, "wing", EAST, tenant="other")] == [own]
    assert own not in {hit.document_id for hit in ask(database, name, "wing", EAST)}
    named = Filters(documents=tuple(ids.values()))
    assert ask(database, name, "wing", EAST, filters=named, tenant="other") == []
