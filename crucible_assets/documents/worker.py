"""A pool of parser workers: each document is read in a process of its own that can be killed.

A worker lives across documents, for importing the parsers takes about two seconds. It is killed and replaced when
a document takes too long, takes too much memory or crashes it; that document alone fails.
"""

import contextlib
import json
import os
import queue
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self, TypeVar

import psutil

from crucible_assets.documents.errors import (
    DamagedDocument,
    DocumentError,
    ParserPoolError,
    ParseTimeout,
    TooLarge,
    memory_exceeded,
)
from crucible_assets.documents.limits import MAX_FILE_BYTES
from crucible_assets.documents.wire import Result, WireTimeoutError, decode_result, receive, send

K = TypeVar("K")
Source = Path | bytes
_START_SECONDS: Final = 120.0  # for the imports on a busy machine
_LOOK_SECONDS: Final = 0.1  # how often the memory of a working process is looked at
_RECYCLE_SHARE: Final = 0.6  # of the memory limit at rest from which a worker is replaced
_MEMORY_EXIT: Final = 77
_MEMORY_WORDS: Final = (b"memory allocation", b"bad_alloc", b"MemoryError", b"Cannot allocate", b"malloc")
# A worker sees of the environment what Python needs to start, and none of the secrets in it
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONHASHSEED")


class _GoneBeforeError(Exception):
    """The worker was gone before it took the document, which has nothing to do with that."""


@dataclass(frozen=True, slots=True)
class _Limits:
    timeout_seconds: float
    memory_mib: int


