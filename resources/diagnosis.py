"""What is wrong with a tenant's work, in numbers and reasons: for the admin of a tenant and for `crucible doctor`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resources.database.engine import Database, TenantSession
from resources.database.migrate import newest_revision
from resources.database.repositories.operations import (
    PENDING_SECONDS,
    SILENT_SECONDS,
    BreakerState,
    Found,
    IndexHealth,
    OpenTask,
    Storage,
    breaker_states,
    failed_documents,
    index_health,
    look_at,
    storage,
    tasks_in_work,
)
from resources.vocabulary import TaskStatus

DATABASE_SECONDS = 3


@dataclass(frozen=True, slots=True)
class StuckTask:
    """A task that should have moved, and why it has not."""

    task: OpenTask
    why: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The state of one tenant's work and of what it stands on."""

    queue_seconds: float | None  # how long the oldest pending task has waited; None: none is pending
    open_tasks: int
    stuck: Sequence[StuckTask]
    failed_documents: Mapping[str, int]
    index: IndexHealth
    breakers: Sequence[BreakerState]
    storage: Storage
    database: Found
    wanted_revision: str


def diagnose(session: TenantSession, database: Database, embedding: str) -> Diagnosis:
    """Look at everything. `embedding` is the setting that names the installation's embedding model.

    Raises DatabaseSilentError when the database stops answering meanwhile.
    """
    open_now = tasks_in_work(session)
    breakers = breaker_states(database)
    pending = [task.quiet_seconds for task in open_now if task.status is TaskStatus.PENDING]
    return Diagnosis(
        max(pending, default=None),
        len(open_now),
        stuck_tasks(open_now, breakers),
        failed_documents(session),
        index_health(session, *embedding_model(embedding)),
        breakers,
        storage(session),
        look_at(database.addresses, DATABASE_SECONDS),
        newest_revision(),
    )


def stuck_tasks(tasks: Sequence[OpenTask], breakers: Sequence[BreakerState]) -> list[StuckTask]:
    """Those that should have moved by now, each with the likeliest reason."""
    shut = [breaker for breaker in breakers if breaker.phase != "closed"]
    return [StuckTask(task, why) for task in tasks if (why := _why(task, tasks, shut)) is not None]


def _why(task: OpenTask, tasks: Sequence[OpenTask], shut: Sequence[BreakerState]) -> str | None:
    minutes = round(task.quiet_seconds / 60)
    if task.status is TaskStatus.PENDING:
        if task.quiet_seconds < PENDING_SECONDS:
            return None
        running = sum(other.status is TaskStatus.RUNNING for other in tasks)
        if running:
            return f"no run was started for {minutes} minutes, while {running} other tasks run: the queue may be full"
        return f"no run was started for {minutes} minutes: is Dagster's daemon up, and its sensors switched on?"
    if task.quiet_seconds < SILENT_SECONDS or task.waits_for_batches:
        return None
    said = f"nothing was heard of it for {minutes} minutes"
    if task.by_command:
        return f"{said}; a command drives it: look whether that still runs"
    if shut:
        names = ", ".join(f"{breaker.model} ({breaker.reason or breaker.phase})" for breaker in shut)
        return f"{said}; models that are left alone at the moment: {names}"
    return f"{said}; the log of Dagster run {task.run_id or '(none yet)'} says more"


def embedding_model(spec: str) -> tuple[str, int]:
    """How the fingerprints of the model that the setting names begin, and how many numbers its vectors have."""
    if spec == "local":
        from resources.embedding.convert import MODEL_NAME
        from resources.embedding.model import E5Embedder

        return f"{MODEL_NAME}@{E5Embedder.dimension}/", E5Embedder.dimension
    name, _, dimension = spec.rpartition("@") if spec.rpartition("@")[2].isdigit() else (spec, "", "")
    if not dimension:
        from resources.embedding.openai_compatible import KNOWN_DIMENSIONS

        dimension = str(KNOWN_DIMENSIONS.get(name.removeprefix("openai:"), 0))
    return f"{name}@{dimension}/", int(dimension)
