"""How long after its commit a fact reaches those who listen, with many listeners; beside polling alone.

    python -m benchmarks.stream_latency [--streams 100] [--rate 50] [--seconds 20]

A writer stores facts of documents in groups, as a run does, and the reporter of runs wakes listeners at most four
times a second. The sidecar, the writer and the listeners (WebSockets) are processes of their own; all of them share
this machine. Target: p95 ≤ 300 ms, nothing lost, nothing twice. Uses the database of the installation (CRUCIBLE_HOME
or CRUCIBLE_DATABASE_URL) and leaves an empty tenant there.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from uuid import UUID

import sqlalchemy as sa
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from crucible_assets.extractions.progress import Progress
from crucible_assets.extractions.reporter import Reporter
from resources.database.engine import Database
from resources.database.repositories.events import DocumentFact, log, tell_of_documents
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.repositories.tasks import create_task, update_task
from resources.database.repositories.users import add_user
from resources.database.server import export_to_environment
from resources.database.tables import documents, projects
from resources.events import Listener
from resources.installation import Installation
from resources.project import project_from_data
from resources.settings import load_settings
from resources.vocabulary import EventKind, Role, TaskKind, TaskStatus
from sidecar.app import make_app
from sidecar.security.principal import Principal
from sidecar.security.scopes import SCOPES
from sidecar.security.secrets import Secrets, load_secrets
from sidecar.security.tokens import issue
from sidecar.stream import streams as serving
from sidecar.stream.terms import Terms

Heard = list[list[tuple[str, float]]]
"""Of each stream, the documents it told of and the moments at which they were heard."""

_EACH = 20  # streams of one user
_GROUP_SECONDS = 0.06  # between writes of finished documents


def serve(port: int, poll_only: bool) -> None:
    """The sidecar; with `poll_only` it neither listens nor looks again soon after it found something."""
    if poll_only:
        Listener.run = _deaf  # type: ignore[method-assign]  # what is measured against
        serving.Terms = partial(Terms, while_busy=1.0, poll_deaf=1.0)  # type: ignore[misc, assignment]
    app = make_app(Installation(load_settings()))
    uvicorn.run(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)


async def _deaf(_: Listener) -> None:
    await asyncio.Event().wait()


def listen(addresses: Sequence[tuple[str, str]], ready: Barrier, results: "Queue[Heard]") -> None:
    """Listen at addresses with tokens until all streams end; gives, for each, (document, moment) of its facts."""

    async def one(address: str, token: str, opened: asyncio.Semaphore) -> list[tuple[str, float]]:
        heard: list[tuple[float, str]] = []
        async with connect(
            address, additional_headers={"Authorization": f"Bearer {token}"}, open_timeout=60, max_queue=None
        ) as connection:
            opened.release()
            with suppress(ConnectionClosed):
                while True:
                    text = await connection.recv(decode=True)
                    heard.append((time.monotonic(), text))
        told = [(json.loads(text), at) for at, text in heard]
        return [(event["data"]["document_id"], at) for event, at in told if event["kind"] == "document_completed"]

    async def every() -> Heard:
        opened = asyncio.Semaphore(0)
        tasks = [asyncio.create_task(one(address, token, opened)) for address, token in addresses]
        for _ in addresses:
            await opened.acquire()
        await asyncio.to_thread(ready.wait)
        return await asyncio.gather(*tasks)

    results.put(asyncio.run(every()))


async def write(database: Database, tenant: str, task: UUID, ids: Sequence[UUID], rate: float) -> dict[str, float]:
    """Tell of documents at a rate; gives the moment at which each was committed."""
    progress = Progress(documents=len(ids))
    reporter = Reporter(database, tenant, task, progress, calls_in_flight=lambda: 0, stop=lambda reason: None)
    reporting = asyncio.create_task(reporter.run())
    committed: dict[str, float] = {}

    def store(group: Sequence[UUID]) -> None:
        facts = [DocumentFact(id_, EventKind.DOCUMENT_COMPLETED, "6 cells: 6 VALUE", _PAYLOAD) for id_ in group]
        with database.transaction(tenant) as session:
            tell_of_documents(session, task, facts)
        now = time.monotonic()
        committed.update((str(id_), now) for id_ in group)

    began, at = time.monotonic(), 0
    while at < len(ids):
        due = min(len(ids), int((time.monotonic() - began) * rate))
        if due > at:
            await asyncio.to_thread(store, ids[at:due])
            progress.documents_done, at = due, due
            reporter.news()
        await asyncio.sleep(_GROUP_SECONDS)
    reporting.cancel()
    await asyncio.gather(reporting, return_exceptions=True)
    await reporter.finish()
    return committed


_PAYLOAD = {"cells": {"VALUE": 6}, "cost_usd": "0.0421"}


def measure(streams: int, rate: float, seconds: float, poll_only: bool) -> None:
    """One measurement, printed."""
    installation = Installation(load_settings())
    database = installation.database
    export_to_environment(database.addresses)
    secrets = load_secrets(installation.settings.home)
    tenant = f"bench-{uuid.uuid4().hex[:8]}"
    context = multiprocessing.get_context("spawn")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = context.Process(target=serve, args=(port, poll_only), daemon=True)
    server.start()
    try:
        task, ids, tokens = _prepare(database, secrets, tenant, int(rate * seconds), -(-streams // _EACH))
        _wait_for(port)
        address = f"ws://127.0.0.1:{port}/v1/stream/{task}"
        ready, results = context.Barrier(2), context.Queue()
        listeners = context.Process(
            target=listen, args=([(address, tokens[n // _EACH]) for n in range(streams)], ready, results), daemon=True
        )
        listeners.start()
        ready.wait(120)
        time.sleep(1)
        committed = asyncio.run(write(database, tenant, task, ids, rate))
        with database.transaction(tenant) as session:
            update_task(session, task, status=TaskStatus.COMPLETED)
            log(session, EventKind.JOB_COMPLETED, "all steps done", task)
        heard = results.get(timeout=120)
        listeners.join()
    finally:
        server.terminate()
        server.join()
        with database.transaction(tenant) as session:
            session.execute(sa.delete(projects))  # of this tenant; with all that belongs to it
    told = [[document for document, _ in one] for one in heard]
    wrong = sum(one != [str(id_) for id_ in ids] for one in told)
    behind = sorted((at - committed[document]) * 1000 for one in heard for document, at in one)
    p50, p95, p99 = (behind[int(len(behind) * share)] for share in (0.5, 0.95, 0.99))
    how = "poll alone, each second" if poll_only else "notified"
    print(
        f"{how}: {streams} streams, {len(ids)} documents at {rate:g}/s: p50 {p50:.0f} ms, p95 {p95:.0f} ms, "
        f"p99 {p99:.0f} ms, worst {behind[-1]:.0f} ms behind the commit; streams with a loss or a repetition: {wrong}"
    )


def _prepare(
    database: Database, secrets: Secrets, tenant: str, number: int, users: int
) -> tuple[UUID, list[UUID], list[str]]:
    ids = [uuid.uuid4() for _ in range(number)]
    project = project_from_data(
        {"name": "study", "variables": [{"name": "a", "type": "TEXT", "instructions": "The a."}]}
    )
    with database.transaction(tenant) as session:
        ensure_tenant(session)
        save_project(session, project)
        task = create_task(session, project.id, TaskKind.FULL, {"driver": "bench", "process": "0:0:0"}, [])
        update_task(session, task, status=TaskStatus.RUNNING)
        same = {"tenant_id": tenant, "project_id": project.id, "batch": 1, "origin": "UPLOAD", "size_bytes": 1}
        rows = [{"id": id_, "sha256": id_.hex, "name": f"{id_}.txt", "blob": "b", "status": "READY"} for id_ in ids]
        session.execute(sa.insert(documents), [same | row for row in rows])
        made = [
            add_user(session, email=f"{n}@example.org", name=str(n), role=Role.VIEWER, password_hash=None)
            for n in range(users)
        ]
    tokens = []
    for user in made:
        who = Principal(tenant, f"user:{user.id}", Role.VIEWER, SCOPES[Role.VIEWER], str(user.id))
        tokens.append(issue(secrets, who))
    return task, ids, tokens


def _wait_for(port: int) -> None:
    over = time.monotonic() + 60
    while time.monotonic() < over:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise TimeoutError("the sidecar does not answer")


def main() -> None:
    """Measure with notifications, then with polling alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--rate", type=float, default=50, help="documents a second")
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    for poll_only in (False, True):
        measure(options.streams, options.rate, options.seconds, poll_only)


if __name__ == "__main__":
    main()
