"""Deleting a document: every table is looked at afterwards, row by row, for anything that was made from it."""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from crucible_assets.documents.asset import read_documents
from resources.database.repositories.costs import cost_of_project
from resources.database.repositories.documents import list_documents
from resources.database.repositories.tasks import create_task, update_task
from resources.database.tables import (
    answer_sources,
    answers,
    audit_log,
    call_sources,
    calls,
    cell_history,
    cells,
    chunks,
    citations,
    conversations,
    datasets,
    documents,
    entities,
    entity_searches,
    events,
    exports,
    feedback,
    metadata,
    opportunities,
    passages,
    postings,
    provider_batch_items,
    provider_batches,
    resolutions,
    search_hits,
    searches,
    statements,
    summaries,
    tasks,
    theme_passages,
    themes,
    vectors,
)
from resources.vocabulary import EventKind, TaskKind, TaskStatus
from tests.sidecar.context.conftest import make_project, send

CANARY = "Quetzalcoatlus"
TEXT = f"The loan to {CANARY} of 1,200 EUR was granted on Monday and was repaid in full on Friday.\n".encode()


@pytest.fixture
def worked(researcher, installation, database, tenant) -> UUID:
    """A document from which everything was made that can be made."""
    document = UUID(send(researcher, (f"{CANARY}.txt", TEXT)).json()["files"][0]["document_id"])
    with database.transaction(tenant) as session:
        rows = list_documents(session, "study")
    read_documents(installation, tenant, rows)
    fill(database, tenant, document, installation)
    return document


def fill(database, tenant, document, installation) -> None:
    of = {"tenant_id": tenant, "document_id": document}
    here = {**of, "project_id": "study"}
    row = {"row_key": CANARY, "variable": "amount"}
    with database.transaction(tenant) as session:
        task = create_task(session, "study", TaskKind.FULL, {}, [{"job": "full"}])
        update_task(session, task, status=TaskStatus.COMPLETED)
        words = {"start": 0, "end": 9, "text": CANARY, "tokens": 1, "content_hash": "h"}
        batch = uuid4()
        stored = {
            chunks: {**of, "index": 0, **words},
            passages: {**of, "index": 0, "chunk_index": 0, **words},
            vectors: {**here, "passage_index": 0, "model": "m", "dimension": 1, "embedding": [1]},
            postings: {**here, "term": CANARY, "entries": [1]},
            searches: {
                "tenant_id": tenant, "project_id": "study", "id": batch, "asked_by": "a", "query": "q", "filters": {},
                "mode": "words", "without_vectors": "NOT_ASKED", "without_reranking": "OFF", "found": 1,
            },
            search_hits: {**of, "search_id": batch, "rank": 1, "passage_index": 0, "score": 1},
            cells: {**here, **row, "state": "VALUE", "value": CANARY, "fingerprint": "f", "call_keys": ["k"]},
            feedback: {
                **here, **row, "id": uuid4(), "verdict": "CORRECT", "author": "a", "judged_state": "VALUE",
                "judged_value": CANARY,
            },
            entity_searches: {**here, "found": 1, "fingerprint": "f"},
            entities: {**here, "row_key": CANARY, "position": 1, "name": CANARY, "status": "EXACT"},
            resolutions: {
                **here, "left_mention": 1, "right_mention": 2, "left_name": CANARY, "right_name": CANARY,
                "same": True, "method": "RULE", "reason": CANARY,
            },
            events: {
                **of, "task_id": task, "kind": EventKind.DOCUMENT_COMPLETED.value, "message": CANARY,
                "payload": {"name": CANARY},
            },
            opportunities: {
                "tenant_id": tenant, "project_id": "study", "external_id": "o", "title": "t",
                "evidence": [{"document_id": str(document), "quote": CANARY}, {"document_id": "other", "quote": "x"}],
            },
            datasets: {
                "tenant_id": tenant, "project_id": "study", "version": 1, "content_hash": "h", "rows": 1,
                "states": {}, "quality": {},
            },
            exports: {
                "tenant_id": tenant, "id": uuid4(), "project_id": "study", "dataset_version": 1, "format": "csv",
                "name": "a.csv", "blob": installation.files.put(tenant, CANARY.encode()), "size_bytes": 1,
                "sha256": "s",
            },
            provider_batches: {
                "tenant_id": tenant, "id": batch, "project_id": "study", "task_id": task, "provider": "p",
                "model": "m", "status": "PREPARED",
            },
            provider_batch_items: {
                "tenant_id": tenant, "batch_id": batch, "call_key": "q", "body": CANARY, "status": "QUEUED",
                "context": {"document_id": str(document), "row_key": CANARY, "span": [0, 9]},
            },
            **said(tenant, document, task),
        }  # fmt: skip
        for table, values in stored.items():
            rows = values if isinstance(values, list) else [values]
            for one in rows:
                session.execute(sa.insert(table).values(one))
        session.execute(sa.update(cells).values(value=f"{CANARY} again", state="VALUE"))
        assert session.scalar(sa.select(sa.func.count()).select_from(cell_history)) == 1


