"""A researcher, `crucible up` and HTTP: from an empty home to a corrected, refined, exported dataset."""

from __future__ import annotations

import csv
import io
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.homes import fresh_study
from tests.cli.test_up import free_port, health
from tests.learning.bench import GOOD, VARIABLES, Scripted, proposal, text_of
from tests.pipeline.study import wait_until

pytestmark = pytest.mark.timeout(900)
DOCUMENTS = 8
PASSWORD = "correct horse battery"
END = ("job_completed", "job_failed", "job_cancelled")


@pytest.fixture
def api(tmp_path: Path, model_cache: Path, model_server: Any) -> Iterator[httpx.Client]:
    """A client of a running `crucible up`, logged in as the tenant's first administrator."""
    model_server.answer_with(Scripted([proposal()]))
    asked = {"CRUCIBLE_MODEL": "openai:test", "OPENAI_BASE_URL": model_server.openai_url}
    with fresh_study(tmp_path / "study", model_cache, **asked) as study:
        port = free_port()
        process = study.start_cold("up", "--port", str(free_port()), "--api-port", str(port))
        try:
            wait_until(lambda: process.poll() is not None or health(port) == 200, 120)
            assert process.poll() is None, process.communicate()[0]
            code, operator = study.run("operator-token")
            assert code == 0, operator
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                bootstrap(client, operator.strip())
                yield client
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def bootstrap(client: httpx.Client, operator: str) -> None:
    first = {"tenant": "default", "email": "ada@example.org", "name": "Ada", "password": PASSWORD}
    got(client.post("/v1/auth/bootstrap", json=first, headers={"Authorization": f"Bearer {operator}"}))
    token = got(client.post("/v1/auth/token", data={"username": "ada@example.org", "password": PASSWORD}))
    client.headers["Authorization"] = f"Bearer {token['access_token']}"


def got(answer: httpx.Response) -> Any:
    assert answer.is_success, (answer.request.url, answer.status_code, answer.text)
    return answer.json()


def ask(api: httpx.Client, kind: str, **more: Any) -> str:
    asked = {"kind": kind, "project_id": "contracts"} | more
    return str(got(api.post("/v1/tasks/process", json=asked))["id"])


def watch(api: httpx.Client, task: str, after: int = 0, until: tuple[str, ...] = END) -> list[dict[str, Any]]:
    """The facts of a task's stream after a sequence number, until one of these kinds."""
    seen = []
    with api.stream("GET", f"/v1/stream/{task}", params={"after": after}, timeout=240) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                event = json.loads(line[5:])
                if event["kind"] != "progress":
                    seen.append(event)
                if event["kind"] in until:
                    return seen
    return seen


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["kind"] for event in events]


def cells(api: httpx.Client, variable: str) -> list[dict[str, Any]]:
    wanted = {"project_id": "contracts", "variable": variable, "limit": 100}
    return list(got(api.get("/v1/results/cells", params=wanted))["items"])


def test_from_nothing_to_a_refined_dataset(api, model_server):
    got(api.post("/v1/projects", json={"name": "Contracts", "language": "en"}))
    refused = api.post("/v1/tasks/process", json={"kind": "FULL", "project_id": "contracts"})
    assert (refused.status_code, "no variables" in refused.text) == (422, True)
    for variable in VARIABLES:
        got(api.post("/v1/projects/contracts/variables", json=variable))
    refused = api.post("/v1/tasks/process", json={"kind": "FULL", "project_id": "contracts"})
    assert (refused.status_code, "no documents" in refused.text) == (422, True)
    files = [("files", (f"contract-{n}.txt", text_of(n).encode())) for n in range(DOCUMENTS)]
    assert got(api.post("/v1/context/upload", data={"project_id": "contracts"}, files=files))["new"] == DOCUMENTS

    task = ask(api, "SAMPLE", number=4)
    other = api.post("/v1/tasks/process", json={"kind": "FULL", "project_id": "contracts"})
    assert (other.status_code, other.json()["active_task_id"]) == (409, task)
    told = watch(api, task)
    assert kinds(told)[-1] == "job_completed", told
    assert kinds(told).count("document_completed") == 4
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert watch(api, task, after=2) == told[2:]

    sample = cells(api, "price")
    assert len(sample) == 4
    assert all(cell["state"] == "VALUE" and cell["evidence"] for cell in sample)
    for cell in sample[:2]:
        key = {name: cell[name] for name in ("project_id", "document_id", "row_key", "variable", "version")}
        right = {"verdict": "INCORRECT", "corrected_values": [cell["value"] + 1000], "note": "with tax, please"}
        assert api.post("/v1/feedback", json=key | right).status_code == 201

    assert kinds(watch(api, ask(api, "REFINE")))[-1] == "job_completed"
    (refinement,) = got(api.get("/v1/projects/contracts/refinements"))["items"]
    assert (refinement["variable"], refinement["instructions"]) == ("price", GOOD)
    if refinement["status"] != "ACTIVE":  # too few labels to decide by themselves: a person does
        got(api.post(f"/v1/projects/contracts/refinements/{refinement['id']}/activate"))

    task = ask(api, "FULL")
    watch(api, task, until=("document_completed", *END))
    paused = got(api.post(f"/v1/tasks/{task}/pause"))
    assert paused["status"] == "PAUSED"
    asked = model_server.stats().calls
    got(api.post(f"/v1/tasks/{task}/resume"))
    told = watch(api, task)
    assert kinds(told)[-1] == "job_completed", told
    assert kinds(told).count("document_completed") == DOCUMENTS
    assert model_server.stats().calls >= asked
    assert sorted(cell["value"] for cell in cells(api, "price")) == [2000 + n for n in range(DOCUMENTS)]

    listed = got(api.get("/v1/exports", params={"project_id": "contracts"}))["items"]
    wide = next(one for one in listed if one["format"] == "csv-wide")
    table = api.get(f"/v1/exports/{wide['id']}/download")
    assert "attachment" in table.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert sorted(int(row["price"]) for row in rows) == [2000 + n for n in range(DOCUMENTS)]
    calls = got(api.get("/v1/usage", params={"by": "project"}))["total"]["calls"]
    assert calls == model_server.stats().calls
    assert got(api.get("/v1/audit/verify"))["intact"]
