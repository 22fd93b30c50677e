"""`/internal`: for other services of the tenant whose token they show; service tokens only."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from resources.database.repositories import document_lists as documents
from resources.database.repositories.audit import audit
from resources.database.repositories.opportunities import known_opportunities, upsert_opportunities
from resources.database.repositories.retrieval import Filters
from resources.database.repositories.search_state import models_of_vectors
from resources.database.repositories.task_lists import task_record
from resources.embedding.errors import BlankTextError, EmbeddingError, TextTooLongError
from resources.search.finding import Finding, OtherModelError, Wanted, find
from resources.search.vocabulary import SearchMode
from resources.vocabulary import EvidenceStatus, TaskKind
from sidecar.context.common import found, reading, unread
from sidecar.context.schemas import DocumentDetails, TextSegment
from sidecar.fields import DocumentPath
from sidecar.idempotency import IdempotencyKey, Once
from sidecar.internal import schemas
from sidecar.internal.chunking import store_chunks
from sidecar.internal.evidence import Quotes
from sidecar.problems import Conflict, NotFound, Unavailable, Unusable, problems
from sidecar.search.embedding import embedder_of
from sidecar.search.present import places_of
from sidecar.search.service import means_of
from sidecar.security.principal import Principal, Service
from sidecar.tasks.asking import ask
from sidecar.tasks.schemas import AskToIngest, Task
from sidecar.tasks.views import whole
from sidecar.transactions import ServiceSession

router = APIRouter(prefix="/internal", tags=["internal"])
_MOST_CHARACTERS = 200_000
_MOST_SEGMENTS = 20_000
_MAX_BODY_BYTES = 32 * 2**20


@router.post(
    "/sources/{document_id}/process",
    status_code=202,
    response_model=Task,
    responses={
        **problems(NotFound, Conflict),
        202: {"headers": {"Location": {"description": "Where the task is", "schema": {"type": "string"}}}},
    },
)
def process_source(
    document_id: DocumentPath, request: Request, session: ServiceSession, who: Service, key: IdempotencyKey = None
) -> JSONResponse:
    """Have a document read, cut and embedded: a task over the unread documents of its project."""
    once = Once(session, who, key)
    if (answered := once.answered(request, str(document_id))) is not None:
        return answered
    document = found(session, document_id)
    asked = AskToIngest(kind=TaskKind.INGEST, project_id=document.project_id)
    carried = {"request_id": getattr(request.state, "request_id", "")}
    task_id = ask(session, asked, by=who.subject, installed=(), carried=carried)
    audit(session, "source.process", f"document:{document_id}", task=str(task_id))
    record = task_record(session, task_id)
    assert record is not None
    answer = once.keep(202, whole(session, record))
    answer.headers["Location"] = f"/v1/tasks/{task_id}"
    return answer


@router.get(
    "/sources/{document_id}/content", response_model=schemas.SourceContent, responses=problems(NotFound, Conflict)
)
def read_source_content(
    document_id: DocumentPath,
    session: ServiceSession,
    start: Annotated[int, Query(ge=0, le=100_000_000, description="First character, counted from 0")] = 0,
) -> schemas.SourceContent:
    """A document's metadata with up to 200,000 characters of its text and the segments they are made of."""
    document = found(session, document_id)
    stretch = documents.text_stretch(session, document_id, start, start + _MOST_CHARACTERS)
    if stretch is None:
        raise unread(document)
    text, total = stretch
    end = start + len(text)
    details = DocumentDetails.of(
        document, documents.figures_of(session, document_id), documents.versions_of(session, document)
    )
    segments = documents.segments_between(session, document_id, start, end, _MOST_SEGMENTS)
    return schemas.SourceContent(
        document=details,
        start=start,
        end=end,
        total=total,
        text=text,
        segments=[TextSegment.of(segment) for segment in segments],
    )


@router.post("/chunks/bulk-upsert", response_model=schemas.ChunksResult, max_body_size=_MAX_BODY_BYTES)
def upsert_many_chunks(body: schemas.ChunksRequest, session: ServiceSession) -> schemas.ChunksResult:
    """Store chunks that a service cut, by document and index, each with a passage and vectors of its own.

    A text must be exactly what the document's text holds at its place. Every chunk has its own outcome.
    """
    outcomes = store_chunks(session, body.chunks, replace=body.replace)
    results = [
        schemas.ChunkResult(document_id=chunk.document_id, index=chunk.index, outcome=outcome)
        for chunk, outcome in zip(body.chunks, outcomes, strict=True)
    ]
    kept = (schemas.ChunkOutcome.CREATED, schemas.ChunkOutcome.UPDATED, schemas.ChunkOutcome.UNCHANGED)
    stored = sum(outcome in kept for outcome in outcomes)
    if stored:
        concerned = sorted({str(result.document_id) for result in results if result.outcome in kept})
        audit(session, "chunks.upsert", "documents", documents=concerned, stored=stored)
    return schemas.ChunksResult(stored=stored, refused=len(results) - stored, chunks=results)


