"""What was used of models: calls, tokens and money."""

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.routing import APIRouter
from pydantic import BeforeValidator

from resources.database.repositories.usage import UsageBy, UsageFilter
from sidecar.fields import SLUG
from sidecar.pages import After, Limit
from sidecar.problems import NotFound, problems
from sidecar.results.listing import known_unit
from sidecar.transactions import ReadSession
from sidecar.usage.schemas import UsagePage
from sidecar.usage.summing import usage_page


def _written_out(text: object) -> object:
    """A day as YYYY-MM-DD and in no other way: a number would be read as seconds since 1970."""
    if isinstance(text, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("write the day as YYYY-MM-DD")
    return text


Day = Annotated[date, BeforeValidator(_written_out)]

router = APIRouter(prefix="/v1/usage", tags=["usage"])


@router.get("", responses=problems(NotFound))
def show_usage(
    session: ReadSession,
    by: UsageBy = UsageBy.PROJECT,
    project_id: Annotated[
        str | None, Query(max_length=63, pattern=SLUG, description="Of this project only; of all if not given")
    ] = None,
    task_id: Annotated[UUID | None, Query(description="Of this task only")] = None,
    first: Annotated[Day | None, Query(alias="from", description="From this day on (UTC)")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Up to and with this day (UTC)")] = None,
    after: After = None,
    limit: Limit = 100,
) -> UsagePage:
    """Calls, tokens and cost, summed up by what is asked for; the sums add up to `total`.

    By variable, a call that asked for several is shared out equally. By user, it is who asked for the task.
    """
    if project_id is not None:
        known_unit(session, project_id)
    return usage_page(session, by, UsageFilter(project_id, task_id, first, last), after, limit)
