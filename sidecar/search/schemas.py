"""What is searched for, and what is found."""

import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from resources.search.vocabulary import NothingFound, SearchMode, WithoutReranking, WithoutVectors, WithoutWords
from sidecar.fields import IN_JSON, NO_NUL, Flag, JsonObject, ProjectId, text_field
from sidecar.pages import Page
from sidecar.results.schemas import Place

MOST_HITS = 200
"""Hits of a search that are kept."""
MOST_ON_A_PAGE = 100

_DOCUMENT = "0b7a1f0e-6f0f-4a53-9d57-2c1f3a9b8d10"
_SEARCH = "5a3c1f44-0d59-4d7e-8c39-6a1b0f2e7d55"
_TEXT = "The grant for the heat pump was paid in March."
_MODEL = "multilingual-e5-small@384"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Strict(BaseModel):
    """A request: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


def _written_day(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("write it as 2026-01-31")


Day = Annotated[date, BeforeValidator(_written_day)]


class DateRange(Strict):
    """Between which days; either may be left out."""

    first: Day | None = Field(default=None, description="Not before this day", examples=["2020-01-01"])
    last: Day | None = Field(default=None, description="Not after this day", examples=["2024-12-31"])


class DocumentFilters(Strict):
    """Which documents may answer; what is left out or empty does not narrow."""

    documents: Annotated[list[UUID], Field(max_length=500, description="Only these", examples=[[_DOCUMENT]])] = []
    current: Flag = Field(default=True, description="Only documents that are part of the dataset")
    dates: DateRange = Field(default=DateRange(), description="By the date that the document says of itself")
    languages: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$", max_length=3)]],
        Field(max_length=50, description="ISO 639-1", examples=[["en", "de"]]),
    ] = []
    types: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$", max_length=127)]],
        Field(max_length=50, description="Media types, as the content says", examples=[["application/pdf"]]),
    ] = []
    metadata: JsonObject = Field(
        default={}, description="Pairs that stand in the document's own metadata", examples=[{"county": "Vestland"}]
    )
    entity: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] | None = Field(
        default=None, description="Key of an entity that the document tells of (`row_key`)", examples=[None]
    )


class SearchIn(Strict):
    """What to search for."""

    project_id: ProjectId = Field(examples=["heat-pump-grants"])
    query: text_field(4000) = Field(  # type: ignore[valid-type] # a kind of text
        description="A question or words; what is in quotation marks counts more where it stands as it is written",
        examples=["when was the grant paid"],
    )
    k: Annotated[int, Field(ge=1, le=MOST_ON_A_PAGE, description="Hits of the first page"), IN_JSON] = 10
    mode: SearchMode = Field(default=SearchMode.HYBRID, description="What decides: words, vectors, or both")
    filters: DocumentFilters = DocumentFilters()


class TextSpan(BaseModel):
    """A stretch of a hit's text, in characters."""

    start: int = Field(description="In `text`, counted from 0", examples=[4])
    end: int = Field(description="Behind its last character", examples=[9])


class Scores(BaseModel):
    """Why a hit stands where it does: its place in each leg, and what that was made of."""

    fused: float = Field(
        description="Sum of 1 / (60 + rank) over the legs that found it; the order before reranking",
        examples=[0.0325],
    )
    lexical_rank: int | None = Field(description="From 1, by its words; null: not among the best", examples=[1])
    lexical_score: float | None = Field(description="BM25, more for phrases of the query", examples=[7.42])
    dense_rank: int | None = Field(description="From 1, by its vector; null: not among the best", examples=[2])
    distance: float | None = Field(description="Of the two vectors: 1 - cosine, 0 to 2", examples=[0.131])
    rank_before: int | None = Field(
        description="The hit's place before reranking, from 1; null: nothing was reranked", examples=[3]
    )
    rerank_score: float | None = Field(
        description="The reranker's; only its order means something. Null: not read by one", examples=[0.913]
    )


