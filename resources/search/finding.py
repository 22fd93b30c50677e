"""From a question to the hits of a project: query → vector → lane → both legs → reranking. Search and answers use it.

Nothing in the database is held while a model works: what is read before and after is a transaction of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Self
from uuid import UUID

from resources.database.engine import TenantSession
from resources.database.repositories.postings import languages_of
from resources.database.repositories.projects import settings_of
from resources.database.repositories.retrieval import Filters, FoundPassage, hybrid, lane_of
from resources.database.repositories.search_state import has_vectors, why_nothing
from resources.database.repositories.vector_models import known_counts
from resources.embedding.contract import Embedder, FloatMatrix
from resources.embedding.errors import BlankTextError, EmbeddingError, TextTooLongError
from resources.installation import Installation
from resources.observe.logs import get_logger
from resources.project_settings import ProjectSettings
from resources.reranking.errors import RerankError
from resources.reranking.factory import reranker_from_settings
from resources.reranking.reasons import reason_of
from resources.reranking.rerank import Reranked, Reranker, rerank
from resources.search.language import in_other_language
from resources.search.query import make_query
from resources.search.serving import serving_embedder
from resources.search.vocabulary import NothingFound, SearchMode, WithoutReranking, WithoutVectors, WithoutWords
from resources.settings import Settings

_log = get_logger("search")


class OtherModelError(Exception):
    """Vectors alone were asked for, and those of the project are of a model with which queries are not embedded."""

    def __init__(self, model: str) -> None:
        super().__init__(f"queries are embedded by {model}, the project's vectors are of another model")
        self.model = model


@dataclass(frozen=True, slots=True)
class Means:
    """With what is searched. `embedder` gives the installation's, and may raise EmbeddingError."""

    transaction: Callable[[], AbstractContextManager[TenantSession]]  # read-only, as the tenant
    embedder: Callable[[], Embedder]
    settings: Settings

    @classmethod
    def of(cls, installation: Installation, tenant: str, embedder: Embedder) -> Self:
        """For a tenant outside of a request."""
        return cls(
            lambda: installation.database.transaction(tenant, read_only=True), lambda: embedder, installation.settings
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: the `k` best passages of a project for a text.

    `reranked` False: in the order of the search, whatever reranker the project has.
    """

    project_id: str
    text: str
    k: int
    mode: SearchMode = SearchMode.HYBRID
    filters: Filters = field(default_factory=Filters)
    reranked: bool = True


@dataclass(frozen=True, slots=True)
class Hit(FoundPassage):
    """A passage at its place. `score` falls with the place: the fused one, or that of reranking.

    `rank_before` (from 1) is the place that it had before reranking; None where nothing was reranked. `rerank_score`
    is the reranker's, whose order alone means something; None also for hits beyond its depth.
    """

    fused: float
    rank_before: int | None
    rerank_score: float | None

    @classmethod
    def of(cls, passage: FoundPassage, anew: Reranked[Any] | None = None) -> Self:
        """A passage at its fused place, or at the one that reranking gave it."""
        said = {one.name: getattr(passage, one.name) for one in fields(FoundPassage)}
        if anew is None:
            return cls(**said, fused=passage.score, rank_before=None, rerank_score=None)
        said["score"] = anew.score
        return cls(**said, fused=passage.score, rank_before=anew.rank_before, rerank_score=anew.rerank_score)


@dataclass(frozen=True, slots=True)
class Finding:
    """The hits, best first, and how they were found.

    `model` and `lane` tell how vectors were compared, `without_vectors` why they were not, `without_words` why words
    were not; `reranker` what gave the order, `without_reranking` why the fused one stands. `nothing` tells why there
    are no hits.
    """

    hits: tuple[Hit, ...]
    model: str | None
    lane: str | None
    without_vectors: WithoutVectors | None
    without_words: WithoutWords | None
    reranker: str | None
    without_reranking: WithoutReranking | None
    nothing: NothingFound | None


@dataclass(frozen=True, slots=True)
class _Near:
    model: str | None = None
    vector: FloatMatrix | None = None  # (dimension,), of length 1
    reason: WithoutVectors | None = None


def find(means: Means, wanted: Wanted) -> Finding:
    """Search a project; nothing is stored.

    Where vectors cannot be compared, words alone decide; where the text is in another language than the documents,
    vectors do; where hits cannot be reranked, their fused order stands.
    Raises BlankTextError for a text without anything to be read. For vectors alone it raises why they cannot be
    compared: TextTooLongError, another EmbeddingError, OtherModelError.
    """
    near = _vector(means, wanted)
    with means.transaction() as session:
        chosen = settings_of(session, wanted.project_id)
        found, lane, without_words = _found(session, wanted, near)
        nothing = None if found else _why_nothing(session, wanted, near)
    hits, reranker, reason = _reranked(means, chosen, wanted, found)
    return Finding(tuple(hits), near.model, lane, near.reason, without_words, reranker, reason, nothing)


def filters_from_json(said: Mapping[str, Any]) -> Filters:
    """Filters as requests give them and searches and answers keep them; what is left out does not narrow."""
    dates = said.get("dates") or {}
    first, last = dates.get("first"), dates.get("last")
    return Filters(
        current=bool(said.get("current", True)),
        documents=tuple(UUID(str(one)) for one in said.get("documents") or ()),
        languages=tuple(said.get("languages") or ()),
        media_types=tuple(said.get("types") or ()),
        dated_from=date.fromisoformat(first) if first else None,
        dated_to=date.fromisoformat(last) if last else None,
        metadata=dict(said.get("metadata") or {}),
        entity=said.get("entity"),
    )


def _vector(means: Means, wanted: Wanted) -> _Near:
    """The query as a vector that can be compared with the project's, or why there is none."""
    if wanted.mode is SearchMode.WORDS:
        return _Near(reason=WithoutVectors.NOT_ASKED)
    alone = wanted.mode is SearchMode.VECTORS
    try:
        preferred = means.embedder()
        with means.transaction() as session:
            counts = known_counts(session, wanted.project_id)
        embedder = serving_embedder(preferred, counts, means.settings.model_cache)
        with means.transaction() as session:
            reason = _incomparable(session, wanted.project_id, embedder.fingerprint)
        if reason is WithoutVectors.OTHER_MODEL and alone:
            raise OtherModelError(embedder.fingerprint)
        if reason is not None:
            return _Near(reason=reason)
        return _Near(embedder.fingerprint, embedder.embed_queries([wanted.text])[0])
    except BlankTextError:
        raise
    except TextTooLongError:
        if alone:
            raise
        return _Near(reason=WithoutVectors.QUERY_TOO_LONG)
    except EmbeddingError as error:
        if alone:
            raise
        _log.warning("query_not_embedded", error=str(error))
        return _Near(reason=WithoutVectors.MODEL_UNAVAILABLE)


def _incomparable(session: TenantSession, project_id: str, model: str) -> WithoutVectors | None:
    if has_vectors(session, project_id, model):
        return None
    return WithoutVectors.OTHER_MODEL if has_vectors(session, project_id) else WithoutVectors.NOT_EMBEDDED


def _found(
    session: TenantSession, wanted: Wanted, near: _Near
) -> tuple[list[FoundPassage], str | None, WithoutWords | None]:
    project, k, filters = wanted.project_id, wanted.k, wanted.filters
    lane = None
    if near.model is not None and near.vector is not None:
        lane = lane_of(session, project, near.model, len(near.vector), k, filters)
    query, without_words = None, WithoutWords.NOT_ASKED if wanted.mode is SearchMode.VECTORS else None
    if without_words is None:
        languages = languages_of(session, project)
        query = make_query(wanted.text, languages)
        by_both = wanted.mode is SearchMode.HYBRID and near.vector is not None
        if by_both and in_other_language(session, project, query, languages):
            query, without_words = None, WithoutWords.OTHER_LANGUAGE
    found = hybrid(session, project, query, near.model, near.vector, k, filters, lane=lane)
    return found, None if lane is None else lane.value, without_words


def _why_nothing(session: TenantSession, wanted: Wanted, near: _Near) -> NothingFound:
    reason = why_nothing(session, wanted.project_id)
    if reason is NothingFound.NO_MATCH and wanted.mode is SearchMode.VECTORS and near.vector is None:
        return NothingFound.NOT_EMBEDDED  # words of the documents could be searched, vectors are not there yet
    return reason


def _reranked(
    means: Means, chosen: ProjectSettings, wanted: Wanted, found: Sequence[FoundPassage]
) -> tuple[list[Hit], str | None, WithoutReranking | None]:
    """The hits in their last order, what gave it, and why it is that of the search."""
    try:
        reranker = _reranker(means, chosen) if wanted.reranked else None
        if reranker is None:
            return [Hit.of(one) for one in found], None, WithoutReranking.OFF
        if len(found) < 2:
            return [Hit.of(one) for one in found], None, WithoutReranking.NO_CHOICE
        ranked = rerank(reranker, wanted.text, found)
    except (RerankError, EmbeddingError) as error:
        _log.warning("hits_not_reranked", error=str(error))
        return [Hit.of(one) for one in found], None, reason_of(error)
    hits = [Hit.of(one.passage, one) for one in ranked]
    return hits, reranker.name, None


def _reranker(means: Means, chosen: ProjectSettings) -> Reranker | None:
    settings = means.settings
    return reranker_from_settings(
        chosen.reranker or settings.reranker,
        means.embedder,
        settings.reranker_url,
        settings.reranker_key,
        settings.reranker_seconds,
    )
