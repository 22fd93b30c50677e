"""Rates of the systems in turns, on one server: which share of the ideal rate, at what cost, with what result."""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.extraction.accounts import Tally, chats, mean_in_flight, tally
from benchmarks.extraction.corpus import Corpus
from benchmarks.peers.job import Report, read_report
from benchmarks.peers.systems import System, last_words, make_job, start, write_documents
from tests.model_server import SubprocessModelServer


@dataclass(frozen=True, slots=True)
class Load:
    """What every system is given."""

    corpus: Corpus
    concurrency: int
    latency_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one system."""

    system: str
    wall_seconds: float  # of the whole process: imports, preparation and clearing up included
    calls: int
    in_flight: float
    report: Report
    found: Tally

    def share(self, load: Load) -> float:
        """Ideal seconds for the calls that were made, by the seconds they took."""
        return self.calls * load.latency_s / load.concurrency / self.report.seconds


class SystemFailedError(RuntimeError):
    """A system did not come to its end; the message says how it ended and its last words."""


def run_once(
    system: System, load: Load, server: SubprocessModelServer, environments: Path, limit_seconds: float
) -> Measured:
    """One run in a new process with a new folder. Raises SystemFailedError."""
    with tempfile.TemporaryDirectory(prefix="peer-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        documents = folder / "documents.jsonl"
        write_documents(load.corpus, documents)
        job = make_job(
            system, load.corpus, documents, folder / "own", server.openai_url, load.concurrency, resume=False
        )
        server.reset()
        began = time.perf_counter()
        process = start(system, job, environments)
        try:
            code = process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = -1
        wall = time.perf_counter() - began
        report = read_report(Path(job.report))
        if code != 0 or report is None:
            raise SystemFailedError(
                f"{system.name} ended with {code} after {wall:.0f} s: {last_words(folder / 'own')}"
            )
        calls = chats(server.calls)
        return Measured(system.name, wall, len(calls), mean_in_flight(calls), report, tally(report.rows, load.corpus))


def compare(
    systems: Sequence[System],
    load: Load,
    server: SubprocessModelServer,
    environments: Path,
    repetitions: int,
    *,
    warm_up: Load | None,
    limit_seconds: float,
) -> dict[str, list[Measured]]:
    """Every system in turn, `repetitions` times, after a discarded turn with the load `warm_up`."""
    measured: dict[str, list[Measured]] = {system.name: [] for system in systems}
    if warm_up is not None:
        for system in systems:
            run_once(system, warm_up, server, environments, limit_seconds)
            print(f"warmed up {system.name}", flush=True)
    for turn in range(repetitions):
        for system in systems:
            one = run_once(system, load, server, environments, limit_seconds)
            measured[system.name].append(one)
            print(f"turn {turn + 1}: {line(one, load)}", flush=True)
    return measured


def line(one: Measured, load: Load) -> str:
    """One run on one line."""
    report = one.report
    return (
        f"{one.system}: {report.seconds:.2f} s, {one.share(load):.3f} of ideal, {one.calls} calls, "
        f"{one.in_flight:.1f} in flight, {report.cpu_seconds:.1f} s CPU, {report.peak_mib:.0f} MiB, "
        f"{one.found.right} of {one.found.expected} values right"
    )


def table(measured: dict[str, list[Measured]], load: Load) -> str:
    """Markdown: medians, with the least and the greatest number of seconds."""
    heads = (
        "system", "seconds", "documents/s", "share of ideal", "calls", "mean in flight", "client CPU s",
        "database CPU s", "peak MiB", "prepared s", "process s", "rows", "values right", "wrong", "missing",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
    for name, runs in measured.items():
        seconds = [one.report.seconds for one in runs]
        middle = sorted(runs, key=lambda one: one.report.seconds)[len(runs) // 2]
        database = middle.report.database_cpu_seconds
        found = middle.found
        cells = (
            name,
            f"{statistics.median(seconds):.2f} ({min(seconds):.2f}–{max(seconds):.2f})",
            f"{len(load.corpus.texts) / middle.report.seconds:.1f}",
            f"{middle.share(load):.3f}",
            str(middle.calls),
            f"{middle.in_flight:.1f}",
            f"{middle.report.cpu_seconds:.1f}",
            "" if database is None else f"{database:.1f}",
            f"{middle.report.peak_mib:.0f}",
            f"{middle.report.prepared_seconds:.1f}",
            f"{middle.wall_seconds:.1f}",
            f"{found.rows} of {found.rows_expected}",
            f"{found.right} of {found.expected}",
            str(found.wrong),
            str(found.missing),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
