"""What a request costs the sidecar: statements, and CPU of its process, without a network and without other users.

    python -m benchmarks.request_cost [--requests 100]

The application is called in this process, as one user with a project of two variables, with the kinds of requests of
`benchmarks.sidecar_load`. Statements are those that SQLAlchemy sends, BEGIN and COMMIT not counted; CPU is that of
this process, which others on the machine change little, unlike the time by the clock. Uses the database of the
installation (CRUCIBLE_HOME or CRUCIBLE_DATABASE_URL), in a tenant of its own.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import sqlalchemy as sa
from fastapi import FastAPI

from resources.installation import Installation
from resources.settings import load_settings
from resources.vocabulary import Role
from sidecar.app import make_app
from sidecar.limits.settings import Bounds, Zone
from sidecar.security.secrets import load_secrets
from sidecar.security.tokens import issue
from tests.sidecar.conftest import fresh_tenant, make_user

_WARM = 5
_VARIABLE = {"name": "amount", "type": "NUMBER", "instructions": "The sum that was lent.", "unit": "EUR"}
_HERE = "/v1/projects/loans"

Asked = tuple[str, str, dict[str, Any] | None]
KINDS: dict[str, Callable[[], Asked]] = {
    "list projects": lambda: ("GET", "/v1/projects?limit=50", None),
    "read project": lambda: ("GET", _HERE, None),
    "create project": lambda: ("POST", "/v1/projects", {"name": f"Loans {uuid4().hex}", "variables": [_VARIABLE]}),
    "change project": lambda: ("PATCH", _HERE, {"description": uuid4().hex}),
    "list variables": lambda: ("GET", f"{_HERE}/variables", None),
    "create variable": lambda: ("POST", f"{_HERE}/variables", _VARIABLE | {"name": "more"}),
    "change variable": lambda: ("PATCH", f"{_HERE}/variables/amount", {"instructions": f"The sum, {uuid4().hex}."}),
    "list documents": lambda: ("GET", "/v1/context?project_id=loans&limit=50", None),
    "read cells": lambda: ("GET", "/v1/results/cells?project_id=loans&limit=50", None),
    "list tasks": lambda: ("GET", "/v1/tasks?limit=50", None),
}
_UNDO = {"create variable": ("DELETE", f"{_HERE}/variables/more", None)}


@contextmanager
def sent() -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def make_user_s_client(installation: Installation) -> tuple[FastAPI, httpx.AsyncClient]:
    """The application, which refuses nobody for asking often, and a client that asks as a researcher."""
    secrets, often = load_secrets(installation.settings.home), 10**7
    bounds = Bounds(principal=Zone("principal", often, often), costly=Zone("costly", often, often))
    app = make_app(installation, secrets, bounds)
    who = make_user(installation.database, fresh_tenant(installation.database), Role.RESEARCHER)
    headers = {"Authorization": f"Bearer {issue(secrets, who)}"}
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", headers=headers)
    return app, client


async def ask(client: httpx.AsyncClient, asked: Asked) -> None:
    """One request. Raises httpx.HTTPStatusError."""
    method, path, body = asked
    (await client.request(method, path, json=body)).raise_for_status()


async def run(requests: int) -> None:
    """Print a line for each kind."""
    app, client = make_user_s_client(Installation(load_settings()))
    async with app.router.lifespan_context(app), client:
        second = _VARIABLE | {"name": "rate"}
        await ask(
            client, ("POST", "/v1/projects", {"name": "Loans", "id": "loans", "variables": [_VARIABLE, second]})
        )
        for kind, make in KINDS.items():
            milliseconds, statements = [], 0
            for number in range(_WARM + requests):
                with sent() as found:
                    start = time.process_time()
                    await ask(client, make())
                    took = (time.process_time() - start) * 1000
                if number >= _WARM:
                    milliseconds.append(took)
                    statements = len(found)
                if kind in _UNDO:
                    await ask(client, _UNDO[kind])
            print(f"{kind:18}{statements:3} statements{statistics.median(milliseconds):8.2f} ms CPU", flush=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100, help="of each kind")
    asyncio.run(run(parser.parse_args().requests))


if __name__ == "__main__":
    main()
