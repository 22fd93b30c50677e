"""What the askers are offered: worlds of rows whose ids they can ask for, so that not all they ask for is missing."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa

from resources.installation import Installation
from tests.tenancy.rows import fill

World = dict[str, str]
"""The ids of one project and of what belongs to it, by the names that paths give them."""

_IN_PATHS = (
    *("project_id", "variable", "document_id", "task_id", "user_id", "session_id", "key_id", "export_id"),
    *("refinement_id", "version", "page", "search_id", "conversation_id", "answer_id", "theme_id"),
)
_NUMBERS = frozenset({"version", "page"})
_BINDINGS = (
    *((f"path.{name}", name, 0.8) for name in _IN_PATHS),
    ("query.project_id", "project_id", 0.7),
    ("query.project", "project_id", 0.3),
    ("query.task_id", "task_id", 0.2),
    ("query.document_id", "document_id", 0.2),
    ("query.against", "version", 0.5),
    *((f"body.{name}", name, 0.8) for name in ("project_id", "document_id", "user_id", "variable")),
    ("body.from_project", "project_id", 0.8),
    *((f"body.{name}[*]", "document_id", 0.8) for name in ("ids", "documents")),
    *((f"body.items[*].{name}", name, 0.8) for name in ("document_id", "variable")),
    ("body.chunks[*].document_id", "document_id", 0.8),
)
"""Where schemathesis takes an id from: the parameter, whose ids, and how often."""

LASTING = 3
"""How many of an asker's worlds are asked about; the others are there to be deleted (hooks.py)."""


def worlds_of(installation: Installation, tenant: str, subject: str, number: int) -> list[World]:
    """Rows of everything, `number` times, where conversations and searches are those of who asks."""
    return [_world(installation, tenant, subject) for _ in range(number)]


def _world(installation: Installation, tenant: str, subject: str) -> World:
    owned = fill(installation.database, tenant, installation.files)
    with installation.database.transaction(tenant) as session:
        for name, id_ in (("conversations", "conversation_id"), ("searches", "search_id")):
            session.execute(
                sa.text(f"UPDATE {name} SET asked_by = :by WHERE id = :id"), {"by": subject, "id": owned.ids[id_]}
            )
        ended = "UPDATE answers SET status = 'ANSWERED', ended_at = now() WHERE id = :id"
        session.execute(sa.text(ended), {"id": owned.ids["answer_id"]})
    return owned.ids


def write_config(written: Path, basis: Path, worlds: list[World]) -> None:
    """`basis` with the ids as schemathesis's dictionaries, bound to the parameters that take them."""
    lines = [basis.read_text(encoding="utf-8")]
    for name in _IN_PATHS:
        ids = sorted({int(world[name]) if name in _NUMBERS else world[name] for world in worlds})
        lines.append(f"[dictionaries.{name}]\nvalues = {json.dumps(ids)}\n")
    lines.append("[parameters]")
    lines += [
        f'"{where}" = {{ dictionary = "{name}", probability = {probability} }}'
        for where, name, probability in _BINDINGS
    ]
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")
