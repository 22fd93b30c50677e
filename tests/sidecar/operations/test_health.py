"""Health: the process is up; it is ready when the database, its tables and the blob store are."""

from __future__ import annotations

import dataclasses
import socket

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from resources.database.engine import Database
from resources.installation import Installation
from resources.settings import Settings
from sidecar.operations.readiness import Part, Readiness


@pytest.fixture
def client(app):
    return TestClient(app, raise_server_exceptions=False)


def checks(readiness: Readiness) -> dict[Part, tuple[bool, str | None]]:
    return {check.part: (check.ok, check.reason) for check in readiness.checks()}


def test_it_is_alive_and_ready_for_anybody_who_asks(client):
    assert client.get("/health/live").json() == {"status": "ok"}
    answer = client.get("/health/ready")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "ready"
    assert {check["part"] for check in answer.json()["checks"]} == {"database", "migration", "files"}
    assert all(check["ms"] >= 0 for check in answer.json()["checks"])


def of(settings: Settings, database: Database) -> Readiness:
    installation = Installation(settings)
    installation.__dict__["database"] = database
    return Readiness(installation)


def test_a_database_that_does_not_answer_is_said_without_internals(settings, database, app, client):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    away = dataclasses.replace(
        database.addresses, app=sa.make_url(f"postgresql+psycopg://someone:hidden@127.0.0.1:{port}/x")
    )
    gone = Database(away)
    before, app.state.readiness = app.state.readiness, of(settings, gone)
    try:
        answer = client.get("/health/ready")
    finally:
        app.state.readiness = before
        gone.dispose()
    assert answer.status_code == 503
    assert answer.json()["status"] == "not_ready"
    by_part = {check["part"]: check for check in answer.json()["checks"]}
    assert not by_part["database"]["ok"]
    assert "does not answer" in by_part["database"]["reason"]
    assert not by_part["migration"]["ok"]
    assert by_part["files"]["ok"]
    assert not [word for word in ("hidden", "someone", str(port), "psycopg") if word in answer.text]


def test_tables_of_another_revision_are_named(settings, database, monkeypatch):
    monkeypatch.setattr("sidecar.operations.readiness.newest_revision", lambda: "9999")
    found = checks(of(settings, database))
    assert found[Part.DATABASE] == (True, None)
    assert found[Part.MIGRATION][0] is False
    assert "needs 9999" in (found[Part.MIGRATION][1] or "")


def test_a_blob_store_that_takes_no_files_is_said(settings, database, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    broken = dataclasses.replace(settings, files_url=str(tmp_path / "file"))
    assert checks(of(broken, database))[Part.FILES] == (False, "files cannot be written")


def test_looking_leaves_nothing_in_the_blob_store(settings, database, tmp_path):
    empty = dataclasses.replace(settings, files_url=str(tmp_path / "files"))
    assert checks(of(empty, database))[Part.FILES] == (True, None)
    assert list((tmp_path / "files").iterdir()) == []


def test_many_who_ask_at_once_share_one_look(settings, database):
    readiness = of(settings, database)
    assert readiness.checks() is readiness.checks()
