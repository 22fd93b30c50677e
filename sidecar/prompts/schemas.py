"""Prompt versions and refinements as the API gives them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from resources.database.repositories.prompts import PromptVersion
from resources.database.repositories.refinements import RefinementRow
from resources.vocabulary import RefinementStatus
from sidecar.fields import NOT_BLANK


class PromptSummary(BaseModel):
    """A version of a variable's prompt."""

    version: int = Field(examples=[2])
    active: bool = Field(description="Whether it is what is asked")
    chosen: bool = Field(description="Whether a person activated it, in the place of what the variable says now")
    content_hash: str = Field(description="SHA-256 of all its parts")
    created_at: datetime

    @classmethod
    def of(cls, version: PromptVersion) -> "PromptSummary":
        """A stored version."""
        return cls(**_summary(version))


class Prompt(PromptSummary):
    """A version of a variable's prompt with all its parts. None of them ever changes."""

    system: str
    question: str
    model_settings: dict[str, Any] = Field(examples=[{"temperature": 0.15, "max_output_tokens": 700}])
    response_schema: dict[str, Any]

    @classmethod
    def of(cls, version: PromptVersion) -> "Prompt":
        """A stored version."""
        row = version.row
        return cls(
            **_summary(version),
            system=row.system,
            question=row.question,
            model_settings=dict(row.model_settings),
            response_schema=dict(row.response_schema),
        )


def _summary(version: PromptVersion) -> dict[str, Any]:
    return {
        "version": version.row.version,
        "active": version.active,
        "chosen": version.chosen,
        "content_hash": version.row.content_hash,
        "created_at": version.created_at,
    }


class PromptChange(BaseModel):
    """Lines of one part that differ; `before` or `after` is empty where lines came or went."""

    part: str = Field(examples=["question"])
    before: list[str]
    after: list[str]


class PromptDiff(BaseModel):
    """What two versions have not in common."""

    before: int = Field(examples=[1])
    after: int = Field(examples=[2])
    unified: str = Field(description="As `diff -u` writes it; empty when they are the same")
    changes: list[PromptChange]


class QuestionSource(StrEnum):
    """Whose words a question is made of."""

    RESEARCHER = "researcher"
    REFINEMENT = "refinement"
    CHOSEN = "chosen"  # a version that a person activated


class PromptPreview(BaseModel):
    """What would be asked for a variable now. The document stands between `system` and `question`, fenced."""

    variable: str
    source: QuestionSource
    version: int | None = Field(description="The stored version that says the same; null: the next run makes one")
    system: str
    document: str = Field(description="How a document is put before the question")
    question: str
    model_settings: dict[str, Any]
    response_schema: dict[str, Any]
    content_hash: str
    tokens: int = Field(description="Of `system` and `question`, in a common vocabulary; the document comes on top")


class CounterExample(BaseModel):
    """A stretch of a document on which the model was wrong, with the right answer."""

    text: str
    value: Any = None
    source_text: str | None
    why: str


class Refinement(BaseModel):
    """A wording that a model proposed from people's verdicts, and how it measured against the one before."""

    id: UUID
    variable: str
    status: RefinementStatus
    instructions: str = Field(description="Empty when no proposal could be used; `reason` says why")
    counter_examples: list[CounterExample]
    analysis: dict[str, Any] = Field(description="The wrong cells it answers to, by pattern")
    measured: dict[str, Any] | None = Field(
        description="Figures of the old and the new wording on the same held-out labels; null: too few labels"
    )
    old_version: int
    new_version: int | None
    reason: str | None
    task_id: UUID | None
    created_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, row: RefinementRow) -> "Refinement":
        """A stored proposal."""
        assert row.created_at is not None  # it is stored
        return cls(
            id=row.id,
            variable=row.variable,
            status=row.status,
            instructions=row.instructions,
            counter_examples=[CounterExample.model_validate(dict(item)) for item in row.counter_examples],
            analysis=dict(row.analysis),
            measured=None if row.measured is None else dict(row.measured),
            old_version=row.old_version,
            new_version=row.new_version,
            reason=row.reason,
            task_id=row.task_id,
            created_at=row.created_at,
            decided_at=row.decided_at,
        )


class Rejection(BaseModel):
    """Why a refinement is turned down."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "It leaves out leases."}]})

    reason: Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=NOT_BLANK)]
