"""Results: cells with their evidence and origin, and datasets as tables."""

import hashlib
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from fastapi.responses import Response
from fastapi.routing import APIRouter

from resources.database.repositories.cell_pages import CellFilter, file_of_document, find_cells, project_of_document
from resources.database.repositories.datasets import get_version, page_of_versions
from resources.database.repositories.documents import load_texts
from resources.database.repositories.lineage import trace_cell_of
from resources.installation import Installation
from resources.rendering import (
    MAX_BOXES,
    MAX_DPI,
    MIN_DPI,
    NoSuchPageError,
    NotRenderableError,
    RenderBusyError,
    RenderError,
    render_page,
)
from resources.vocabulary import CellState, EvidenceStatus
from sidecar.fields import INT32_MAX, NO_NUL, VARIABLE_NAME, DocumentPath, VariablePath
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.problems import NotFound, Unavailable, Unusable, problems
from sidecar.results.context import context_of
from sidecar.results.etags import NOT_MODIFIED, IfNoneMatch, matches, tagged
from sidecar.results.listing import ProjectQuery, RowKeyQuery, Sort, known_unit, list_page
from sidecar.results.present import boxes_on_a_page, cell_of, trace_of
from sidecar.results.reading import short_transaction
from sidecar.results.schemas import (
    Cell,
    CellContext,
    CellPage,
    CellTrace,
    DatasetTable,
    DatasetVersion,
    VersionFigures,
)
from sidecar.results.tables import figures_out, table_of, version_out
from sidecar.security.principal import Reader
from sidecar.transactions import ReadSession

router = APIRouter(prefix="/v1/results", tags=["results"])

_Share = Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)]
_Names = Annotated[
    list[Annotated[str, Query(max_length=60, pattern=VARIABLE_NAME)]] | None,
    Query(max_length=100, description="Names of variables; several are alternatives"),
]


class NoPages(NotFound):
    """There is a cell, and no page on which its evidence stands."""

    slug, title = "no-pages", "No page to show"


@router.get("/cells", responses=problems(NotFound))
def list_cells(
    session: ReadSession,
    project_id: ProjectQuery,
    task_id: Annotated[UUID | None, Query(description="Cells that this task wrote as they are now")] = None,
    document_id: Annotated[UUID | None, Query(description="Cells of this document")] = None,
    row_key: Annotated[str | None, Query(max_length=200, pattern=NO_NUL, description="Cells of this row")] = None,
    variable: _Names = None,
    state: Annotated[list[CellState] | None, Query(max_length=5, description="Several are alternatives")] = None,
    min_confidence: _Share = None,
    max_confidence: _Share = None,
    evidence: Annotated[
        list[EvidenceStatus] | None, Query(max_length=5, description="Of the first value; several are alternatives")
    ] = None,
    reviewed: Annotated[bool | None, Query(description="Whether somebody gave a verdict")] = None,
    q: Annotated[
        str | None,
        Query(
            max_length=200,
            pattern=NO_NUL,
            description="Text in the value, its quotes, or the names of document and row, whatever its case",
            examples=["Orchard"],
        ),
    ] = None,
    sort: Annotated[Sort, Query(description="With a minus the other way round")] = Sort.DOCUMENT,
    count: Annotated[bool, Query(description="Whether to say how many there are in all")] = False,
    after: After = None,
    limit: Limit = 100,
) -> CellPage:
    """Cells of a project, filtered and sorted, with their evidence and the latest verdict."""
    wanted = CellFilter(
        task_id, document_id, row_key, variable, state, min_confidence, max_confidence, evidence, reviewed, q
    )
    return list_page(session, project_id, wanted, sort, after, limit, count=count)


def _found(session: ReadSession, document_id: UUID, variable: str, row_key: str) -> tuple[Any, Cell]:
    project_id = project_of_document(session, document_id)
    key = (document_id, row_key, variable)
    found = {} if project_id is None else find_cells(session, project_id, [key])
    if key not in found:
        raise NotFound(f"There is no cell `{variable}` of document {document_id}, row {row_key!r}.")
    return found[key], cell_of(found[key])


