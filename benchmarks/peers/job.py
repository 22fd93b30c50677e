"""What a system is told and what it reports. Standard library only: it runs in the environment of every system."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one system."""

    documents: str  # JSON Lines: {"name": …, "text": …}
    variables: list[str]
    url: str  # base URL of the model server, /v1 included
    concurrency: int
    variables_per_call: int  # of Crucible
    defaults: bool  # leave concurrency, batching and chunking at what the system ships with
    resume: bool  # the run may be killed and started again: keep what the system can keep, and skip what fails
    folder: str  # for the system's own files; the same when the job is started again
    report: str  # where the report goes


@dataclass(frozen=True, slots=True)
class Report:
    """What a system did, measured in its own process round its own entry point."""

    seconds: float  # extraction, and storage of the result in the system's own form
    cpu_seconds: float
    peak_mib: float  # of the process up to the end of `seconds`, preparation included
    prepared_seconds: float  # beforehand, not in `seconds`
    database_cpu_seconds: float | None  # of a database server that the system uses
    rows: list[tuple[str, dict[str, list[str]]]]
    states: dict[str, int]  # of Crucible's cells


def read_job() -> Job:
    """The job named on the command line."""
    return Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))


def read_texts(job: Job) -> list[tuple[str, str]]:
    """Name and text of each document."""
    with Path(job.documents).open(encoding="utf-8") as lines:
        return [(record["name"], record["text"]) for record in map(json.loads, lines)]


class Stopwatch:
    """Wall clock and CPU of this process over a `with` block, and its peak memory at the end of it."""

    peak_mib = 0.0

    def __enter__(self) -> "Stopwatch":
        self.seconds = time.perf_counter()
        self.cpu_seconds = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self.seconds
        self.cpu_seconds = time.process_time() - self.cpu_seconds
        self.peak_mib = peak_mib()


def peak_mib() -> float:
    """Peak resident memory of this process in MiB, or 0 where the system does not tell it in /proc."""
    status = Path("/proc/self/status")  # not ru_maxrss, which is inherited from the process that started this one
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def write_report(
    job: Job,
    watch: Stopwatch,
    rows: Sequence[tuple[str, Mapping[str, Sequence[str]]]],
    *,
    prepared_seconds: float = 0.0,
    database_cpu_seconds: float | None = None,
    states: Mapping[str, int] | None = None,
) -> None:
    """Store the report; the file is there only when the run went to its end."""
    plain = [(name, {variable: list(given) for variable, given in values.items()}) for name, values in rows]
    report = Report(
        watch.seconds,
        watch.cpu_seconds,
        watch.peak_mib,
        prepared_seconds,
        database_cpu_seconds,
        plain,
        dict(states or {}),
    )
    Path(job.report).write_text(json.dumps(asdict(report)), encoding="utf-8")


def read_report(path: Path) -> Report | None:
    """The report, or None when the run did not get so far."""
    return Report(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
