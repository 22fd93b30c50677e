"""`crucible up` and `crucible env`: the servers, and the environment for running Dagster by hand."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from cli.session import PROJECT_ROOT, dagster_home, open_installation
from resources.database.server import keep_embedded_running

console = Console(highlight=False)
_STOP_SECONDS = 15


def up(host: str, port: int) -> int:
    """Run Dagster's webserver and daemon on the installation's storage until interrupted."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            console.print(f"Port {port} on {host} cannot be used ({error.strerror}); choose another with --port.")
            return 2
    installation = open_installation()
    home = dagster_home(installation)
    env = {**os.environ, "DAGSTER_HOME": str(home)}
    workspace = PROJECT_ROOT / "workspace.yaml"
    tool = Path(sys.executable).parent
    commands = {
        "webserver": [str(tool / "dagster-webserver"), "-w", str(workspace), "-h", host, "-p", str(port)],
        "daemon": [str(tool / "dagster-daemon"), "run", "-w", str(workspace)],
    }
    logs = installation.settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    running: dict[str, subprocess.Popen[bytes]] = {}
    stop = False

    def ask_to_stop(_number: int, _frame: object) -> None:
        nonlocal stop
        stop = True

    signal.signal(signal.SIGINT, ask_to_stop)
    signal.signal(signal.SIGTERM, ask_to_stop)
    try:
        for name, command in commands.items():
            with (logs / f"{name}.log").open("ab") as log:
                running[name] = subprocess.Popen(  # noqa: S603 - our own tools
                    command, cwd=PROJECT_ROOT, env=env, stdout=log, stderr=log, start_new_session=True
                )
        database = installation.database.addresses.app
        console.print(f"Dagster UI   http://{host}:{port}")
        console.print(f"PostgreSQL   {database.render_as_string()}")
        console.print(f"Inbox        {installation.settings.inbox}/<tenant>/<project>/")
        console.print(f"Logs         {logs}")
        console.print("Stop with Ctrl-C.")
        while not stop:
            for name, process in running.items():
                if process.poll() is not None:
                    console.print(f"The {name} ended with status {process.returncode}; see {logs / f'{name}.log'}.")
                    return 2
            time.sleep(0.5)
    finally:
        for process in running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in running.values():
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
    return 0


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
