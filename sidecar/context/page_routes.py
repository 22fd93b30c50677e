"""`/v1/context/{id}/pages`: pages with their texts, boxes and pictures."""

from collections.abc import Callable
from contextlib import closing
from typing import IO, Annotated, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response

from resources.database.repositories import document_lists as documents
from resources.database.repositories.document_lists import ListedDocument
from resources.rendering import (
    MAX_DPI,
    MIN_DPI,
    NoSuchPageError,
    NotRenderableError,
    RenderBusyError,
    RenderLimitError,
    page_sizes,
    render_page,
)
from resources.vocabulary import DocumentStatus
from sidecar.context import schemas
from sidecar.context.common import FoundDocument, opened, reading, unread
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.problems import Conflict, NotFound, Unavailable, problems
from sidecar.security.principal import Reader

router = APIRouter(prefix="/v1/context", tags=["context"])
T = TypeVar("T")
_PDF = "application/pdf"
_NUMBER = r"[0-9]{1,5}(\.[0-9]{1,3})?"
_BOX = rf"^{_NUMBER}(,{_NUMBER}){{3}}$"

PageNumber = Annotated[int, Path(ge=1, le=100_000, description="Counted from 1", examples=[1])]
Boxes = Annotated[
    list[Annotated[str, Query(pattern=_BOX, max_length=50)]],
    Query(
        max_length=100,
        description="Boxes to mark, `x0,y0,x1,y1` in points as segments and evidence have them; repeat for each",
        examples=[["72,88.2,310.5,104"]],
    ),
]


@router.get("/{document_id}/pages", response_model=Page[schemas.PageSummary], responses=problems(NotFound, Conflict))
def list_pages(
    document: FoundDocument, request: Request, who: Reader, limit: Limit = 100, after: After = None
) -> Page[schemas.PageSummary]:
    """The pages of a document: their sizes, and where each stands in the text. Only PDFs have pages."""
    key = read_cursor(after, (int,))
    first = 1 if key is None else min(max(key[0], 0), 1_000_000) + 1
    sizes, total = _rendered(request, document, lambda file: page_sizes(file, first, limit))
    with reading(request, who) as session:
        spans = documents.page_spans(session, document.id, [size.number for size in sizes])
    items = []
    for size in sizes:
        span = spans.get(size.number)
        items.append(
            schemas.PageSummary(
                number=size.number,
                width=size.width,
                height=size.height,
                rotation=size.rotation,
                start=span.start if span else None,
                end=span.end if span else None,
                segments=span.segments if span else 0,
            )
        )
    return Page(items=items, next=cursor(items[-1].number) if items and items[-1].number < total else None)


@router.get("/{document_id}/pages/{page}", response_model=schemas.PageText, responses=problems(NotFound, Conflict))
def read_page(document: FoundDocument, page: PageNumber, request: Request, who: Reader) -> schemas.PageText:
    """The text of a page, with the box of every paragraph, heading and table row."""
    if document.status in (DocumentStatus.UPLOADED, DocumentStatus.FAILED):
        raise unread(document)
    if document.page_count is None:
        raise _without_pages(document)
    if page > document.page_count:
        raise NotFound(f"The document has {document.page_count:,} pages; there is no page {page:,}.")
    with reading(request, who) as session:
        segments = documents.segments_on_page(session, document.id, page)
        if not segments:
            return schemas.PageText(document_id=document.id, number=page, start=None, end=None, text="", segments=[])
        start, end = min(s.start for s in segments), max(s.end for s in segments)
        stretch = documents.text_stretch(session, document.id, start, end)
    return schemas.PageText(
        document_id=document.id,
        number=page,
        start=start,
        end=end,
        text=stretch[0] if stretch else "",
        segments=[schemas.TextSegment.of(segment) for segment in segments],
    )


@router.get(
    "/{document_id}/pages/{page}/image",
    response_class=Response,
    responses={
        200: {
            "description": "The page",
            "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(NotFound, Conflict),
    },
)
def draw_page(
    document: FoundDocument,
    page: PageNumber,
    request: Request,
    dpi: Annotated[int, Query(ge=MIN_DPI, le=MAX_DPI, description="Dots per inch")] = 110,
    draw: Boxes = [],  # noqa: B006 - FastAPI copies defaults
) -> Response:
    """A picture of the page, with boxes marked. Very large pages are drawn at fewer dots per inch."""
    boxes = [tuple(map(float, box.split(","))) for box in draw]
    picture = _rendered(request, document, lambda file: render_page(file, page, boxes, dpi))  # type: ignore[arg-type] # four numbers, by the pattern
    return Response(
        picture,
        media_type="image/png",
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"},
    )


def _without_pages(document: ListedDocument) -> Conflict:
    return Conflict(
        f"Documents of this kind ({document.media_type or 'not looked at yet'}) have no pages; only PDFs do. "
        "The text, with labels in place of pages, is under `text`."
    )


def _rendered(request: Request, document: ListedDocument, work: Callable[[IO[bytes]], T]) -> T:
    if document.media_type not in (None, _PDF):
        raise _without_pages(document)
    with closing(opened(request, document)) as file:
        try:
            return work(file)
        except NoSuchPageError as error:
            raise NotFound(str(error)) from error
        except (NotRenderableError, RenderLimitError) as error:
            raise Conflict(str(error)) from error
        except RenderBusyError as error:
            raise Unavailable(str(error)) from error
