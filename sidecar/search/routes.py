"""`/v1/context/search` and `/v1/context/searches`: passages by words and vectors, kept for who asked."""

import json
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from resources.database.engine import TenantSession
from resources.database.repositories.searches import Search, delete_search, find_search, page_of_searches
from sidecar.fields import INT32_MAX, ProjectId
from sidecar.idempotency import REPLAY, IdempotencyKey, Once
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.problems import Conflict, NotFound, Unusable, problems
from sidecar.projects.service import known
from sidecar.search import service
from sidecar.search.present import page_of, past
from sidecar.search.schemas import MOST_ON_A_PAGE, PastSearch, SearchIn, SearchPage
from sidecar.security.own import OwnSession
from sidecar.security.principal import Principal, Reader
from sidecar.transactions import ReadSession, part_of_request

router = APIRouter(prefix="/v1/context", tags=["search"])

SearchPath = Annotated[UUID, Path(description="Id of a search of yours")]


@router.post("/search", response_model=SearchPage, responses=problems(NotFound, Conflict))
def search_passages(request: Request, who: Reader, body: SearchIn, key: IdempotencyKey = None) -> Response:
    """Search a project's passages by words (BM25) and vectors, fused by reciprocal rank.

    Up to 200 hits are kept for you under `id`, for 90 days; `k` of them come at once, `next` leads to the others.
    Where vectors cannot be compared, `hybrid` goes by words alone and `dense` says why. Without hits `nothing` says
    why. Where a reranker is set, it orders the best anew; when it fails or is slow, the fused order stands and
    `reranking` says why. Deleting a document takes its hits out of all searches.
    """
    finding = service.search(request, who, body)
    with part_of_request(request, who) as session:
        once = Once(session, who, key)
        if (answered := once.answered(request, body)) is not None:
            # the id alone was kept: texts of documents that were deleted since are not told again
            kept = _mine(session, who, UUID(json.loads(bytes(answered.body))["id"]))
            return _first_page(session, kept, body.k, {REPLAY: "true"})
        made = service.keep(session, who, body, finding)
        once.keep(200, {"id": str(made.id)})
        return _first_page(session, made, body.k, {})


@router.get("/searches", responses=problems(NotFound))
def list_searches(
    session: ReadSession,
    who: Reader,
    project_id: Annotated[
        ProjectId | None, Query(description="In this project", examples=["heat-pump-grants"])
    ] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[PastSearch]:
    """What you searched for within the last 90 days, the newest first."""
    known(session, project_id)
    found = page_of_searches(session, service.asker(who), project_id, limit + 1, _place(after))
    last = found[limit - 1] if len(found) > limit else None
    at = None if last is None or last.created_at is None else last.created_at.isoformat()
    return Page(
        items=[past(search) for search in found[:limit]], next=cursor(at, str(last.id)) if last is not None else None
    )


@router.get("/searches/{search_id}", responses=problems(NotFound))
def read_search(
    session: ReadSession,
    who: Reader,
    search_id: SearchPath,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE, description="At most so many hits")] = 10,
) -> SearchPage:
    """The hits of a search that you asked, page by page, in their order of then and with their passages of now."""
    key = read_cursor(after, (int,))
    if key is not None and not 0 <= key[0] <= INT32_MAX:
        raise Unusable("query.after: this is no `next` of this list.")
    return page_of(session, _mine(session, who, search_id), key[0] if key else 0, limit)


@router.delete("/searches/{search_id}", status_code=204, responses=problems(NotFound))
def forget_search(session: OwnSession, who: Reader, search_id: SearchPath) -> None:
    """Forget a search that you asked, with its hits."""
    if not delete_search(session, search_id, service.asker(who)):
        raise _not_there(search_id)


def _first_page(session: TenantSession, search: Search, k: int, headers: dict[str, str]) -> Response:
    page = page_of(session, search, 0, k).model_dump_json()
    return Response(page, media_type="application/json", headers=headers)


def _mine(session: TenantSession, who: Principal, search_id: UUID) -> Search:
    search = find_search(session, search_id, service.asker(who))
    if search is None:
        raise _not_there(search_id)
    return search


def _not_there(search_id: UUID) -> NotFound:
    return NotFound(f"You have no search {search_id}.")


def _place(after: str | None) -> tuple[datetime, UUID] | None:
    key = read_cursor(after, (str, str))
    if key is None:
        return None
    try:
        return datetime.fromisoformat(key[0]), UUID(key[1])
    except ValueError as error:
        raise Unusable("query.after: this is no `next` of this list.") from error
