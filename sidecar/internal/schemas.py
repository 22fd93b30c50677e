"""What other services send and get."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from resources.vocabulary import EvidenceStatus
from sidecar.context.schemas import DocumentDetails, TextSegment
from sidecar.fields import IN_JSON, NO_NUL, NOT_BLANK, Count, Flag, JsonObject, Name, ProjectId, Text

Verbatim = Annotated[str, StringConstraints(min_length=1, max_length=50_000, pattern=NO_NUL)]
"""Words of a document, letter for letter: not brought into another form, or they would not be found."""

Exact = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A number that was sent as one."""

_DOCUMENT = "0b7a1f0e-6f0f-4a53-9d57-2c1f3a9b8d10"
_QUOTE = "The loan of 1,200 EUR was granted."


class Strict(BaseModel):
    """A request: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class SourceContent(BaseModel):
    """A document with a stretch of its text and the map of that stretch."""

    document: DocumentDetails
    start: int = Field(examples=[0])
    end: int = Field(description="Behind the last character given; ask on from here", examples=[34])
    total: int = Field(description="Characters of the whole text", examples=[31250])
    text: str = Field(examples=[_QUOTE])
    segments: list[TextSegment] = Field(description="Those that the stretch touches, at most 20,000")


class ChunkVector(Strict):
    """A vector of a chunk by one model; it is stored at length 1."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NOT_BLANK)] = Field(
        description="Name of the model, with all that changes its vectors", examples=["bge-m3@1024"]
    )
    vector: Annotated[list[Exact], Field(min_length=1, max_length=4096, examples=[[0.12, -0.5, 0.86]])]


class ChunkIn(Strict):
    """A stretch of a document's text."""

    document_id: UUID = Field(examples=[_DOCUMENT])
    index: Annotated[int, Field(ge=0, le=1_000_000), IN_JSON] = Field(
        description="Its place in the document", examples=[0]
    )
    start: Count = Field(examples=[0])
    end: Count = Field(description="Behind its last character", examples=[34])
    text: Verbatim = Field(description="Exactly the characters from start to end", examples=[_QUOTE])
    heading_path: Annotated[list[Name], Field(max_length=20, description="Headings above it, outermost first")] = []
    embeddings: Annotated[list[ChunkVector], Field(max_length=4)] = []


class ChunksRequest(Strict):
    """Chunks to store."""

    replace: Flag = Field(
        default=False,
        description="Take the place of chunks that the pipeline cut; they go with their vectors",
    )
    chunks: Annotated[list[ChunkIn], Field(min_length=1, max_length=1000)]


class ChunkOutcome(StrEnum):
    """What became of a chunk."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"  # other content at this index: what was made of the old is gone
    UNCHANGED = "UNCHANGED"  # the same content; spans, headings and vectors are as sent now
    NOT_FOUND = "NOT_FOUND"  # there is no such document
    MISMATCH = "MISMATCH"  # the document does not hold this text there
    DUPLICATE = "DUPLICATE"  # the index came twice
    CUT_BY_PIPELINE = "CUT_BY_PIPELINE"  # send `replace` to take the place of its chunks
    BAD_VECTOR = "BAD_VECTOR"  # all zeros, or two vectors of one model


class ChunkResult(BaseModel):
    """What became of one chunk; those that are refused do not keep the others out."""

    document_id: UUID
    index: int
    outcome: ChunkOutcome


class ChunksResult(BaseModel):
    """What became of each chunk, in the order in which they were sent."""

    stored: int = Field(examples=[1])
    refused: int = Field(examples=[0])
    chunks: list[ChunkResult]


class EvidenceIn(Strict):
    """Words of a document that support an opportunity."""

    document_id: UUID = Field(examples=[_DOCUMENT])
    start: Count | None = Field(default=None, description="Where they stand, if known", examples=[0])
    end: Count | None = Field(default=None, examples=[34])
    quote: Annotated[str, StringConstraints(min_length=1, max_length=5000, pattern=NOT_BLANK)] = Field(
        description="Letter for letter", examples=[_QUOTE]
    )


class OpportunityIn(Strict):
    """Something that a service found in the documents of a project."""

    external_id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NOT_BLANK)] = Field(
        description="Given by the service; the same id again changes it", examples=["opp-17"]
    )
    title: Name = Field(examples=["Loans that were granted late"])
    description: Text = ""
    score: Exact | None = Field(default=None, examples=[0.82])
    details: JsonObject = {}
    evidence: Annotated[list[EvidenceIn], Field(max_length=50)] = []


class OpportunitiesRequest(Strict):
    """Opportunities to store."""

    project_id: ProjectId = Field(examples=["loan-decisions"])
    opportunities: Annotated[list[OpportunityIn], Field(min_length=1, max_length=500)]


class CheckedEvidence(BaseModel):
    """Evidence as it was found in the document's text."""

    document_id: UUID
    status: EvidenceStatus = Field(description="EXACT: the text holds these words; NOT_FOUND: it does not")
    start: int | None = Field(description="Where they stand; null when they were not found")
    end: int | None


class OpportunityResult(BaseModel):
    """One opportunity as it was stored."""

    external_id: str
    created: bool
    evidence: list[CheckedEvidence]


class OpportunitiesResult(BaseModel):
    """What was stored; an external id that came twice is stored as it came last."""

    found: int = Field(description="Quotes that the documents hold")
    not_found: int
    opportunities: list[OpportunityResult]


class SearchFilters(Strict):
    """Which documents are searched."""

    document_ids: Annotated[list[UUID], Field(max_length=500)] | None = None
    languages: (
        Annotated[
            list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$", max_length=3)]],
            Field(max_length=50, examples=[["en", "de"]]),
        ]
        | None
    ) = None
    current: Flag = Field(default=True, description="Only documents that are part of the dataset")


class SearchRequest(Strict):
    """What to search for."""

    project_id: ProjectId = Field(examples=["loan-decisions"])
    query: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=NOT_BLANK)] = Field(
        examples=["how large was the loan"]
    )
    k: Annotated[int, Field(ge=1, le=100, description="At most so many passages"), IN_JSON] = 10
    filters: SearchFilters = SearchFilters()


class Hit(BaseModel):
    """A passage that is like the query."""

    document_id: UUID
    document_name: str
    index: int = Field(description="Of the passage in its document")
    start: int
    end: int
    text: str
    pages: list[int] = Field(description="On which it stands, counted from 1; none for formats without pages")
    score: float = Field(description="Cosine of the two vectors", examples=[0.87])


class SearchResult(BaseModel):
    """The nearest passages of all, the nearest first."""

    model: str = Field(description="Whose vectors were compared")
    passages: list[Hit]
