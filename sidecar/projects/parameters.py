"""Parameters of the pipeline in groups, and the settings of the project file that they are."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from resources.project import settings_to_dict
from resources.project_settings import (
    FEWEST_CHUNK_TOKENS,
    FEWEST_OUTPUT_TOKENS,
    LEAST_SHARE,
    MOST_ANSWERS,
    MOST_CHUNK_TOKENS,
    MOST_CHUNKS_FIRST,
    MOST_MODELS,
    MOST_OUTPUT_TOKENS,
    MOST_PER_CALL,
    MOST_SECTIONS,
    MOST_WHOLE_WORDS,
    WARMEST,
    AnswerCheck,
    LongDocuments,
    ProjectSettings,
)
from resources.vocabulary import CallMode, Verification
from sidecar.fields import IN_JSON, ONLY_THESE_KEYS, each_once
from sidecar.projects.fields import ModelName, RerankerName

_USUAL = ProjectSettings()
ChunkTokens = Annotated[int, Field(ge=FEWEST_CHUNK_TOKENS, le=MOST_CHUNK_TOKENS), IN_JSON]
Overlap = Annotated[int, Field(ge=0, le=MOST_CHUNK_TOKENS // 2), IN_JSON]
Weight = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False), IN_JSON]
Whole = Annotated[int, IN_JSON]
Warmth = Annotated[float, Field(ge=0, le=WARMEST, allow_inf_nan=False), IN_JSON]
OutputTokens = Annotated[int, Field(ge=FEWEST_OUTPUT_TOKENS, le=MOST_OUTPUT_TOKENS), IN_JSON]
Sections = Annotated[int, Field(ge=1, le=MOST_SECTIONS), IN_JSON]
Share = Annotated[float, Field(ge=LEAST_SHARE, le=1, allow_inf_nan=False), IN_JSON]
Dollars = Annotated[float, Field(gt=0, le=1_000_000_000, allow_inf_nan=False), IN_JSON]


class Chunking(BaseModel):
    """How documents are cut. Changed sizes cut every document of the project anew at its next run."""

    model_config = ConfigDict(extra="forbid")

    chunk_tokens_min: ChunkTokens = _USUAL.chunk_tokens_min
    chunk_tokens_max: ChunkTokens = Field(default=_USUAL.chunk_tokens_max, description="At least chunk_tokens_min")
    overlap_tokens_min: Overlap = Field(
        default=_USUAL.overlap_tokens_min, description="Repeated of the chunk before; at most overlap_tokens_max"
    )
    overlap_tokens_max: Overlap = Field(
        default=_USUAL.overlap_tokens_max, description="At most half of chunk_tokens_min"
    )
    whole_below_words: Whole = Field(
        default=_USUAL.whole_below_words,
        ge=0,
        le=MOST_WHOLE_WORDS,
        description="A document of up to so many words is one chunk; 0 cuts every document",
    )


class Embedding(BaseModel):
    """The model of the vectors. One for the whole installation, so it is read only here."""

    model: str = Field(
        description="`local`, or `openai:<model>@<dimension>`: what CRUCIBLE_EMBEDDING is set to. It cannot be "
        "chosen for a project, because one search runs over all of an installation's vectors.",
        examples=["local"],
        json_schema_extra={"readOnly": True},
    )


class Retrieval(BaseModel):
    """How documents of more than one chunk are asked, and what searches and answers are made from."""

    model_config = ConfigDict(extra="forbid")

    long_documents: LongDocuments = Field(
        default=_USUAL.long_documents,
        description="`map`: every chunk is asked. `retrieve`: the chunks that search puts first, the others only "
        "where these gave no certain value",
    )
    retrieve_chunks: Whole = Field(
        default=_USUAL.retrieve_chunks, ge=1, le=MOST_CHUNKS_FIRST, description="How many `retrieve` asks first"
    )
    reranker: RerankerName | None = Field(
        default=None,
        description="What reads the first hits of searches once more and orders them: `maxsim` (20, by the packaged "
        "embedding model), `endpoint:<model>` (50, at the installation's address), `none`. Null: what the "
        "installation has",
    )
    document_sections: Sections = Field(
        default=_USUAL.document_sections, description="Of one document, among what an answer is made from"
    )
    document_share: Share = Field(
        default=_USUAL.document_share,
        description="Of the tokens that an answer is made from, how many may be of one document",
    )
    segment_sections: Sections = Field(
        default=_USUAL.segment_sections, description="Of one chunk, among what an answer is made from"
    )
    answer_check: AnswerCheck | None = Field(
        default=None,
        description="Whether a `model` is asked if sentences of an answer follow from what they cite, where their "
        "`words` do not decide it. Null: a model, unless it runs in the service's own process",
    )


class Generation(BaseModel):
    """Which models are asked, and how."""

    model_config = ConfigDict(extra="forbid")

    models: Annotated[list[ModelName], AfterValidator(each_once)] = Field(
        default=[],
        max_length=MOST_MODELS,
        description="In fallback order, each once; empty: those of the installation. A task may name others",
        json_schema_extra={"uniqueItems": True},
    )
    routes: dict[ModelName, Weight] = Field(
        default={},
        max_length=MOST_MODELS,
        description="Weight of each model between which documents are shared out; at least one above 0",
        json_schema_extra=ONLY_THESE_KEYS,
    )
    calls: CallMode = Field(default=_USUAL.calls, description="`batch`: full runs go into provider batches")
    variables_per_call: Whole = Field(default=_USUAL.variables_per_call, ge=1, le=MOST_PER_CALL)
    temperature: Warmth | None = Field(default=None, description="Null: what suits the variable's type")
    max_output_tokens: OutputTokens | None = Field(
        default=None,
        description="For each variable of a call. Null: what suits its type. An answer that is cut off is asked "
        "again with more room",
    )
    self_agreement: Whole = Field(
        default=_USUAL.self_agreement, ge=1, le=MOST_ANSWERS, description="How often each question is asked"
    )
    verification: Verification = Field(
        default=_USUAL.verification, description="Which values a second model looks at"
    )
    verification_model: ModelName | None = Field(
        default=None, description="Null: the project's own model. Not without verification"
    )
    budget_usd: Dollars | None = Field(
        default=None, description="For all calls of the project together; a run that meets it pauses"
    )


class ParametersIn(BaseModel):
    """All parameters that a project may set; what is left out gets its default."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "chunking": {"chunk_tokens_min": 1200, "chunk_tokens_max": 1800},
                    "retrieval": {"long_documents": "retrieve", "retrieve_chunks": 4},
                    "generation": {"models": ["openai:gpt-4.1-mini"], "temperature": 0.1, "budget_usd": 20},
                }
            ]
        },
    )

    chunking: Chunking = Field(default_factory=Chunking)
    retrieval: Retrieval = Field(default_factory=Retrieval)
    generation: Generation = Field(default_factory=Generation)

    def as_settings(self) -> dict[str, Any]:
        """The `settings` of the project file."""
        groups = (self.chunking, self.retrieval, self.generation)
        return {key: value for group in groups for key, value in group.model_dump(mode="json").items()}


