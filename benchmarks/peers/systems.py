"""The systems that are compared, and how a process of each is started."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.extraction.corpus import Corpus
from benchmarks.peers.environments import interpreter
from benchmarks.peers.job import Job

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class System:
    """One system in one setting."""

    name: str
    peer: str | None  # whose environment; None: this repository's own
    script: str  # a module of this package
    defaults: bool = False
    grouped: bool = True  # of Crucible: all variables of a document in one call, as the peers do

    @property
    def is_crucible(self) -> bool:
        """Whether it is ours."""
        return self.peer is None


SYSTEMS = {
    system.name: system
    for system in (
        System("crucible-grouped", None, "run_crucible"),
        System("crucible", None, "run_crucible", grouped=False),
        System("langextract", "langextract", "run_langextract"),
        System("langextract-defaults", "langextract", "run_langextract", defaults=True),
        System("docetl", "docetl", "run_docetl"),
        System("docetl-defaults", "docetl", "run_docetl", defaults=True),
    )
}


def write_documents(corpus: Corpus, path: Path) -> None:
    """The corpus in the form in which jobs name it."""
    with path.open("w", encoding="utf-8") as lines:
        for name, text in corpus.texts.items():
            lines.write(json.dumps({"name": name, "text": text}) + "\n")


def make_job(
    system: System, corpus: Corpus, documents: Path, folder: Path, url: str, concurrency: int, *, resume: bool
) -> Job:
    """The job of one system; `folder` is its own."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    return Job(
        documents=str(documents),
        variables=list(corpus.variables),
        url=url,
        concurrency=concurrency,
        variables_per_call=len(corpus.variables) if system.grouped else 1,
        defaults=system.defaults,
        resume=resume,
        folder=str(folder),
        report=str(folder / "report.json"),
    )


def clean_environment() -> dict[str, str]:
    """The environment for a system's process: this repository's modules, and no setting of ours or of a provider."""
    ours = ("CRUCIBLE_", "OPENAI_", "ANTHROPIC_", "DOCETL_", "LITELLM_", "LANGEXTRACT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(_ROOT), "OMP_WAIT_POLICY": "PASSIVE"}


def start(system: System, job: Job, environments: Path) -> subprocess.Popen[bytes]:
    """Start a process of the system; what it says goes to `said.txt` in its folder."""
    python = Path(sys.executable) if system.peer is None else interpreter(system.peer, environments)
    folder = Path(job.folder)
    (folder / "job.json").write_text(json.dumps(asdict(job)), encoding="utf-8")
    return start_command(
        [str(python), "-m", f"benchmarks.peers.{system.script}", str(folder / "job.json")],
        clean_environment(),
        folder / "said.txt",
    )


def start_command(command: list[str], environment: dict[str, str], said: Path) -> subprocess.Popen[bytes]:
    """Start a command from the repository's root with its output in a file, which is appended to."""
    with said.open("ab") as output:
        return subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=output, stderr=output)


def last_words(folder: Path) -> str:
    """The end of what the process said, without the frames that some draw round their errors."""
    said = folder / "said.txt"
    text = said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""
    bare = (line.strip(" │─╭╮╰╯") for line in text.splitlines())
    return "\n".join(line for line in bare if line)[-1500:]
