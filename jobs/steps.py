"""A task as a list of Dagster runs, done one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import dagster as dg

from crucible_assets.partitions import RANGE_END, RANGE_START, ProjectKey, segments
from jobs.wish import Wish
from resources.vocabulary import TaskKind

__all__ = ["Step", "Wish", "run_tags", "step_run", "steps_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """One run: a job over one project or batch, or over a contiguous range of batches."""

    job: str
    first: str
    last: str | None = None  # None: one partition, `first`

    def as_json(self) -> dict[str, Any]:
        """For the task's row."""
        return {"job": self.job, "first": self.first, "last": self.last}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Step":
        """The inverse of `as_json`."""
        return cls(data["job"], data["first"], data["last"])

    @property
    def partition_key(self) -> str | None:
        """The run's partition key, when it has one."""
        return self.first if self.last is None else None

    @property
    def range_tags(self) -> dict[str, str]:
        """The run's partition range, when it has one."""
        return {} if self.last is None else {RANGE_START: self.first, RANGE_END: self.last}


def steps_of(kind: TaskKind, project: ProjectKey, batch_keys: Sequence[str], all_keys: Sequence[str]) -> list[Step]:
    """The runs that a task needs, in order."""
    ranges = segments(all_keys, batch_keys)
    deliver = Step("export", str(project))
    if kind is TaskKind.EXPORT:
        return [deliver]
    if kind is TaskKind.REFINE:
        return [Step("prepare", str(project)), Step("refine", str(project)), Step("prepare", str(project))]
    if kind is TaskKind.ASK:
        return [Step("ask", str(project))]
    if kind is TaskKind.EXTRACT_THEMES:
        return [Step("extract_themes", str(project))]
    if kind is TaskKind.SUMMARISE:
        return [*(_over("summarise", first, last) for first, last in ranges), Step("summarise_project", str(project))]
    ingest = [_over("ingest", first, last) for first, last in ranges]
    prepare = Step("prepare", str(project))
    if kind is TaskKind.INGEST:
        return [*ingest, prepare]
    if kind is TaskKind.SAMPLE:
        return [*ingest, prepare, Step("sample", str(project)), deliver]
    return [*ingest, prepare, *(_over("full", first, last) for first, last in ranges), deliver]


def _over(job: str, first: str, last: str) -> Step:
    """A step over a range of batches; a range of one is a partition, which the UI shows better."""
    return Step(job, first) if first == last else Step(job, first, last)


def run_tags(
    project: ProjectKey, task_id: UUID, kind: TaskKind, number: int, wish: Wish, attempt: int = 0
) -> dict[str, str]:
    """The tags of a task's run: who asked, for what, and how. `attempt` counts how often the task was resumed."""
    return {
        "crucible/tenant": project.tenant,
        "crucible/project": project.project,
        "crucible/task": str(task_id),
        "crucible/kind": kind.value,
        "crucible/step": str(number),
        "crucible/attempt": str(attempt),
        **wish.tags,
    }


def step_run(instance: dg.DagsterInstance, task_id: UUID, number: int, attempt: int = 0) -> dg.DagsterRun | None:
    """The newest run of an attempt at a task's step, retries included; None when it was not started."""
    tags = {"crucible/task": str(task_id), "crucible/step": str(number), "crucible/attempt": str(attempt)}
    runs = instance.get_runs(filters=dg.RunsFilter(tags=tags), limit=1)
    return runs[0] if runs else None
