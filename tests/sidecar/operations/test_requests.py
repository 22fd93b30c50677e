"""Every request has an id, which is in the answer, in the log and with what it asked for; and one log entry."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import anyio
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from resources.installation import Installation
from resources.observe.logs import configure_logs
from sidecar.app import make_app


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    into, root = io.StringIO(), logging.getLogger()
    level = root.level
    configure_logs(everything=True, env={}, stream=into)
    yield into
    for handler in [h for h in root.handlers if h.get_name() == "crucible"]:
        root.removeHandler(handler)
    root.setLevel(level)


def requests(logged: io.StringIO) -> list[dict[str, object]]:
    entries = [json.loads(line) for line in logged.getvalue().splitlines()]
    return [entry for entry in entries if entry["event"] == "request"]


def test_a_sane_id_of_the_caller_is_taken_and_given_back(app):
    client = TestClient(app)
    answer = client.get("/health/live", headers={"X-Request-ID": "trace-me_1.2"})
    assert answer.headers["X-Request-ID"] == "trace-me_1.2"


@pytest.mark.parametrize("odd", ["", "x" * 65, "two words", "new\tline", "<script>", "ä".encode(), ".hidden"])
def test_any_other_id_is_replaced(app, odd):
    given = TestClient(app).get("/health/live", headers={"X-Request-ID": odd}).headers["X-Request-ID"]
    assert len(given) == 32
    assert int(given, 16) >= 0


def test_errors_name_the_id_too(app):
    answer = TestClient(app).get("/v1/tasks", headers={"X-Request-ID": "r-401"})
    assert answer.status_code == 401
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == "r-401"


def test_a_request_is_logged_once_with_who_asked_and_never_with_what_was_sent(logged, client_as, tenant):
    client = client_as("researcher")
    task = uuid4()
    client.get(f"/v1/tasks/{task}?secret=hunter2", headers={"X-Request-ID": "r-1"})
    (entry,) = requests(logged)
    assert entry["request_id"] == "r-1"
    assert (entry["method"], entry["route"], entry["status"]) == ("GET", "/v1/tasks/{task_id}", 404)
    assert entry["tenant"] == tenant
    assert str(entry["subject"]).startswith("user:")
    assert entry["task_id"] == str(task)
    assert float(str(entry["ms"])) > 0
    token = str(client.headers["Authorization"]).removeprefix("Bearer ")
    assert token not in logged.getvalue()
    assert "hunter2" not in logged.getvalue()


def test_machines_that_ask_every_few_seconds_fill_no_log(logged, app):
    TestClient(app).get("/health/live")
    assert requests(logged) == []


@pytest.fixture
def failing(installation: Installation) -> FastAPI:
    app = make_app(installation)

    @app.get("/fails")
    def fails() -> None:
        raise RuntimeError("(Background) [parameters: {'text': 'a confidential sentence'}]")

    return app


def test_a_bug_is_answered_and_logged_under_the_id_and_shows_nothing(logged, failing):
    answer = TestClient(failing).get("/fails", headers={"X-Request-ID": "r-500"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == "r-500"
    assert "RuntimeError" not in answer.text
    entries = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [entry["status"] for entry in entries if entry["event"] == "request"] == [500]
    (told,) = [entry for entry in entries if "exception" in entry]
    assert told["request_id"] == "r-500"
    assert "RuntimeError" in told["exception"]
    assert "confidential" not in logged.getvalue()


@pytest.mark.parametrize(
    ("broken", "failed"),
    [
        pytest.param([anyio.BrokenResourceError()], False, id="its reader has left"),
        pytest.param([anyio.BrokenResourceError(), RuntimeError("a bug")], True, id="a bug beside it"),
        pytest.param([RuntimeError("a bug")], True, id="a bug"),
    ],
)
def test_a_stream_whose_reader_has_left_is_no_failure(logged, installation, broken, failed):
    app = make_app(installation)

    @app.get("/streams")
    def streams() -> StreamingResponse:
        def events() -> Iterator[bytes]:
            yield b": begun\n\n"
            raise BaseExceptionGroup("in a task", [BaseExceptionGroup("of a stream", broken)])

        return StreamingResponse(events(), media_type="text/event-stream")

    TestClient(app, raise_server_exceptions=False).get("/streams")
    (entry,) = requests(logged)
    assert (entry["status"] == 500, '"unhandled"' in logged.getvalue()) == (failed, failed)
