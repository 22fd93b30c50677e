"""Dagster's daemon as `crucible up` runs it, with its code server and run workers, to be killed by a test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import dagster as dg
import psutil
import sqlalchemy as sa

from jobs.steps import Step, step_run
from jobs.wish import Wish
from jobs.workers import worker_of
from resources.database.engine import Database
from resources.database.repositories.documents import NewFile, take_in
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.repositories.tasks import Task, create_task, get_task
from resources.database.tables import calls
from resources.files import BlobStore
from resources.project import Project, project_from_data
from resources.vocabulary import CallPurpose, DocumentOrigin, TaskKind, TaskStatus

ROOT = Path(__file__).resolve().parents[2]
ENDED = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)
VARIABLES = [
    {"name": "supplier", "type": "TEXT", "instructions": "The supplier's name."},
    {"name": "price", "type": "NUMBER", "instructions": "The price agreed.", "unit": "EUR"},
]


class DaemonAtWork:
    """A home, an instance of Dagster, and the daemon's process."""

    def __init__(self, home: Path, database: Database, model_cache: Path, more: Mapping[str, str]) -> None:
        self.home = home
        self.database = database
        self.files = BlobStore(str(home / "files"))
        self.tenant = f"t{uuid.uuid4().hex[:12]}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CRUCIBLE_", "DAGSTER_"))}
        self.env = {
            **kept,
            **database.addresses.export(),
            "CRUCIBLE_HOME": str(home),
            "CRUCIBLE_TENANT": self.tenant,
            "DAGSTER_HOME": str(home / "dagster"),
            "CRUCIBLE_CONCURRENCY": "4",
            "CRUCIBLE_PARSER_WORKERS": "1",
            **more,
        }
        (home / "dagster").mkdir(parents=True)
        (home / "models").symlink_to(model_cache)
        shutil.copyfile(ROOT / "dagster.yaml", home / "dagster" / "dagster.yaml")
        with database.transaction(self.tenant) as session:
            ensure_tenant(session)
        self.instance = dg.DagsterInstance.from_config(str(home / "dagster"))
        self.command = [sys.executable, "-m", "sensors.daemon", "run"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the daemon, which starts its code server."""
        with (self.home / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self.command, "-w", str(ROOT / "workspace.yaml")],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def process(self) -> psutil.Process:
        """The daemon."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def family(self) -> list[psutil.Process]:
        """Code servers and run workers of the daemon, the eldest first."""
        return self.process.children(recursive=True)

    def kill(self, *processes: psutil.Process) -> None:
        """kill -9 of some processes, all at once."""
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        if self._process is not None and self._process.pid in {process.pid for process in processes}:
            self._process.wait(10)

    def stop(self) -> None:
        """End the daemon and all that it started."""
        family = self.family() if self._process is not None and self._process.poll() is None else []
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        self.kill(*family, *([self.process] if self._process is not None and self._process.poll() is None else []))
        self.instance.dispose()

    # what it works on

    def make_project(self, documents: int) -> Project:
        """A project with documents that the model server can answer from."""
        made = project_from_data({"name": f"study {uuid.uuid4().hex[:10]}", "documents": "x", "variables": VARIABLES})
        files = []
        for index in range(documents):
            text = f"{made.id}\n\nsupplier: Mill {index} Ltd\n\nprice: {1000 + index}\n\nThe parties agree.\n"
            blob = self.files.put(self.tenant, text.encode())
            files.append(NewFile(f"{index:03d}.txt", f"{made.id}-{index}", len(text), blob))
        with self.database.transaction(self.tenant) as session:
            save_project(session, made)
            take_in(session, made.id, files, DocumentOrigin.UPLOAD)
        return made

    def ask(self, project_id: str, kind: TaskKind, steps: Sequence[Step] = ()) -> uuid.UUID:
        """A task as it is stored; without steps as the sidecar stores it."""
        with self.database.transaction(self.tenant) as session:
            return create_task(session, project_id, kind, Wish().as_json(), [step.as_json() for step in steps])

    def task(self, task_id: uuid.UUID) -> Task:
        """The task as it is now."""
        with self.database.transaction(self.tenant) as session:
            found = get_task(session, task_id)
        assert found is not None
        return found

    def stored(self, project_id: str) -> int:
        """How many answers of a project's extraction are in the ledger."""
        of_project = (calls.c.project_id == project_id) & (calls.c.purpose == CallPurpose.EXTRACT.value)
        with self.database.transaction(self.tenant) as session:
            return session.scalar(sa.select(sa.func.count()).select_from(calls).where(of_project)) or 0

    def run_of(self, task_id: uuid.UUID, step: int) -> dg.DagsterRun | None:
        """The newest run of a step."""
        return step_run(self.instance, task_id, step)

    def worker(self, task_id: uuid.UUID, step: int, after: int = 0, seconds: float = 120) -> psutil.Process:
        """The process of the newest run of a step, once there is one; another one than `after`."""
        for _ in _moments(seconds):
            run = self.run_of(task_id, step)
            if run is not None and run.status is dg.DagsterRunStatus.STARTED:
                _, process = worker_of(self.instance, run)
                if process is not None and process.pid != after:
                    return process
        raise AssertionError(f"no worker within {seconds} s: {self.said()}")

    def ended(self, task_id: uuid.UUID, seconds: float = 400) -> Task:
        """The task when it has ended."""
        for _ in _moments(seconds):
            task = self.task(task_id)
            if task.status in ENDED:
                return task
        raise AssertionError(f"not ended within {seconds} s: {self.task(task_id)} {self.said()}")

    def wait_until(self, condition: Callable[[], bool], seconds: float = 400) -> None:
        """Wait until something is so; the daemon's log says why it did not come to it."""
        for _ in _moments(seconds):
            if condition():
                return
        raise AssertionError(f"it did not happen within {seconds} s: {self.said()}")

    def said(self) -> str:
        """The end of the daemon's log."""
        return (self.home / "daemon.log").read_text(errors="replace")[-3000:]


def _moments(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.1)