@router.post(
    "/opportunities/bulk-upsert",
    response_model=schemas.OpportunitiesResult,
    responses=problems(NotFound),
    max_body_size=_MAX_BODY_BYTES,
)
def upsert_many_opportunities(
    body: schemas.OpportunitiesRequest, session: ServiceSession
) -> schemas.OpportunitiesResult:
    """Store opportunities by their external ids, each quote held against the document that it names."""
    if not documents.project_exists(session, body.project_id):
        raise NotFound(f"There is no project `{body.project_id}`.")
    sent = {item.external_id: item for item in body.opportunities}
    known = known_opportunities(session, body.project_id, list(sent))
    quotes = Quotes(session, body.project_id)
    checked = {name: quotes.check(item.evidence) for name, item in sent.items()}
    rows = [
        {
            "external_id": name,
            "title": item.title,
            "description": item.description,
            "score": item.score,
            "details": item.details,
            "evidence": [
                {**place.model_dump(mode="json"), "quote": said.quote}
                for said, place in zip(item.evidence, checked[name], strict=True)
            ],
        }
        for name, item in sent.items()
    ]
    upsert_opportunities(session, body.project_id, rows)
    audit(session, "opportunities.upsert", f"project:{body.project_id}", stored=len(rows))
    statuses = [place.status for places in checked.values() for place in places]
    return schemas.OpportunitiesResult(
        found=statuses.count(EvidenceStatus.EXACT),
        not_found=statuses.count(EvidenceStatus.NOT_FOUND),
        opportunities=[
            schemas.OpportunityResult(external_id=name, created=name not in known, evidence=checked[name])
            for name in sent
        ],
    )


@router.post("/search/semantic", response_model=schemas.SearchResult, responses=problems(NotFound, Conflict))
def search_semantic(body: schemas.SearchRequest, request: Request, who: Service) -> schemas.SearchResult:
    """The passages of a project that are most like a query, by their vectors alone."""
    with reading(request, who) as session:
        if not documents.project_exists(session, body.project_id):
            raise NotFound(f"There is no project `{body.project_id}`.")
    said = body.filters
    nobody = said.document_ids == [] or said.languages == []  # none, where `null` is any
    finding = None if nobody else _nearest(request, who, body)
    hits = finding.hits if finding is not None else ()
    with reading(request, who) as session:
        places = places_of(session, [(hit.document_id, hit.start, hit.end) for hit in hits])
    passages = [
        schemas.Hit(
            document_id=hit.document_id,
            document_name=hit.document_name,
            index=hit.index,
            start=hit.start,
            end=hit.end,
            text=hit.text,
            pages=sorted({place.page for place in here if place.page is not None}),
            score=1 - (hit.distance or 0.0),
        )
        for hit, here in zip(hits, places, strict=True)
    ]
    model = finding.model if finding is not None else None
    return schemas.SearchResult(
        model=model or embedder_of(request.app.state.installation).fingerprint, passages=passages
    )


def _nearest(request: Request, who: Principal, body: schemas.SearchRequest) -> Finding:
    """The passages whose vectors are nearest, by the model that has most of the project's."""
    said = body.filters
    filters = Filters(said.current, tuple(said.document_ids or ()), tuple(said.languages or ()))
    wanted = Wanted(body.project_id, body.query, body.k, SearchMode.VECTORS, filters, reranked=False)
    try:
        return find(means_of(request, who), wanted)
    except OtherModelError as error:
        with reading(request, who) as session:
            models = models_of_vectors(session, body.project_id)
        raise Conflict(
            f"The project's vectors are of {', '.join(models)}; queries are embedded by {error.model}, and the two "
            "cannot be compared. Have the documents processed again.",
            stored_models=models,
            query_model=error.model,
        ) from error
    except BlankTextError as error:
        raise Unusable("body.query: there is nothing to be read in it.") from error
    except TextTooLongError as error:
        raise Unusable(
            f"body.query: it has {error.tokens} tokens; the embedding model reads {error.window}."
        ) from error
    except EmbeddingError as error:
        raise Unavailable("The embedding model cannot be used at the moment; the log says why.") from error
