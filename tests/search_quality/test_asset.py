"""The asset, its check and its schedule on the real database, as Dagster runs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

import dagster as dg
import pytest
import sqlalchemy as sa

from crucible_assets.search_quality import asset as module
from crucible_assets.search_quality.asset import search_quality
from crucible_assets.search_quality.checks import search_has_not_worsened
from jobs.search_quality import search_watch
from resources.database.repositories.cells import save_cells
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.tables import passages, postings, vectors
from resources.installation import Installation
from resources.project import project_from_data
from tests.search.corpus import add, refresh
from tests.sidecar.search.conftest import WordEmbedder

PLACES = ("harbour", "bridge", "school", "tunnel", "airport", "museum", "stadium", "canal", "station", "library")
DEEDS = ("dredged", "painted", "widened", "insured", "flooded", "surveyed", "abandoned", "restored")
TEXTS = {
    f"{place}-{deed}": f"The {place} of Inish{number}more was {deed} by contractor Brandt{number} in winter of "
    f"{1900 + number} under permit {number}{deed}."
    for number, (place, deed) in enumerate((place, deed) for place in PLACES for deed in DEEDS)
}


@pytest.fixture
def tenant():
    return f"quality-{uuid4().hex[:10]}"


@pytest.fixture
def installation(database, settings):
    made = Installation(settings)
    yield made
    made.database.dispose()


@pytest.fixture
def key(database, tenant, monkeypatch) -> str:
    """A project of a tenant of its own, with words, vectors and a cell with evidence."""
    embedder = WordEmbedder()
    monkeypatch.setattr(module, "embedder_from_settings", lambda *_: embedder)
    monkeypatch.setattr("tests.search.corpus.MODEL", embedder.fingerprint)
    variables = [{"name": "permit", "type": "TEXT", "display_name": "Permit of the contractor", "instructions": "x"}]
    project = project_from_data({"name": "Quality", "documents": "x", "variables": variables})
    with database.transaction(tenant) as session:
        ensure_tenant(session)
        save_project(session, project)
    ids = [
        add(database, project.id, name, [text], tenant=tenant, vectors=list(embedder.embed_passages([text])))
        for name, text in TEXTS.items()
    ]
    refresh(database, project.id, tenant)
    cell = {
        "document_id": ids[0], "row_key": "", "variable": "permit", "state": "VALUE", "value": "x", "raw": None,
        "confidence": 1.0, "evidence": [{"quote": "x", "start": 5, "end": 6, "status": "EXACT"}], "reasons": [],
        "prompt_version": None, "model": None, "call_keys": [], "fingerprint": "f", "task_id": None,
    }  # fmt: skip
    with database.transaction(tenant) as session:
        save_cells(session, project.id, [cell])
    return f"{tenant}/{project.id}"


@pytest.fixture
def instance(key):
    with dg.instance_for_test() as made:
        made.add_dynamic_partitions("projects", [key])
        yield made


def run(instance, installation, key):
    """(metadata of the asset, evaluation of the check) of one run."""
    done = dg.materialize(
        [search_quality, search_has_not_worsened],
        instance=instance,
        partition_key=key,
        resources={"installation": installation},
    )
    (materialised,) = done.asset_materializations_for_node("search_quality")
    (checked,) = done.get_asset_check_evaluations()
    return materialised.metadata, checked


def places(metadata):
    return metadata[module.PLACES].value


def test_known_items_and_evidence_are_found_and_the_same_corpus_gives_the_same_figures(instance, installation, key):
    first, checked = run(instance, installation, key)
    assert checked.passed
    assert first["questions"].value == len(TEXTS) + 1
    found = places(first)
    assert sum(one["words"] == 1 for one in found.values()) > 0.9 * len(found)
    assert sum(one["fused"] > 0 for one in found.values()) > 0.9 * len(found)
    rows = [record.data for record in first["figures"].value.records]
    assert [(row["questions"], row["leg"]) for row in rows] == [
        (f"{number} by {kind}", leg)
        for kind, number in (("known item", len(TEXTS)), ("evidence", 1))
        for leg in ("words", "vectors", "fused")
    ]
    second, checked = run(instance, installation, key)
    assert json.dumps(places(second), sort_keys=True) == json.dumps(found, sort_keys=True)
    assert checked.passed


def test_search_that_has_lost_words_and_vectors_is_warned_of(instance, installation, key, database):
    run(instance, installation, key)
    tenant = key.split("/")[0]
    with database.transaction(tenant) as session:  # half of the documents are found by nothing any more
        half = sa.select(passages.c.document_id).order_by(passages.c.document_id).limit(len(TEXTS) // 2)
        lost = list(session.scalars(half))
        for table in (postings, vectors):
            session.execute(sa.delete(table).where(table.c.document_id.in_(lost)))
    _, checked = run(instance, installation, key)
    assert not checked.passed
    assert checked.severity is dg.AssetCheckSeverity.WARN
    rows = {record.data["leg"]: record.data for record in checked.metadata["compared"].value.records}
    assert int(rows["fused"]["worse"]) >= len(TEXTS) // 3
    assert float(rows["fused"]["p"]) < 0.05


def test_search_is_measured_again_only_where_passages_changed(instance, installation, key, database):
    tenant, project = key.split("/")

    def wanted():
        context = dg.build_schedule_context(
            instance=instance,
            resources={"installation": installation},
            scheduled_execution_time=datetime(2026, 1, 31, 5, tzinfo=UTC),
        )
        return [request.partition_key for request in search_watch(context) if request.partition_key == key]

    assert wanted() == [key]
    run(instance, installation, key)
    assert wanted() == []
    add(database, project, "new", ["A passage that was not there before."], tenant=tenant)
    refresh(database, project, tenant)
    assert wanted() == [key]


def test_a_project_without_passages_has_no_questions_and_no_figures(instance, installation, database, tenant, key):
    empty = project_from_data({"name": "Empty", "documents": "x", "variables": [{"name": "a", "type": "TEXT",
        "instructions": "x"}]})  # fmt: skip
    with database.transaction(tenant) as session:
        save_project(session, empty)
    instance.add_dynamic_partitions("projects", [f"{tenant}/{empty.id}"])
    metadata, checked = run(instance, installation, f"{tenant}/{empty.id}")
    assert metadata["questions"].value == 0
    assert places(metadata) == {}
    assert checked.passed
