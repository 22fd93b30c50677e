"""Summaries, themes and opportunities. The tasks SUMMARISE and EXTRACT_THEMES make them."""

import math
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from resources.database.engine import TenantSession
from resources.database.repositories.insights import (
    find_theme,
    page_of_opportunities,
    page_of_passages,
    page_of_themes,
    summary_of_document,
    summary_of_project,
)
from resources.database.repositories.opportunities import page_of_put_opportunities
from sidecar.context.common import found as found_document
from sidecar.fields import INT32_MAX, DocumentPath, ProjectPath
from sidecar.insights import present
from sidecar.insights.schemas import Opportunity, Origin, Summary, Theme, ThemePage
from sidecar.pages import After, Page, cursor, read_cursor
from sidecar.problems import NotFound, problems
from sidecar.projects.service import found as found_project
from sidecar.results.keys import of_this_list, storable
from sidecar.transactions import ReadSession

router = APIRouter(prefix="/v1", tags=["insights"])

ThemePath = Annotated[UUID, Path(description="Id of a theme of the project")]
Most = Annotated[int, Query(ge=1, le=100, description="At most so many")]


@router.get("/projects/{project_id}/summary", responses=problems(NotFound))
def read_project_summary(session: ReadSession, project_id: ProjectPath) -> Summary:
    """What the documents of a project say, in a few sentences with citations."""
    found_project(session, project_id)
    stored = summary_of_project(session, project_id)
    if stored is None:
        raise NotFound(f"Project `{project_id}` has no summary yet; the task SUMMARISE makes one.")
    return present.summary(session, stored)


@router.get("/context/{document_id}/summary", responses=problems(NotFound))
def read_document_summary(session: ReadSession, document_id: DocumentPath) -> Summary:
    """What a document says, in a few sentences with citations."""
    document = found_document(session, document_id)
    stored = summary_of_document(session, document_id)
    if stored is None:
        raise NotFound(f"Document `{document.name}` has no summary yet; the task SUMMARISE makes one.")
    return present.summary(session, stored)


@router.get("/projects/{project_id}/themes", responses=problems(NotFound))
def list_themes(session: ReadSession, project_id: ProjectPath, after: After = None, limit: Most = 20) -> Page[Theme]:
    """What the documents of a project are about, the largest theme first."""
    found_project(session, project_id)
    key = read_cursor(after, (int,))
    with of_this_list():
        stored = page_of_themes(session, project_id, limit + 1, storable([key[0]])[0] if key else 0)
    items = present.themes(session, stored[:limit])
    return Page(items=items, next=cursor(items[-1].number) if len(stored) > limit else None)


@router.get("/projects/{project_id}/themes/{theme_id}", responses=problems(NotFound))
def read_theme(
    session: ReadSession, project_id: ProjectPath, theme_id: ThemePath, after: After = None, limit: Most = 20
) -> ThemePage:
    """A theme with its passages, page by page, the most typical first."""
    stored = find_theme(session, theme_id)
    if stored is None or stored.project_id != project_id:
        raise NotFound(f"There is no theme {theme_id} in project `{project_id}`; themes made anew have new ids.")
    passages = page_of_passages(session, theme_id, limit + 1, _place(after))
    shown = passages[:limit]
    last = shown[-1].place if len(passages) > limit else None
    return ThemePage(
        **present.themes(session, [stored])[0].model_dump(),
        items=present.passages(session, shown),
        next=None if last is None else cursor(last[0], str(last[1]), last[2]),
    )


@router.get("/projects/{project_id}/opportunities", responses=problems(NotFound))
def list_opportunities(
    session: ReadSession,
    project_id: ProjectPath,
    origin: Annotated[Origin | None, Query(description="Only these")] = None,
    after: After = None,
    limit: Most = 20,
) -> Page[Opportunity]:
    """What no variable reads yet: first themes, then what other services put, each with the highest score first."""
    found_project(session, project_id)
    key = read_cursor(after, (str, str, str))
    items: list[tuple[Opportunity, tuple[str, str, str]]] = []
    with of_this_list():
        at = Origin(key[0]) if key else None
        if origin is not Origin.SERVICE and at is not Origin.SERVICE:
            items += _themes(session, project_id, limit + 1, key)
        if origin is not Origin.THEME and len(items) <= limit:
            items += _put(session, project_id, limit + 1 - len(items), key if at is Origin.SERVICE else None)
    more = len(items) > limit
    return Page(items=[item for item, _ in items[:limit]], next=cursor(*items[limit - 1][1]) if more else None)


def _themes(
    session: TenantSession, project_id: str, limit: int, key: tuple[str, ...] | None
) -> list[tuple[Opportunity, tuple[str, str, str]]]:
    after = None if key is None else (_finite(key[1]), storable([int(key[2])])[0])
    themes = present.themes(session, page_of_opportunities(session, project_id, limit, after))
    return [
        (present.of_theme(theme), (Origin.THEME.value, repr(theme.opportunity), str(theme.number)))
        for theme in themes
    ]


def _put(
    session: TenantSession, project_id: str, limit: int, key: tuple[str, ...] | None
) -> list[tuple[Opportunity, tuple[str, str, str]]]:
    after = None if key is None else (_number(key[1]), storable([key[2]])[0])
    stored = page_of_put_opportunities(session, project_id, limit, after)
    return [(present.of_service(put), (Origin.SERVICE.value, repr(put.place[0]), put.external_id)) for put in stored]


def _number(text: str) -> float:
    """A number, or minus infinity. Raises ValueError."""
    number = float(text)
    if math.isnan(number):
        raise ValueError("no number")
    return number


def _finite(text: str) -> float:
    """Raises ValueError."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("no finite number")
    return number


def _place(after: str | None) -> tuple[float, UUID, int] | None:
    key = read_cursor(after, (float, str, int))
    if key is None:
        return None
    with of_this_list():
        if not math.isfinite(key[0]) or not 0 <= key[2] <= INT32_MAX:
            raise ValueError("no place of a passage")
        return key[0], UUID(key[1]), key[2]
