"""A small study for pipeline tests: text documents whose labelled lines the model server answers from."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import yaml

from tests.warm import WarmProcess

VARIABLES = [
    {"name": "supplier", "type": "TEXT", "instructions": "The supplier's name."},
    {"name": "price", "type": "NUMBER", "instructions": "The price agreed.", "unit": "EUR"},
    {"name": "signed", "type": "DATE", "instructions": "The day of signature."},
]


@dataclass
class Study:
    """A project file, its documents, and the command that runs it in its own CRUCIBLE_HOME."""

    folder: Path
    home: Path
    env: dict[str, str]
    started: list[subprocess.Popen[str] | WarmProcess] = field(default_factory=list)

    @property
    def project(self) -> Path:
        return self.folder / "project.yaml"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def write_project(self, variables: list[dict[str, object]] | None = None, **more: object) -> None:
        data = {"name": "Contracts", "documents": "documents/", "variables": variables or VARIABLES, **more}
        self.project.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")

    def write_documents(self, number: int) -> None:
        documents = self.folder / "documents"
        documents.mkdir(exist_ok=True)
        for index in range(number):
            text = (
                f"Contract {index}\n\nThis contract was made between two parties.\n\nsupplier: Mill {index} Ltd\n\n"
                f"price: {1000 + index}\n\nsigned: 2024-03-{index % 28 + 1:02d}\n\nThe parties agree on delivery.\n"
            )
            (documents / f"contract-{index:03d}.txt").write_text(text, encoding="utf-8")

    def start(self, *arguments: str) -> WarmProcess:
        process = WarmProcess("cli.main", arguments, self.env)
        self.started.append(process)
        return process

    def start_cold(self, *arguments: str) -> subprocess.Popen[str]:
        """The command as a shell starts it: for those that stay, and for one of each kind."""
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", *arguments],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """End what a failed test left running, so that it takes nothing from the tests after it."""
        for process in self.started:
            if process.poll() is None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    for each in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
                        with contextlib.suppress(psutil.NoSuchProcess):
                            each.kill()
                process.wait(30)

    def run(self, *arguments: str, timeout: float = 150) -> tuple[int, str]:
        return self._ended(self.start(*arguments), timeout)

    def run_cold(self, *arguments: str, timeout: float = 150) -> tuple[int, str]:
        return self._ended(self.start_cold(*arguments), timeout)

    def _ended(self, process: subprocess.Popen[str] | WarmProcess, timeout: float) -> tuple[int, str]:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert process.returncode is not None
        return process.returncode, output

    def extract(self, *more: str) -> tuple[int, str]:
        return self.run("run", str(self.project), "--out", str(self.out), *more)


def kill(process: subprocess.Popen[str] | WarmProcess) -> None:
    """Pull the plug: kill -9 of the command alone; what it started must notice by itself."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    if process.stdout:
        process.stdout.close()


def wait_until(condition: object, seconds: float = 60) -> None:
    """Wait until a callable is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")
