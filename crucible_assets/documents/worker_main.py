"""A parser worker: `python -m crucible_assets.documents.worker_main FD PARENT MEMORY_MIB TIMEOUT_SECONDS`.

It reads one document after the other from the socket FD until that is closed. It never outlives its parent: the
kernel kills it when the parent dies (Linux), the closed socket ends it when idle, and an alarm ends a parser that
hangs in native code with nobody left to kill it.
"""

import ctypes
import json
import math
import os
import resource
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, Final

from crucible_assets.documents.errors import DocumentError, UnreadableFile
from crucible_assets.documents.limits import MAX_FILE_BYTES
from crucible_assets.documents.parse import parse_bytes
from crucible_assets.documents.wire import Result, encode_result, receive, send

MEMORY_EXIT: Final = 77
_PR_SET_PDEATHSIG: Final = 1
_GRACE_SECONDS: Final = 3  # after the time limit, when the parent has not killed us
_ADDRESS_SLACK: Final = 256 * 2**20  # address space is mapped more freely than memory is used
_FORBIDDEN: Final = frozenset(
    [
        "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen",
        "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.remove", "os.rename", "os.rmdir", "os.mkdir",
        "os.symlink", "os.link", "shutil.rmtree", "ftplib.connect", "urllib.Request",
    ]
)  # fmt: skip
_WARM_UP: Final = (  # one of each kind that loads something on first use
    (b"The quick brown fox jumps over the lazy dog, and the agreement ends on Friday.", "warm.txt"),
    (b"<html><body><nav>menu</nav><p>The quick brown fox jumps over the dog.</p></body></html>", "warm.html"),
)


def main() -> None:
    """Serve until the parent closes the connection."""
    descriptor, parent, memory_mib, timeout = sys.argv[1:5]
    _die_with(int(parent))
    connection = socket.socket(fileno=int(descriptor))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for content, name in _WARM_UP:
        parse_bytes(content, name)
    _limit_memory(int(memory_mib))
    sys.addaudithook(_refuse)
    send(connection, b"ready")
    threading.Thread(target=_watch_parent, args=(int(parent),), daemon=True).start()
    while True:
        try:
            header = json.loads(receive(connection))
            send(connection, b"taken")  # from here on, what happens to this process is the document's doing
        except (EOFError, ConnectionError):
            return
        signal.alarm(math.ceil(float(timeout)) + _GRACE_SECONDS)
        try:
            sent = receive(connection) if header["path"] is None else None
            reply = encode_result(_read(header, sent))
        except (EOFError, ConnectionError):
            return
        except MemoryError:
            os._exit(MEMORY_EXIT)  # what is left of the heap is not to be trusted
        signal.alarm(0)
        send(connection, reply)


def _read(header: dict[str, Any], sent: bytes | None) -> Result:
    try:
        content = _bytes_of(Path(header["path"])) if sent is None else sent
        return parse_bytes(content, header["filename"])
    except DocumentError as error:
        return error


def _bytes_of(path: Path) -> bytes:
    """The bytes of a file, one more than are allowed at most (so that the limit is noticed)."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(
            f"The file cannot be opened ({error.strerror or error}).", "Check that it exists and may be read."
        ) from error


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; leave at once when that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


def _watch_parent(parent: int) -> None:
    """Where the kernel does not tell: look once a second whether the parent is still there."""
    waiting = threading.Event()
    while os.getppid() == parent:
        waiting.wait(1.0)
    os._exit(0)


def _limit_memory(memory_mib: int) -> None:
    """Bound the address space by what is mapped now (libraries) and the memory limit."""
    mapped = 0
    if sys.platform == "linux":
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = mapped + memory_mib * 2**20 + _ADDRESS_SLACK
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: a parser reads; it opens no connection, starts no program and writes no file."""
    if event in _FORBIDDEN:
        raise PermissionError(f"parsers may not do this: {event}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        raise PermissionError(f"parsers may not write files: {arguments[0]}")


if __name__ == "__main__":
    main()
