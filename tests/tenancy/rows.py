"""One row in every tenant table, full of a word that nobody else writes: where it shows up, something leaks."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from pgvector import HalfVector

from resources.database.engine import Database
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.tables import metadata
from resources.files import BlobStore
from resources.project import project_from_data

TABLES = [table for table in metadata.sorted_tables if "tenant_id" in table.c]


@dataclass(frozen=True)
class Owned:
    """What one tenant has: the ids under which it is asked for, and the words that must not get out."""

    tenant: str
    ids: dict[str, str]
    canary: str
    tables: set[str]


def fill(database: Database, tenant: str, files: BlobStore | None = None) -> Owned:
    """A row of the tenant in every tenant table."""
    canary, external = f"canary{uuid.uuid4().hex[:12]}", f"ext-{uuid.uuid4().hex[:12]}"
    project = project_from_data(
        {
            "id": f"study-{uuid.uuid4().hex[:12]}",
            "name": f"{canary} study",
            "description": canary,
            "documents": "x",
            "variables": [{"name": "price", "type": "NUMBER", "instructions": f"The price of {canary}."}],
        }
    )
    document, task, batch, user, login, export, feedback, refinement, search = (uuid.uuid4() for _ in range(9))
    conversation, answer, summary, theme, statement = (uuid.uuid4() for _ in range(5))
    call = uuid.uuid4().hex
    key, soon = uuid.uuid4().hex[:8], datetime.now(UTC) + timedelta(days=1)
    data = f"{canary} was here".encode()
    blob = files.put(tenant, data) if files else canary
    base = {"tenant_id": tenant, "project_id": project.id}
    cell = {
        **base,
        "document_id": document,
        "row_key": "",
        "variable": "price",
        "state": "VALUE",
        "value": canary,
        "fingerprint": canary,
    }
    rows = {
        "prompts": {
            **base,
            "variable": "price",
            "version": 1,
            "system": canary,
            "question": canary,
            "model_settings": {},
            "response_schema": {},
            "content_hash": "h",
            "active": True,
        },
        "documents": {
            **base,
            "id": document,
            "batch": 1,
            "sha256": hashlib.sha256(data).hexdigest(),
            "name": f"{canary}.txt",
            "origin": "FOLDER",
            "size_bytes": len(data),
            "blob": blob,
            "status": "READY",
        },
        "document_texts": {"tenant_id": tenant, "document_id": document, "text": canary, "segments": []},
        "chunks": {
            "tenant_id": tenant,
            "document_id": document,
            "index": 0,
            "start": 0,
            "end": 1,
            "text": canary,
            "tokens": 1,
            "content_hash": "h",
        },
        "passages": {
            "tenant_id": tenant,
            "document_id": document,
            "index": 0,
            "chunk_index": 0,
            "start": 0,
            "end": 1,
            "text": canary,
            "tokens": 1,
            "content_hash": "h",
        },
        "vectors": {
            "tenant_id": tenant,
            "document_id": document,
            "passage_index": 0,
            "model": "m",
            "project_id": project.id,
            "dimension": 3,
            "embedding": HalfVector([1, 0, 0]),
        },
        "tasks": {**base, "id": task, "kind": "EXPORT", "status": "PENDING"},
        "events": {"tenant_id": tenant, "task_id": task, "document_id": document, "kind": "log", "message": canary},
        "calls": {
            **base,
            "key": call,
            "document_id": document,
            "variables": ["price"],
            "provider": "p",
            "model": "m",
            "reply": canary,
            "finish_reason": "stop",
            "input_tokens": 1,
            "cached_tokens": 0,
            "output_tokens": 1,
            "cache_write_tokens": 0,
            "cost_usd": Decimal("0.1"),
            "seconds": 1.0,
        },
        "attempts": {
            **base,
            "call_key": call,
            "attempt": 1,
            "provider": "p",
            "model": "m",
            "status": "FAILED",
            "seconds": 1.0,
        },
        "cells": cell,
        "cell_history": cell,
        "feedback": {
            **base,
            "id": feedback,
            "document_id": document,
            "variable": "price",
            "verdict": "CORRECT",
            "author": canary,
            "judged_state": "VALUE",
            "note": canary,
        },
        "budgets": {**base, "scope": "", "limit_usd": 1},
        "reservations": {**base, "holder": uuid.uuid4(), "scope": "", "amount_usd": 1, "expires_at": sa.func.now()},
        "call_claims": {"tenant_id": tenant, "key": call, "holder": uuid.uuid4(), "expires_at": soon},
        "provider_batches": {**base, "id": batch, "provider": "p", "model": "m", "status": "PREPARED", "items": 1},
        "provider_batch_items": {
            "tenant_id": tenant,
            "batch_id": batch,
            "call_key": "k",
            "body": canary,
            "context": {},
            "status": "QUEUED",
        },
        "entity_searches": {**base, "document_id": document, "found": 1, "fingerprint": "f"},
        "entities": {
            **base,
            "document_id": document,
            "row_key": "e",
            "position": 1,
            "name": canary,
            "status": "EXACT",
        },
        "resolutions": {
            **base,
            "document_id": document,
            "left_mention": 1,
            "right_mention": 2,
            "left_name": canary,
            "right_name": canary,
            "same": True,
            "method": "RULE",
            "reason": "r",
        },
        "refinements": {
            **base,
            "id": refinement,
            "variable": "price",
            "status": "PROPOSED",
            "based_on": "h",
            "instructions": canary,
            "analysis": {},
            "old_version": 1,
        },
        "labels": {**base, "document_name": f"{canary}.txt", "variable": "price", "values": [canary]},
        "calibrations": {
            **base,
            "variable": "price",
            "model": "p:m",
            "claim": "STATED",
            "method": "PLATT",
            "labels": 1,
            "curve": [],
            "reliability": {"before": None, "after": None},
        },
        "datasets": {**base, "version": 1, "content_hash": "h", "rows": 1, "states": {}, "quality": []},
        "exports": {
            **base,
            "id": export,
            "dataset_version": 1,
            "format": "csv-wide",
            "name": f"{canary}.csv",
            "blob": blob,
            "size_bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        },
        "users": {
            "tenant_id": tenant,
            "id": user,
            "email": f"{canary}@example.org",
            "name": canary,
            "role": "researcher",
        },
        "sessions": {"tenant_id": tenant, "id": login, "user_id": user, "key": b"k", "expires_at": soon},
        "api_keys": {
            "tenant_id": tenant,
            "id": key,
            "user_id": user,
            "name": canary,
            "scopes": ["read"],
            "secret_hash": b"h",
            "pepper": "p",
        },
        "tickets": {
            "tenant_id": tenant,
            "secret_hash": user.bytes,
            "principal": {"subject": canary},
            "expires_at": soon,
        },
        "idempotency_keys": {
            "tenant_id": tenant,
            "owner": f"user:{canary}",
            "key": canary,
            "request_hash": b"h",
            "status": 200,
            "response": {"answer": canary},
        },
        "audit_log": {
            "tenant_id": tenant,
            "actor": f"user:{canary}",
            "action": "project.created",
            "object": f"project:{canary}",
        },
        "opportunities": {**base, "external_id": external, "title": canary},
        "postings": {**base, "document_id": document, "term": canary, "entries": [1]},
        "search_statistics": {**base, "passages": 1, "words": 1, "languages": [canary]},
        "searches": {
            **base,
            "id": search,
            "asked_by": canary,
            "query": canary,
            "mode": "words",
            "filters": {},
            "without_vectors": "NOT_ASKED",
            "without_reranking": "OFF",
            "found": 1,
        },
        "search_hits": {
            "tenant_id": tenant,
            "search_id": search,
            "rank": 1,
            "document_id": document,
            "passage_index": 0,
            "score": 1.0,
        },
        "conversations": {**base, "id": conversation, "asked_by": canary, "title": canary},
        "answers": {
            **base,
            "id": answer,
            "conversation_id": conversation,
            "number": 1,
            "question": canary,
            "questions": [canary],
            "status": "RUNNING",
        },
        "answer_sources": {
            "tenant_id": tenant,
            "answer_id": answer,
            "label": 1,
            "document_id": document,
            "start": 0,
            "end": 1,
            "score": 1.0,
        },
        "summaries": {**base, "id": summary, "document_id": document, "fingerprint": canary},
        "themes": {**base, "id": theme, "number": 1, "label": canary, "opportunity": 0.5, "fingerprint": canary},
        "theme_passages": {
            "tenant_id": tenant,
            "theme_id": theme,
            "document_id": document,
            "passage_index": 0,
            "distance": 0.1,
        },
        "statements": {
            **base,
            "id": statement,
            "answer_id": answer,
            "number": 1,
            "text": canary,
            "support": "UNCHECKED",
        },
        "citations": {
            "tenant_id": tenant,
            "statement_id": statement,
            "number": 1,
            "document_id": document,
            "start": 0,
            "end": 1,
        },
        "call_sources": {"tenant_id": tenant, "call_key": call, "document_id": document},
    }
    with database.transaction(tenant) as session:
        ensure_tenant(session)
        save_project(session, project)
        for name, row in rows.items():
            session.execute(sa.insert(metadata.tables[name]).inline().values(**row))
        of_project = {**base, "id": uuid.uuid4(), "fingerprint": canary}
        session.execute(sa.insert(metadata.tables["summaries"]).values(**of_project))
    ids = {
        "project_id": project.id,
        "variable": "price",
        "document_id": str(document),
        "task_id": str(task),
        "user_id": str(user),
        "session_id": str(login),
        "key_id": key,
        "export_id": str(export),
        "feedback_id": str(feedback),
        "refinement_id": str(refinement),
        "batch_id": str(batch),
        "version": "1",
        "page": "1",
        "row_key": "",
        "external_id": external,
        "search_id": str(search),
        "conversation_id": str(conversation),
        "answer_id": str(answer),
        "theme_id": str(theme),
    }
    return Owned(tenant, ids, canary, {"projects", "variables", *rows})
