"""Tasks as answers show them."""

from resources.database.engine import TenantSession
from resources.database.repositories.answers import answer_of_task
from resources.database.repositories.costs import Cost, cost_of_project
from resources.database.repositories.events import Event
from resources.database.repositories.task_lists import TaskRecord
from resources.vocabulary import TaskKind
from sidecar.tasks.schemas import AskedWith, LogEntry, Task, TaskAnswer, TaskCost, TaskProgress, TaskStep, TaskSummary
from sidecar.usage.money import money

_SHARED = (
    "id", "project_id", "kind", "status", "message", "last_event", "created_by", "created_at", "started_at",
    "finished_at", "updated_at",
)  # fmt: skip


def summary(record: TaskRecord) -> TaskSummary:
    """A task for a list."""
    shared = {name: getattr(record, name) for name in _SHARED}
    return TaskSummary(**shared, progress=TaskProgress.of(record.progress))


def whole(session: TenantSession, record: TaskRecord) -> Task:
    """A task with its steps and what it has cost."""
    shared = {name: getattr(record, name) for name in _SHARED}
    cost = cost_of_project(session, record.project_id, record.id)
    steps = [TaskStep.model_validate({"run_id": None, **step}) for step in record.steps]
    return Task(
        **shared,
        progress=TaskProgress.of(record.progress),
        asked=_asked(record),
        steps=steps,
        step=record.step,
        cost=_cost(cost),
        answer=_answer(session, record),
    )


def _answer(session: TenantSession, record: TaskRecord) -> TaskAnswer | None:
    stored = answer_of_task(session, record.id) if record.kind is TaskKind.ASK else None
    if stored is None:
        return None
    return TaskAnswer(conversation_id=stored.conversation_id, answer_id=stored.id, status=stored.status)


def _asked(record: TaskRecord) -> AskedWith:
    said = record.asked
    return AskedWith(
        number=said["sample"] if said["sample"] is not None else said["themes"],
        documents=record.documents,
        models=said["models"] or [],
        formats=said["formats"] or [],
        options=said["export_options"] or {},
        force=bool(said["force"]),
        variables=said["variables"] or [],
        calls=said["calls"],
        budget_usd=said["budget_usd"],
    )


def _cost(cost: Cost) -> TaskCost:
    return TaskCost(
        calls=int(cost.calls),
        input_tokens=int(cost.input_tokens),
        cached_tokens=int(cost.cached_tokens),
        output_tokens=int(cost.output_tokens),
        usd=money(cost.usd) or "0",
        unpriced_calls=int(cost.unpriced),
    )


def log_entry(event: Event) -> LogEntry:
    """One fact of a task's log."""
    return LogEntry(
        seq=event.seq,
        kind=event.kind,
        message=event.message,
        document_id=event.document_id,
        document=event.document,
        payload=dict(event.payload),
        created_at=event.created_at,
    )
