"""`crucible up`: it answers, keeps what it started running, and ends everything when it is asked to."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from resources.database.engine import Database
from tests.cli.homes import database_process, fresh_study
from tests.pipeline.study import Study, kill, wait_until

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Study]:
    with fresh_study(tmp_path_factory.mktemp("up"), model_cache) as made:
        yield made


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def health(port: int, path: str = "/health/ready") -> int | None:
    """The status of the API's answer; None without one."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def child(process: subprocess.Popen[str], word: str) -> psutil.Process | None:
    """The child of `crucible up` with this word in its command."""
    for each in psutil.Process(process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if word in each.cmdline():
                return each
    return None


def alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def server_info(port: int) -> dict[str, str] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5) as response:
            found: dict[str, str] = json.load(response)
            return found
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def test_it_keeps_all_running_until_it_is_interrupted_and_leaves_nothing_behind(study):
    port, api_port = free_port(), free_port()
    process = study.start_cold("up", "--port", str(port), "--api-port", str(api_port))
    wait_until(lambda: process.poll() is not None or (server_info(port) and health(api_port) == 200), 120)
    assert process.poll() is None, process.communicate()[0]
    info = server_info(port)
    assert info is not None
    assert info["dagster_version"] == info["dagster_webserver_version"]

    sidecar, database = child(process, "sidecar"), database_process(study.home)
    assert sidecar is not None
    assert database is not None
    database.kill()  # the embedded server dies: it is started again, and the sidecar finds it
    wait_until(lambda: database_process(study.home) not in (None, database), 120)
    wait_until(lambda: health(api_port) == 200, 120)
    assert sidecar.is_running(), "the sidecar lived through it"
    sidecar.kill()
    wait_until(lambda: child(process, "sidecar") not in (None, sidecar), 120)
    wait_until(lambda: health(api_port) == 200, 120)

    started = psutil.Process(process.pid).children(recursive=True)
    database = database_process(study.home)
    assert len(started) >= 3
    assert database is not None
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    _, still = psutil.wait_procs([*started, database], timeout=60)
    assert still == []
    for told in (f"http://127.0.0.1:{port}", f"http://127.0.0.1:{api_port}/docs", "operator-token", str(study.home)):
        assert told in said
    assert "PostgreSQL had ended and was started again" in said
    assert "The sidecar ended with signal 9" in said
    logged = [json.loads(line) for line in (study.home / "logs" / "up.log").read_text("utf-8").splitlines()]
    assert any("signal 9" in entry.get("message", "") for entry in logged)
    assert server_info(port) is None
    assert health(api_port) is None


@pytest.fixture
def external(study: Study, database: Database) -> Iterator[Study]:
    """The same home, told of servers that are not its own."""
    made = Study(study.folder, study.home, study.env | database.addresses.export())
    yield made
    made.end()


def test_on_external_servers_it_starts_none_of_its_own_and_a_kill_does_not_block_the_next_start(external):
    ports = ["--port", str(free_port()), "--api-port", str(api_port := free_port())]
    process = external.start_cold("up", "--external", *ports)
    wait_until(lambda: process.poll() is not None or health(api_port) == 200, 120)
    assert process.poll() is None, process.communicate()[0]
    assert database_process(external.home) is None
    code, said = external.run("up", "--external", *ports)
    assert code == 2, said
    assert "up already" in said
    children = psutil.Process(process.pid).children()
    kill(process)

    again = external.start_cold("up", "--external", *ports)
    wait_until(lambda: not any(alive(one) for one in children), 60)
    wait_until(lambda: again.poll() is not None or health(api_port) == 200, 120)
    assert again.poll() is None, again.communicate()[0]
    again.send_signal(signal.SIGTERM)
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0, said


def test_external_needs_servers_that_answer(study):
    code, said = study.run("up", "--external")
    assert code == 2, said
    assert "CRUCIBLE_DATABASE_URL" in said
    nowhere = f"postgresql://nobody:hidden@127.0.0.1:{free_port()}/nothing"
    named = {"CRUCIBLE_DATABASE_URL": nowhere, "CRUCIBLE_DAGSTER_DATABASE_URL": nowhere}
    away = Study(study.folder, study.home, study.env | named)
    code, said = away.run("up", "--external")
    assert code == 2, said
    assert "does not answer" in said
    assert "hidden" not in said
    assert database_process(study.home) is None


@pytest.mark.parametrize("option", ["--port", "--api-port"])
def test_a_port_that_is_taken_is_named_before_anything_is_started(study, option):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = study.start_cold("up", option, str(port))
        said, _ = process.communicate(timeout=150)
    assert process.returncode == 2, said
    assert f"Port {port}" in said
    assert option in said
