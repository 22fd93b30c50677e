"""A search from the query to the hits that are kept.

The query is embedded between two transactions: nothing in the database is held while a model works.
"""

from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import Request

from resources.database.engine import TenantSession
from resources.database.repositories.document_lists import project_exists
from resources.database.repositories.postings import languages_of
from resources.database.repositories.retrieval import Filters, FoundPassage, hybrid, lane_of
from resources.database.repositories.search_state import has_vectors, why_nothing
from resources.database.repositories.searches import Search, add_search
from resources.database.repositories.vector_models import known_counts
from resources.embedding.contract import FloatMatrix
from resources.embedding.errors import BlankTextError, EmbeddingError, TextTooLongError
from resources.search.query import make_query
from resources.search.serving import serving_embedder
from resources.search.vocabulary import NothingFound, SearchMode, WithoutVectors
from sidecar.problems import Conflict, NotFound, Unavailable, Unusable
from sidecar.search.embedding import embedder_of
from sidecar.search.schemas import MOST_HITS, DocumentFilters, SearchIn
from sidecar.security.principal import Principal
from sidecar.transactions import part_of_request

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class QueryVector:
    """A query's unit vector with its model, or why there is none."""

    model: str | None = None
    vector: FloatMatrix | None = None  # (dimension,)
    reason: WithoutVectors | None = None


def asker(who: Principal) -> str:
    """To whom searches belong: a person's keys search for the person."""
    return f"user:{who.user_id}" if who.user_id else who.subject


def vector_of(request: Request, who: Principal, body: SearchIn) -> QueryVector:
    """The query as a vector that can be compared with the project's.

    Where there is none, `hybrid` goes on with the words. For `vectors` alone this raises Unusable (too long),
    Conflict (the project's vectors are of another model) or Unavailable.
    """
    if body.mode is SearchMode.WORDS:
        return QueryVector(reason=WithoutVectors.NOT_ASKED)
    alone = body.mode is SearchMode.VECTORS
    try:
        installation = request.app.state.installation
        preferred = embedder_of(installation)
        with part_of_request(request, who, read_only=True) as session:
            counts = known_counts(session, body.project_id)
        embedder = serving_embedder(preferred, counts, installation.settings.model_cache)
        with part_of_request(request, who, read_only=True) as session:
            reason = _incomparable(session, body.project_id, embedder.fingerprint)
        if reason is WithoutVectors.OTHER_MODEL and alone:
            raise Conflict(
                f"Queries are embedded by {embedder.fingerprint}, the project's vectors are of another model, and "
                "the two cannot be compared. Have the documents processed again, or search by words."
            )
        if reason is not None:
            return QueryVector(reason=reason)
        return QueryVector(embedder.fingerprint, embedder.embed_queries([body.query])[0])
    except BlankTextError as error:
        raise Unusable("body.query: there is nothing to be read in it.") from error
    except TextTooLongError as error:
        if alone:
            raise Unusable(
                f"body.query: it has {error.tokens} tokens; the embedding model reads {error.window}."
            ) from error
        return QueryVector(reason=WithoutVectors.QUERY_TOO_LONG)
    except EmbeddingError as error:
        if alone:
            raise Unavailable("The embedding model cannot be used at the moment; the log says why.") from error
        _log.warning("query_not_embedded", error=str(error))
        return QueryVector(reason=WithoutVectors.MODEL_UNAVAILABLE)


def _incomparable(session: TenantSession, project_id: str, model: str) -> WithoutVectors | None:
    if has_vectors(session, project_id, model):
        return None
    return WithoutVectors.OTHER_MODEL if has_vectors(session, project_id) else WithoutVectors.NOT_EMBEDDED


def search(session: TenantSession, who: Principal, body: SearchIn, near: QueryVector) -> Search:
    """Search, and keep what was found. Raises NotFound, and Unusable for filters that contradict themselves."""
    if not project_exists(session, body.project_id):
        raise NotFound(f"There is no project `{body.project_id}`.")
    filters = _filters(body.filters)
    found, lane = _found(session, body, near, filters)
    return add_search(
        session,
        Search(
            project_id=body.project_id,
            asked_by=asker(who),
            query=body.query,
            mode=body.mode,
            filters=body.filters.model_dump(mode="json"),
            model=near.model,
            lane=lane,
            without_vectors=near.reason,
            found=len(found),
            nothing=None if found else _why_nothing(session, body, near),
        ),
        found,
    )


def _found(
    session: TenantSession, body: SearchIn, near: QueryVector, filters: Filters
) -> tuple[list[FoundPassage], str | None]:
    lane = None
    if near.model is not None and near.vector is not None:
        lane = lane_of(session, body.project_id, near.model, len(near.vector), MOST_HITS, filters)
    query = None
    if body.mode is not SearchMode.VECTORS:
        query = make_query(body.query, languages_of(session, body.project_id))
    found = hybrid(session, body.project_id, query, near.model, near.vector, MOST_HITS, filters, lane=lane)
    return found, None if lane is None else lane.value


def _why_nothing(session: TenantSession, body: SearchIn, near: QueryVector) -> NothingFound:
    reason = why_nothing(session, body.project_id)
    if reason is NothingFound.NO_MATCH and body.mode is SearchMode.VECTORS and near.vector is None:
        return NothingFound.NOT_EMBEDDED  # words of the documents could be searched, vectors are not there yet
    return reason


def _filters(said: DocumentFilters) -> Filters:
    first, last = said.dates.first, said.dates.last
    if first is not None and last is not None and first > last:
        raise Unusable(f"body.filters.dates: {first} is after {last}.")
    metadata: dict[str, Any] = said.metadata
    return Filters(
        current=said.current,
        documents=tuple(said.documents),
        languages=tuple(said.languages),
        media_types=tuple(said.types),
        dated_from=first,
        dated_to=last,
        metadata=metadata,
        entity=said.entity,
    )
