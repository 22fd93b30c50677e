"""Verdicts of people on cells. A cell is never changed by one: what a person corrected stands beside it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response
from fastapi.routing import APIRouter

from resources.database.repositories.feedback import page_of_feedback
from resources.vocabulary import Verdict
from sidecar.feedback.calibrating import ask_for_calibration
from sidecar.feedback.judging import judge, shown
from sidecar.feedback.schemas import (
    BulkFeedbackAnswer,
    BulkFeedbackRequest,
    CalibrationAsked,
    CalibrationRequest,
    Feedback,
    FeedbackAnswer,
    FeedbackRequest,
)
from sidecar.fields import INT64_MAX, NO_NUL, VARIABLE_NAME
from sidecar.idempotency import IdempotencyKey, Once
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.problems import Conflict, NotFound, Unusable, problems
from sidecar.results.listing import ProjectQuery, known_unit
from sidecar.security.principal import Runner, Writer
from sidecar.transactions import ReadSession, RunSession, WriteSession

router = APIRouter(prefix="/v1/feedback", tags=["feedback"])
_KNOWN: dict[int | str, dict[str, Any]] = {
    200: {"model": FeedbackAnswer, "description": "The same was said before; nothing was added"}
}


@router.post(
    "",
    status_code=201,
    response_model=FeedbackAnswer,
    responses=_KNOWN | problems(NotFound, Conflict),
)
def give_feedback(
    request: Request, session: WriteSession, who: Writer, given: FeedbackRequest, key: IdempotencyKey = None
) -> Response:
    """Say whether a cell is right, and what would be."""
    once = Once(session, who, key)
    if (known := once.answered(request, given)) is not None:
        return known
    (said,) = judge(session, given.project_id, [given], who.subject, "body")
    return once.keep(200 if said.known else 201, said.answer)


@router.post("/bulk", status_code=201, response_model=BulkFeedbackAnswer, responses=problems(NotFound, Conflict))
def give_feedback_in_bulk(
    request: Request, session: WriteSession, who: Writer, given: BulkFeedbackRequest, key: IdempotencyKey = None
) -> Response:
    """Say of up to 500 cells whether they are right; all verdicts are kept, or none."""
    once = Once(session, who, key)
    if (known := once.answered(request, given)) is not None:
        return known
    said = judge(session, given.project_id, given.items, who.subject, "body.items.{}")
    again = sum(one.known for one in said)
    answer = BulkFeedbackAnswer(kept=len(said) - again, known=again, items=[one.answer for one in said])
    return once.keep(201, answer)


@router.get("", responses=problems(NotFound))
def list_feedback(
    session: ReadSession,
    project_id: ProjectQuery,
    document_id: UUID | None = None,
    row_key: Annotated[str | None, Query(max_length=200, pattern=NO_NUL)] = None,
    variable: Annotated[str | None, Query(max_length=60, pattern=VARIABLE_NAME)] = None,
    author: Annotated[str | None, Query(max_length=200, pattern=NO_NUL)] = None,
    verdict: Verdict | None = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[Feedback]:
    """Verdicts on the cells of a project, newest first."""
    known_unit(session, project_id)
    read = read_cursor(after, (int,))
    if read is not None and not 0 <= read[0] <= INT64_MAX:
        raise Unusable("query.after: this is no `next` of this list.")
    found = page_of_feedback(
        session,
        project_id,
        document_id=document_id,
        row_key=row_key,
        variable=variable,
        author=author,
        verdict=verdict,
        before=read[0] if read else None,
        limit=limit + 1,
    )
    last = found[limit - 1].number if len(found) > limit else None
    return Page(items=[shown(kept) for kept in found[:limit]], next=None if last is None else cursor(last))


@router.post("/calibrate", status_code=202, response_model=CalibrationAsked, responses=problems(NotFound, Conflict))
def calibrate_confidence(
    request: Request, session: RunSession, who: Runner, asked: CalibrationRequest, key: IdempotencyKey = None
) -> Response:
    """Learn anew from all verdicts and labels how far confidences are to be believed: a task, no model is asked.

    New curves change the confidence of cells with the next extraction; the answers of models are not paid again.
    """
    once = Once(session, who, key)
    if (known := once.answered(request, asked)) is not None:
        return known
    return once.keep(202, CalibrationAsked(task_id=ask_for_calibration(session, asked.project_id, who.subject)))
