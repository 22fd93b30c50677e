"""The fault run: a server that misbehaves, `kill -9` at half of the calls, and the same command again until it ends.

Crucible runs as its users run it, by the command `crucible run`; the peers by the same scripts as in the comparison.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.extraction.accounts import CHAT, Paid, Tally, chats, paid, tally
from benchmarks.extraction.corpus import HOPELESS
from benchmarks.extraction.study import MODEL, project_data
from benchmarks.peers.comparison import Load
from benchmarks.peers.job import Job, Report, read_report
from benchmarks.peers.systems import (
    System,
    clean_environment,
    last_words,
    make_job,
    start,
    start_command,
    write_documents,
)
from tests.model_server import Fault, ServerConfig, SubprocessModelServer

PROBABILITIES = {
    Fault.RATE_LIMIT: 0.02,
    Fault.SERVER_ERROR: 0.01,
    Fault.INVALID_JSON: 0.01,
    Fault.TRUNCATED: 0.005,
}
PERMANENT = Fault.SERVER_ERROR
"""What every request about a hopeless document gets; a client cannot know that it will not pass."""
_HOPELESS_ASKED = (f"\n{HOPELESS}", f" {HOPELESS}")
"""A hopeless document where something stands before it, as in every prompt; passages to be embedded begin with it."""
_POLL_SECONDS = 0.1
_DONE_WITH_FAILURES = 1  # how `crucible run` ends when some cells failed: finished, and they are listed


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a system came through."""

    system: str
    seconds: float  # from the first start to the last end
    ends: tuple[str, ...]  # of each start: 'killed', an exit code, or 'out of time'
    calls: int
    paid: Paid
    found: Tally | None  # None: nothing was returned
    states: dict[str, int]  # of Crucible's cells
    hopeless: int  # values that no system can have: those of documents that always fail
    last_words: str