class _Worker:
    """One worker process and the socket to it."""

    def __init__(self, limits: _Limits) -> None:
        self._limits = limits
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        self._connection, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [
                    sys.executable,
                    "-m",
                    "crucible_assets.documents.worker_main",
                    str(theirs.fileno()),
                    str(os.getpid()),
                    str(limits.memory_mib),
                    str(limits.timeout_seconds),
                ],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=(theirs.fileno(),),
                env=_environment(),
                start_new_session=True,  # an interrupt at the terminal is the parent's to handle
            )
        self._watched = psutil.Process(self._process.pid)

    def await_ready(self) -> None:
        """Wait until the parsers are loaded; raises `ParserPoolError` when the worker cannot start."""
        try:
            receive(self._connection, time.monotonic() + _START_SECONDS)
        except (EOFError, OSError, WireTimeoutError) as error:
            written = self._last_words()
            self.kill()
            raise ParserPoolError(
                f"A parser worker did not start ({type(error).__name__}). It wrote: {written or 'nothing'}. "
                "Check the installation, and whether the memory limit leaves room for the parsers."
            ) from error

    def parse(self, source: Source, filename: str) -> Result:
        """Have one document read; a worker that had to be killed is not `alive` afterwards.

        Raises `_GoneBeforeError` when the process had ended before it took the document.
        """
        deadline = time.monotonic() + self._limits.timeout_seconds
        try:
            self._announce(source, filename, deadline)
            if isinstance(source, bytes):
                send(self._connection, source, deadline)
            if not self._memory_kept(deadline):
                self.kill()
                return memory_exceeded()
            return decode_result(receive(self._connection, deadline))
        except WireTimeoutError:
            self.kill()
            return ParseTimeout(
                f"Reading took longer than {self._limits.timeout_seconds:g} seconds.",
                "Split the file, or save it again from its application; raise the limit if you trust it.",
            )
        except (EOFError, OSError, ValueError, KeyError, TypeError):
            return self._crashed()

    def _announce(self, source: Source, filename: str, deadline: float) -> None:
        """Say what comes, and wait until the worker has taken it."""
        path = None if isinstance(source, bytes) else str(source.absolute())
        header = {"path": path, "filename": filename}
        try:
            send(self._connection, json.dumps(header).encode("utf-8", "surrogateescape"), deadline)
            receive(self._connection, deadline)
        except (EOFError, OSError) as error:
            raise _GoneBeforeError from error

    def _memory_kept(self, deadline: float) -> bool:
        """Wait for the reply; False as soon as the worker holds more memory than it may."""
        while not _readable(self._connection, min(_LOOK_SECONDS, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() > deadline:
                raise WireTimeoutError
            if self.memory() > self._limits.memory_mib:
                return False
        return True

    def memory(self) -> float:
        """Resident memory in MiB; 0 when the process is gone."""
        try:
            return float(self._watched.memory_info().rss) / 2**20
        except psutil.Error:
            return 0.0

    def _crashed(self) -> DocumentError:
        """What to say of a worker that is gone: out of memory by its own account, or crashed."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        code = self._process.poll()
        written = self._last_words()
        self.kill()
        starved = any(word in written.encode() for word in _MEMORY_WORDS)
        if code in (_MEMORY_EXIT, -signal.SIGKILL) or (code == -signal.SIGABRT and starved):
            return memory_exceeded()
        if code == -signal.SIGALRM:
            return ParseTimeout("Reading took too long.", "Split the file or save it again from its application.")
        cause = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
        return DamagedDocument(
            f"The parser crashed on the file ({cause}).",
            "Open it in its application, save it again (or print it to a new PDF) and upload that.",
        )

    def _last_words(self) -> str:
        """The end of what the process wrote before it died."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - 2000))
        return self._errors.read().decode("utf-8", "replace").strip()

    @property
    def alive(self) -> bool:
        """Whether it can take another document, without having grown too much."""
        return self._process.poll() is None and self.memory() < _RECYCLE_SHARE * self._limits.memory_mib

    def stop(self) -> None:
        """End the process; its socket stays open, as a thread may be waiting on it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def kill(self) -> None:
        """End the process, wait for it and give back what it held. Only for the thread that uses the worker."""
        self.stop()
        self._process.wait()
        self._connection.close()
        self._errors.close()


class ParserPool:
    """Reads documents in `workers` processes with limits on the time and memory of each.

    `timeout_seconds` counts per document, without the start of a worker; `memory_mib` is the resident memory of a
    worker, of which the loaded parsers take about 250. Use as a context manager; one `parse` at a time.
    """

    def __init__(self, workers: int = 2, timeout_seconds: float = 60.0, memory_mib: int = 1024) -> None:
        if workers < 1 or timeout_seconds <= 0 or memory_mib < 1:
            raise ValueError(
                "A pool needs at least one worker and positive limits, "
                f"not {workers} workers, {timeout_seconds} s and {memory_mib} MiB."
            )
        self._count = workers
        self._limits = _Limits(timeout_seconds, memory_mib)
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        self._all: set[_Worker] = set()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="parser")
        self._closed = False
        for _ in range(workers):
            self._idle.put(None)  # started when first needed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill all workers, those at work too."""
        self._closed = True
        for worker in list(self._all):
            worker.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in list(self._all):
            worker.kill()
        self._all.clear()

    def parse(self, items: Iterable[tuple[K, Source, str]]) -> Iterator[tuple[K, Result]]:
        """Read each (key, path or bytes, file name); gives (key, document or error) as they complete.

        No more items are taken from `items` than there are workers, so a long listing costs no memory, and nothing
        is read ahead of a consumer that is slow. Raises `ParserPoolError` when no worker can be started.
        """
        if self._closed:
            raise ValueError("This pool is closed; open a new one.")
        source = iter(items)
        running: dict[Future[Result], K] = {}
        try:
            while True:
                while len(running) < self._count and (item := next(source, None)) is not None:
                    key, content, filename = item
                    running[self._threads.submit(self._one, content, filename)] = key
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future.result()
        finally:
            for future in running:
                future.cancel()

    def _one(self, source: Source, filename: str) -> Result:
        if isinstance(source, bytes) and len(source) > MAX_FILE_BYTES:
            return TooLarge(
                f"The file has {len(source) / 2**20:,.0f} MiB; at most {MAX_FILE_BYTES // 2**20} MiB are read.",
                "Split it into smaller documents.",
            )
        worker = self._idle.get()
        try:
            if worker is not None and worker.alive:
                with contextlib.suppress(_GoneBeforeError):
                    return worker.parse(source, filename)
            self._retire(worker)
            worker = None  # so that a failing start leaves an empty place, not a dead worker
            worker = self._start()
            try:
                return worker.parse(source, filename)
            except _GoneBeforeError as error:
                raise ParserPoolError(
                    "A parser worker ended as soon as it had started. Look whether something on this machine ends "
                    "processes (the kernel when memory is short), and run again."
                ) from error
        finally:
            self._idle.put(worker)

    def _start(self) -> _Worker:
        if self._closed:
            raise ParserPoolError("The pool was closed while documents were waiting.")
        worker = _Worker(self._limits)
        self._all.add(worker)
        try:
            worker.await_ready()
        except ParserPoolError:
            self._all.discard(worker)
            raise
        return worker

    def _retire(self, worker: _Worker | None) -> None:
        if worker is not None:
            worker.kill()
            self._all.discard(worker)


def _readable(connection: socket.socket, seconds: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(seconds))


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])  # where the package is imported from
    paths = [root, *(path for path in sys.path if path)]
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "MALLOC_ARENA_MAX": "2",  # each arena reserves address space
    }
