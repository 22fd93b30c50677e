"""What verdicts look like, given and kept."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, WithJsonSchema

from resources.vocabulary import CellState, Verdict
from sidecar.fields import NO_NUL, CellValue, ProjectId, VariableName, text_field

_EXAMPLE: dict[str, JsonValue] = {
    "document_id": "7b0c2c1e-0f5c-4d27-8a3a-3f5a0f1c9d11",
    "variable": "amount",
    "version": "3f1c0b9ad7e24456",
    "verdict": "INCORRECT",
    "corrected_values": [20000],
    "note": "The letter states the sum with tax.",
}

CorrectedValue = Annotated[Any, WithJsonSchema({"description": "A value of the variable's type"})]


class GivenVerdict(BaseModel):
    """A verdict on one cell, as the person saw it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    document_id: UUID
    row_key: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] = Field(
        default="", description="Empty where the document is the row"
    )
    variable: VariableName
    version: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] = Field(
        description="`version` of the cell that was looked at; if it holds something else by now, the answer is 409"
    )
    verdict: Verdict
    corrected_values: Annotated[list[CorrectedValue], Field(max_length=100)] | None = Field(
        default=None,
        description="The right values, in the variable's type; an empty list: the document does not state it; "
        "null: nothing is corrected",
    )
    note: text_field(2000, blank=True) = ""  # type: ignore[valid-type]  # made by a function


class FeedbackRequest(GivenVerdict):
    """A verdict and the project that the cell is in."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"project_id": "loan-decisions", **_EXAMPLE}]}
    )

    project_id: ProjectId


class BulkFeedbackRequest(BaseModel):
    """Verdicts on several cells of one project; all of them are kept, or none."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"project_id": "loan-decisions", "items": [_EXAMPLE]}]}
    )

    project_id: ProjectId
    items: Annotated[list[GivenVerdict], Field(min_length=1, max_length=500)]


class Feedback(BaseModel):
    """A verdict as it is kept. Verdicts are never changed; of one person the latest on a cell counts."""

    id: UUID
    project_id: str
    document_id: UUID
    document_name: str
    row_key: str
    variable: str
    verdict: Verdict
    corrected_values: list[Any] | None
    note: str
    author: str = Field(examples=["user:1f0e7a52-6f1c-4c1d-9f6c-3b0f6a3c2f11"])
    judged_state: CellState = Field(description="The cell as the person saw it")
    judged_value: CellValue
    created_at: datetime


class FeedbackAnswer(BaseModel):
    """A verdict that was given."""

    feedback: Feedback
    known: bool = Field(description="Whether the same person had said the same before; nothing was added then")
    warnings: list[str] = Field(description="Corrected values that break the variable's own rules; they are kept")


class BulkFeedbackAnswer(BaseModel):
    """Verdicts that were given, in the order of the request."""

    kept: int
    known: int
    items: list[FeedbackAnswer]


class CalibrationRequest(BaseModel):
    """Learn anew how far confidences are to be believed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"project_id": "loan-decisions"}]})

    project_id: ProjectId


class CalibrationAsked(BaseModel):
    """The task that learns the curves."""

    task_id: UUID
