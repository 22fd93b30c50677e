"""Pages of cells: what was asked for, and where the next page begins."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from resources.database.engine import TenantSession
from resources.database.repositories.cell_pages import (
    CellFilter,
    CellSort,
    FoundCell,
    count_cells,
    key_of,
    page_of_cells,
    unit_of,
)
from resources.vocabulary import UnitOfObservation
from sidecar.fields import NO_NUL, SLUG
from sidecar.pages import cursor, read_cursor
from sidecar.problems import NotFound
from sidecar.results.keys import moment, of_this_list, share, storable
from sidecar.results.present import cell_of
from sidecar.results.schemas import CellPage

ProjectQuery = Annotated[
    str, Query(max_length=63, pattern=SLUG, description="Id of the project", examples=["loan-decisions"])
]
RowKeyQuery = Annotated[
    str, Query(max_length=200, pattern=NO_NUL, description="The row's key; nothing where the document is the row")
]


class Sort(StrEnum):
    """An order of cells; with a minus the other way round. Cells without a confidence come last both ways."""

    DOCUMENT = "document"
    DOCUMENT_DOWN = "-document"
    VARIABLE = "variable"
    VARIABLE_DOWN = "-variable"
    CONFIDENCE = "confidence"
    CONFIDENCE_DOWN = "-confidence"
    UPDATED_AT = "updated_at"
    UPDATED_AT_DOWN = "-updated_at"

    @property
    def parts(self) -> tuple[CellSort, bool]:
        """The order, and whether it runs down."""
        return CellSort(self.value.removeprefix("-")), self.value.startswith("-")


_KINDS: dict[CellSort, tuple[type, ...]] = {
    CellSort.DOCUMENT: (str, str, int, str, int, str),
    CellSort.VARIABLE: (int, str, str, str, int, str),
    CellSort.CONFIDENCE: (str, str, str, str),
    CellSort.UPDATED_AT: (str, str, str, str),
}
_DOCUMENT_AT = {CellSort.DOCUMENT: 1, CellSort.VARIABLE: 3, CellSort.CONFIDENCE: 1, CellSort.UPDATED_AT: 1}


def known_unit(session: TenantSession, project_id: str) -> UnitOfObservation:
    """What a row of the project is. Raises NotFound when there is no such project."""
    unit = unit_of(session, project_id)
    if unit is None:
        raise NotFound(f"There is no project `{project_id}`.")
    return unit


def list_page(
    session: TenantSession,
    project_id: str,
    wanted: CellFilter,
    sort: Sort,
    after: str | None,
    limit: int,
    *,
    count: bool,
) -> CellPage:
    """One page of the cells of a project. Raises NotFound, and Unusable for a cursor that is none of ours."""
    unit = known_unit(session, project_id)
    order, descending = sort.parts
    found = page_of_cells(
        session,
        project_id,
        unit,
        wanted,
        sort=order,
        descending=descending,
        after=_read(after, order),
        limit=limit + 1,
    )
    more = len(found) > limit
    found = found[:limit]
    return CellPage(
        items=[cell_of(item) for item in found],
        next=_written(found[-1], order) if more else None,
        total=count_cells(session, project_id, unit, wanted) if count else None,
    )


def _written(cell: FoundCell, order: CellSort) -> str:
    return cursor(*(_plain(part) for part in key_of(cell, order)))


def _plain(part: Any) -> Any:
    match part:
        case None:
            return ""  # no confidence
        case float():
            return repr(part)
        case datetime():
            return part.isoformat()
        case UUID():
            return str(part)
        case _:
            return part


def _read(after: str | None, order: CellSort) -> tuple[Any, ...] | None:
    key = read_cursor(after, _KINDS[order])
    if key is None:
        return None
    with of_this_list():
        parts = storable(list(key))
        parts[_DOCUMENT_AT[order]] = UUID(parts[_DOCUMENT_AT[order]])
        if order is CellSort.CONFIDENCE:
            parts[0] = share(parts[0])
        if order is CellSort.UPDATED_AT:
            parts[0] = moment(parts[0])
    return tuple(parts)
