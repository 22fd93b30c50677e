"""Files made from datasets: asked for, listed, downloaded."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.routing import APIRouter

from crucible_assets.exports.formats import ExportFormat
from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.datasets import get_export, page_of_exports
from resources.installation import Installation
from resources.vocabulary import TaskKind
from sidecar.exports.files import (
    MEDIA_TYPES,
    OTHER,
    UnsatisfiableRangeError,
    blocks,
    disposition,
    media_type,
    part_of,
)
from sidecar.exports.schemas import Export, ExportAsked, ExportRequest
from sidecar.fields import INT32_MAX
from sidecar.idempotency import IdempotencyKey, Once
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.problems import NotFound, Problem, problems
from sidecar.results.etags import NOT_MODIFIED, IfNoneMatch, matches
from sidecar.results.keys import moment, of_this_list
from sidecar.results.listing import ProjectQuery, known_unit
from sidecar.results.reading import short_transaction
from sidecar.security.principal import Reader, Runner
from sidecar.tasks.asking import ask
from sidecar.tasks.schemas import AskForExport
from sidecar.transactions import ReadSession, RunSession

router = APIRouter(prefix="/v1/exports", tags=["exports"])
ExportPath = Annotated[UUID, Path(description="Id of the file")]


class RangeNotSatisfiable(Problem):
    """The file is shorter than the range that is asked for."""

    status, slug, title = 416, "range-not-satisfiable", "Range not satisfiable"


@router.get("", responses=problems(NotFound))
def list_exports(
    session: ReadSession,
    project_id: ProjectQuery,
    version: Annotated[
        int | None, Query(ge=1, le=INT32_MAX, description="Files of this dataset version; of all if not given")
    ] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[Export]:
    """The files of a project, newest first."""
    known_unit(session, project_id)
    rows = page_of_exports(session, project_id, version=version, before=_read(after), limit=limit + 1)
    items = [_shown(row) for row in rows[:limit]]
    last = items[-1] if len(rows) > limit else None
    return Page(items=items, next=None if last is None else cursor(last.created_at.isoformat(), str(last.id)))


@router.post("", status_code=202, response_model=ExportAsked, responses=problems(NotFound))
def make_exports(
    request: Request, session: RunSession, who: Runner, asked: ExportRequest, key: IdempotencyKey = None
) -> Response:
    """Assemble the dataset from the cells of now and write its files: an EXPORT task, which asks no model."""
    once = Once(session, who, key)
    if (known := once.answered(request, asked)) is not None:
        return known
    wanted = AskForExport(
        kind=TaskKind.EXPORT, project_id=asked.project_id, formats=asked.formats, options=asked.options
    )
    carried = {"request_id": getattr(request.state, "request_id", None), "idempotency_key": key}
    installation: Installation = request.app.state.installation
    installed = installation.settings.models
    task_id = ask(session, wanted, by=who.subject, installed=installed, carried=carried)
    audit(session, "task.create", f"task:{task_id}", kind=TaskKind.EXPORT.value, project=asked.project_id)
    return once.keep(202, ExportAsked(task_id=task_id, project_id=asked.project_id))


@router.get("/{export_id}", responses=problems(NotFound))
def show_export(session: ReadSession, export_id: ExportPath) -> Export:
    """One file, without its bytes."""
    return _shown(_known(session, export_id))


_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
# bytes go first: generated clients read a file as the first of these, and text would spoil the others
_CONTENT = dict.fromkeys((OTHER, *(item.split(";")[0] for item in MEDIA_TYPES.values())), _BYTES)
_DOWNLOADED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": _CONTENT},
    206: {"description": "The part that was asked for", "content": _CONTENT},
}


@router.get(
    "/{export_id}/download",
    response_class=StreamingResponse,
    responses=_DOWNLOADED | NOT_MODIFIED | problems(NotFound, RangeNotSatisfiable),
)
def download_export(
    request: Request,
    who: Reader,
    export_id: ExportPath,
    wanted: Annotated[
        str | None, Header(alias="Range", max_length=200, description="A single range: `bytes=0-1023`, `bytes=-500`")
    ] = None,
    if_range: Annotated[str | None, Header(alias="If-Range", max_length=200)] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The bytes of a file, or a part of them. Its ETag is its SHA-256."""
    installation: Installation = request.app.state.installation
    with short_transaction(request, who, read_only=False) as session:
        row = _known(session, export_id)
        tag = f'"{row.sha256}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Accept-Ranges": "bytes"}
        if matches(if_none_match, tag):
            return Response(status_code=304, headers=headers)
        part = _part(wanted if if_range in (None, tag) else None, row.size_bytes)
        try:
            file = installation.files.open(row.blob)
        except FileNotFoundError:
            raise NotFound("The file is no longer in the store; ask for the export again.") from None
        payload = {"project": row.project_id, "name": row.name, "sha256": row.sha256}
        audit(session, "export.downloaded", f"export:{export_id}", **payload)
    first, length = (0, row.size_bytes) if part is None else (part.first, part.length)
    headers |= {
        "Content-Disposition": disposition(row.name),
        "Content-Length": str(length),
        "X-Content-Type-Options": "nosniff",
    }
    if part is not None:
        headers["Content-Range"] = part.content_range
    return StreamingResponse(
        blocks(file, first, length),
        status_code=200 if part is None else 206,
        media_type=media_type(row.name),
        headers=headers,
    )


def _part(header: str | None, size: int) -> Any:
    try:
        return part_of(header, size)
    except UnsatisfiableRangeError:
        raise RangeNotSatisfiable(
            f"The file has {size:,} bytes.", headers={"Content-Range": f"bytes */{size}"}
        ) from None


def _known(session: TenantSession, export_id: UUID) -> Any:
    row = get_export(session, export_id)
    if row is None:
        raise NotFound(f"There is no export {export_id}.")
    return row


def _shown(row: Any) -> Export:
    return Export(
        id=row.id,
        project_id=row.project_id,
        dataset_version=row.dataset_version,
        format=ExportFormat(row.format),
        name=row.name,
        media_type=media_type(row.name),
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        options=row.options,
        created_at=row.created_at,
    )


def _read(after: str | None) -> tuple[datetime, UUID] | None:
    key = read_cursor(after, (str, str))
    if key is None:
        return None
    with of_this_list():
        return moment(key[0]), UUID(key[1])