class SearchHit(BaseModel):
    """A passage that was found, as it is now."""

    rank: int = Field(description="From 1; those of hits that are gone are missing", examples=[1])
    document_id: UUID = Field(examples=[_DOCUMENT])
    document_name: str = Field(examples=["letters/2024-17.pdf"])
    passage_index: int = Field(description="Of the passage in its document, from 0", examples=[3])
    start: int = Field(description="Of the passage in the document's text", examples=[1200])
    end: int = Field(examples=[1246])
    text: str = Field(examples=[_TEXT])
    highlights: list[TextSpan] = Field(
        description="Words and phrases of the query in `text`, compared as the index does (stems, identifiers, pairs "
        "of Chinese and Japanese characters), in order and apart; not words that stand nearly everywhere"
    )
    headings: list[str] = Field(
        description="Above the beginning of the passage, the outermost first; those of its chunk where the file's "
        "own are not known",
        examples=[["Decision"]],
    )
    places: list[Place] = Field(description="Pages with boxes, or labels where the format has no pages")
    scores: Scores


class WordsLeg(BaseModel):
    """Whether words were compared."""

    used: bool = Field(description="False: the vectors alone decided", examples=[True])
    reason: WithoutWords | None = Field(
        description="Why words were not compared; `OTHER_LANGUAGE`: the query is in none of the documents' "
        "languages, and the few words that it shares with them are chance",
        examples=[None],
    )


class DenseLeg(BaseModel):
    """Whether vectors were compared, and which."""

    used: bool = Field(description="False: the words alone decided", examples=[True])
    reason: WithoutVectors | None = Field(description="Why vectors were not compared", examples=[None])
    model: str | None = Field(description="The model of the vectors", examples=[_MODEL])
    lane: str | None = Field(
        description="How they were compared: one by one (`exact`), or by an index (`own`)",
        examples=["exact"],
    )


class Reranking(BaseModel):
    """Whether the best hits were read once more, and by what."""

    used: bool = Field(description="False: hits stand as words and vectors put them", examples=[False])
    reason: WithoutReranking | None = Field(description="Why they do", examples=["OFF"])
    reranker: str | None = Field(description="What gave the order", examples=[None])


class PastSearch(BaseModel):
    """A search as it was asked."""

    id: UUID = Field(examples=[_SEARCH])
    project_id: str = Field(examples=["heat-pump-grants"])
    query: str = Field(examples=["when was the grant paid"])
    mode: SearchMode
    filters: DocumentFilters
    words: WordsLeg
    dense: DenseLeg
    reranking: Reranking
    found: int = Field(
        description=f"Hits that were kept when it was asked, at most {MOST_HITS}; those of documents deleted or read "
        "anew since are gone",
        examples=[37],
    )
    more: bool = Field(
        description="Whether other passages were found behind those that were kept; filters bring them nearer",
        examples=[False],
    )
    nothing: NothingFound | None = Field(description="Why nothing was found", examples=[None])
    created_at: datetime


class FacetCount(BaseModel):
    """How many hits have a value."""

    value: str | None = Field(description="null: not known", examples=["en"])
    hits: int = Field(examples=[12])


class DocumentCount(BaseModel):
    """How many hits a document has."""

    document_id: UUID = Field(examples=[_DOCUMENT])
    document_name: str = Field(examples=["letters/2024-17.pdf"])
    hits: int = Field(examples=[3])


class Facets(BaseModel):
    """All kept hits (passages) of the search, on this page or not, counted by what their documents are.

    Each list adds up to `hits`, the most frequent first. There is no count of all matches: by its vector every
    passage is a match, a near one or a distant one.
    """

    hits: int = Field(description="That are counted: those kept that are still there", examples=[37])
    complete: bool = Field(
        description=f"False: more was found than the best {MOST_HITS}, and these alone are counted", examples=[True]
    )
    documents: list[DocumentCount]
    languages: list[FacetCount]
    types: list[FacetCount] = Field(description="Media types")
    years: list[FacetCount] = Field(description="Of the date that the document says of itself, the latest first")


class SearchPage(PastSearch, Page[SearchHit]):
    """One page of what a search found. `next` leads to the next page of the same hits, not to another search."""

    facets: Facets