def fault_run(
    system: System, load: Load, server: SubprocessModelServer, environments: Path, starts: int, limit_seconds: float
) -> Outcome:
    """Run one system in a new folder against a fresh server."""
    server.configure(faults={"probabilities": PROBABILITIES, "permanent": dict.fromkeys(_HOPELESS_ASKED, PERMANENT)})
    server.reset()
    zero = time.monotonic()  # of the server's clock, to some milliseconds; the clock is one for the whole machine
    calls = len(load.corpus.texts) * (1 if system.grouped else len(load.corpus.variables))
    with tempfile.TemporaryDirectory(prefix="peer-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        documents = folder / "documents.jsonl"
        write_documents(load.corpus, documents)
        job = make_job(
            system, load.corpus, documents, folder / "own", server.openai_url, load.concurrency, resume=True
        )
        if system.is_crucible:
            begin = _crucible(load, job, folder)
        else:

            def begin() -> subprocess.Popen[bytes]:
                return start(system, job, environments)

        began = time.perf_counter()
        ends, killed = _until_it_ends(begin, server, calls // 2, starts, began + limit_seconds)
        seconds = time.perf_counter() - began
        record = chats(server.calls)
        report = _read_crucible(job) if system.is_crucible else read_report(Path(job.report))
        return Outcome(
            system=system.name,
            seconds=seconds,
            ends=tuple(ends),
            calls=len(record),
            paid=paid(record, None if killed is None else killed - zero),
            found=None if report is None else tally(report.rows, load.corpus),
            states={} if report is None else report.states,
            hopeless=len(load.corpus.hopeless) * len(load.corpus.variables),
            last_words=last_words(folder / "own"),
        )


def _until_it_ends(
    begin: Callable[[], subprocess.Popen[bytes]],
    server: SubprocessModelServer,
    half: int,
    starts: int,
    deadline: float,
) -> tuple[list[str], float | None]:
    """Start, kill at half, start again; how each start ended, and the monotonic time of the kill."""
    ends: list[str] = []
    killed: float | None = None
    while len(ends) < starts:
        process = begin()
        while process.poll() is None:
            if time.perf_counter() > deadline:
                process.kill()
                process.wait()
                return [*ends, "out of time"], killed
            if killed is None and server.stats().by_path.get(CHAT, 0) >= half:
                process.kill()  # SIGKILL: nothing can be tidied up
                killed = time.monotonic()
                process.wait()
                break
            time.sleep(_POLL_SECONDS)
        if killed is not None and "killed" not in ends:
            ends.append("killed")
            continue
        ends.append(str(process.returncode))
        if process.returncode in (0, _DONE_WITH_FAILURES) and _finished(process):
            break
    return ends, killed


def _finished(process: subprocess.Popen[bytes]) -> bool:
    """Whether an end is the end: 1 means so for `crucible run` only; other systems end with 1 when they raise."""
    arguments = process.args
    return process.returncode == 0 or (isinstance(arguments, list) and "cli.main" in arguments)


def _crucible(load: Load, job: Job, folder: Path) -> Callable[[], subprocess.Popen[bytes]]:
    """The command `crucible run` over a project file, with a home of its own."""
    study = folder / "study"
    load.corpus.write(study / "documents")
    file = study / "project.yaml"  # JSON is YAML
    data = project_data(load.corpus, study / "documents", job.variables_per_call)
    file.write_text(json.dumps(data), encoding="utf-8")
    environment = clean_environment() | {
        "CRUCIBLE_HOME": job.folder,
        "CRUCIBLE_CONCURRENCY": str(job.concurrency),
        "CRUCIBLE_EMBEDDING": f"openai:bench@{ServerConfig().embedding_dimensions}",
        "OPENAI_BASE_URL": job.url,
        "OPENAI_API_KEY": "x",
    }
    command = [
        sys.executable, "-m", "cli.main", "run", str(file), "--model", MODEL, "--out", str(folder / "out"),
    ]  # fmt: skip

    def begin() -> subprocess.Popen[bytes]:
        return start_command(command, environment, Path(job.folder) / "said.txt")

    return begin


def _read_crucible(job: Job) -> Report | None:
    job_file = Path(job.folder) / "job.json"
    job_file.write_text(json.dumps(asdict(job)), encoding="utf-8")
    reading = start_command(
        [sys.executable, "-m", "benchmarks.peers.read_crucible", str(job_file)],
        clean_environment(),
        Path(job.folder) / "said.txt",
    )
    reading.wait()
    return read_report(Path(job.report))


def said(outcome: Outcome) -> str:
    """One run on a few lines."""
    states = f"; cells {outcome.states}" if outcome.states else ""
    words = f"\n  last words: {outcome.last_words}" if outcome.found is None else ""
    return (
        f"{outcome.system}: ended {', '.join(outcome.ends)} in {outcome.seconds:.1f} s; {outcome.calls} calls; "
        f"{outcome.paid}; {outcome.found}{states}{words}"
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown: one line for each system."""
    heads = (
        "system", "starts ended", "seconds", "requests", "answers paid", "paid again", "of these at the kill",
        "oldest, s before the kill", "asked again after a spoilt answer", "rows", "values right", "wrong", "missing",
        "cells by state",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---|---|" + "---:|" * (len(heads) - 3) + "---|"]
    for one in outcomes:
        found = one.found
        cells = (
            one.system,
            ", ".join(one.ends),
            f"{one.seconds:.0f}",
            str(one.calls),
            str(one.paid.answers),
            str(one.paid.again),
            str(one.paid.again_at_kill),
            f"{one.paid.oldest_s:.2f}",
            str(one.paid.after_spoilt),
            "none" if found is None else f"{found.rows} of {found.rows_expected}",
            "none" if found is None else f"{found.right} of {found.expected - one.hopeless} that can be had",
            "" if found is None else str(found.wrong),
            "all" if found is None else str(found.missing),
            ", ".join(f"{state} {number}" for state, number in sorted(one.states.items())),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