def said(tenant, document, task) -> dict:
    """What was answered from the document, summed up and found in it, cited and not."""
    talk, first, later, summary, whole, theme, cites, bare, fact, general, example = (uuid4() for _ in range(11))
    here = {"tenant_id": tenant, "project_id": "study"}
    of = {"tenant_id": tenant, "document_id": document}
    answer = {**here, "conversation_id": talk, "status": "RUNNING"}
    statement = {**here, "text": CANARY, "support": "UNCHECKED", "number": 1}
    cited = {**of, "number": 1, "start": 0, "end": 9}
    call = {
        **here, "variables": [], "provider": "p", "model": "m", "reply": CANARY, "finish_reason": "stop",
        "input_tokens": 1, "cached_tokens": 0, "output_tokens": 1, "cache_write_tokens": 0, "seconds": 1,
    }  # fmt: skip
    return {
        conversations: {**here, "id": talk, "asked_by": "user:a", "title": "Who?"},
        answers: [
            {**answer, "id": first, "number": 1, "question": "Who?", "questions": ["Who?"]},
            {**answer, "id": later, "number": 2, "question": "And when?", "questions": [f"When {CANARY}?"]},
        ],
        answer_sources: {**of, "answer_id": first, "label": 1, "start": 0, "end": 9, "score": 1},
        summaries: [
            {**here, "id": summary, "document_id": document, "fingerprint": "f"},
            {**here, "id": whole, "fingerprint": "f"},
        ],
        themes: {
            **here, "id": theme, "number": 1, "label": CANARY, "keywords": [CANARY], "opportunity": 1,
            "fingerprint": "f",
        },
        theme_passages: {**of, "theme_id": theme, "passage_index": 0, "distance": 0.1},
        statements: [
            {**statement, "id": cites, "answer_id": first},
            {**statement, "id": bare, "answer_id": first, "number": 2},
            {**statement, "id": fact, "summary_id": summary},
            {**statement, "id": general, "summary_id": whole},
            {**statement, "id": example, "theme_id": theme},
        ],
        citations: [{**cited, "statement_id": one} for one in (cites, fact, general, example)],
        calls: [
            {
                **here, "document_id": document, "key": "k", "task_id": task, "variables": ["amount"],
                "row_key": CANARY,
                "span_start": 0, "span_end": 9, "provider": "p", "model": "m", "reply": CANARY,
                "finish_reason": "stop", "input_tokens": 10, "cached_tokens": 0, "output_tokens": 2,
                "cache_write_tokens": 0, "cost_usd": Decimal("0.25"), "seconds": 1,
            },
            {**call, "key": "answer", "purpose": "ANSWER"},
        ],
        call_sources: {**of, "call_key": "answer"},
    }  # fmt: skip


def rows_with(database, tenant, needles) -> dict[str, list[str]]:
    """Every row of every table of the tenant that holds one of these words, as text."""
    found: dict[str, list[str]] = {}
    with database.transaction(tenant) as session:
        for name, table in metadata.tables.items():
            if "tenant_id" not in table.c:
                continue
            for row in session.execute(sa.text(f"SELECT to_jsonb(t) FROM {name} t")).scalars():
                text = json.dumps(row, ensure_ascii=False)
                if any(needle in text for needle in needles):
                    found.setdefault(name, []).append(text)
    return found


def files_with(installation, tenant, words) -> list[str]:
    folder = installation.settings.home / "files" / tenant
    return [str(path) for path in folder.rglob("*") if path.is_file() and words in path.read_bytes()]


