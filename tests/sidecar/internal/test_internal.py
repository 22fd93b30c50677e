"""Internal routes: for service tokens, for their own tenant, and everything held against the document's text."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from uuid import UUID, uuid4

import numpy as np
import pytest
import sqlalchemy as sa

from resources.database.repositories.documents import DocumentText, save_read
from resources.database.repositories.passages import load_vectors
from resources.database.repositories.postings import refresh_statistics
from resources.database.repositories.projects import ensure_tenant
from resources.database.tables import chunks, documents, opportunities, passages, tasks, vectors
from resources.embedding.factory import embedder_from_settings
from resources.vocabulary import Segment, SegmentKind
from tests.sidecar.context.conftest import make_project, send

TEXT = "The loan of 1,200 EUR was granted.\n\nThe weather in Bergen was mild.\n\nThe applicant repaid in May."
SEGMENTS = (
    Segment(0, 34, SegmentKind.PARAGRAPH, page=1, box=(72, 90, 300, 104)),
    Segment(36, 67, SegmentKind.PARAGRAPH, page=1, box=(72, 110, 300, 124)),
    Segment(69, 97, SegmentKind.PARAGRAPH, page=2, box=(72, 90, 300, 104)),
)


@pytest.fixture
def document(client_as, database, tenant) -> str:
    """A document that was read."""
    make_project(database, tenant)
    made = send(client_as("researcher"), ("a.txt", TEXT.encode())).json()["files"][0]["document_id"]
    with database.transaction(tenant) as session:
        save_read(session, UUID(made), {"page_count": 2, "language": "en"}, DocumentText(TEXT, SEGMENTS))
    return str(made)


@pytest.fixture
def service(client_as):
    return client_as("service")


def chunk(document, index=0, start=0, end=34, **more):
    return {"document_id": document, "index": index, "start": start, "end": end, "text": TEXT[start:end], **more}


def outcomes(answer):
    assert answer.status_code == 200, answer.text
    return [item["outcome"] for item in answer.json()["chunks"]]


# the same in every process: the workers of a test run must collect the same names
NOBODYS = UUID(int=1)
ROUTES = [
    ("POST", f"/internal/sources/{NOBODYS}/process", None),
    ("GET", f"/internal/sources/{NOBODYS}/content", None),
    ("POST", "/internal/chunks/bulk-upsert", {"chunks": [chunk(str(NOBODYS))]}),
    ("POST", "/internal/opportunities/bulk-upsert", {"project_id": "study", "opportunities": []}),
    ("POST", "/internal/search/semantic", {"project_id": "study", "query": "x"}),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
@pytest.mark.parametrize("role", ["viewer", "researcher", "admin"])
def test_people_may_not(client_as, role, method, path, body):
    assert client_as(role).request(method, path, json=body).status_code == 403


def test_a_document_is_processed_by_a_task(service, document, database, tenant):
    answer = service.post(f"/internal/sources/{document}/process", headers={"Idempotency-Key": "p1"})
    assert answer.status_code == 202, answer.text
    assert (answer.json()["kind"], answer.json()["status"]) == ("INGEST", "PENDING")
    again = service.post(f"/internal/sources/{document}/process", headers={"Idempotency-Key": "p1"})
    assert again.json()["id"] == answer.json()["id"]
    with database.transaction(tenant) as session:
        row = session.execute(sa.select(tasks)).one()
    assert (row.project_id, row.steps, row.created_by[:5]) == ("study", [], "user:")


def test_content_comes_with_its_map(service, document):
    body = service.get(f"/internal/sources/{document}/content").json()
    assert (body["text"], body["total"]) == (TEXT, len(TEXT))
    assert [(s["start"], s["end"], s["page"]) for s in body["segments"]] == [(0, 34, 1), (36, 67, 1), (69, 97, 2)]
    rest = service.get(f"/internal/sources/{document}/content", params={"start": 40}).json()
    assert (rest["start"], rest["end"], rest["text"]) == (40, len(TEXT), TEXT[40:])
    assert len(rest["segments"]) == 2


def test_chunks_are_stored_with_a_passage_and_vectors(service, document, database, tenant):
    embeddings = [{"model": "other@3", "vector": [3, 0, 4]}]
    sent = {"chunks": [chunk(document, embeddings=embeddings), chunk(document, 1, 36, 67, heading_path=["Report"])]}
    assert outcomes(service.post("/internal/chunks/bulk-upsert", json=sent)) == ["CREATED", "CREATED"]
    assert outcomes(service.post("/internal/chunks/bulk-upsert", json=sent)) == ["UNCHANGED", "UNCHANGED"]
    with database.transaction(tenant) as session:
        assert session.execute(sa.select(chunks.c.text, chunks.c.heading_path).order_by(chunks.c.index)).all() == [
            (TEXT[:34], []),
            (TEXT[36:67], ["Report"]),
        ]
        assert session.scalar(sa.select(sa.func.count()).select_from(passages)) == 2
        (stored,) = session.execute(sa.select(vectors.c.model, vectors.c.dimension, vectors.c.embedding)).all()
    assert stored[:2] == ("other@3", 3)
    assert np.allclose(stored.embedding, [0.6, 0, 0.8], atol=1e-3)


def test_other_content_at_an_index_drops_what_was_made_of_the_old(service, document, database, tenant):
    first = {"chunks": [chunk(document, embeddings=[{"model": "m", "vector": [1]}])]}
    service.post("/internal/chunks/bulk-upsert", json=first)
    answer = service.post("/internal/chunks/bulk-upsert", json={"chunks": [chunk(document, 0, 36, 67)]})
    assert outcomes(answer) == ["UPDATED"]
    with database.transaction(tenant) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(vectors)) == 0
        assert session.scalars(sa.select(passages.c.text)).all() == [TEXT[36:67]]


def test_what_does_not_hold_is_refused_alone(service, document):
    wrong = {**chunk(document, 3), "text": "The loan of 9,999 EUR was granted."}
    sent = [
        chunk(document),
        chunk(document, 0, 36, 67),
        chunk(str(uuid4())),
        wrong,
        {**chunk(document, 4), "end": 33},
        chunk(document, 5, embeddings=[{"model": "m", "vector": [0, 0]}]),
        chunk(document, 6, 0, 3, embeddings=[{"model": "m", "vector": [1e308, 1e308]}]),
    ]
    answer = service.post("/internal/chunks/bulk-upsert", json={"chunks": sent})
    assert outcomes(answer) == [
        "CREATED",
        "DUPLICATE",
        "NOT_FOUND",
        "MISMATCH",
        "MISMATCH",
        "BAD_VECTOR",
        "CREATED",
    ]


def test_the_pipeline_s_chunks_are_replaced_only_when_asked(service, document, database, tenant):
    with database.transaction(tenant) as session:
        session.execute(sa.update(documents).values(chunks_version="v1"))
    body = {"chunks": [chunk(document)]}
    assert outcomes(service.post("/internal/chunks/bulk-upsert", json=body)) == ["CUT_BY_PIPELINE"]
    assert outcomes(service.post("/internal/chunks/bulk-upsert", json={**body, "replace": True})) == ["CREATED"]


@pytest.mark.parametrize("vector", ["[NaN]", "[Infinity]", "[]", '["1"]'])
def test_a_vector_of_no_numbers_is_not_valid(service, document, vector):
    sent = json.dumps({"chunks": [chunk(document, embeddings=[{"model": "m", "vector": "HERE"}])]})
    body = sent.replace('"HERE"', vector)
    answer = service.post("/internal/chunks/bulk-upsert", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_quotes_of_opportunities_are_held_against_the_texts(service, document, database, tenant):
    evidence = [
        {"document_id": document, "start": 0, "end": 34, "quote": "The loan of 1,200 EUR was granted."},
        {"document_id": document, "start": 5, "end": 9, "quote": "repaid in May"},
        {"document_id": document, "quote": "was never repaid"},
        {"document_id": str(uuid4()), "quote": "The loan"},
    ]
    body = {
        "project_id": "study",
        "opportunities": [{"external_id": "o1", "title": "Loans", "score": 0.5, "evidence": evidence}],
    }
    answer = service.post("/internal/opportunities/bulk-upsert", json=body).json()
    assert (answer["found"], answer["not_found"]) == (2, 2)
    assert [(e["status"], e["start"], e["end"]) for e in answer["opportunities"][0]["evidence"]] == [
        ("EXACT", 0, 34),
        ("EXACT", 83, 96),
        ("NOT_FOUND", None, None),
        ("NOT_FOUND", None, None),
    ]
    assert answer["opportunities"][0]["created"]
    assert not service.post("/internal/opportunities/bulk-upsert", json=body).json()["opportunities"][0]["created"]
    with database.transaction(tenant) as session:
        assert session.scalars(sa.select(opportunities.c.evidence)).one()[1]["quote"] == "repaid in May"


def test_search_compares_every_vector_and_says_where_passages_stand(
    service, document, installation, model_cache, database, tenant
):
    _use(installation, model_cache)
    embedder = embedder_from_settings("local", model_cache)
    spans = [(0, 34), (36, 67), (69, 97)]
    made = embedder.embed_passages([TEXT[start:end] for start, end in spans])
    sent = [
        chunk(document, n, start, end, embeddings=[{"model": embedder.fingerprint, "vector": made[n].tolist()}])
        for n, (start, end) in enumerate(spans)
    ]
    assert outcomes(service.post("/internal/chunks/bulk-upsert", json={"chunks": sent})) == ["CREATED"] * 3
    answer = service.post(
        "/internal/search/semantic", json={"project_id": "study", "query": "how large was the credit", "k": 2}
    )
    assert answer.status_code == 200, answer.text
    hits = answer.json()["passages"]
    query = embedder.embed_queries(["how large was the credit"])[0]
    expected = sorted(range(3), key=lambda n: -float(made[n] @ query))[:2]
    assert [hit["index"] for hit in hits] == expected
    assert hits[0]["text"] == TEXT[:34]
    assert hits[0]["pages"] == [1]
    assert math.isclose(hits[0]["score"], float(made[0] @ query), abs_tol=2e-3)
    french = {"project_id": "study", "query": "x", "filters": {"languages": ["fr"]}}
    assert service.post("/internal/search/semantic", json=french).json()["passages"] == []
    with database.transaction(tenant) as session:
        session.execute(sa.update(documents).values(current=False))
    assert (
        service.post("/internal/search/semantic", json={"project_id": "study", "query": "x"}).json()["passages"] == []
    )


def test_a_project_is_searched_by_its_former_model_until_the_new_one_has_its_vectors(
    service, document, installation, model_cache, database, tenant, monkeypatch
):
    _use(installation, model_cache)
    former = embedder_from_settings("local", model_cache)
    vector = former.embed_passages([TEXT[:34]])[0].tolist()
    body = {"chunks": [chunk(document, embeddings=[{"model": former.fingerprint, "vector": vector}])]}
    service.post("/internal/chunks/bulk-upsert", json=body)
    with database.transaction(tenant) as session:
        refresh_statistics(session, "study")
    monkeypatch.setenv("OPENAI_API_KEY", "none")  # nobody asks it
    switched = replace(installation.settings, embedding="openai:bge-m3@1024")
    monkeypatch.setattr(installation, "settings", switched)
    answer = service.post("/internal/search/semantic", json={"project_id": "study", "query": "the credit"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == former.fingerprint
    assert [hit["text"] for hit in answer.json()["passages"]] == [TEXT[:34]]


def test_vectors_of_another_model_are_said_not_compared(service, document, installation, model_cache):
    _use(installation, model_cache)
    body = {"chunks": [chunk(document, embeddings=[{"model": "other@3", "vector": [3, 0, 4]}])]}
    service.post("/internal/chunks/bulk-upsert", json=body)
    answer = service.post("/internal/search/semantic", json={"project_id": "study", "query": "x"})
    assert answer.status_code == 409
    assert answer.json()["stored_models"] == ["other@3"]


def test_a_service_of_another_tenant_reaches_nothing(client_as, document, database):
    stranger = f"t-{uuid4().hex[:12]}"  # of this test alone: other tests make projects for theirs
    with database.transaction(stranger) as session:
        ensure_tenant(session)
    theirs = client_as("service", tenant=stranger)
    assert theirs.post(f"/internal/sources/{document}/process").status_code == 404
    assert theirs.get(f"/internal/sources/{document}/content").status_code == 404
    assert outcomes(theirs.post("/internal/chunks/bulk-upsert", json={"chunks": [chunk(document)]})) == ["NOT_FOUND"]
    search = theirs.post("/internal/search/semantic", json={"project_id": "study", "query": "x"})
    assert search.status_code == 404
    make_project(database, stranger, "own")
    body = {
        "project_id": "own",
        "opportunities": [
            {"external_id": "x", "title": "x", "evidence": [{"document_id": document, "quote": "The loan"}]}
        ],
    }
    assert theirs.post("/internal/opportunities/bulk-upsert", json=body).json()["found"] == 0


def _use(installation, model_cache):
    """The model is converted once per machine, not once per test session."""
    target = installation.settings.model_cache
    if not target.exists():
        target.symlink_to(model_cache)


def test_vectors_of_a_service_serve_retrieval(service, document, database, tenant):
    embeddings = [{"model": "other@3", "vector": [3, 0, 4]}]
    service.post("/internal/chunks/bulk-upsert", json={"chunks": [chunk(document, embeddings=embeddings)]})
    with database.transaction(tenant) as session:
        matrix, places = load_vectors(session, [UUID(document)], "other@3")[UUID(document)]
    assert (matrix.dtype, matrix.shape, places) == (np.float32, (1, 3), (0,))
    assert np.allclose(matrix, [[0.6, 0, 0.8]], atol=1e-3)
