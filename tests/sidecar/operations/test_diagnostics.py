"""Diagnostics: the admin of a tenant sees what is wrong with its own work, with reasons, and nothing of others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from resources.database.engine import Database
from resources.database.repositories.operations import BreakerState, OpenTask
from resources.database.tables import chunks, documents, passages, projects, tasks, vectors
from resources.diagnosis import embedding_model, stuck_tasks
from resources.vocabulary import TaskKind, TaskStatus

MODEL = embedding_model("local")[0] + "0123"


def fill(database: Database, tenant: str) -> UUID:
    """A project with two documents: one failed, one with three passages, of which things are wrong."""
    own, document = {"tenant_id": tenant}, uuid4()
    common = {**own, "project_id": "p", "batch": 1, "origin": "UPLOAD", "size_bytes": 1000, "blob": "x"}
    quiet = datetime.now(UTC) - timedelta(seconds=1800)
    with database.transaction(tenant) as session:
        session.execute(sa.insert(projects).values(**own, id="p", name="p", unit_of_observation="DOCUMENT"))
        session.execute(
            sa.insert(documents).values(**common, id=document, sha256="a", name="good.txt", status="READY")
        )
        session.execute(
            sa.insert(documents).values(
                **common, id=uuid4(), sha256="b", name="bad.pdf", status="FAILED", error_reason="ENCRYPTED",
                error_message="It asks for a password.",
            )
        )  # fmt: skip
        place = {**own, "document_id": document, "start": 0, "end": 4, "text": "word", "tokens": 1}
        session.execute(sa.insert(chunks).values(**place, index=0, content_hash="c"))
        for index in range(3):
            session.execute(sa.insert(passages).values(**place, index=index, chunk_index=0, content_hash=str(index)))
        for index, model, numbers in (
            (0, MODEL, [0.5] * 384),
            (1, MODEL, [0.5] * 3),
            (0, "other@384/x", [0.5] * 384),
        ):
            session.execute(
                sa.insert(vectors).values(
                    **own, project_id="p", document_id=document, passage_index=index, model=model,
                    dimension=len(numbers), embedding=numbers,
                )
            )  # fmt: skip
        session.execute(
            sa.insert(tasks).values(
                **own, id=uuid4(), project_id="p", kind="EXPORT", status="RUNNING", updated_at=quiet, run_id="run-7"
            )
        )
        session.execute(sa.insert(tasks).values(**own, id=uuid4(), project_id="p", kind="EXPORT", status="PENDING"))
    return document


def test_it_tells_what_is_wrong_and_why(client_as, database, tenant):
    fill(database, tenant)
    answer = client_as("admin").get("/v1/admin/diagnostics")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["failed_documents"] == {"ENCRYPTED": 1}
    assert found["index"] == {
        "passages": 3, "vectors": 3, "without_vector": 1, "other_models": 1, "wrong_dimension": 1, "orphans": 0,
        "superseded": 0,
    }  # fmt: skip
    assert found["queue"]["open_tasks"] == 2
    assert 0 <= found["queue"]["oldest_pending_seconds"] < 60
    (stuck,) = found["queue"]["stuck"]
    assert stuck["status"] == "RUNNING"
    assert "30 minutes" in stuck["why"]
    assert found["storage"]["documents"] == 2000
    assert found["storage"]["vectors"] > 2 * 384 * 2
    assert found["database"]["revision"] == found["database"]["wanted_revision"]
    assert found["database"]["connections_most"] == 16


def test_another_tenant_sees_nothing_of_it(client_as, database, tenant, other):
    fill(database, tenant)
    found = client_as("admin", tenant=other).get("/v1/admin/diagnostics").json()
    assert found["index"]["vectors"] == 0
    assert found["failed_documents"] == {}
    assert found["storage"] == {"documents": 0, "texts": 0, "vectors": 0, "exports": 0}


@pytest.mark.parametrize("role", ["viewer", "researcher", "service"])
def test_it_is_for_admins(client_as, role):
    assert client_as(role).get("/v1/admin/diagnostics").status_code in (401, 403)


def open_task(status: TaskStatus, quiet: float, *, batches: bool = False, command: bool = False) -> OpenTask:
    return OpenTask(
        uuid4(), "p", TaskKind.FULL, status, quiet, datetime.now(UTC), "run-7", batches, command
    )  # fmt: skip


def why(*tasks: OpenTask, shut: BreakerState | None = None) -> list[str]:
    return [stuck.why for stuck in stuck_tasks(tasks, [shut] if shut else [])]


def test_each_kind_of_standstill_has_its_reason():
    running, pending = TaskStatus.RUNNING, TaskStatus.PENDING
    assert why(open_task(pending, 30), open_task(running, 600)) == []
    assert why(open_task(running, 90_000, batches=True)) == [], "a provider batch may take a day"
    assert "daemon" in why(open_task(pending, 300))[0]
    assert "queue may be full" in why(open_task(pending, 300), open_task(running, 5))[0]
    assert "command" in why(open_task(running, 1000, command=True))[0]
    shut = BreakerState("openai:m", "open", 0, 20.0, "500 from the server")
    assert "openai:m (500 from the server)" in why(open_task(running, 1000), shut=shut)[0]
    assert "run-7" in why(open_task(running, 1000))[0]


@pytest.mark.parametrize(
    ("spec", "model", "dimension"),
    [
        ("openai:text-embedding-3-small", "openai:text-embedding-3-small@1536/", 1536),
        ("openai:bge-m3@1024", "openai:bge-m3@1024/", 1024),
    ],
)
def test_the_installations_model_is_known_by_its_setting(spec, model, dimension):
    assert embedding_model(spec) == (model, dimension)


def test_the_packaged_model_is_known_by_its_fingerprint():
    from resources.embedding.model import E5Embedder

    assert E5Embedder.fingerprint.startswith(embedding_model("local")[0])
