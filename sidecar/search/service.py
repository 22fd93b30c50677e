"""A search from the request to the hits that are kept.

They are found in transactions of their own: nothing in the database is held while a model works.
"""

from fastapi import Request

from resources.database.engine import TenantSession
from resources.database.repositories.document_lists import project_exists
from resources.database.repositories.searches import Search, add_search
from resources.embedding.errors import BlankTextError, EmbeddingError, TextTooLongError
from resources.search.finding import Finding, Means, OtherModelError, Wanted, filters_from_json, find
from sidecar.problems import Conflict, NotFound, Unavailable, Unusable
from sidecar.search.embedding import embedder_of
from sidecar.search.schemas import MOST_HITS, DocumentFilters, SearchIn
from sidecar.security.principal import Principal
from sidecar.transactions import part_of_request


def asker(who: Principal) -> str:
    """To whom searches belong: a person's keys search for the person."""
    return f"user:{who.user_id}" if who.user_id else who.subject


def means_of(request: Request, who: Principal) -> Means:
    """With what is searched for who asks."""
    installation = request.app.state.installation
    return Means(
        lambda: part_of_request(request, who, read_only=True),
        lambda: embedder_of(installation),
        installation.settings,
    )


def search(request: Request, who: Principal, body: SearchIn) -> Finding:
    """Search; nothing is kept yet.

    Raises Unusable for filters that contradict themselves and text without anything to be read. For `vectors` alone
    it raises also Unusable (too long), Conflict (the project's vectors are of another model) or Unavailable.
    """
    check_filters(body.filters)
    filters = filters_from_json(body.filters.model_dump(mode="json"))
    try:
        most = MOST_HITS + 1  # one more than is kept tells whether there are more
        return find(means_of(request, who), Wanted(body.project_id, body.query, most, body.mode, filters))
    except BlankTextError as error:
        raise Unusable("body.query: there is nothing to be read in it.") from error
    except TextTooLongError as error:
        raise Unusable(
            f"body.query: it has {error.tokens} tokens; the embedding model reads {error.window}."
        ) from error
    except OtherModelError as error:
        raise Conflict(
            f"Queries are embedded by {error.model}, the project's vectors are of another model, and the two cannot "
            "be compared. Have the documents processed again, or search by words."
        ) from error
    except EmbeddingError as error:
        raise Unavailable("The embedding model cannot be used at the moment; the log says why.") from error


def keep(session: TenantSession, who: Principal, body: SearchIn, finding: Finding) -> Search:
    """Keep the best of what was found for who asked. Raises NotFound."""
    hits = finding.hits[:MOST_HITS]
    if not project_exists(session, body.project_id):
        raise NotFound(f"There is no project `{body.project_id}`.")
    return add_search(
        session,
        Search(
            project_id=body.project_id,
            asked_by=asker(who),
            query=body.query,
            mode=body.mode,
            filters=body.filters.model_dump(mode="json"),
            model=finding.model,
            lane=finding.lane,
            without_vectors=finding.without_vectors,
            without_words=finding.without_words,
            found=len(hits),
            more=len(finding.hits) > len(hits),
            nothing=finding.nothing,
            reranker=finding.reranker,
            without_reranking=finding.without_reranking,
        ),
        hits,
    )


def check_filters(filters: DocumentFilters) -> None:
    """Raises Unusable for filters that contradict themselves."""
    first, last = filters.dates.first, filters.dates.last
    if first is not None and last is not None and first > last:
        raise Unusable(f"body.filters.dates: {first} is after {last}.")
