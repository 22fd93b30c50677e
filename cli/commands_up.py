"""`crucible up` and `crucible env`: the servers, and the environment for running Dagster by hand."""

import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import click
from filelock import FileLock, Timeout

from cli.console import PlainConsole
from cli.session import PROJECT_ROOT, dagster_home, open_installation
from cli.supervision import Command, GaveUpError, Kept, Restarts, Roll, put_aside
from resources.database.keeper import EmbeddedKeeper, check_external
from resources.database.server import DatabaseUnavailableError, keep_embedded_running
from resources.installation import Installation
from resources.observe.logs import FORMAT, get_logger, logs_into
from resources.settings import load_settings

console = PlainConsole()
_LOOK_SECONDS = 0.5
_BAD_INPUT, _GAVE_UP = 2, 1
_DRAIN_SECONDS = 12.0  # the sidecar takes at most 10 s for the requests under way
_log = get_logger("up")


def up(host: str, port: int, api_port: int, *, external: bool = False) -> int:
    """Run the sidecar, Dagster's webserver and its daemon until interrupted; what dies is started again.

    Returns 0 when it was asked to stop, 1 when something died again and again, 2 when it cannot start.
    """
    settings = load_settings()
    if external:
        check_external(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.home / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.print(
            f"Crucible is up already in {settings.home}; stop that one first, or set another CRUCIBLE_HOME."
        )
        return _BAD_INPUT
    try:
        roll = Roll(settings.home)
        if left := roll.end_left_over():
            console.print(f"{left} processes of an earlier `crucible up` were still there and were ended.")
        for number, option in ((port, "--port"), (api_port, "--api-port")):
            if (trouble := _port_trouble(host, number)) is not None:
                console.print(f"Port {number} on {host} cannot be used ({trouble}); choose another with {option}.")
                return _BAD_INPUT
        return _Servers(open_installation(), roll, host, port, api_port).run()
    finally:
        lock.release()


def _port_trouble(host: str, port: int) -> str | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return None


class _Servers:
    """All that `crucible up` keeps running."""

    def __init__(self, installation: Installation, roll: Roll, host: str, port: int, api_port: int) -> None:
        self._installation = installation
        self._logs = installation.settings.home / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._roll = roll
        addresses = installation.database.addresses
        self._keeper = EmbeddedKeeper(installation.settings.home) if addresses.embedded else None
        self._keeper_restarts = Restarts()
        self._keeper_due = 0.0
        self._host, self._port, self._api_port = host, port, api_port
        env = {
            **os.environ,
            "DAGSTER_HOME": str(dagster_home(installation)),
            FORMAT: os.environ.get(FORMAT) or "json",
        }
        self._sidecar = self._keep(_sidecar(host, api_port), env)
        self._dagster = [self._keep(command, env) for command in _dagster(host, port, env)]
        self._stop = False

    def _keep(self, command: Command, env: Mapping[str, str]) -> Kept:
        log = self._logs / f"{command.name}.log"
        put_aside(log)
        return Kept(command, log, env, PROJECT_ROOT)

    @property
    def _all(self) -> list[Kept]:
        return [self._sidecar, *self._dagster]

    def run(self) -> int:
        """Start everything, look after it, and stop it in order."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        with logs_into(self._logs / "up.log"):
            try:
                for kept in self._all:
                    kept.start()
                self._remember()
                self._introduce()
                while not self._stop:
                    self._tend()
                    time.sleep(_LOOK_SECONDS)
            except GaveUpError as error:
                self._say(str(error), level="error")
                return _GAVE_UP
            finally:
                self._end()
        return 0

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True

    def _tend(self) -> None:
        if self._keeper is not None:
            self._tend_database(self._keeper)
        started = [kept.tend(self._say) for kept in self._all]
        if any(started):
            self._remember()

    def _tend_database(self, keeper: EmbeddedKeeper) -> None:
        now = time.monotonic()
        if keeper.running() or now < self._keeper_due:
            return
        wait = self._keeper_restarts.wait(now, now - self._keeper_due)
        if wait is None:
            raise GaveUpError("The embedded PostgreSQL died again and again; its log is under postgres/log.")
        try:
            keeper.start()
        except DatabaseUnavailableError as error:
            self._say(f"{error} It is tried again in {wait:g} s.", level="error")
        else:
            self._say("The embedded PostgreSQL had ended and was started again.")
        self._keeper_due = time.monotonic() + wait

    def _remember(self) -> None:
        self._roll.write([process for kept in self._all if (process := kept.process) is not None])

    def _end(self) -> None:
        self._sidecar.ask_to_stop()
        self._sidecar.wait(_DRAIN_SECONDS)
        for kept in self._dagster:
            kept.ask_to_stop()
        for kept in self._dagster:
            kept.wait()
        self._roll.forget()
        _log.info("stopped")

    def _say(self, text: str, level: str = "warning") -> None:
        console.print(text, soft_wrap=True)
        getattr(_log, level)("supervision", message=text)

    def _introduce(self) -> None:
        settings, api = self._installation.settings, f"http://{self._host}:{self._api_port}"
        database = self._installation.database.addresses.app
        for name, what in (
            ("API", api),
            ("API docs", f"{api}/docs"),
            ("Dagster UI", f"http://{self._host}:{self._port}"),
            ("PostgreSQL", database.render_as_string()),
            ("Inbox", f"{settings.inbox}/<tenant>/<project>/"),
            ("Logs", str(self._logs)),
            ("Operator", "`crucible operator-token` prints the token for the first administrator and for /metrics"),
        ):
            console.print(f"{name:<12} {what}", soft_wrap=True)
        console.print("Stop with Ctrl-C.")
        _log.info("started", api=api, dagster=f"http://{self._host}:{self._port}")


def _sidecar(host: str, port: int) -> Command:
    words = [sys.executable, "-m", "sidecar", "--host", host, "--port", str(port)]
    return Command("sidecar", words, signal.SIGTERM)


def _dagster(host: str, port: int, env: Mapping[str, str]) -> list[Command]:
    tool, workspace = Path(sys.executable).parent, str(PROJECT_ROOT / "workspace.yaml")
    logs = ["--log-format", "json"] if env[FORMAT] == "json" else []
    web = [str(tool / "dagster-webserver"), "-w", workspace, "-h", host, "-p", str(port), *logs]
    daemon = [sys.executable, "-m", "sensors.daemon", "run", "-w", workspace, *logs]
    return [Command("webserver", web, signal.SIGINT), Command("daemon", daemon, signal.SIGINT)]


def print_env() -> int:
    """Print what `dagster dev` and other Dagster commands need; starts the embedded server and leaves it running."""
    installation = open_installation()
    home = dagster_home(installation)
    values = {
        "CRUCIBLE_HOME": str(installation.settings.home),
        "DAGSTER_HOME": str(home),
        **installation.database.addresses.export(),
    }
    for name, value in values.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    keep_embedded_running(installation.settings)
    return 0
