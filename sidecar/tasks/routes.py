"""Ask for a task, look at it, and pause, resume or cancel it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse

from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.costs import cost_of_project
from resources.database.repositories.events import read_log
from resources.database.repositories.task_lists import TaskRecord, task_page, task_record
from resources.database.repositories.tasks import cancel_task, pause_task, resume_task
from resources.vocabulary import TaskKind, TaskStatus
from sidecar.fields import INT64_MAX, ProjectId, TaskPath
from sidecar.idempotency import IdempotencyKey, Once
from sidecar.pages import After, Limit, cursor, read_cursor
from sidecar.problems import Conflict, NotFound, Unusable, problems
from sidecar.projects.service import known
from sidecar.search.service import asker
from sidecar.security.principal import Runner
from sidecar.tasks.asking import ask
from sidecar.tasks.schemas import AskedFor, LogPage, Resume, Task, TaskPage
from sidecar.tasks.views import log_entry, summary, whole
from sidecar.transactions import ReadSession, RunSession

router = APIRouter(prefix="/v1/tasks", tags=["tasks"])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXAMPLES = {
    "a sample of ten documents": {"value": {"kind": "SAMPLE", "project_id": "loan-decisions", "number": 10}},
    "every document, for 5 USD at most": {
        "value": {"kind": "FULL", "project_id": "loan-decisions", "calls": "batch", "budget_usd": "5.00"}
    },
    "what failed, once more": {"value": {"kind": "REPROCESS_FAILED", "project_id": "loan-decisions"}},
    "files": {"value": {"kind": "EXPORT", "project_id": "loan-decisions", "formats": ["xlsx", "codebook"]}},
    "better instructions": {"value": {"kind": "REFINE", "project_id": "loan-decisions", "variables": ["amount"]}},
    "documents read": {"value": {"kind": "INGEST", "project_id": "loan-decisions"}},
    "a question": {"value": {"kind": "ASK", "project_id": "loan-decisions", "question": "Why were loans refused?"}},
    "summaries": {"value": {"kind": "SUMMARISE", "project_id": "loan-decisions", "budget_usd": "1.00"}},
    "themes": {"value": {"kind": "EXTRACT_THEMES", "project_id": "loan-decisions", "number": 12}},
}


@router.post(
    "/process",
    status_code=202,
    response_model=Task,
    responses={
        **problems(NotFound, Conflict),
        202: {"headers": {"Location": {"description": "Where the task is", "schema": {"type": "string"}}}},
    },
)
def process(
    asked: Annotated[AskedFor, Body(openapi_examples=_EXAMPLES)],
    request: Request,
    session: RunSession,
    who: Runner,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Ask for a task.

    It is a Dagster run a moment later. Of extractions (SAMPLE, FULL, REFINE, REPROCESS_FAILED) a project has at most
    one that is not finished: otherwise 409, with `active_task_id`.
    """
    once = Once(session, who, key)
    answer = once.answered(request, asked)
    if answer is None:
        carried = {
            "request_id": getattr(request.state, "request_id", None),
            "traceparent": getattr(request.state, "traceparent", None),
            "idempotency_key": key,
        }
        installed = request.app.state.installation.settings.models
        task_id = ask(session, asked, by=who.subject, installed=installed, carried=carried, asked_by=asker(who))
        audit(session, "task.create", f"task:{task_id}", kind=asked.kind.value, project=asked.project_id)
        answer = once.keep(202, _task(session, task_id))
    answer.headers["Location"] = f"/v1/tasks/{json.loads(bytes(answer.body))['id']}"
    return answer


@router.get("", responses=problems(NotFound))
def list_tasks(
    session: ReadSession,
    project_id: Annotated[ProjectId | None, Query(description="Of this project", examples=["loan-decisions"])] = None,
    status: Annotated[TaskStatus | None, Query()] = None,
    kind: Annotated[TaskKind | None, Query()] = None,
    limit: Limit = 50,
    after: After = None,
) -> TaskPage:
    """Tasks, newest first."""
    known(session, project_id)
    place = _before(after)
    records = task_page(session, limit=limit + 1, before=place, project_id=project_id, status=status, kind=kind)
    shown, last = records[:limit], records[limit - 1 : limit]
    more = cursor(_microseconds(last[0].created_at), str(last[0].id)) if len(records) > limit else None
    return TaskPage(items=[summary(record) for record in shown], next=more)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _before(after: str | None) -> tuple[datetime, UUID] | None:
    key = read_cursor(after, (int, str))
    if key is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=key[0]), UUID(key[1])
    except (ValueError, OverflowError):
        raise Unusable("query.after: this is no `next` of this list.") from None


@router.get("/{task_id}", responses=problems(NotFound))
def get_task(session: ReadSession, task_id: TaskPath) -> Task:
    """One task: how far it is, what it has cost, and the Dagster run of each step."""
    return _task(session, task_id)


@router.get("/{task_id}/log", responses=problems(NotFound))
def get_task_log(
    session: ReadSession,
    task_id: TaskPath,
    after: Annotated[int, Query(ge=0, le=INT64_MAX, description="Only what is behind this number")] = 0,
    limit: Limit = 100,
) -> LogPage:
    """What happened, oldest first. Numbers have no gaps: what is behind the last one is all that was missed."""
    _known(session, task_id)
    facts = read_log(session, task_id, after, limit + 1)
    more = facts[limit - 1].seq if len(facts) > limit else None
    return LogPage(items=[log_entry(fact) for fact in facts[:limit]], next=more)


@router.post("/{task_id}/pause", responses=problems(NotFound, Conflict))
def pause(session: RunSession, task_id: TaskPath) -> Task:
    """Stop for now: calls in flight finish and are kept, requests out in provider batches are called back."""
    return _change(session, task_id, "pause", lambda: pause_task(session, task_id))


@router.post("/{task_id}/resume", responses=problems(NotFound, Conflict))
def resume(session: RunSession, task_id: TaskPath, how: Resume | None = None) -> Task:
    """Go on with a paused task, with a new budget where it paused at the old one. Nothing is paid for twice."""
    budget = how.budget_usd if how else None
    if budget is not None:
        _check_budget(session, _known(session, task_id), budget)
    return _change(session, task_id, "resume", lambda: resume_task(session, task_id, budget), budget_usd=budget)


@router.post("/{task_id}/cancel", responses=problems(NotFound, Conflict))
def cancel(session: RunSession, task_id: TaskPath) -> Task:
    """End it for good: calls in flight finish and are kept."""
    return _change(session, task_id, "cancel", lambda: cancel_task(session, task_id))


def _known(session: TenantSession, task_id: UUID) -> TaskRecord:
    record = task_record(session, task_id)
    if record is None:
        raise NotFound(f"There is no task {task_id}.")
    return record


def _task(session: TenantSession, task_id: UUID) -> Task:
    return whole(session, _known(session, task_id))


def _change(
    session: TenantSession, task_id: UUID, what: str, change: Callable[[], bool], **payload: str | None
) -> Task:
    _known(session, task_id)
    if not change():
        now = _known(session, task_id).status
        raise Conflict(f"Task {task_id} is {now.value}: there is nothing to {what}.", task_status=now)
    audit(session, f"task.{what}", f"task:{task_id}", **{k: v for k, v in payload.items() if v is not None})
    return _task(session, task_id)


def _check_budget(session: TenantSession, task: TaskRecord, budget: str) -> None:
    spent = cost_of_project(session, task.project_id, task.id).usd
    if Decimal(budget) <= spent:
        raise Unusable(f"body.budget_usd: the task has spent {spent:f} USD already; the budget must be above that.")
