"""What takes long for one leaves room for all others, over real sockets."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from types import SimpleNamespace

import httpx
import pytest

from sidecar.app import make_app
from sidecar.limits.settings import Bounds, Zone
from tests.sidecar.context.conftest import make_project, send
from tests.sidecar.context.test_upload import LETTER
from tests.sidecar.served import served

WIDE = Zone("wide", 10**6, 10**6)
MANY = 60  # more than the threads that serve requests


@pytest.fixture(scope="module")
def address(installation, secrets) -> Iterator[str]:
    with served(make_app(installation, secrets, Bounds(WIDE, WIDE, WIDE, WIDE))) as url:
        yield url


@pytest.fixture
def held() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def ask_while_busy(address, bearer, held, request) -> tuple[float, Counter[int]]:
    """(seconds that a small request took beside many of the other kind, how these were answered)."""
    with (
        httpx.Client(base_url=address, timeout=150, limits=httpx.Limits(max_connections=MANY + 1)) as client,
        ThreadPoolExecutor(MANY) as pool,
    ):
        jobs = [pool.submit(request, client, number) for number in range(MANY)]
        wait(jobs, 60, FIRST_COMPLETED)  # there is room for no more: one was refused
        began = time.monotonic()
        assert client.get("/v1/auth/me", headers=bearer).status_code == 200
        took = time.monotonic() - began
        held.set()
        return took, Counter(job.result().status_code for job in jobs)


def test_pictures_of_pages(address, client_as, database, tenant, held, monkeypatch):
    make_project(database, tenant)
    researcher = client_as("researcher")
    bearer = {"Authorization": researcher.headers["Authorization"]}
    document = send(researcher, ("letter.pdf", LETTER)).json()["files"][0]["document_id"]
    monkeypatch.setattr("resources.rendering._run", lambda *_: 0 if held.wait(120) else 1)
    picture = f"/v1/context/{document}/pages/1/image"
    took, answers = ask_while_busy(address, bearer, held, lambda client, _: client.get(picture, headers=bearer))
    assert took < 15
    assert set(answers) == {200, 503}


def test_passwords(address, client_as, held, monkeypatch):
    bearer = {"Authorization": client_as("viewer").headers["Authorization"]}
    monkeypatch.setattr("resources.accounts._hasher", SimpleNamespace(verify=lambda *_: held.wait(120)))

    def log_in(client, number):
        form = {"username": f"nobody{number}@example.org", "password": "correct horse"}
        return client.post("/v1/auth/token", data=form)

    took, answers = ask_while_busy(address, bearer, held, log_in)
    assert took < 15
    assert set(answers) == {401, 503}