class ChunkingOut(BaseModel):
    """How documents are cut."""

    chunk_tokens_min: int
    chunk_tokens_max: int
    overlap_tokens_min: int
    overlap_tokens_max: int
    whole_below_words: int


class RetrievalOut(BaseModel):
    """How documents of more than one chunk are asked, and what searches and answers are made from."""

    long_documents: LongDocuments
    retrieve_chunks: int
    reranker: str | None
    document_sections: int
    document_share: float
    segment_sections: int
    answer_check: AnswerCheck | None


class GenerationOut(BaseModel):
    """Which models are asked, and how."""

    models: list[str]
    routes: dict[str, float]
    calls: CallMode
    variables_per_call: int
    temperature: float | None
    max_output_tokens: int | None
    self_agreement: int
    verification: Verification
    verification_model: str | None
    budget_usd: float | None


class Parameters(BaseModel):
    """The parameters of the pipeline for one project."""

    chunking: ChunkingOut
    embedding: Embedding
    retrieval: RetrievalOut
    generation: GenerationOut

    @classmethod
    def of(cls, settings: ProjectSettings, embedding: str) -> "Parameters":
        """The groups of a project's settings."""
        plain = settings_to_dict(settings)
        return cls(
            chunking=ChunkingOut.model_validate(plain),
            embedding=Embedding(model=embedding),
            retrieval=RetrievalOut.model_validate(plain),
            generation=GenerationOut.model_validate(plain),
        )
