"""The API under load: 100 users at 1,000 requests a minute, alone and beside a running full task.

    python -m benchmarks.sidecar_load [--seconds 60] [--users 100] [--per-minute 1000]
        [--documents 400] [--variables 10] [--latency-ms 500] [--concurrency 32]

Starts `crucible up` on a home of its own, with a model server in a process of its own, all on this machine, the
users included. Every user has a token and a project of their own, and asks at random times at the rate given; what
they ask for is mixed by the weights in MIX. The full task extracts the documents of one project, which were read, cut
and embedded before, and must run for the whole time that is measured. Latency is what the users see.

Exit code 1: an error, or a 95th percentile of 200 ms or more over all requests beside the task.
"""

import argparse
import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from benchmarks.extraction.corpus import make_corpus
from resources.database.engine import Database, open_database
from resources.settings import load_settings
from resources.vocabulary import Role
from sidecar.security.secrets import load_secrets
from sidecar.security.tokens import issue
from tests.model_server import SubprocessModelServer
from tests.sidecar.conftest import make_user

ROOT = Path(__file__).resolve().parents[1]
TENANT = "default"
STUDY = "study"
LIMIT_MS = 200.0
_UPLOADED_TOGETHER = 50
_ENDED = ("COMPLETED", "FAILED", "CANCELLED", "PAUSED")
VARIABLE = {"name": "amount", "type": "NUMBER", "instructions": "The sum that was lent.", "unit": "EUR"}


@dataclass
class User:
    """One researcher: a client with their token, and what they have made so far."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    project: str
    random: random.Random
    variables: int = 1

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request as this user."""
        return await self.client.request(method, path, headers=self.headers, **more)


@dataclass
class Measured:
    """Milliseconds by kind of request, and what went wrong."""

    ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        """Of every kind."""
        return [one for some in self.ms.values() for one in some]


async def create_project(user: User, _task: str) -> httpx.Response:
    return await user.ask("POST", "/v1/projects", json={"name": f"Loans {uuid4().hex}", "variables": [VARIABLE]})


async def patch_project(user: User, _task: str) -> httpx.Response:
    return await user.ask("PATCH", f"/v1/projects/{user.project}", json={"description": uuid4().hex})


async def create_variable(user: User, _task: str) -> httpx.Response:
    user.variables += 1
    body = VARIABLE | {"name": f"amount_{user.variables}"}
    return await user.ask("POST", f"/v1/projects/{user.project}/variables", json=body)


async def patch_variable(user: User, _task: str) -> httpx.Response:
    body = {"instructions": f"The sum that was lent, {uuid4().hex}."}
    return await user.ask("PATCH", f"/v1/projects/{user.project}/variables/amount", json=body)


def reading(path: str) -> Callable[[User, str], Awaitable[httpx.Response]]:
    """A GET; `path` may name the user's `{project}`, the `{study}` that is extracted, and its `{task}`."""

    async def read(user: User, task: str) -> httpx.Response:
        return await user.ask("GET", path.format(project=user.project, study=STUDY, task=task))

    return read


MIX: dict[str, tuple[int, Callable[[User, str], Awaitable[httpx.Response]]]] = {
    "list projects": (14, reading("/v1/projects?limit=50")),
    "read project": (14, reading("/v1/projects/{project}")),
    "create project": (5, create_project),
    "change project": (9, patch_project),
    "list variables": (10, reading("/v1/projects/{project}/variables")),
    "create variable": (4, create_variable),
    "change variable": (9, patch_variable),
    "list documents": (10, reading("/v1/context?project_id={study}&limit=50")),
    "read cells": (10, reading("/v1/results/cells?project_id={study}&limit=50")),
    "list tasks": (7, reading("/v1/tasks?limit=50")),
    "read task": (8, reading("/v1/tasks/{task}")),
}
"""Kinds of requests and how often of a hundred."""


async def load(users: list[User], task: str, per_minute: float, seconds: float) -> Measured:
    """All users at once for so long; everybody waits for each answer before thinking of the next."""
    measured, kinds = Measured(), list(MIX)
    weights = [MIX[kind][0] for kind in kinds]
    pause = 60.0 * len(users) / per_minute
    end = time.monotonic() + seconds

    async def one(user: User) -> None:
        at = time.monotonic() + user.random.uniform(0, pause)
        while at < end:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            kind = user.random.choices(kinds, weights)[0]
            began = time.perf_counter()
            try:
                answer = await MIX[kind][1](user, task)
            except httpx.HTTPError as error:
                measured.errors.append(f"{kind}: {type(error).__name__} {error}")
            else:
                measured.ms[kind].append((time.perf_counter() - began) * 1000)
                if not answer.is_success:
                    measured.errors.append(f"{kind}: {answer.status_code} {answer.text[:200]}")
            at += user.random.uniform(0.5, 1.5) * pause

    await asyncio.gather(*(one(user) for user in users))
    return measured


