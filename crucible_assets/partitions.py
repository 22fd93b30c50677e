"""How work is cut for Dagster: batches of up to 100 documents, and projects.

A batch's key is `<tenant>/<project>/<number>`, a project's `<tenant>/<project>`. Documents are not partitions:
Dagster spends tens of milliseconds per partition and asset, which 10,000 documents cannot afford.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import dagster as dg

# both are known, and the version is pinned
warnings.filterwarnings("ignore", category=dg.BetaWarning, message=".*backfill_policy.*")
warnings.filterwarnings("ignore", category=dg.PreviewWarning, message=".*AssetCheckSpec.*")

batches = dg.DynamicPartitionsDefinition(name="batches")
projects = dg.DynamicPartitionsDefinition(name="projects")

PARTITION = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"

ALL = dg.AllPartitionMapping()
"""Between batches and projects. The exact batches of a project are known to our own tables, not to Dagster."""


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """A project as a partition."""

    tenant: str
    project: str

    def __str__(self) -> str:
        return f"{self.tenant}/{self.project}"

    @classmethod
    def parse(cls, key: str) -> "ProjectKey":
        """The inverse of `str`."""
        tenant, project = key.split("/")
        return cls(tenant, project)


@dataclass(frozen=True, slots=True)
class BatchKey:
    """A batch as a partition."""

    tenant: str
    project: str
    number: int

    def __str__(self) -> str:
        return f"{self.tenant}/{self.project}/{self.number:04d}"

    @classmethod
    def parse(cls, key: str) -> "BatchKey":
        """The inverse of `str`."""
        tenant, project, number = key.split("/")
        return cls(tenant, project, int(number))

    @property
    def project_key(self) -> ProjectKey:
        """The project of the batch."""
        return ProjectKey(self.tenant, self.project)


def by_project(keys: Iterable[str]) -> dict[ProjectKey, list[BatchKey]]:
    """Batch keys gathered by project, in the order given."""
    gathered: dict[ProjectKey, list[BatchKey]] = {}
    for text in keys:
        key = BatchKey.parse(text)
        gathered.setdefault(key.project_key, []).append(key)
    return gathered


def segments(all_keys: Sequence[str], wanted: Iterable[str]) -> list[tuple[str, str]]:
    """`wanted` as (first, last) ranges that hold nothing else, in Dagster's own order of keys.

    A run covers one contiguous range; batches of several projects may be interleaved in that order, and a run
    must not touch another project's.
    """
    chosen = set(wanted)
    ranges: list[tuple[str, str]] = []
    start = previous = None
    for key in all_keys:
        if key in chosen:
            start = start or key
            previous = key
        elif start is not None and previous is not None:
            ranges.append((start, previous))
            start = previous = None
    if start is not None and previous is not None:
        ranges.append((start, previous))
    return ranges


def register(instance: dg.DagsterInstance, project: ProjectKey, numbers: Iterable[int]) -> list[str]:
    """Make Dagster know a project and its batches; returns the batches' keys."""
    keys = [str(BatchKey(project.tenant, project.project, number)) for number in numbers]
    if not instance.has_dynamic_partition("projects", str(project)):
        instance.add_dynamic_partitions("projects", [str(project)])
    known = set(instance.get_dynamic_partitions("batches"))
    missing = [key for key in keys if key not in known]
    if missing:
        instance.add_dynamic_partitions("batches", missing)
    return keys


def checked_batches(context: dg.AssetCheckExecutionContext) -> list[str]:
    """The batches that a check looks at: those of its run; all of them when it is executed by itself.

    Checks of batches are not partitioned: over a range of partitions Dagster plans one evaluation per partition,
    but records a single one, so every partition would look unchecked.
    """
    tags = context.run.tags
    if PARTITION in tags:
        return [tags[PARTITION]]
    known = list(context.instance.get_dynamic_partitions("batches"))
    if RANGE_START in tags:
        return known[known.index(tags[RANGE_START]) : known.index(tags[RANGE_END]) + 1]
    return known
