"""Projects whose rows are entities: found, filled, stored, and not asked again."""

import pytest

from resources.database.repositories.cells import load_cells
from resources.database.repositories.entities import load_entities, load_searches
from resources.database.repositories.staleness import cell_gaps
from tests.extraction.bench import TENANT, Bench, make_bench

VARIABLES = [
    {"name": "age", "type": "NUMBER", "instructions": "The age in years."},
    {"name": "home", "type": "TEXT", "instructions": "Where the person lives."},
]
REPORT = """Report of injuries

The following three persons were hurt.

1. Eva Falk, aged 31, of Bergen, broke an arm.
2. Jon Moe, aged 54, of Molde, was burnt.
3. Ida Lund, aged 8, of Oslo, was unhurt but for scratches.
"""
GOLD = {
    "Report of injuries": [
        {"_entity": "Eva Falk", "age": 31, "home": "Bergen"},
        {"_entity": "Jon Moe", "age": 54, "home": "Molde"},
        {"_entity": "Ida Lund", "age": 8, "home": "Oslo"},
    ],
    "Minutes without": [],
}


@pytest.fixture
def study(settings, database, model_server, tmp_path):
    model_server.configure(answers=GOLD)
    documents = {"report.txt": REPORT, "none.txt": "Minutes without anybody who was hurt.\n\nNothing happened."}
    return make_bench(
        settings, database, model_server, tmp_path, documents, VARIABLES,
        unit_of_observation="ENTITY", entity_pattern="every injured person",
    )  # fmt: skip


def rows(study: Bench):
    with study.database.transaction(TENANT) as session:
        found = load_entities(session, study.project.id)
        searches = load_searches(session, study.project.id)
        cells = {(c.row_key, c.variable): c for c in load_cells(session, study.project.id)}
    return found, {study.names[s.document_id]: s for s in searches}, cells


def test_every_entity_gets_a_cell_for_every_variable(study):
    total = study.fill().total
    found, searches, cells = rows(study)
    assert [entity.name for entity in found] == ["Eva Falk", "Jon Moe", "Ida Lund"]
    assert {(e.name, v): cells[e.row_key, v].value for e in found for v in ("age", "home")} == {
        ("Eva Falk", "age"): 31, ("Eva Falk", "home"): "Bergen",
        ("Jon Moe", "age"): 54, ("Jon Moe", "home"): "Molde",
        ("Ida Lund", "age"): 8, ("Ida Lund", "home"): "Oslo",
    }  # fmt: skip
    assert (searches["report.txt"].found, searches["none.txt"].found) == (3, 0)
    assert (total.documents_done, sum(total.states.values())) == (2, 6)


def test_a_second_run_asks_nothing(study):
    study.fill()
    study.server.reset()
    study.server.configure(answers=GOLD)
    total = study.fill().total
    assert study.server.stats().calls == 0
    assert (total.calls, sum(total.states.values())) == (0, 6)


def test_an_entity_that_the_model_left_out_is_found_by_counting(study):
    """The first answer has two of three numbered persons; the sweep after it finds the third."""
    short = {
        "rows": [{"name": "Eva Falk", "source_text": "1. Eva Falk"}, {"name": "Ida Lund", "source_text": "3. Ida"}]
    }
    rest = {"rows": [{"name": "Jon Moe", "source_text": "2. Jon Moe"}]}
    age = {"found": True, "value": 31, "source_text": "31", "confidence": 0.9}
    study.server.configure(script=[short, rest, *[age] * 12])
    report = [document for document in study.run().documents if document.name == "report.txt"]
    study.fill(documents=report)
    found, searches, cells = rows(study)
    assert [entity.name for entity in found] == ["Eva Falk", "Jon Moe", "Ida Lund"]
    assert (searches["report.txt"].expected, len(cells)) == (3, 6)


def test_what_is_not_up_to_date_is_counted_by_rows(study):
    def gaps():
        with study.database.transaction(TENANT) as session:
            return cell_gaps(session, study.project.id)

    assert gaps().missing == 4  # two documents that were not searched, two variables
    study.fill()
    assert (gaps().missing, gaps().failed, gaps().outdated) == (0, 0, 0)