def test_nothing_of_it_is_left_in_any_table_or_file(researcher, worked, database, tenant, installation):
    before = rows_with(database, tenant, [CANARY, str(worked)])
    assert set(before) >= {
        "documents", "document_texts", "chunks", "passages", "calls", "cells", "cell_history", "feedback", "entities",
        "entity_searches", "resolutions", "events", "opportunities", "provider_batch_items",
        "postings", "search_hits", "answer_sources", "answers", "call_sources", "citations", "statements",
        "summaries", "theme_passages", "themes",
    }  # fmt: skip
    assert len(files_with(installation, tenant, CANARY.encode())) == 2
    assert researcher.delete(f"/v1/context/{worked}").status_code == 204
    assert rows_with(database, tenant, [CANARY]) == {}
    assert set(rows_with(database, tenant, [str(worked)])) == {"audit_log"}  # that it was uploaded, and deleted
    assert files_with(installation, tenant, CANARY.encode()) == []
    with database.transaction(tenant) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(vectors)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(exports)) == 0
        assert session.scalars(sa.select(opportunities.c.evidence)).one() == [{"document_id": "other", "quote": "x"}]
    assert researcher.get(f"/v1/context/{worked}").status_code == 404
    assert researcher.delete(f"/v1/context/{worked}").status_code == 404


def test_what_it_cost_stays_and_is_not_found_again(researcher, worked, database, tenant):
    researcher.delete(f"/v1/context/{worked}")
    with database.transaction(tenant) as session:
        assert cost_of_project(session, "study").usd == Decimal("0.25")
        row = session.execute(sa.select(calls).where(calls.c.task_id.is_not(None))).one()
        task = session.scalars(sa.select(tasks.c.id)).one()
    assert (row.task_id, row.document_id, row.reply, row.row_key, row.input_tokens) == (task, None, "", "", 10)
    assert row.key != "k"


def test_a_log_keeps_its_numbers(researcher, worked, database, tenant):
    with database.transaction(tenant) as session:
        before = session.scalars(sa.select(events.c.seq).order_by(events.c.seq)).all()
    researcher.delete(f"/v1/context/{worked}")
    with database.transaction(tenant) as session:
        assert session.scalars(sa.select(events.c.seq).order_by(events.c.seq)).all() == before


def test_the_audit_log_says_who_deleted_what(researcher, worked, database, tenant):
    researcher.delete(f"/v1/context/{worked}")
    with database.transaction(tenant) as session:
        entry = session.execute(sa.select(audit_log).where(audit_log.c.action == "document.delete")).one()
    assert (entry.object, entry.payload, entry.actor[:5]) == (f"document:{worked}", {"project": "study"}, "user:")


@pytest.mark.parametrize("kind", [TaskKind.SAMPLE, TaskKind.FULL, TaskKind.REPROCESS_FAILED, TaskKind.INGEST])
def test_while_a_task_reads_the_project_nothing_is_deleted(researcher, worked, database, tenant, kind):
    with database.transaction(tenant) as session:
        task = create_task(session, "study", kind, {}, [])
    answer = researcher.delete(f"/v1/context/{worked}")
    assert (answer.status_code, answer.json()["task_id"]) == (409, str(task))
    assert researcher.post("/v1/context/delete", json={"ids": [str(worked)]}).status_code == 409
    assert researcher.get(f"/v1/context/{worked}/file").content == TEXT


def test_a_file_that_another_project_holds_too_stays(researcher, database, tenant):
    make_project(database, tenant, "second")
    one = send(researcher, ("a.txt", TEXT)).json()["files"][0]["document_id"]
    two = send(researcher, ("a.txt", TEXT), project="second").json()["files"][0]["document_id"]
    researcher.delete(f"/v1/context/{one}")
    assert researcher.get(f"/v1/context/{two}/file").content == TEXT


def test_many_are_deleted_at_once(researcher):
    ids = [send(researcher, (f"{n}.txt", TEXT + str(n).encode())).json()["files"][0]["document_id"] for n in range(3)]
    unknown = str(uuid4())
    answer = researcher.post("/v1/context/delete", json={"ids": [*ids[:2], unknown, ids[0]]})
    assert answer.status_code == 200
    assert (sorted(answer.json()["deleted"]), answer.json()["not_found"]) == (sorted(ids[:2]), [unknown])
    assert [item["id"] for item in researcher.get("/v1/context").json()["items"]] == [ids[2]]


def test_the_same_file_may_come_again(researcher, worked):
    researcher.delete(f"/v1/context/{worked}")
    answer = send(researcher, ("a.txt", TEXT))
    assert answer.json()["files"][0]["outcome"] == "NEW"
    assert researcher.get(f"/v1/context/{answer.json()['files'][0]['document_id']}/file").content == TEXT


def test_another_tenant_and_a_viewer_delete_nothing(client_as, worked, database, tenant, other):
    theirs = client_as("admin", tenant=other)
    assert theirs.post("/v1/context/delete", json={"ids": [str(worked)]}).json()["deleted"] == []
    assert client_as("viewer").delete(f"/v1/context/{worked}").status_code == 403
    with database.transaction(tenant) as session:
        assert session.scalars(sa.select(documents.c.id)).all() == [worked]
