"""The application behind a real socket, tasks to listen to, and listeners."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from resources.database.engine import Database
from resources.database.repositories.events import DocumentFact, log, tell_of_documents
from resources.database.repositories.tasks import create_task, update_task
from resources.database.tables import documents, projects
from resources.installation import Installation
from resources.vocabulary import EventKind, Role, TaskKind, TaskStatus
from sidecar.app import make_app
from sidecar.limits.settings import load_bounds
from sidecar.security.secrets import Secrets
from sidecar.security.tokens import issue
from sidecar.stream.streams import Streams
from tests.sidecar.conftest import make_user

PROJECT = "study"


@dataclass
class Served:
    """The application where it listens."""

    app: FastAPI
    port: int
    database: Database
    secrets: Secrets

    @property
    def streams(self) -> Streams:
        return self.app.state.streams

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def bearer(self, tenant: str, role: Role = Role.VIEWER, lifetime: timedelta | None = None) -> dict[str, str]:
        """The header of a new user's token."""
        token = issue(self.secrets, make_user(self.database, tenant, role), lifetime=lifetime)
        return {"Authorization": f"Bearer {token}"}

    def watch(self, task: UUID, headers: dict[str, str], after: int = 0, **options: Any) -> ClientConnection:
        """A WebSocket."""
        address = f"{self.ws}/v1/stream/{task}?after={after}"
        return connect(address, additional_headers=headers, open_timeout=60, **options)

    @contextmanager
    def terms(self, **changed: Any) -> Iterator[None]:
        """Other terms for streams that open while inside."""
        before = self.streams.terms
        self.streams.terms = replace(before, **changed)
        try:
            yield
        finally:
            self.streams.terms = before


@pytest.fixture(scope="session")
def served(installation: Installation, secrets: Secrets, database: Database) -> Iterator[Served]:
    env = {"CRUCIBLE_RATE_PER_MINUTE": "1000000", "CRUCIBLE_RATE_ADDRESS_PER_MINUTE": "1000000"}
    app = make_app(installation, secrets, load_bounds(env))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    made = Served(app, port, database, secrets)
    wait_until(lambda: server.started and made.streams.listener.connected)
    yield made
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def task(database: Database, tenant: str) -> UUID:
    """A running task."""
    return make_task(database, tenant)


def make_task(database: Database, tenant: str) -> UUID:
    """A running task of the tenant's project."""
    with database.transaction(tenant) as session:
        project = {"tenant_id": tenant, "id": PROJECT, "name": "Study", "unit_of_observation": "DOCUMENT"}
        known = session.execute(sa.select(projects.c.id).where(projects.c.id == PROJECT)).one_or_none()
        if known is None:
            session.execute(sa.insert(projects).values(project))
        task_id = create_task(session, PROJECT, TaskKind.EXPORT, {}, [])
        update_task(session, task_id, status=TaskStatus.RUNNING)
    return task_id


def make_documents(database: Database, tenant: str, number: int) -> list[UUID]:
    """Documents of the tenant's project."""
    ids = [uuid4() for _ in range(number)]
    with database.transaction(tenant) as session:
        session.execute(
            sa.insert(documents),
            [
                {
                    "tenant_id": tenant,
                    "id": id_,
                    "project_id": PROJECT,
                    "batch": 1,
                    "sha256": uuid4().hex,
                    "name": f"{id_}.txt",
                    "origin": "UPLOAD",
                    "size_bytes": 1,
                    "blob": "b",
                    "status": "READY",
                }
                for id_ in ids
            ],
        )
    return ids


def tell(database: Database, tenant: str, task: UUID, ids: list[UUID], before_commit: float = 0) -> None:
    """What a run writes when documents are done; nobody is woken."""
    facts = [DocumentFact(id_, EventKind.DOCUMENT_COMPLETED, "done", {"cells": {"VALUE": 1}}) for id_ in ids]
    with database.transaction(tenant) as session:
        tell_of_documents(session, task, facts)
        time.sleep(before_commit)


def say(database: Database, tenant: str, task: UUID, message: str, kind: EventKind = EventKind.LOG) -> None:
    """One line of the log, which wakes who listens."""
    with database.transaction(tenant) as session:
        log(session, kind, message, task)


def end(database: Database, tenant: str, task: UUID, status: TaskStatus = TaskStatus.COMPLETED) -> None:
    """End a task as the sensor does."""
    with database.transaction(tenant) as session:
        update_task(session, task, status=status)
        log(session, EventKind(f"job_{status.value.lower()}"), "all steps done", task)


def facts_of(messages: list[dict[str, Any]]) -> list[int]:
    """The numbers of the facts among messages."""
    return [message["seq"] for message in messages if message["kind"] != EventKind.PROGRESS.value]


def all_of(connection: ClientConnection) -> list[dict[str, Any]]:
    """Every message until the server closes."""
    heard: list[dict[str, Any]] = []
    with suppress(ConnectionClosed):  # the close code is looked at where it matters
        while True:
            heard.append(json.loads(connection.recv(30)))
    return heard


def sse(response: httpx.Response) -> Iterator[dict[str, str]]:
    """Events and comments of a stream, one dictionary each."""
    found: dict[str, str] = {}
    for line in response.iter_lines():
        if not line:
            if found:
                yield found
            found = {}
            continue
        name, _, value = line.partition(":")
        found[name or "comment"] = value.removeprefix(" ")


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that another thread does."""
    over = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < over, "it did not happen"
        time.sleep(0.02)
