"""Prompt versions: immutable rows, exactly one of them active per variable."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import prompts
from resources.vocabulary import PromptRow

__all__ = ["PromptRow", "activate", "active_prompts", "all_versions"]


def active_prompts(session: TenantSession, project_id: str) -> dict[str, PromptRow]:
    """The active version of every variable that has one, by variable."""
    rows = session.execute(sa.select(prompts).where(prompts.c.project_id == project_id, prompts.c.active))
    return {row.variable: _row(row) for row in rows}


def all_versions(session: TenantSession, project_id: str, variable: str) -> list[PromptRow]:
    """Every version of one variable's prompt, oldest first."""
    rows = session.execute(
        sa.select(prompts)
        .where(prompts.c.project_id == project_id, prompts.c.variable == variable)
        .order_by(prompts.c.version)
    )
    return [_row(row) for row in rows]


def activate(session: TenantSession, project_id: str, made: Mapping[str, PromptRow]) -> list[PromptRow]:
    """Make each given prompt the active one: an earlier version with the same content, else a new version.

    The versions in `made` are ignored. Returns the rows that became active and were not before.
    """
    tenant = tenant_of(session)
    history: dict[str, list[tuple[int, str, bool]]] = {}
    for old in session.execute(
        sa.select(prompts.c.variable, prompts.c.version, prompts.c.content_hash, prompts.c.active)
        .where(prompts.c.project_id == project_id, prompts.c.variable.in_(list(made)))
        .order_by(prompts.c.version)
    ):
        history.setdefault(old.variable, []).append((old.version, old.content_hash, old.active))
    changed: list[PromptRow] = []
    inserts: list[PromptRow] = []
    revived: list[PromptRow] = []
    for variable, prompt in made.items():
        versions = history.get(variable, [])
        same = [(number, active) for number, content, active in versions if content == prompt.content_hash]
        if any(active for _, active in same):
            continue
        number = same[-1][0] if same else max((v for v, _, _ in versions), default=0) + 1
        row = PromptRow(
            variable, number, prompt.system, prompt.question, prompt.model_settings, prompt.response_schema,
            prompt.content_hash,
        )  # fmt: skip
        changed.append(row)
        (revived if same else inserts).append(row)
    if changed:
        session.execute(
            sa.update(prompts)
            .where(prompts.c.project_id == project_id, prompts.c.variable.in_([r.variable for r in changed]))
            .values(active=False)
        )
    for row in revived:
        session.execute(
            sa.update(prompts)
            .where(
                prompts.c.project_id == project_id,
                prompts.c.variable == row.variable,
                prompts.c.version == row.version,
            )
            .values(active=True)
        )
    if inserts:
        session.execute(
            sa.insert(prompts),
            [
                {
                    "tenant_id": tenant,
                    "project_id": project_id,
                    "variable": row.variable,
                    "version": row.version,
                    "system": row.system,
                    "question": row.question,
                    "model_settings": dict(row.model_settings),
                    "response_schema": dict(row.response_schema),
                    "content_hash": row.content_hash,
                    "active": True,
                }
                for row in inserts
            ],
        )
    return changed


def _row(row: Any) -> PromptRow:
    return PromptRow(
        row.variable, row.version, row.system, row.question, row.model_settings, row.response_schema,
        row.content_hash,
    )  # fmt: skip
