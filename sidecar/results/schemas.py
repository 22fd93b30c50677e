"""What results look like: cells with their evidence, their origin, and datasets as tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from resources.vocabulary import (
    CallPurpose,
    CellState,
    EvidenceStatus,
    UnitOfObservation,
    VariableType,
    Verdict,
)
from sidecar.fields import CellValue
from sidecar.pages import Page
from sidecar.usage.money import Money

_EXAMPLE_BOX = (72.0, 120.5, 310.2, 133.0)


class Place(BaseModel):
    """Where a piece of evidence stands in the file."""

    page: int | None = Field(description="Counted from 1; null for formats without pages", examples=[3])
    label: str | None = Field(description="For formats without pages", examples=["Sheet1!A4:F4"])
    boxes: list[tuple[float, float, float, float]] = Field(
        description="x0, y0, x1, y1 in points from the top left of the page", examples=[[_EXAMPLE_BOX]]
    )


class EvidencePiece(BaseModel):
    """Words of the document that show a value."""

    quote: str = Field(examples=["a loan of EUR 20,000"])
    status: EvidenceStatus = Field(description="How well the words were found in the document")
    start: int | None = Field(description="Offset of the first character in the document's text; null: not found")
    end: int | None = Field(description="Offset after the last character")
    score: float | None = Field(description="How alike quote and document are, 0 to 1", examples=[1.0])
    places: list[Place]


class LatestVerdict(BaseModel):
    """The latest verdict of a person on a cell."""

    id: UUID
    verdict: Verdict
    corrected_values: list[Any] | None = Field(
        description="The right values by that person; an empty list: the document does not state it; null: not given",
        examples=[[20000]],
    )
    note: str
    author: str = Field(examples=["user:1f0e7a52-6f1c-4c1d-9f6c-3b0f6a3c2f11"])
    created_at: datetime
    about_this_value: bool = Field(description="Whether the cell still holds what was judged")


class Cell(BaseModel):
    """One (row, variable) of the dataset. A verdict never changes it; what a person corrected stands beside it."""

    project_id: str = Field(examples=["loan-decisions"])
    document_id: UUID
    document_name: str = Field(examples=["letters/2024-17.pdf"])
    row_key: str = Field(description="Empty where the document is the row", examples=["orchard-house-1a2b3c4d"])
    row_label: str = Field(description="Name of the entity, or of the document", examples=["Orchard House"])
    variable: str = Field(examples=["amount"])
    state: CellState
    value: CellValue
    reasons: list[str] = Field(description="Why the state is not VALUE, and what a reader should know")
    confidence: float | None = Field(ge=0, le=1, examples=[0.93])
    uncalibrated: float | None = Field(description="The confidence before calibration; null: none was applied")
    evidence: list[EvidencePiece]
    prompt_version: int | None
    model: str | None = Field(examples=["openai:gpt-4.1-mini"])
    task_id: UUID | None = Field(description="The task that wrote the cell as it is now")
    updated_at: datetime
    version: str = Field(
        description="Names what the cell holds, its state and value; send it with a verdict",
        examples=["3f1c0b9ad7e24456"],
    )
    latest_verdict: LatestVerdict | None


class CellPage(Page[Cell]):
    """One page of cells."""

    total: int | None = Field(default=None, description="How many there are in all; only when `count` asks for it")


class PromptText(BaseModel):
    """The version of the prompt that a cell was asked with."""

    version: int
    system: str | None
    question: str | None = Field(description="null: this version is no longer there")


class TracedCall(BaseModel):
    """One call to a model that a cell rests on."""

    key: str
    purpose: CallPurpose
    model: str = Field(examples=["openai:gpt-4.1-mini"])
    arm: str | None = Field(description="Of a weighted choice between models")
    in_provider_batch: bool
    span: tuple[int, int] | None = Field(description="The stretch of the text that was asked about")
    chunks: list[int] = Field(description="The chunks of that stretch, counted from 0")
    variables: list[str] = Field(description="What was asked for in the same call")
    reply: str = Field(description="What the model answered, word for word")
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Money | None = Field(description="null: no price is known for the model")
    created_at: datetime


class FormerCell(BaseModel):
    """What a cell held before."""

    state: CellState
    value: CellValue
    reasons: list[str]
    confidence: float | None
    prompt_version: int | None
    model: str | None
    task_id: UUID | None
    superseded_at: datetime


class CellTrace(BaseModel):
    """A cell with everything that it was made from."""

    cell: Cell
    raw: Any = Field(description="What the model gave, before it was read as the variable's type")
    prompt: PromptText | None = Field(description="null: the cell was never asked")
    calls: list[TracedCall]
    before: list[FormerCell] = Field(description="Newest first")


class Highlight(BaseModel):
    """Where the quoted words are in a stretch of text."""

    start: int = Field(description="Offset in `text`")
    end: int


class ContextPiece(BaseModel):
    """The sentences round one piece of evidence."""

    quote: str
    status: EvidenceStatus
    text: str | None = Field(description="null: the words were not found in the document")
    start: int | None = Field(description="Offset of `text` in the document's text")
    end: int | None
    highlight: Highlight | None
    places: list[Place]


class CellContext(BaseModel):
    """What stands round the evidence of a cell, for documents with and without pages."""

    document_id: UUID
    document_name: str
    row_key: str
    variable: str
    pieces: list[ContextPiece]


class DatasetVersion(BaseModel):
    """A version of a dataset: made when its content had changed. Its rows are in the files exported from it."""

    project_id: str
    version: int
    content_hash: str = Field(description="SHA-256 of rows, cells and documents")
    rows: int
    states: dict[CellState, int] = Field(description="Cells by state; they add up to rows × variables at that time")
    created_at: datetime


class VersionFigures(DatasetVersion):
    """A version with its quality figures by variable."""

    quality: list[dict[str, Any]]


class ColumnKind(BaseModel):
    """One variable as a column."""

    name: str
    title: str
    type: VariableType
    unit: str | None = Field(description="Of numbers", examples=["EUR"])
    several_values: bool = Field(description="Whether cells hold lists")
    categories: list[str] = Field(description="Of a CATEGORY")


class TableCell(BaseModel):
    """One value of a row."""

    state: CellState
    value: CellValue
    uncertain: bool = Field(description="Whether the value, if there is one, is to be looked at")
    confidence: float | None
    version: str
    latest_verdict: LatestVerdict | None


class TableRow(BaseModel):
    """One row of a dataset; a variable without a cell was not extracted yet."""

    document_id: UUID
    document_name: str
    row_key: str
    row_label: str
    entity_status: EvidenceStatus | None = Field(description="Of an entity: how well it was found in the document")
    cells: dict[str, TableCell | None] = Field(description="By variable; null: not extracted yet")


class DatasetAccount(BaseModel):
    """How the cells add up: `rows` × `variables` = the sum of `states` + `missing`."""

    rows: int
    variables: int
    cells_expected: int
    states: dict[CellState, int]
    missing: int = Field(description="Cells that were not extracted yet")
    documents_without_rows: int = Field(description="Of a dataset of entities: searched, and none was found")


class DatasetTable(Page[TableRow]):
    """The dataset as it is now, read from the cells; `stored` is the newest version and may be older."""

    model_config = ConfigDict(title="DatasetTable")

    project_id: str
    source: str = Field(default="cells of now", examples=["cells of now"])
    unit_of_observation: UnitOfObservation
    columns: list[ColumnKind]
    account: DatasetAccount | None = Field(description="With the first page only")
    changed_at: datetime | None = Field(description="When a cell was last written; with the first page only")
    stored: DatasetVersion | None = Field(description="The newest stored version; null before the first")
