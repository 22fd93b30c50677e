"""Prompt versions: immutable rows, exactly one of them active per variable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import prompts
from resources.vocabulary import PromptRow

__all__ = [
    "PromptRow",
    "PromptVersion",
    "activate",
    "active_prompts",
    "all_versions",
    "choose",
    "chosen_prompts",
    "prompt_version",
    "prompt_versions",
]


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """A stored version with what became of it. `chosen` is whether a person activated it, over what was made."""

    row: PromptRow
    active: bool
    chosen: bool
    created_at: datetime


def active_prompts(session: TenantSession, project_id: str) -> dict[str, PromptRow]:
    """The active version of every variable that has one, by variable."""
    rows = session.execute(sa.select(prompts).where(prompts.c.project_id == project_id, prompts.c.active))
    return {row.variable: _row(row) for row in rows}


def chosen_prompts(session: TenantSession, project_id: str) -> dict[str, str]:
    """By variable, what a person's choice of the active version was made for (`choice_mark`), where there is one."""
    rows = session.execute(
        sa.select(prompts.c.variable, prompts.c.chosen_for).where(
            prompts.c.project_id == project_id, prompts.c.active, prompts.c.chosen_for.is_not(None)
        )
    )
    return {row.variable: row.chosen_for for row in rows}


def all_versions(session: TenantSession, project_id: str, variable: str) -> list[PromptRow]:
    """Every version of one variable's prompt, oldest first."""
    rows = session.execute(
        sa.select(prompts)
        .where(prompts.c.project_id == project_id, prompts.c.variable == variable)
        .order_by(prompts.c.version)
    )
    return [_row(row) for row in rows]


def prompt_versions(
    session: TenantSession, project_id: str, variable: str, limit: int, before: int | None = None
) -> list[PromptVersion]:
    """At most `limit` versions of a variable's prompt, the newest first, those older than `before` where given."""
    query = sa.select(prompts).where(prompts.c.project_id == project_id, prompts.c.variable == variable)
    if before is not None:
        query = query.where(prompts.c.version < before)
    rows = session.execute(query.order_by(prompts.c.version.desc()).limit(limit))
    return [_version(row) for row in rows]


def prompt_version(session: TenantSession, project_id: str, variable: str, version: int) -> PromptVersion | None:
    """One version of a variable's prompt; None when there is none of that number."""
    row = session.execute(
        sa.select(prompts).where(
            prompts.c.project_id == project_id, prompts.c.variable == variable, prompts.c.version == version
        )
    ).one_or_none()
    return None if row is None else _version(row)


def choose(session: TenantSession, project_id: str, variable: str, version: int, chosen_for: str | None) -> None:
    """Make a stored version the active one, as a person's choice where `chosen_for` says over what it is one."""
    mine = (prompts.c.project_id == project_id, prompts.c.variable == variable)
    session.execute(sa.update(prompts).where(*mine, prompts.c.active).values(active=False, chosen_for=None))
    session.execute(
        sa.update(prompts).where(*mine, prompts.c.version == version).values(active=True, chosen_for=chosen_for)
    )


def activate(session: TenantSession, project_id: str, made: Mapping[str, PromptRow]) -> list[PromptRow]:
    """Make each given prompt the active one: an earlier version with the same content, else a new version.

    The versions in `made` are ignored; a person's choice ends here. Returns the rows that became active and were not
    before.
    """
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
    mine = prompts.c.project_id == project_id
    session.execute(
        sa.update(prompts)
        .where(mine, prompts.c.variable.in_(list(made)), prompts.c.chosen_for.is_not(None))
        .values(chosen_for=None)
    )
    if changed:
        replaced = prompts.c.variable.in_([row.variable for row in changed])
        session.execute(sa.update(prompts).where(mine, replaced).values(active=False))
    for row in revived:
        this = (prompts.c.variable == row.variable, prompts.c.version == row.version)
        session.execute(sa.update(prompts).where(mine, *this).values(active=True))
    if inserts:
        session.execute(sa.insert(prompts), [_stored(session, project_id, row) for row in inserts])
    return changed


def _stored(session: TenantSession, project_id: str, row: PromptRow) -> dict[str, Any]:
    return {
        "tenant_id": tenant_of(session),
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


def _row(row: Any) -> PromptRow:
    return PromptRow(
        row.variable, row.version, row.system, row.question, row.model_settings, row.response_schema,
        row.content_hash,
    )  # fmt: skip


def _version(row: Any) -> PromptVersion:
    return PromptVersion(_row(row), row.active, row.chosen_for is not None, row.created_at)
