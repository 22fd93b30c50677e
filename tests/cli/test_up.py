"""`crucible up`: it answers, and an interrupt ends everything that it started."""

from __future__ import annotations

import json
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.homes import database_process, fresh_study
from tests.pipeline.study import Study, wait_until


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Iterator[Study]:
    with fresh_study(tmp_path_factory.mktemp("up"), model_cache) as made:
        yield made


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def server_info(port: int) -> dict[str, str] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5) as response:
            found: dict[str, str] = json.load(response)
            return found
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def test_it_answers_until_it_is_interrupted_and_leaves_nothing_behind(study):
    port = free_port()
    process = study.start("up", "--port", str(port))
    wait_until(lambda: process.poll() is not None or server_info(port))
    assert process.poll() is None, process.communicate()[0]
    info = server_info(port)
    assert info is not None
    assert info["dagster_version"] == info["dagster_webserver_version"]
    started = psutil.Process(process.pid).children(recursive=True)
    database = database_process(study.home)
    assert len(started) >= 2
    assert database is not None

    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 0, said
    left = 20 - (time.monotonic() - asked)
    _, alive = psutil.wait_procs([*started, database], timeout=max(0.0, left))
    assert alive == []
    assert f"http://127.0.0.1:{port}" in said
    assert str(study.home) in said
    assert server_info(port) is None


def test_a_port_that_is_taken_is_named_before_anything_is_started(study):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = study.start("up", "--port", str(port))
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 2, said
    assert f"Port {port}" in said
    assert "--port" in said
