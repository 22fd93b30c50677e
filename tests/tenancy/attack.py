"""All attempts over HTTP that strangers make on what a victim owns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from resources.vocabulary import Role
from tests.tenancy.conftest import Stage
from tests.tenancy.forged import forged_tokens
from tests.tenancy.requests import (
    Asker,
    Attempt,
    Operation,
    attempt_of,
    concerns_ids,
    hostile_attempts,
    mixed_attempts,
    operations,
    variants,
)
from tests.tenancy.statements import Report

_AT_ONCE = 4


def attempt_requests(stage: Stage, only: str = "", first: bool = False) -> Report:
    """As strangers of every role, as strangers who claim to be of the victim's tenant, with forged tokens, with SQL;
    and as neighbours who name one thing of the victim's among their own.

    On all routes, or on those whose path holds the word `only`; nothing more is attempted after the `first` leak.
    """
    return asyncio.run(_started(stage, only, first))


def _claims(attempt: Attempt, victim: str) -> Iterator[Attempt]:
    """The same, claiming the victim's tenant wherever a careless service would look."""
    yield attempt
    names = ("X-Tenant", "X-Tenant-Id", "X-Crucible-Tenant", "X-Forwarded-Tenant", "X-Organization-Id")
    attempt.headers = {**dict.fromkeys(names, victim), "X-Original-URL": "/v1/audit", "X-Forwarded-Host": victim}
    yield attempt
    attempt.headers = {"Cookie": f"tenant={victim}; app.tenant_id={victim}"}
    attempt.query = {**attempt.query, "tenant": victim, "tenant_id": victim, "app.tenant_id": victim}
    yield attempt


async def _started(stage: Stage, only: str, first: bool) -> Report:
    async with stage.app.router.lifespan_context(stage.app):
        return await _attempt_requests(stage, only, first)


async def _attempt_requests(stage: Stage, only: str, first: bool) -> Report:
    report = Report()
    asker = Asker(stage.app, stage.owned, report)
    found = [one for operation in operations(stage.app) if only in operation.path for one in variants(operation)]
    concerned = [operation for operation in found if concerns_ids(operation, stage.owned.ids)]
    readable = [operation for operation in found if operation.method == "get" and operation not in concerned]
    room = asyncio.Semaphore(_AT_ONCE)

    async def send(attempt: Attempt, headers: dict[str, str], who: str, forged: bool = False) -> None:
        async with room:
            if first and report.leaks:
                return
            await asker.must_get_nothing(attempt, headers, who, unauthenticated=forged)

    async def as_role(operation: Operation, role: Role, headers: dict[str, str]) -> None:
        for attempt in _claims(attempt_of(operation, stage.owned.ids), stage.owned.tenant):
            await send(attempt, headers, f"a stranger, {role}")

    strangers = {role: stage.headers(stage.stranger, role) for role in Role}
    forged = forged_tokens(stage.secrets, stage.user(stage.stranger, Role.ADMIN), stage.owned.tenant)
    neighbours = {role: stage.headers(stage.neighbour.tenant, role) for role in (Role.ADMIN, Role.SERVICE)}
    async with asyncio.TaskGroup() as group:
        for operation in concerned:
            who = Role.SERVICE if operation.path.startswith("/internal") else Role.ADMIN
            for attempt in mixed_attempts(operation, stage.neighbour.ids, stage.owned.ids):
                group.create_task(send(attempt, neighbours[who], "a neighbour, among things of their own"))
        for operation in [*concerned, *readable]:
            for role, headers in strangers.items():
                group.create_task(as_role(operation, role, headers))
            for attempt in hostile_attempts(operation, stage.owned):
                group.create_task(send(attempt, strangers[Role.ADMIN], "SQL in a parameter"))
        for operation in concerned:
            for wrong, token in forged.items():
                attempt, headers = attempt_of(operation, stage.owned.ids), {"Authorization": f"Bearer {token}"}
                group.create_task(send(attempt, headers, f"a token {wrong}", True))
    await asker.client.aclose()
    return report
