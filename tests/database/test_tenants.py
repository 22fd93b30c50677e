"""Two tenants, one database: for every table, the other tenant reads, counts, changes and deletes nothing."""

import json
import uuid
from decimal import Decimal

import pytest
import sqlalchemy as sa
from pgvector import HalfVector

from resources.database.repositories.projects import save_project
from resources.database.tables import metadata
from resources.project import project_from_data

TABLES = [table for table in metadata.sorted_tables if "tenant_id" in table.c]
OWNER, OTHER = "default", "other"


@pytest.fixture(scope="module")
def one_row_everywhere(database):
    """A row of the owner in every tenant table; returns the tables' names that got one."""
    project = project_from_data(
        {
            "name": f"leak {uuid.uuid4().hex[:8]}",
            "documents": "x",
            "variables": [{"name": "price", "type": "NUMBER", "instructions": "The price."}],
        }
    )
    document, task, batch, user = uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    base = {"tenant_id": OWNER, "project_id": project.id}
    cell = {
        **base, "document_id": document, "row_key": "", "variable": "price", "state": "VALUE", "value": 7,
        "fingerprint": "f",
    }  # fmt: skip
    rows = {
        "prompts": {**base, "variable": "price", "version": 1, "system": "s", "question": "q", "model_settings": {},
                    "response_schema": {}, "content_hash": "h", "active": True},
        "documents": {**base, "id": document, "batch": 1, "sha256": uuid.uuid4().hex, "name": "a.txt",
                      "origin": "FOLDER", "size_bytes": 1, "blob": "b", "status": "UPLOADED"},
        "document_texts": {"tenant_id": OWNER, "document_id": document, "text": "t", "segments": []},
        "chunks": {"tenant_id": OWNER, "document_id": document, "index": 0, "start": 0, "end": 1, "text": "t",
                   "tokens": 1, "content_hash": "h"},
        "passages": {"tenant_id": OWNER, "document_id": document, "index": 0, "chunk_index": 0, "start": 0, "end": 1,
                     "text": "t", "tokens": 1, "content_hash": "h"},
        "vectors": {"tenant_id": OWNER, "document_id": document, "passage_index": 0, "model": "m", "dimension": 3,
                    "embedding": HalfVector([1, 0, 0])},
        "tasks": {**base, "id": task, "kind": "EXPORT", "status": "PENDING"},
        "events": {"tenant_id": OWNER, "task_id": task, "document_id": document, "kind": "log",
                   "message": "m"},
        "calls": {**base, "key": uuid.uuid4().hex, "document_id": document, "variables": ["price"], "provider": "p",
                  "model": "m", "reply": "r", "finish_reason": "stop", "input_tokens": 1, "cached_tokens": 0,
                  "output_tokens": 1, "cache_write_tokens": 0, "cost_usd": Decimal("0.1"), "seconds": 1.0},
        "attempts": {**base, "call_key": "k", "attempt": 1, "provider": "p", "model": "m", "status": "FAILED",
                     "seconds": 1.0},
        "cells": cell,
        "cell_history": cell,
        "feedback": {**base, "id": uuid.uuid4(), "document_id": document, "variable": "price", "verdict": "CORRECT",
                     "author": "a", "judged_state": "VALUE"},
        "budgets": {**base, "scope": "", "limit_usd": 1},
        "reservations": {**base, "holder": uuid.uuid4(), "scope": "", "amount_usd": 1, "expires_at": sa.func.now()},
        "provider_batches": {**base, "id": batch, "provider": "p", "model": "m", "status": "PREPARED", "items": 1},
        "provider_batch_items": {"tenant_id": OWNER, "batch_id": batch, "call_key": "k", "body": "{}", "context": {},
                                 "status": "QUEUED"},
        "entity_searches": {**base, "document_id": document, "found": 1, "fingerprint": "f"},
        "entities": {**base, "document_id": document, "row_key": "e", "position": 1, "name": "n",
                     "status": "EXACT"},
        "resolutions": {**base, "document_id": document, "left_mention": 1, "right_mention": 2, "left_name": "a",
                        "right_name": "b", "same": True, "method": "RULE", "reason": "r"},
        "refinements": {**base, "id": uuid.uuid4(), "variable": "price", "status": "PROPOSED", "based_on": "h",
                        "instructions": "i", "analysis": {}, "old_version": 1},
        "labels": {**base, "document_name": "a.txt", "variable": "price", "values": [7]},
        "calibrations": {**base, "variable": "price", "model": "p:m", "claim": "STATED", "method": "PLATT",
                         "labels": 1, "curve": [], "reliability": {}},
        "datasets": {**base, "version": 1, "content_hash": "h", "rows": 1, "states": {}, "quality": []},
        "exports": {**base, "id": uuid.uuid4(), "dataset_version": 1, "format": "csv-wide", "name": "n", "blob": "b",
                    "size_bytes": 1, "sha256": "s"},
        "users": {"tenant_id": OWNER, "id": user, "email": f"{user}@example.org", "role": "admin"},
        "sessions": {"tenant_id": OWNER, "id": uuid.uuid4(), "user_id": user, "key": b"k",
                     "expires_at": sa.func.now()},
        "api_keys": {"tenant_id": OWNER, "id": uuid.uuid4().hex[:8], "user_id": user, "name": "n", "scopes": ["read"],
                     "secret_hash": b"h", "pepper": "p"},
        "tickets": {"tenant_id": OWNER, "secret_hash": user.bytes, "principal": {}, "expires_at": sa.func.now()},
        "idempotency_keys": {"tenant_id": OWNER, "owner": "user:a", "key": uuid.uuid4().hex, "request_hash": b"h"},
        "audit_log": {"tenant_id": OWNER, "actor": "user:a", "action": "project.created", "object": "project:a"},
        "opportunities": {**base, "external_id": "o", "title": "t"},
    }  # fmt: skip
    with database.transaction(OWNER) as session:
        save_project(session, project)
        for name, row in rows.items():
            session.execute(sa.insert(metadata.tables[name]).inline().values(**row))
    return {"projects", "variables", *rows}


