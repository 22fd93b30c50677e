"""Projects with cells that were made through the repositories, for tests of what is shown of them."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crucible_assets.prompts.asset import make_prompts
from resources.database.engine import Database
from resources.database.repositories.cells import save_cells
from resources.database.repositories.documents import DocumentText, NewFile, save_read, take_in
from resources.database.repositories.entities import save_entities
from resources.database.repositories.projects import save_project
from resources.database.tables import calls
from resources.project import Project, project_from_data
from resources.vocabulary import DocumentOrigin

VARIABLES: list[dict[str, Any]] = [
    {"name": "amount", "type": "NUMBER", "instructions": "The amount agreed.", "unit": "EUR",
     "validation": {"maximum": 50000}},
    {"name": "party", "type": "TEXT", "instructions": "Who signs."},
    {"name": "tags", "type": "TEXT", "instructions": "Key words.", "if_multiple_values": "ALL"},
]  # fmt: skip


def quoted(text: str, words: str, status: str = "EXACT", page: int | None = None, boxes: Any = ()) -> dict[str, Any]:
    """Evidence as extraction stores it."""
    found = status != "NOT_FOUND"
    start = text.index(words) if found else None
    label = None if page else "paragraph 1"
    return {
        "quote": words,
        "start": start,
        "end": None if start is None else start + len(words),
        "status": status,
        "score": 1.0 if found else 0.0,
        "places": [{"page": page, "boxes": [list(b) for b in boxes], "label": label}] if found else [],
    }


@dataclass
class Study:
    """One project of one tenant."""

    database: Database
    tenant: str
    unit: str = "DOCUMENT"
    project: Project = field(init=False)

    def __post_init__(self) -> None:
        data: dict[str, Any] = {"name": f"study {uuid.uuid4().hex[:10]}", "variables": VARIABLES}
        if self.unit == "ENTITY":
            data |= {"unit_of_observation": "ENTITY", "entity_pattern": "each lot"}
        self.project = project_from_data(data)
        with self.database.transaction(self.tenant) as session:
            save_project(session, self.project)
            make_prompts(session, self.project)

    @property
    def id(self) -> str:
        return self.project.id

    def document(self, name: str, text: str = "", blob: str = "") -> UUID:
        digest = hashlib.sha256(f"{self.id}{name}".encode()).hexdigest()
        with self.database.transaction(self.tenant) as session:
            file = NewFile(name, digest, len(text), blob or f"{self.tenant}/{digest}")
            (taken,) = take_in(session, self.id, [file], DocumentOrigin.UPLOAD)
            save_read(session, taken.document_id, {"parser_version": "1"}, DocumentText(text, ()))
        return taken.document_id

    def cell(self, document: UUID, variable: str, value: Any = None, state: str = "VALUE", **fields: Any) -> None:
        row = {
            "document_id": document, "row_key": "", "variable": variable, "state": state, "value": value,
            "raw": value, "confidence": 0.9 if value is not None else None, "uncalibrated": None, "evidence": [],
            "reasons": ["it said nothing"] if state in ("FAILED", "UNCERTAIN") else [], "prompt_version": 1,
            "model": "openai:test", "call_keys": [], "fingerprint": "f", "task_id": None,
        }  # fmt: skip
        with self.database.transaction(self.tenant) as session:
            save_cells(session, self.id, [{**row, **fields}])

    def lots(self, document: UUID, names: list[str], failure: str | None = None) -> None:
        found = [
            {"row_key": f"lot-{number}", "position": number, "name": name, "other_names": [], "status": "EXACT",
             "evidence": [], "call_keys": []}
            for number, name in enumerate(names, 1)
        ]  # fmt: skip
        search = {"found": len(names), "expected": None, "warnings": [], "failure": failure, "call_keys": [],
                  "fingerprint": "f"}  # fmt: skip
        with self.database.transaction(self.tenant) as session:
            save_entities(session, self.id, document, search=search, found=found, compared=[])

    def call(self, key: str, variables: list[str], cost: str | None = "0.0000004", **fields: Any) -> str:
        key = f"{self.id}-{key}"
        row = {
            "tenant_id": self.tenant, "key": key, "project_id": self.id, "variables": variables, "purpose": "EXTRACT",
            "provider": "openai", "model": "test", "reply": '{"value": 1}', "finish_reason": "stop",
            "input_tokens": 100, "cached_tokens": 40, "output_tokens": 10, "cache_write_tokens": 0,
            "cost_usd": None if cost is None else Decimal(cost), "seconds": 0.1,
        }  # fmt: skip
        with self.database.transaction(self.tenant) as session:
            session.execute(sa.insert(calls).values(**{**row, **fields}))
        return key


def everything(client: Any, path: str, **params: Any) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    items: list[dict[str, Any]] = []
    while True:
        answer = client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next"] is None:
            return items
        params["after"] = page["next"]
