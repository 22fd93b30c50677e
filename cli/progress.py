"""Live progress of a task: a display on a terminal, a line now and then elsewhere."""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from resources.database.repositories.documents import list_documents
from resources.database.repositories.tasks import get_task, update_task
from resources.installation import Installation
from resources.vocabulary import CellState, DocumentStatus

_POLL_SECONDS = 0.4
_LINE_SECONDS = 2.0
_TOUCH_SECONDS = 15.0

STAGES = {
    "ingest": "reading, cutting and embedding documents",
    "prepare": "generating prompts",
    "sample": "extracting a sample",
    "full": "extracting",
    "refine": "wording instructions anew, measuring old against new, calibrating",
    "export": "assembling, checking and exporting the dataset",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known at one moment."""

    documents: int
    done: int
    states: dict[str, int]
    tokens: int
    cost: str
    calls: int
    seconds_left: float | None


class ProgressDisplay:
    """Context manager that polls the database in a thread and shows how far the task is."""

    def __init__(
        self, installation: Installation, tenant: str, task_id: UUID, project_id: str, console: Console
    ) -> None:
        self._installation = installation
        self._tenant = tenant
        self._task_id = task_id
        self._project_id = project_id
        self._console = console
        self._stage = ""
        self._stage_started = time.monotonic()
        self._touched = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=5)
        if self._live:
            self._live.stop()

    def stage(self, job: str) -> None:
        """Say which step begins."""
        self._stage = job
        self._stage_started = time.monotonic()
        if not self._live:
            self._console.print(f"• {STAGES.get(job, job)}", highlight=False)

    def _watch(self) -> None:
        last_line = time.monotonic()
        while not self._stop.wait(_POLL_SECONDS):
            try:
                shown = self._look()
            except Exception as error:  # the display must never stop the work
                self._console.print(f"(no progress to show: {error})", style="dim")
                return
            if self._live:
                self._live.update(self._render(shown))
            elif time.monotonic() - last_line >= _LINE_SECONDS and shown.documents:
                self._console.print("  " + line(shown), highlight=False)
                last_line = time.monotonic()

    def _look(self) -> Shown:
        with self._installation.database.transaction(self._tenant) as session:
            if time.monotonic() - self._touched > _TOUCH_SECONDS:
                update_task(session, self._task_id)  # says that this command is still alive
                self._touched = time.monotonic()
            task = get_task(session, self._task_id)
            progress: dict[str, Any] = dict(task.progress) if task else {}
            if self._stage == "ingest":
                rows = list_documents(session, self._project_id)
                counted = Counter(row.status for row in rows)
                waiting = counted[DocumentStatus.UPLOADED] + counted[DocumentStatus.PARSED]
                progress |= {"documents": len(rows), "documents_done": len(rows) - waiting}
        documents, done = int(progress.get("documents", 0)), int(progress.get("documents_done", 0))
        gone = time.monotonic() - self._stage_started
        left = gone / done * (documents - done) if 0 < done < documents else None
        return Shown(
            documents=documents,
            done=done,
            states=progress.get("states", {}),
            tokens=int(progress.get("input_tokens", 0)) + int(progress.get("output_tokens", 0)),
            cost=f"{float(progress.get('cost_usd', 0)):.4f} USD",
            calls=int(progress.get("calls", 0)),
            seconds_left=left,
        )

    def _render(self, shown: Shown) -> Group:
        table = Table.grid(padding=(0, 2))
        table.add_row(Text(STAGES.get(self._stage, self._stage), style="bold"), Text(line(shown)))
        bar = ProgressBar(total=max(1, shown.documents), completed=shown.done, width=60)
        return Group(table, bar)


def line(shown: Shown) -> str:
    """One line: documents, cells by state, tokens, cost, time left."""
    parts = [f"documents {shown.done}/{shown.documents}"]
    states = [f"{state.value} {shown.states[state.value]}" for state in CellState if shown.states.get(state.value)]
    if states:
        parts.append("cells " + " · ".join(states))
    parts.append(f"calls {shown.calls} · tokens {shown.tokens:,} · {shown.cost}")
    if shown.seconds_left is not None:
        parts.append(f"about {shown.seconds_left:.0f} s left")
    return " | ".join(parts)
