"""One trace from a researcher's request to the calls of the run that it became, over real sockets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sidecar.security.secrets import load_secrets
from tests.cli.homes import fresh_study
from tests.cli.test_up import free_port, health
from tests.model_server import ModelServer
from tests.observe.collector import Collector, Span, collecting
from tests.pipeline.study import Study, wait_until

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SERVER, CLIENT = 2, 3  # SpanKind in OTLP
WORDS = "Mill 7 Ltd"
DOCUMENT = (
    f"Contract\n\nThis contract was made between two parties.\n\nsupplier: {WORDS}\n\nThey agree on delivery.\n"
)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


@pytest.fixture(scope="module")
def api(
    collector: Collector, tmp_path_factory: pytest.TempPathFactory, model_cache: Path
) -> Iterator[tuple[Study, str]]:
    """`crucible up` with a collector and a model; gives the home and the address of the API."""
    with (
        ModelServer() as models,
        fresh_study(
            tmp_path_factory.mktemp("traces"),
            model_cache,
            CRUCIBLE_MODEL="openai:gpt-4.1-mini",
            OPENAI_API_KEY="sk-test",
            OPENAI_BASE_URL=models.openai_url,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_BSP_SCHEDULE_DELAY="200",
        ) as study,
    ):
        port = free_port()
        process = study.start_cold("up", "--port", str(free_port()), "--api-port", str(port))
        try:
            wait_until(lambda: process.poll() is not None or health(port) == 200, 120)
            yield study, f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 0, said


def sign_in(study: Study, client: httpx.Client) -> None:
    operator = {"Authorization": f"Bearer {load_secrets(study.home, study.env).operator_token}"}
    who = {"email": "ada@example.org", "name": "Ada", "password": "correct horse battery staple"}
    asked(client.post("/v1/auth/bootstrap", json=who, headers=operator))
    form = {"username": who["email"], "password": who["password"]}
    token = asked(client.post("/v1/auth/token", data=form))["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"


def asked(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture(scope="module")
def task(api: tuple[Study, str]) -> dict[str, Any]:
    """A sample that was asked for with a trace and an id of the caller's, and has ended."""
    study, url = api
    with httpx.Client(base_url=url, timeout=30) as client:
        sign_in(study, client)
        variable = {"name": "supplier", "type": "TEXT", "instructions": "The supplier's name."}
        asked(client.post("/v1/projects", json={"name": "Contracts", "id": "contracts", "variables": [variable]}))
        upload = {"files": ("contract.txt", DOCUMENT.encode())}
        asked(client.post("/v1/context/upload", data={"project_id": "contracts"}, files=upload))
        headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-ID": "asked-by-ada"}
        body = {"kind": "SAMPLE", "project_id": "contracts", "number": 1}
        task = asked(client.post("/v1/tasks/process", json=body, headers=headers))
        end = time.monotonic() + 400
        while task["status"] not in ("COMPLETED", "FAILED", "CANCELLED") and time.monotonic() < end:
            time.sleep(0.5)
            task = asked(client.get(f"/v1/tasks/{task['id']}"))
    assert task["status"] == "COMPLETED", task
    return task


def written(study: Study) -> list[Path]:
    """The logs of the servers, and those that Dagster kept of the runs."""
    return [*(study.home / "logs").glob("*.log"), *(study.home / "dagster" / "storage").rglob("*.err")]


def only(spans: list[Span]) -> Span:
    assert len(spans) == 1, [span.name for span in spans]
    return spans[0]


@pytest.mark.timeout(360)
def test_one_trace_leads_from_the_request_to_the_call(collector, task):
    wait_until(lambda: collector.named("materialize exports"), 120)
    request = only(collector.named("POST /v1/tasks/process"))
    assert (request.service, request.kind) == ("crucible-sidecar", SERVER)
    assert (request.trace_id, request.parent_id) == (TRACE, CALLER)
    assert request.attributes["http.route"] == "/v1/tasks/process"
    assert request.attributes["http.response.status_code"] == 202

    step = only(collector.named("materialize samples"))
    assert (step.service, step.trace_id, step.parent_id) == ("crucible-pipeline", TRACE, request.span_id)
    assert step.attributes["crucible.task_id"] == task["id"]
    assert step.attributes["crucible.request_id"] == "asked-by-ada"

    call = collector.named("chat gpt-4.1-mini")[0]
    assert (call.trace_id, call.parent_id, call.kind, call.status) == (TRACE, step.span_id, CLIENT, 0)
    said = call.attributes
    assert (said["gen_ai.operation.name"], said["gen_ai.provider.name"]) == ("chat", "openai")
    assert said["gen_ai.request.model"] == "gpt-4.1-mini"
    assert said["gen_ai.response.model"]
    assert said["gen_ai.usage.input_tokens"] > 0
    assert said["gen_ai.usage.output_tokens"] > 0
    assert said["gen_ai.response.finish_reasons"] == ["stop"]

    vectors = collector.named("embeddings multilingual-e5-small-int8")[0]
    assert vectors.trace_id == TRACE
    assert vectors.attributes["gen_ai.operation.name"] == "embeddings"


@pytest.mark.timeout(360)
def test_no_span_and_no_log_holds_texts_or_secrets(api, collector, task):
    study, _ = api
    logs = [path.read_text("utf-8", "replace") for path in written(study)]
    told = "\n".join([*logs, *(f"{span.name} {span.attributes}" for span in collector.spans)])
    secret = load_secrets(study.home, study.env).operator_token
    for word in (WORDS, "The supplier's name", "correct horse", "sk-test", secret, "eyJ"):
        assert word not in told, word


@pytest.mark.timeout(360)
def test_the_id_of_the_request_is_in_the_log_of_the_run_and_of_its_calls(api, task):
    study, _ = api
    found = []
    for path in written(study):
        for line in path.read_text("utf-8", "replace").splitlines():
            if line.startswith("{") and "asked-by-ada" in line:
                found.append(json.loads(line))
    events = {entry["event"] for entry in found}
    assert {"request", "step_started", "model_call", "step_ended"} <= events
    call = next(entry for entry in found if entry["event"] == "model_call")
    assert call["task_id"] == task["id"]
    assert (call["provider"], call["model"], call["outcome"]) == ("openai", "gpt-4.1-mini", "answered")
    assert call["trace_id"] == TRACE
    assert call["input_tokens"] > 0


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:9"])
def test_nothing_is_loaded_where_no_collector_is_named(endpoint):
    program = (
        "import sys\n"
        "from resources.observe.traces import configure_traces, span\n"
        "configure_traces('test')\n"
        "with span('x', {}): pass\n"
        "print(any(name.startswith('opentelemetry') for name in sys.modules))\n"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_EXPORT_TIMEOUT": "1"} if endpoint else {}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == str(endpoint is not None)
