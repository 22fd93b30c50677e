"""Planning a task that was asked for without steps: which Dagster runs it needs, over what the project holds now."""

from dataclasses import dataclass
from uuid import UUID

import dagster as dg

from crucible_assets.partitions import BatchKey, ProjectKey, register
from jobs.steps import Step, steps_of
from resources.database.engine import TenantSession
from resources.database.repositories.documents import batches_of
from resources.database.repositories.task_lists import failed_documents, known_documents, project_offer
from resources.database.repositories.tasks import Task, documents_of_task
from resources.vocabulary import TaskKind


class UnplannableError(RuntimeError):
    """There is nothing left that the task could work on; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs of a task, and the documents that it is confined to; None: to none in particular."""

    steps: list[Step]
    documents: list[UUID] | None = None


_NEED_DOCUMENTS = (
    TaskKind.FULL,
    TaskKind.SAMPLE,
    TaskKind.INGEST,
    TaskKind.SUMMARISE,
    TaskKind.EXTRACT_THEMES,
    TaskKind.ASK,
)
_NEED_VARIABLES = (TaskKind.FULL, TaskKind.SAMPLE, TaskKind.REFINE, TaskKind.REPROCESS_FAILED)


def plan(instance: dg.DagsterInstance, session: TenantSession, key: ProjectKey, task: Task) -> Plan:
    """The steps of a task; makes Dagster know the project's batches. Raises UnplannableError.

    A SAMPLE of given documents and REPROCESS_FAILED read only the batches that hold their documents.
    REPROCESS_FAILED takes the documents that are failed now: what comes to fail while it runs is not added.
    """
    offer = project_offer(session, key.project)
    if offer is None or offer.archived:
        raise UnplannableError(f"project {key.project} was archived or deleted")
    if not offer.variables and task.kind in _NEED_VARIABLES:
        raise UnplannableError(f"project {key.project} has no variables")
    if not offer.documents and task.kind in _NEED_DOCUMENTS:
        raise UnplannableError(f"project {key.project} has no documents")
    keys = register(instance, key, batches_of(session, key.project))
    chosen = _documents(session, key.project, task)
    if chosen is not None:
        if not chosen:
            raise UnplannableError("none of its documents is there, or failed, any more")
        keys = [str(BatchKey(key.tenant, key.project, number)) for number in sorted(set(chosen.values()))]
    steps = steps_of(task.kind, key, keys, instance.get_dynamic_partitions("batches"))
    return Plan(steps, None if chosen is None else list(chosen))


def _documents(session: TenantSession, project_id: str, task: Task) -> dict[UUID, int] | None:
    """The documents that the task is confined to, with their batches."""
    if task.kind is TaskKind.REPROCESS_FAILED:
        return failed_documents(session, project_id)
    listed = documents_of_task(session, task.id)
    return None if listed is None else known_documents(session, project_id, listed)
