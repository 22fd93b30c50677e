"""`/v1/context`: documents come in, are looked at, and are deleted with everything made from them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from resources.database.engine import TenantSession
from resources.database.repositories import document_lists as documents
from resources.database.repositories.audit import audit
from resources.database.repositories.deletion import Deleted, ProjectBusyError, delete_documents
from resources.vocabulary import DocumentOrigin, DocumentStatus
from sidecar.context import schemas
from sidecar.context.blobs import Blobs, FollowingBlobs
from sidecar.context.common import FoundDocument, download, found, no_document, unread
from sidecar.context.receive import MAX_BODY_BYTES
from sidecar.context.taking import take
from sidecar.context.upload import Received
from sidecar.fields import DocumentPath, Line, ProjectId
from sidecar.idempotency import IdempotencyKey, Once
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.problems import Conflict, NotFound, UnsupportedMedia, Unusable, problems
from sidecar.projects.service import known
from sidecar.security.principal import Writer
from sidecar.transactions import ReadSession, WriteSession

router = APIRouter(prefix="/v1/context", tags=["context"])
_MOST_CHARACTERS = 200_000


@router.post(
    "/upload",
    response_model=schemas.UploadResult,
    status_code=201,
    responses={
        200: {"model": schemas.UploadResult, "description": "Nothing of it is new: each file is known or refused"},
        **problems(NotFound, Conflict, UnsupportedMedia),
    },
    openapi_extra=dict(schemas.UPLOAD_BODY),
    max_body_size=MAX_BODY_BYTES,
)
def upload_documents(
    request: Request,
    upload: Received,
    blobs: FollowingBlobs,
    who: Writer,
    session: WriteSession,
    key: IdempotencyKey = None,
) -> Response:
    """Take in documents: PDF, DOCX, text, Markdown, HTML, spreadsheets, CSV, JSON, XML, and zip archives of them.

    What a file is, its content tells. Every file gets its own answer; one that is refused does not keep the others
    out. The same bytes are one document, other bytes under a known name are a new version. Documents are read by the
    next task of the project.
    """
    once = Once(session, who, key)
    if (answered := once.answered(request, upload.fingerprint)) is not None:
        return answered
    result = take(session, upload, blobs, who)
    return once.keep(201 if result.new else 200, result)


@router.get("", response_model=Page[schemas.DocumentSummary], responses=problems(NotFound))
def list_documents(
    session: ReadSession,
    project_id: Annotated[ProjectId | None, Query(description="Of this project", examples=["loan-decisions"])] = None,
    status: Annotated[DocumentStatus | None, Query(description="How far they have come")] = None,
    origin: Annotated[DocumentOrigin | None, Query(description="How they came in")] = None,
    current: Annotated[bool | None, Query(description="Whether they are part of the dataset")] = None,
    q: Annotated[Line | None, Query(description="A part of the name, in any case", examples=["decision"])] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[schemas.DocumentSummary]:
    """Documents, the newest first."""
    key = read_cursor(after, (str, str))
    place = None
    if key is not None:
        try:
            place = (datetime.fromisoformat(key[0]), UUID(key[1]))
        except ValueError as error:
            raise Unusable("query.after: this is no `next` of this list.") from error
    known(session, project_id)
    filters = documents.Filters(project_id, status, origin, current, q or None)
    found = documents.list_page(session, filters, limit + 1, place)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[schemas.DocumentSummary.model_validate(document) for document in found[:limit]],
        next=cursor(last.created_at.isoformat(), str(last.id)) if last else None,
    )


@router.post("/delete", response_model=schemas.DeleteResult, responses=problems(Conflict))
def delete_many_documents(
    body: schemas.DeleteRequest, blobs: FollowingBlobs, session: WriteSession
) -> schemas.DeleteResult:
    """Delete documents with everything that was made from them: all of those that are there, or none."""
    deleted = _delete(session, blobs, body.ids)
    return schemas.DeleteResult(
        deleted=list(deleted.documents),
        not_found=[document_id for document_id in dict.fromkeys(body.ids) if document_id not in deleted.documents],
        exports=deleted.exports,
    )


@router.get("/{document_id}", response_model=schemas.DocumentDetails, responses=problems(NotFound))
def read_document(document_id: DocumentPath, session: ReadSession) -> schemas.DocumentDetails:
    """A document: where it stands, what was noticed, what was made of it, its versions."""
    document = found(session, document_id)
    return schemas.DocumentDetails.of(
        document, documents.figures_of(session, document_id), documents.versions_of(session, document)
    )


@router.get("/{document_id}/text", response_model=schemas.TextStretch, responses=problems(NotFound, Conflict))
def read_document_text(
    document_id: DocumentPath,
    session: ReadSession,
    start: Annotated[int, Query(ge=0, le=100_000_000, description="First character, counted from 0")] = 0,
    end: Annotated[
        int | None,
        Query(ge=0, le=100_000_000, description="Behind the last; at most 200,000 characters are given at once"),
    ] = None,
) -> schemas.TextStretch:
    """A stretch of a document's text, as it was read."""
    document = found(session, document_id)
    wanted = start + _MOST_CHARACTERS if end is None else min(end, start + _MOST_CHARACTERS)
    stretch = documents.text_stretch(session, document_id, start, wanted)
    if stretch is None:
        raise unread(document)
    text, total = stretch
    return schemas.TextStretch(document_id=document_id, start=start, end=start + len(text), total=total, text=text)


@router.get(
    "/{document_id}/file",
    response_class=Response,
    responses={
        200: {
            "description": "The file as it came in",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(NotFound, Conflict),
    },
)
def download_document(document: FoundDocument, request: Request) -> Response:
    """The file as it came in, to be saved: never shown by a browser as a page of this site."""
    return download(request, document)


@router.delete("/{document_id}", status_code=204, responses=problems(NotFound, Conflict))
def delete_document(document_id: DocumentPath, blobs: FollowingBlobs, session: WriteSession) -> None:
    """Delete a document with everything that was made from it: text, vectors, cells, verdicts, exported files.

    What its calls cost stays in the ledger. A document of the project's folder comes back with the next run, unless
    its file is removed.
    """
    if not _delete(session, blobs, [document_id]).documents:
        raise no_document(document_id)


def _delete(session: TenantSession, blobs: Blobs, ids: list[UUID]) -> Deleted:
    try:
        deleted = delete_documents(session, ids)
    except ProjectBusyError as error:
        raise Conflict(f"{error} Wait until it has ended, or cancel it.", task_id=str(error.task_id)) from error
    blobs.released |= deleted.blobs
    for document_id, project_id in deleted.documents.items():
        audit(session, "document.delete", f"document:{document_id}", project=project_id)
    return deleted
