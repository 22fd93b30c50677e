"""From stored hits to answers."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from crucible_assets.chunks.headings import LONGEST_HEADING, Headings
from crucible_assets.extractions.grounding.locate import where
from crucible_assets.extractions.grounding.place import Placement
from resources.database.engine import TenantSession
from resources.database.repositories.postings import languages_of
from resources.database.repositories.search_state import Stretch, headings_of, segments_of, weights_of
from resources.database.repositories.searches import (
    HitDocument,
    Search,
    StoredHit,
    documents_of_hits,
    page_of_hits,
)
from resources.search.highlight import highlight
from resources.search.query import Query, make_query
from resources.vocabulary import EvidenceStatus
from sidecar.pages import cursor
from sidecar.results.schemas import Place
from sidecar.search.schemas import (
    DenseLeg,
    DocumentCount,
    DocumentFilters,
    FacetCount,
    Facets,
    PastSearch,
    Reranking,
    Scores,
    SearchHit,
    SearchPage,
    TextSpan,
    WordsLeg,
)

_TELLING = 0.1
"""Of the weight of a query's rarest word; words of less ('the') are not marked."""


def past(search: Search) -> PastSearch:
    """A search without what it found."""
    return PastSearch(**_told(search))


def _told(search: Search) -> dict[str, Any]:
    reason = search.without_vectors
    return {
        "id": search.id,
        "project_id": search.project_id,
        "query": search.query,
        "mode": search.mode,
        "filters": DocumentFilters.model_validate(search.filters),
        "words": WordsLeg(used=search.without_words is None, reason=search.without_words),
        "dense": DenseLeg(used=reason is None, reason=reason, model=search.model, lane=search.lane),
        "reranking": Reranking(
            used=search.reranker is not None, reason=search.without_reranking, reranker=search.reranker
        ),
        "found": search.found,
        "more": search.more,
        "nothing": search.nothing,
        "created_at": search.created_at,
    }


def page_of(session: TenantSession, search: Search, after: int, limit: int) -> SearchPage:
    """The hits behind a rank, with what a reader needs to see them in their documents."""
    hits = page_of_hits(session, search.id, after, limit + 1)
    shown = hits[:limit]
    query = make_query(search.query, languages_of(session, search.project_id))
    marked = _telling(session, search.project_id, query)
    places = places_of(session, [(hit.document_id, hit.start, hit.end) for hit in shown])
    headings = paths_of(session, [(hit.document_id, hit.start, hit.heading_path) for hit in shown])
    return SearchPage(
        **_told(search),
        items=[_hit(hit, query, marked, here, path) for hit, here, path in zip(shown, places, headings, strict=True)],
        next=cursor(shown[-1].rank) if len(hits) > limit else None,
        facets=facets(documents_of_hits(session, search.id), search.more),
    )


def places_of(session: TenantSession, stretches: Sequence[Stretch]) -> list[list[Place]]:
    """For each stretch of a document's text the pages with boxes, or labels, on which it stands."""
    found = []
    for (_, start, end), segments in zip(stretches, segments_of(session, stretches), strict=True):
        stands = where(Placement(EvidenceStatus.EXACT, start, end, 1.0), segments)
        found.append([Place(page=one.page, label=one.label, boxes=list(one.boxes)) for one in stands])
    return found


def paths_of(session: TenantSession, hits: Sequence[tuple[UUID, int, Sequence[str]]]) -> list[list[str]]:
    """For each (document, start, headings of the chunk) the headings over the place, the outermost first.

    Those of the chunk stand over its beginning; where the document's own are not known, they are all that is.
    """
    found = headings_of(session, {document for document, _, _ in hits}, LONGEST_HEADING)
    known = {document: Headings.of(headings) for document, headings in found.items()}
    none = Headings.of(())
    return [list(known.get(document, none).path_at(start) or path) for document, start, path in hits]


def _telling(session: TenantSession, project_id: str, query: Query) -> frozenset[str]:
    weights = weights_of(session, project_id, query.terms)
    least = _TELLING * max(weights.values(), default=0.0)
    return frozenset(term for term, weight in weights.items() if weight >= least)


def _hit(hit: StoredHit, query: Query, marked: frozenset[str], places: list[Place], headings: list[str]) -> SearchHit:
    spans = highlight(hit.text, marked, query.phrases, hit.language)
    return SearchHit(
        rank=hit.rank,
        document_id=hit.document_id,
        document_name=hit.document_name,
        passage_index=hit.passage_index,
        start=hit.start,
        end=hit.end,
        text=hit.text,
        highlights=[TextSpan(start=start, end=end) for start, end in spans],
        headings=headings,
        places=places,
        scores=Scores(
            fused=hit.score,
            lexical_rank=hit.lexical_rank,
            lexical_score=hit.lexical_score,
            dense_rank=hit.dense_rank,
            distance=hit.distance,
            rank_before=hit.rank_before,
            rerank_score=hit.rerank_score,
        ),
    )


def facets(documents: Sequence[HitDocument], more: bool) -> Facets:
    """Hits counted by what their documents are; `more` says that others were found behind those that were kept."""

    def count(value_of: Callable[[HitDocument], str | None]) -> list[FacetCount]:
        counted: Counter[str | None] = Counter()
        for document in documents:
            counted[value_of(document)] += document.hits
        return [FacetCount(value=value, hits=hits) for value, hits in counted.most_common()]

    years = count(lambda document: _year(document.dated))
    return Facets(
        hits=sum(document.hits for document in documents),
        complete=not more,
        documents=[
            DocumentCount(document_id=document.id, document_name=document.name, hits=document.hits)
            for document in documents
        ],
        languages=count(lambda document: document.language),
        types=count(lambda document: document.media_type),
        years=sorted(years, key=lambda year: year.value or "", reverse=True),
    )


def _year(dated: str | None) -> str | None:
    return dated[:4] if dated and dated[:4].isdecimal() else None
