"""What several routes of documents need: finding one, and what to say when there is nothing to show."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import StreamingResponse

from resources.database.engine import TenantSession
from resources.database.repositories.document_lists import ListedDocument, get_document
from resources.installation import Installation
from resources.vocabulary import DocumentStatus
from sidecar.fields import DocumentPath
from sidecar.problems import Conflict, NotFound
from sidecar.security.principal import Principal, Reader


def no_document(document_id: UUID) -> NotFound:
    """The answer for an id that is no document of this tenant."""
    return NotFound(f"There is no document {document_id}.")


def found(session: TenantSession, document_id: UUID) -> ListedDocument:
    """The document. Raises NotFound."""
    document = get_document(session, document_id)
    if document is None:
        raise no_document(document_id)
    return document


def unread(document: ListedDocument) -> Conflict:
    """The answer for a document that has no text (yet)."""
    if document.status is DocumentStatus.FAILED:
        return Conflict(f"The document could not be read ({document.error_reason}): {document.error_message}")
    return Conflict("The document is not read yet: the next task of the project reads it.")


@contextmanager
def reading(request: Request, who: Principal) -> Iterator[TenantSession]:
    """A transaction that ends before the long part of a request begins, or begins after it."""
    installation: Installation = request.app.state.installation
    with installation.database.transaction(who.tenant, read_only=True) as session:
        yield session


def _looked_up(request: Request, who: Reader, document_id: DocumentPath) -> ListedDocument:
    with reading(request, who) as session:
        return found(session, document_id)


FoundDocument = Annotated[ListedDocument, Depends(_looked_up)]
"""The document of the path, looked up in a transaction of its own: pages take long to draw, files long to send."""


def opened(request: Request, document: ListedDocument) -> IO[bytes]:
    """The document's file, to be read and closed. Raises Conflict when the blob store has lost it."""
    installation: Installation = request.app.state.installation
    try:
        return installation.files.open(document.blob)
    except FileNotFoundError as error:
        raise Conflict("The document's file is missing from the blob store; upload it again.") from error


def download(request: Request, document: ListedDocument) -> StreamingResponse:
    """The file as an attachment that no browser shows or runs."""
    installation: Installation = request.app.state.installation
    opened(request, document).close()
    name = document.name.rpartition("/")[2]
    plain = "".join(c if 32 <= ord(c) < 127 and c not in '"\\%;' else "_" for c in name)
    return StreamingResponse(
        installation.files.blocks(document.blob),
        media_type="application/octet-stream",
        headers={
            # RFC 6266 with the name of RFC 8187 (5987 before) beside one that any client reads
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Length": str(document.size_bytes),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
