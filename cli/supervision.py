"""Processes that are kept running: started, started again when they die, stopped in order."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from jobs.vanished import Process

LONGEST_WAIT = 30.0
DEATHS_TO_GIVE_UP = 5
WITHIN_SECONDS = 60.0
_STEADY_SECONDS = 60.0  # who ran for so long is well again, and is started at once the next time
_STOP_SECONDS = 15.0
_LARGEST_LOG = 50_000_000  # bytes; what is larger is put aside at the start
_SAID = 5  # lines of a log that are shown when a process is given up


class GaveUpError(RuntimeError):
    """Something died again and again; the message says what and why."""


@dataclass(slots=True)
class Restarts:
    """When something that dies is started again: after 1, 2, 4 … 30 s; not at all after five deaths in a minute."""

    deaths: list[float] = field(default_factory=list)
    in_a_row: int = 0

    def wait(self, now: float, lived: float) -> float | None:
        """Seconds to wait after a death at `now`, `lived` seconds after the start; None: give up."""
        self.in_a_row = 1 if lived >= _STEADY_SECONDS else self.in_a_row + 1
        self.deaths = [death for death in self.deaths if now - death < WITHIN_SECONDS] + [now]
        if len(self.deaths) >= DEATHS_TO_GIVE_UP:
            return None
        return float(min(2.0 ** (self.in_a_row - 1), LONGEST_WAIT))


@dataclass(frozen=True, slots=True)
class Command:
    """One process to keep: what it is called, how it is started, and which signal asks it to end."""

    name: str
    words: Sequence[str]
    stop_signal: signal.Signals


class Kept:
    """One process that is kept running."""

    def __init__(self, command: Command, log: Path, env: Mapping[str, str], folder: Path) -> None:
        self.command = command
        self.log = log
        self._env = env
        self._folder = folder
        self._restarts = Restarts()
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._due: float | None = None  # when it is started (again); None: it runs
        self._dead: list[int] = []  # processes before this one; what they had started may still be there

    def start(self) -> None:
        """Start it; from its log on it is on its own, but it ends when this process ends."""
        launcher = [sys.executable, "-m", "cli.child", str(os.getpid()), *self.command.words]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own tools
                launcher, cwd=self._folder, env=self._env, stdout=log, stderr=log, start_new_session=True
            )
        self._began = time.monotonic()
        self._due = None

    def tend(self, say: Callable[..., None]) -> bool:
        """Look after it; whether it was started anew. Raises GaveUpError."""
        now = time.monotonic()
        if self._due is not None:
            if now < self._due:
                return False
            self.start()
            return True
        assert self._process is not None
        status = self._process.poll()
        if status is None:
            return False
        wait = self._restarts.wait(now, now - self._began)
        self._dead.append(self._process.pid)
        how = f"signal {-status}" if status < 0 else f"status {status}"
        if wait is None:
            raise GaveUpError(
                f"The {self.command.name} died {DEATHS_TO_GIVE_UP} times within a minute, at last with {how}. "
                f"Its log, {self.log}, ends:\n{last_lines(self.log)}"
            )
        say(f"The {self.command.name} ended with {how}; it is started again in {wait:g} s. Log: {self.log}")
        self._due = now + wait
        return False

    @property
    def process(self) -> Process | None:
        """The running process, to be recognised later."""
        return None if self._process is None or self._process.poll() is not None else known(self._process.pid)

    def ask_to_stop(self) -> None:
        """Ask it to end."""
        self._due = None
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.command.stop_signal)

    def wait(self, seconds: float = _STOP_SECONDS) -> None:
        """Wait until it has ended; after `seconds` it and what it started are killed."""
        if self._process is not None:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                kill_group(self._process.pid)
                self._process.wait()
        for pid in self._dead:
            if not psutil.pid_exists(pid):  # else the number was given to somebody else
                kill_group(pid)


def known(pid: int) -> Process | None:
    """A process as it can be recognised later; None when it has ended."""
    try:
        return Process(socket.gethostname(), pid, int(psutil.Process(pid).create_time()))
    except psutil.NoSuchProcess:
        return None


def kill_group(pid: int) -> None:
    """End a process and all that it started in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def last_lines(log: Path) -> str:
    """The end of a log, to be shown."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4_000))
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-_SAID:])


def put_aside(log: Path) -> None:
    """Begin a new log where the old one is large."""
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))


class Roll:
    """Which processes are kept, on disk: who finds it after a power cut or a kill -9 knows what may be left over."""

    def __init__(self, home: Path) -> None:
        self._path = home / "up.json"

    def write(self, processes: Sequence[Process]) -> None:
        """Remember these."""
        partial = self._path.with_suffix(".part")
        partial.write_text(json.dumps([str(process) for process in processes]), encoding="utf-8")
        partial.replace(self._path)

    def end_left_over(self) -> int:
        """End what an earlier `crucible up` left running on this host; gives how many processes."""
        try:
            written = [Process.parse(text) for text in json.loads(self._path.read_text(encoding="utf-8"))]
        except (OSError, ValueError, AttributeError):
            return 0
        left = [psutil.Process(one.pid) for one in written if one.host == socket.gethostname() and one.alive()]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(left, timeout=_STOP_SECONDS)
        for process in alive:
            kill_group(process.pid)
        psutil.wait_procs(alive, timeout=_STOP_SECONDS)  # their ports are free when they are gone
        return len(left)

    def forget(self) -> None:
        """Nothing is kept any more."""
        self._path.unlink(missing_ok=True)