def test_the_fixture_covers_every_tenant_table(one_row_everywhere):
    assert one_row_everywhere == {table.name for table in TABLES}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_other_tenant_sees_changes_and_deletes_nothing(database, one_row_everywhere, table):
    with database.transaction(OWNER) as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(table))
    assert before
    with database.transaction(OTHER) as session:
        owned = table.c.tenant_id == OWNER
        assert session.execute(sa.select(table)).all() == []
        assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
        assert session.execute(sa.text(f"SELECT 1 FROM {table.name} WHERE tenant_id = '{OWNER}'")).all() == []
        column = next(c for c in table.c if c.name != "tenant_id" and not c.primary_key)
        for statement in (sa.update(table).where(owned).values({column: column}), sa.delete(table).where(owned)):
            try:
                with session.begin_nested():
                    assert session.execute(statement).rowcount == 0
            except sa.exc.ProgrammingError as error:
                assert "permission denied" in str(error)
    with database.transaction(OWNER) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(table)) == before


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_forged_tenant_is_refused(database, one_row_everywhere, table):
    with database.transaction(OWNER) as session:
        row = session.execute(sa.select(table).limit(1)).one()
    generated = {c.name for c in table.c if c.identity is not None}
    forged = {name: value for name, value in row._mapping.items() if name not in generated}
    with (
        pytest.raises(sa.exc.ProgrammingError, match=r"row-level security|permission denied for table audit_log"),
        database.transaction(OTHER) as session,
    ):
        session.execute(sa.insert(table).inline().values(**forged))


def test_what_was_paid_logged_or_superseded_cannot_be_rewritten(database, one_row_everywhere):
    for name in ("calls", "attempts", "events", "cell_history"):
        table = metadata.tables[name]
        for statement in (sa.delete(table), sa.update(table).values(tenant_id=OWNER)):
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), database.transaction(OWNER) as s:
                s.execute(statement)


def test_a_prompt_version_is_immutable(database, one_row_everywhere):
    table = metadata.tables["prompts"]
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), database.transaction(OWNER) as session:
        session.execute(sa.update(table).values(question="another"))


@pytest.mark.parametrize(
    ("table", "column", "word"),
    [("cells", "state", "MAYBE"), ("documents", "status", "LOST"), ("tasks", "status", "STUCK")],
)
def test_a_state_that_does_not_exist_cannot_be_stored(database, one_row_everywhere, table, column, word):
    with pytest.raises(sa.exc.IntegrityError), database.transaction(OWNER) as session:
        session.execute(sa.update(metadata.tables[table]).values({column: word}))


def test_json_of_a_cell_survives(database, one_row_everywhere):
    cells = metadata.tables["cells"]
    value = {"a": [1, "ü\u2028", None]}
    with database.transaction(OWNER) as session:
        session.execute(sa.update(cells).values(value=value))
        assert json.dumps(session.scalars(sa.select(cells.c.value)).first()) == json.dumps(value)
