"""The embedded server starts on a busy machine too, and its last user stops it whoever started it."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from resources.database.embedded import running, start_embedded, stop_embedded


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="crucible-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "postgres"
        stop_embedded(Path(folder) / "postgres")


def postmaster(data: Path) -> psutil.Process:
    return psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))


def alive(process: psutil.Process) -> bool:
    """Whether it is there; the dead that nobody has reaped yet are not."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def kill(process: psutil.Process) -> None:
    """End it with all its children, which would keep the next one from starting until they notice."""
    family = [process, *process.children()]
    for one in family:
        one.kill()
    end = time.monotonic() + 60
    while any(map(alive, family)):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_start_that_takes_longer_than_the_package_waits_is_waited_for(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = sys.modules[type(start_embedded(data)).__module__]
    run, given_up = package.pgexec, []

    def impatient(command: str, args: Any, **options: Any) -> Any:
        if command != "pg_ctl" or args[-1] != "start":
            return run(command, args, **options)
        given_up.append(command)
        run(command, ["-W", *args[1:]], **options)
        raise subprocess.TimeoutExpired(command, 10)

    monkeypatch.setattr(package, "pgexec", impatient)
    kill(postmaster(data))
    start_embedded(data)  # as one that looks after it does
    assert given_up
    second = postmaster(data)
    stop_embedded(data)
    assert not alive(second)


def test_the_last_user_stops_a_server_that_another_started_anew(data: Path) -> None:
    start_embedded(data)
    kill(postmaster(data))
    again = "from resources.database.embedded import *; start_embedded(Path(__import__('sys').argv[1]))"
    subprocess.run([sys.executable, "-c", again, str(data)], check=True, cwd=Path(__file__).parents[2], timeout=180)
    assert running(data)  # this process uses it still
    second = postmaster(data)
    stop_embedded(data)
    assert not alive(second)