@router.get(
    "/cells/{document_id}/{variable}",
    response_model=CellTrace,
    responses=NOT_MODIFIED | problems(NotFound),
)
def trace_cell(
    session: ReadSession,
    document_id: DocumentPath,
    variable: VariablePath,
    row_key: RowKeyQuery = "",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """One cell with everything that it was made from: evidence, prompt, calls with their replies, former states."""
    found, _ = _found(session, document_id, variable, row_key)
    trace = trace_cell_of(session, document_id, variable, row_key)
    if trace is None:
        raise NotFound(f"There is no cell `{variable}` of document {document_id}, row {row_key!r}.")
    return tagged(trace_of(found, trace), if_none_match)


@router.get("/cells/{document_id}/{variable}/context", responses=problems(NotFound))
def show_cell_context(
    session: ReadSession,
    document_id: DocumentPath,
    variable: VariablePath,
    row_key: RowKeyQuery = "",
    characters: Annotated[int, Query(ge=0, le=5000, description="About so many before and after the words")] = 200,
) -> CellContext:
    """The sentences round the evidence, with the place of the words in them; for documents of every kind."""
    _, cell = _found(session, document_id, variable, row_key)
    stored = load_texts(session, [document_id]).get(document_id)
    text = None if stored is None else stored.text
    return CellContext(
        document_id=document_id,
        document_name=cell.document_name,
        row_key=row_key,
        variable=variable,
        pieces=[context_of(item, text, characters) for item in cell.evidence],
    )


@router.get(
    "/cells/{document_id}/{variable}/image",
    response_class=Response,
    responses=NOT_MODIFIED
    | {200: {"description": "The page", "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}}
    | problems(NotFound, Unavailable),
)
def show_cell_image(
    request: Request,
    who: Reader,
    document_id: DocumentPath,
    variable: VariablePath,
    row_key: RowKeyQuery = "",
    page: Annotated[
        int | None, Query(ge=1, le=INT32_MAX, description="Of the file; the first one with evidence if not given")
    ] = None,
    dpi: Annotated[int, Query(ge=MIN_DPI, le=MAX_DPI)] = 110,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The page on which the evidence of a cell stands, as PNG with its boxes drawn."""
    with short_transaction(request, who) as session:
        _, cell = _found(session, document_id, variable, row_key)
        file = file_of_document(session, document_id)
    shown = boxes_on_a_page(cell.evidence, page)
    if shown is None or file is None:
        raise NoPages(
            "The evidence of this cell stands on no page: it has none, or the format has no pages. "
            "The words round it are under the same path with /context in place of /image."
        )
    number, boxes = shown
    drawn = boxes[:MAX_BOXES]
    tag = f'"{hashlib.sha256(repr((file.sha256, number, drawn, dpi)).encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    installation: Installation = request.app.state.installation
    try:
        picture = render_page(installation.files.get(file.blob), number, drawn, dpi)
    except (NoSuchPageError, NotRenderableError) as error:
        raise NoPages(str(error)) from error
    except FileNotFoundError as error:
        raise NoPages("The file of this document is no longer in the store.") from error
    except RenderBusyError as error:
        raise Unavailable(str(error), retry_after=10) from error
    except RenderError as error:
        raise NoPages(f"The page cannot be shown: {error}") from error
    return Response(picture, media_type="image/png", headers=headers)


@router.get("/datasets", responses=problems(NotFound))
def list_datasets(
    session: ReadSession, project_id: ProjectQuery, after: After = None, limit: Limit = 100
) -> Page[DatasetVersion]:
    """The stored versions of a project's dataset, newest first; one is made when the content had changed."""
    known_unit(session, project_id)
    key = read_cursor(after, (int,))
    if key is not None and not 0 <= key[0] <= INT32_MAX:
        raise Unusable("query.after: this is no `next` of this list.")
    rows = page_of_versions(session, project_id, before=key[0] if key else None, limit=limit + 1)
    items = [version_out(row) for row in rows[:limit]]
    return Page(items=items, next=cursor(items[-1].version) if len(rows) > limit else None)


@router.get("/datasets/latest", responses=problems(NotFound))
def show_dataset(
    session: ReadSession, project_id: ProjectQuery, after: After = None, limit: Limit = 100
) -> DatasetTable:
    """The dataset as it is now: columns with their types, rows in pages, each value with its state.

    It is read from the cells of now. `stored` is the newest stored version; what was extracted after it is not in it.
    """
    return table_of(session, project_id, after, limit)


@router.get("/datasets/{version}", responses=problems(NotFound))
def show_dataset_version(
    session: ReadSession,
    version: Annotated[int, Path(ge=1, le=INT32_MAX)],
    project_id: ProjectQuery,
) -> VersionFigures:
    """A stored version with its quality figures. Its rows are in the files exported from it."""
    known_unit(session, project_id)
    row = get_version(session, project_id, version)
    if row is None:
        raise NotFound(f"Project `{project_id}` has no dataset version {version}.")
    return figures_out(row)
