"""What may be asked for, and how tasks look."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crucible_assets.datasets.columns import Multiple
from crucible_assets.exports.formats import ExportFormat
from resources.statements import AnswerStatus
from resources.vocabulary import CallMode, CellState, EventKind, TaskKind, TaskStatus
from sidecar.fields import IN_JSON, Flag, ProjectId, VariableName, text_field
from sidecar.pages import Page
from sidecar.search.schemas import DocumentFilters
from sidecar.usage.money import Money

MOST_DOCUMENTS = 1000
"""As many documents as one request may name."""

Model = Annotated[
    str, Field(max_length=200, pattern=r"^(local|(anthropic|openai)(:[A-Za-z0-9._/:@-]+)?|gguf:[^\s,\x00]+)$")
]
Models = Annotated[
    list[Model],
    Field(
        max_length=10,
        description="Models in fallback order; none: those of the installation. A `gguf` file must be one of these",
        examples=[["anthropic:claude-haiku-5-5", "openai:gpt-4.1-mini"]],
    ),
]
Budget = Annotated[
    str,
    Field(
        max_length=20,
        pattern=r"^([1-9][0-9]{0,5}(\.[0-9]{1,6})?|0\.0{0,5}[1-9][0-9]{0,5})$",
        description="The most that the task's calls may cost, in USD: a decimal number above 0. At the limit the "
        "task pauses, and can be resumed with a higher one",
        examples=["2.50"],
    ),
]
Formats = Annotated[
    list[ExportFormat],
    Field(max_length=len(ExportFormat), description="Files to write; none: the usual ones", examples=[["csv-wide"]]),
]


class Options(BaseModel):
    """What stands beside the values in exported tables, and how files are written."""

    model_config = ConfigDict(extra="forbid")

    confidence: Flag = True
    evidence: Flag = True
    state: Flag = True
    prompt_version: Flag = False
    multiple: Multiple = Field(default=Multiple.COLUMNS, description="How several values of a cell are laid out")
    locations: Flag = False
    bom: Flag = Field(default=False, description="A byte order mark in CSV, for programs that need it")
    evidence_comments: Annotated[int, IN_JSON] = Field(
        default=0, ge=0, le=65_530, description="At most so many comments in a workbook"
    )
    verdicts: Flag = Field(default=False, description="Empty columns for a person's verdicts")


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    project_id: ProjectId = Field(description="Id of the project", examples=["loan-decisions"])


class _Writes(_Asked):
    formats: Formats = []
    options: Options = Options()


class Extraction(_Writes):
    """What every extraction may be asked for with."""

    models: Models = []
    budget_usd: Budget | None = None
    force: Flag = Field(
        default=False, description="Decide every cell anew. Finished calls are not paid for again, even so"
    )


class AskForSample(Extraction):
    """A few documents, extracted to see whether the variables work."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["documents", "number"]}})

    kind: Literal[TaskKind.SAMPLE]
    documents: list[UUID] = Field(
        default_factory=list,
        min_length=1,
        max_length=MOST_DOCUMENTS,
        description="Exactly these; do not give `number` then",
    )
    number: Annotated[int, IN_JSON] = Field(
        default=10, ge=1, le=MOST_DOCUMENTS, description="So many, evenly spread over the corpus"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "AskForSample":
        if {"documents", "number"} <= self.model_fields_set:
            raise ValueError("give `documents` or `number`, not both")
        return self


class AskForFull(Extraction):
    """Every document."""

    kind: Literal[TaskKind.FULL]
    calls: CallMode | None = Field(default=None, description="`batch`: at half the price, within a day")


class AskToReprocess(Extraction):
    """What failed, once more: documents that could not be read, and documents that hold a FAILED cell.

    Others are not touched. An answer that is in the ledger is not bought again: where a model's answer itself was of
    no use, name another model.
    """

    kind: Literal[TaskKind.REPROCESS_FAILED]
    calls: CallMode | None = Field(default=None, description="`batch`: at half the price, within a day")


class AskToRefine(_Asked):
    """Better instructions, worded by a language model from what people said of cells."""

    kind: Literal[TaskKind.REFINE]
    models: Models = []
    variables: list[VariableName] = Field(default=[], max_length=500, description="None: all of the project")


class AskForExport(_Writes):
    """The dataset as it stands, as files."""

    kind: Literal[TaskKind.EXPORT]


class AskToIngest(_Asked):
    """Documents read, cut and embedded; no model is asked."""

    kind: Literal[TaskKind.INGEST]
    force: Flag = Field(default=False, description="Read all of them again")


class AskQuestion(_Asked):
    """A question, answered from the documents, in a conversation of yours: see `answer` of the task."""

    kind: Literal[TaskKind.ASK]
    question: text_field(4000) = Field(  # type: ignore[valid-type] # a kind of text
        description="One question or several", examples=["Which reasons are given for a refusal?"]
    )
    filters: DocumentFilters = Field(default=DocumentFilters(), description="Which documents may be sources")
    models: Models = []
    budget_usd: Budget | None = None


class AskForSummaries(_Asked):
    """Summaries of the documents and of the project, where they are not there or stale; see `…/summary`."""

    kind: Literal[TaskKind.SUMMARISE]
    models: Models = []
    budget_usd: Budget | None = None
    force: Flag = Field(default=False, description="Make all of them anew")


class AskForThemes(_Asked):
    """What the documents are about, in place of the themes of before; see `…/themes`."""

    kind: Literal[TaskKind.EXTRACT_THEMES]
    models: Models = []
    number: Annotated[int, Field(ge=2, le=50), IN_JSON] | None = Field(
        default=None, description="How many; none: as many as the passages fall into", examples=[12]
    )


AskedFor = Annotated[
    AskForSample
    | AskForFull
    | AskToReprocess
    | AskToRefine
    | AskForExport
    | AskToIngest
    | AskQuestion
    | AskForSummaries
    | AskForThemes,
    Field(discriminator="kind"),
]


class Resume(BaseModel):
    """How a paused task is to go on."""

    model_config = ConfigDict(extra="forbid")

    budget_usd: Budget | None = Field(
        default=None, description="In place of the old budget; none: it stays", examples=["25.00"]
    )


class TaskStep(BaseModel):
    """One Dagster run of a task."""

    job: str = Field(description="Job of Dagster", examples=["full"])
    first: str = Field(description="Its partition, or the first of a range", examples=["acme/loan-decisions/0001"])
    last: str | None = Field(description="The last of a range; null: one partition")
    run_id: str | None = Field(
        description="The latest run of it, under which Dagster shows all the rest; null: none yet",
        examples=["4bf1c4a0-1c2e-4f5e-8a61-0a3d2f6c9b11"],
    )


class TaskProgress(BaseModel):
    """How far the latest run of an extraction is; calls and tokens are those of that run."""

    documents: int = Field(examples=[120])
    documents_done: int = Field(examples=[80])
    documents_unchanged: int = Field(description="Of these, were up to date")
    documents_with_failures: int = Field(description="Of these, hold a FAILED cell")
    documents_failed: int = Field(description="Of these, came to nothing: all cells FAILED")
    documents_deferred: int = Field(description="Wait for a provider batch")
    cells: dict[CellState, int] = Field(description="Cells of the documents that are done, by state")
    calls: int = Field(description="Paid for in this run")
    calls_from_ledger: int = Field(description="Known already, and not paid for again")
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Money = Field(description="Of the task so far")
    seconds_left: float | None = Field(description="About how long it still takes; null: not known")

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "TaskProgress | None":
        """From the task's row; None before an extraction has begun."""
        if "documents" not in stored:
            return None
        numbers = [name for name, field in cls.model_fields.items() if field.annotation is int]
        counts = {name: int(stored.get(name) or 0) for name in numbers}
        return cls.model_validate(
            {
                **counts,
                "cells": stored.get("states") or {},
                "cost_usd": str(stored.get("cost_usd") or "0"),
                "seconds_left": stored.get("seconds_left"),
            }
        )


class TaskCost(BaseModel):
    """What the calls of a task took so far, all of its runs together, as the ledger holds them."""

    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    usd: Money
    unpriced_calls: int = Field(description="Of models without a known price, and not in `usd`")


class AskedWith(BaseModel):
    """What a task was asked for with."""

    number: int | None = Field(description="Documents of a SAMPLE, or themes of EXTRACT_THEMES")
    documents: int | None = Field(description="How many documents it is confined to; null: to none in particular")
    models: list[str]
    formats: list[str]
    options: dict[str, Any]
    force: bool
    variables: list[str]
    calls: CallMode | None
    budget_usd: str | None


class TaskAnswer(BaseModel):
    """Where the answer to a question is; whoever asked reads it under `/v1/sessions/…/messages/…`."""

    conversation_id: UUID
    answer_id: UUID
    status: AnswerStatus


class TaskSummary(BaseModel):
    """A task as it stands in lists."""

    id: UUID
    project_id: str = Field(examples=["loan-decisions"])
    kind: TaskKind
    status: TaskStatus
    message: str | None = Field(description="Why it paused, failed or ended so", examples=["The budget is reached."])
    progress: TaskProgress | None
    last_event: int = Field(description="Number of the last event; where a stream can begin", examples=[17])
    created_by: str | None = Field(
        description="Who asked; null: a command or the schedule", examples=["user:1f0e7a52"]
    )
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime


class Task(TaskSummary):
    """A task with all that is known of it."""

    asked: AskedWith
    steps: list[TaskStep] = Field(description="Its Dagster runs in order; empty until it is planned, a moment later")
    step: int = Field(description="How many steps are done", examples=[2])
    cost: TaskCost
    answer: TaskAnswer | None = Field(description="Of ASK, once it has begun; null: of other kinds")


class TaskPage(Page[TaskSummary]):
    """Tasks, newest first."""


class LogEntry(BaseModel):
    """One fact of a task's log."""

    seq: int = Field(description="1, 2, 3, … in each task, without gaps", examples=[1])
    kind: EventKind
    message: str = Field(examples=["FULL asked for"])
    document_id: UUID | None
    document: str | None = Field(description="Name of the document it tells of", examples=["letters/2024-17.pdf"])
    payload: dict[str, Any]
    created_at: datetime


class LogPage(BaseModel):
    """A part of a task's log, oldest first."""

    items: list[LogEntry]
    next: int | None = Field(description="Pass it as `after` for what follows; null: nothing does, yet")
