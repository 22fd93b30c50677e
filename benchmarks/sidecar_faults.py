"""From a task to its run, and what becomes of tasks whose processes die.

    python benchmarks/sidecar_faults.py [--tenants 50] [--finished 100] [--idle 60] [--asks 40] [--stock]

Three figures, each on the daemon as `crucible up` runs it (`--stock`: on `dagster-daemon` as it comes), with its own
embedded database:

- what it costs to wait: processor time of daemon and code server, and of PostgreSQL, per second, with many tenants
  whose tasks have all ended;
- how long it takes from a stored task to its Dagster run, and until that runs, asked at random moments;
- faults, one after the other in the middle of an extraction: kill -9 of the run worker, of the code server, of the
  daemon, of all of them at once; SIGSTOP of the worker; kill -9 of PostgreSQL. Told is how the task ended and when,
  and how many questions were paid for twice (what was in flight when a process died).

The model server runs in a process of its own and answers slowly. Everything is bounded and on this machine.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import dagster as dg
import psutil
import sqlalchemy as sa

from crucible_assets.partitions import ProjectKey, register
from jobs.steps import Step
from resources.database.engine import Database, open_database
from resources.database.keeper import EmbeddedKeeper
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.repositories.tasks import create_task
from resources.database.tables import tasks
from resources.project import project_from_data
from resources.settings import load_settings
from resources.vocabulary import TaskKind, TaskStatus
from tests.model_server import SubprocessModelServer
from tests.pipeline.daemon import DaemonAtWork

_EXTRACTION = 2  # the step that faults hit
_VARIABLES = [{"name": "price", "type": "NUMBER", "instructions": "The price."}]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--finished", type=int, default=100, help="ended tasks of each tenant")
    parser.add_argument("--idle", type=int, default=60, help="seconds")
    parser.add_argument("--asks", type=int, default=40)
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--stock", action="store_true", help="Dagster's own daemon, which looks every five seconds")
    parser.add_argument("--only", choices=["idle", "asks", "faults"], help="one of the three")
    options = parser.parse_args()
    os.environ.pop("CRUCIBLE_DATABASE_URL", None)
    with tempfile.TemporaryDirectory(prefix="crucible-", ignore_cleanup_errors=True) as folder:
        os.environ["CRUCIBLE_HOME"] = folder
        database = open_database(load_settings())
        with SubprocessModelServer([]) as server, _daemon(Path(folder), database, server, stock=options.stock) as at:
            print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
            if options.only in (None, "idle"):
                _idle(at, options.tenants, options.finished, options.idle)
            if options.only in (None, "asks"):
                _asks(at, options.asks)
            if options.only in (None, "faults"):
                _faults(at, server, Path(folder), options.documents)
        database.dispose()


@contextmanager
def _daemon(home: Path, database: Database, server: SubprocessModelServer, *, stock: bool) -> Iterator[DaemonAtWork]:
    cache = Path.home() / ".cache" / "crucible-tests"
    cache.mkdir(parents=True, exist_ok=True)
    os.environ.update(database.addresses.export())
    models = {"CRUCIBLE_MODEL": "openai:test", "OPENAI_BASE_URL": server.openai_url}
    at = DaemonAtWork(home, database, cache, models)
    if stock:
        at.command = [str(Path(sys.executable).parent / "dagster-daemon"), "run"]
    at.start()
    try:
        project = at.make_project(1)  # code server up, model converted, everything imported once
        at.ended(at.ask(project.id, TaskKind.INGEST), 600)
        yield at
    finally:
        at.stop()


# waiting


def _idle(at: DaemonAtWork, tenants: int, finished: int, seconds: int) -> None:
    for _ in range(tenants):
        tenant = f"t{uuid4().hex[:12]}"
        project = project_from_data({"name": "Study", "documents": "x", "variables": _VARIABLES})
        with at.database.transaction(tenant) as session:
            ensure_tenant(session)
            save_project(session, project)
            rows = [
                {
                    "tenant_id": tenant, "id": uuid4(), "project_id": project.id, "kind": TaskKind.FULL.value,
                    "status": TaskStatus.COMPLETED.value,
                }
                for _ in range(finished)
            ]  # fmt: skip
            if rows:
                session.execute(sa.insert(tasks), rows)
    time.sleep(10)
    before, began = _processor_seconds(at), time.monotonic()
    time.sleep(seconds)
    after, gone = _processor_seconds(at), time.monotonic() - began
    shares = ", ".join(f"{name} {(after[name] - before[name]) / gone:.1%}" for name in after)
    print(f"waiting with {tenants} tenants x {finished} ended tasks, of one processor: {shares}", flush=True)


def _processor_seconds(at: DaemonAtWork) -> dict[str, float]:
    """User and system time so far, with that of processes that have ended and were waited for."""
    postmaster = int((at.home / "postgres" / "postmaster.pid").read_text().split()[0])
    return {
        "daemon and code servers": _used([at.process, *at.family()]),
        "PostgreSQL": _used([psutil.Process(postmaster), *psutil.Process(postmaster).children()]),
    }


def _used(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


# from task to run


def _asks(at: DaemonAtWork, number: int) -> None:
    """Exports of a project, which may overlap; what they come to does not matter here."""
    project = at.make_project(1)
    asked: dict[UUID, float] = {}
    for _ in range(number):
        time.sleep(random.uniform(0.5, 6))
        began = time.time()
        with at.database.transaction(at.tenant) as session:
            asked[create_task(session, project.id, TaskKind.EXPORT, {}, [])] = began
    made: list[float] = []
    running: list[float] = []
    for task_id, began in asked.items():
        at.ended(task_id, 300)
        (record,) = at.instance.get_run_records(
            dg.RunsFilter(tags={"crucible/task": str(task_id)}), limit=1, ascending=True
        )
        made.append(record.create_timestamp.timestamp() - began)
        if record.start_time is not None:
            running.append(record.start_time - began)
    print(f"{number} asks at random moments, seconds until", flush=True)
    print(f"  the run is there: {_spread(made)}\n  it runs:          {_spread(running)}", flush=True)


def _spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    at = {share: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95)}
    return f"median {at[0.5]:.2f}, p95 {at[0.95]:.2f}, most {ordered[-1]:.2f} (n={len(ordered)})"


# faults


@dataclass(frozen=True, slots=True)
class _Fault:
    name: str
    strike: Callable[[DaemonAtWork, psutil.Process, Path], None]


def _worker(at: DaemonAtWork, worker: psutil.Process, _home: Path) -> None:
    at.kill(worker)


def _stopped(_at: DaemonAtWork, worker: psutil.Process, _home: Path) -> None:
    worker.send_signal(signal.SIGSTOP)


def _code_server(at: DaemonAtWork, worker: psutil.Process, _home: Path) -> None:
    at.kill(*[process for process in at.process.children() if process.pid != worker.pid])


def _daemon_alone(at: DaemonAtWork, _worker: psutil.Process, _home: Path) -> None:
    at.kill(at.process)
    at.start()


def _all(at: DaemonAtWork, _worker: psutil.Process, _home: Path) -> None:
    at.kill(at.process, *at.family())
    at.start()


def _postgres(_at: DaemonAtWork, _worker: psutil.Process, home: Path) -> None:
    keeper = EmbeddedKeeper(home)
    psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split()[0])).send_signal(signal.SIGQUIT)
    while keeper.running():
        time.sleep(0.1)
    time.sleep(2)
    keeper.start()


_FAULTS = (
    _Fault("run worker killed", _worker),
    _Fault("run worker stopped", _stopped),
    _Fault("code server killed", _code_server),
    _Fault("daemon killed, started again", _daemon_alone),
    _Fault("all killed, daemon started again", _all),
    _Fault("PostgreSQL killed, started again", _postgres),
)


def _faults(at: DaemonAtWork, server: SubprocessModelServer, home: Path, documents: int) -> None:
    for fault in _FAULTS:
        server.reset()
        server.configure(latency_s=0.5)
        project = at.make_project(documents)
        name = f"{at.tenant}/{project.id}"
        register(at.instance, ProjectKey(at.tenant, project.id), [1])
        steps = [Step("ingest", f"{name}/0001"), Step("prepare", name), Step("full", f"{name}/0001")]
        task_id = at.ask(project.id, TaskKind.FULL, steps)
        at.wait_until(lambda: server.stats().useful >= documents // 2)
        worker = at.worker(task_id, _EXTRACTION)
        began = time.monotonic()
        fault.strike(at, worker, home)
        server.configure(latency_s=0.05)
        ended = at.ended(task_id, 300)
        seconds, again = time.monotonic() - began, ""
        if ended.status is TaskStatus.FAILED:
            second = at.ended(at.ask(project.id, TaskKind.FULL, [Step("full", f"{name}/0001")]), 300)
            again = f"; asked for again: {second.status.value}"
        stats = server.stats()
        told = f" ({ended.message})" if ended.message else ""
        print(
            f"{fault.name}: {ended.status.value} after {seconds:.0f} s{told}{again}; "
            f"{stats.useful} answers to {2 * documents} questions, {stats.questions_again} of them twice",
            flush=True,
        )


if __name__ == "__main__":
    main()