async def run(url: str, database: Database, home: Path, options: argparse.Namespace) -> bool:
    """Prepare, measure alone and beside the task, print; whether all is as it should be."""
    secrets = load_secrets(home)
    limits = httpx.Limits(max_connections=options.users, max_keepalive_connections=options.users)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        users = []
        for number in range(options.users):
            who = make_user(database, TENANT, Role.RESEARCHER)
            headers = {"Authorization": f"Bearer {issue(secrets, who)}"}
            user = User(client, headers, f"project-{number}", random.Random(number))
            body = {"name": f"Project {number}", "id": user.project, "variables": [VARIABLE]}
            _fine(await user.ask("POST", "/v1/projects", json=body))
            users.append(user)
        task = await _prepare_study(users[0], options)
        await load(users, task, options.per_minute, 5)  # connections and caches are there
        alone = await load(users, task, options.per_minute, options.seconds)
        _report("alone", alone, options)
        task = await _start_full(users[0])
        beside = await load(users, task, options.per_minute, options.seconds)
        status = _fine(await users[0].ask("GET", f"/v1/tasks/{task}")).json()
        _report("beside a full task", beside, options)
        print(f"the task at the end: {status['status']}, progress {status['progress']}", flush=True)
        await users[0].ask("POST", f"/v1/tasks/{task}/cancel")
        if status["status"] in _ENDED:
            print("the task ended before the measuring did: give it more --documents")
            return False
        return not (alone.errors or beside.errors or _percentile(beside.all, 0.95) >= LIMIT_MS)


async def _prepare_study(user: User, options: argparse.Namespace) -> str:
    """The documents in one project, and cells of ten of them to be read; gives the sample's task."""
    corpus = make_corpus(options.documents, options.variables, words=200)
    variables = [
        {"name": name, "type": "TEXT", "instructions": f"What the line {name} states."} for name in corpus.variables
    ]
    _fine(await user.ask("POST", "/v1/projects", json={"name": "Study", "id": STUDY, "variables": variables}))
    texts = list(corpus.texts.items())
    for first in range(0, len(texts), _UPLOADED_TOGETHER):
        files = [("files", (name, text.encode())) for name, text in texts[first : first + _UPLOADED_TOGETHER]]
        _fine(await user.ask("POST", "/v1/context/upload", data={"project_id": STUDY}, files=files))
    body = {"kind": "SAMPLE", "project_id": STUDY, "number": 10}
    task: str = _fine(await user.ask("POST", "/v1/tasks/process", json=body)).json()["id"]
    if await _until(user, task, _ENDED) != "COMPLETED":
        log = _fine(await user.ask("GET", f"/v1/tasks/{task}/log")).text
        raise RuntimeError(f"the sample was not completed: {log[-2000:]}")
    return task


async def _start_full(user: User) -> str:
    body = {"kind": "FULL", "project_id": STUDY}
    task: str = _fine(await user.ask("POST", "/v1/tasks/process", json=body)).json()["id"]
    await _until(user, task, ("RUNNING", *_ENDED))
    return task


async def _until(user: User, task: str, statuses: tuple[str, ...]) -> str:
    while True:
        status: str = _fine(await user.ask("GET", f"/v1/tasks/{task}")).json()["status"]
        if status in statuses:
            return status
        await asyncio.sleep(0.5)


def _fine(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise RuntimeError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}")
    return answer


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _report(title: str, measured: Measured, options: argparse.Namespace) -> None:
    rate = len(measured.all) * 60 / options.seconds
    print(f"\n{title}: {options.users} users, {rate:.0f} requests a minute, {len(measured.errors)} errors")
    print(f"{'':18}{'number':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'most':>9}")
    for kind in [*MIX, "all"]:
        values = measured.all if kind == "all" else measured.ms[kind]
        shown = [_percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0)]
        print(f"{kind:18}{len(values):8}" + "".join(f"{value:9.1f}" for value in shown))
    for error in measured.errors[:10]:
        print(f"  {error}")
    sys.stdout.flush()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _up(env: dict[str, str]) -> Iterator[str]:
    """`crucible up` for the time of a `with` block; the API's address."""
    port = _free_port()
    words = ["up", "--port", str(_free_port()), "--api-port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", *words], cwd=ROOT, env=env, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            time.sleep(0.5)
            try:
                if httpx.get(f"{url}/health/ready", timeout=10).is_success:
                    break
            except httpx.HTTPError:
                continue
        else:
            raise RuntimeError("crucible up did not become ready within two minutes")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="measured, alone and beside the task each")
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--per-minute", type=float, default=1000, help="requests of all users together")
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--variables", type=int, default=10)
    parser.add_argument("--latency-ms", type=float, default=500)
    parser.add_argument("--concurrency", type=int, default=32, help="model calls in flight")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    with (
        tempfile.TemporaryDirectory(prefix="crucible-", ignore_cleanup_errors=True) as folder,
        SubprocessModelServer(["--latency-ms", str(options.latency_ms)]) as models,
    ):
        home = Path(folder)
        home.chmod(0o755)
        models_here = Path.home() / ".cache" / "crucible-tests"  # converted once per machine, as for the tests
        models_here.mkdir(parents=True, exist_ok=True)
        (home / "models").symlink_to(models_here)
        settings = {
            "CRUCIBLE_HOME": folder,
            "CRUCIBLE_MODEL": "openai:bench",
            "CRUCIBLE_CONCURRENCY": str(options.concurrency),
            "OPENAI_BASE_URL": models.openai_url,
            "OPENAI_API_KEY": "x",
        }
        os.environ.update(settings)
        database = open_database(load_settings())
        with _up(dict(os.environ)) as url:
            fine = asyncio.run(run(url, database, home, options))
        database.dispose()
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
