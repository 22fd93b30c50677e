"""Answers about operations."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from resources.vocabulary import TaskKind, TaskStatus
from sidecar.operations.readiness import Part


class Liveness(BaseModel):
    """The process serves requests."""

    status: Literal["ok"] = Field(default="ok", examples=["ok"])


class ReadinessStatus(StrEnum):
    """Whether requests can be served."""

    READY = "ready"
    NOT_READY = "not_ready"


class CheckAnswer(BaseModel):
    """One part that the sidecar stands on."""

    model_config = ConfigDict(from_attributes=True)

    part: Part = Field(examples=["database"])
    ok: bool = Field(examples=[True])
    ms: float = Field(ge=0, description="What looking took, in milliseconds", examples=[3.2])
    reason: str | None = Field(default=None, description="What is wrong; null when all is well", examples=[None])


class ReadinessAnswer(BaseModel):
    """Whether requests can be served, and what each part is found to be."""

    status: ReadinessStatus = Field(examples=["ready"])
    checks: list[CheckAnswer]


class StuckTaskAnswer(BaseModel):
    """A task that should have moved by now."""

    id: UUID
    project_id: str = Field(examples=["loans"])
    kind: TaskKind = Field(examples=["FULL"])
    status: TaskStatus = Field(examples=["RUNNING"])
    quiet_seconds: float = Field(description="Since anything was heard of it", examples=[1260.5])
    asked_at: datetime
    why: str = Field(description="The likeliest reason", examples=["nothing was heard of it for 21 minutes"])


class QueueAnswer(BaseModel):
    """What waits and what runs."""

    oldest_pending_seconds: float | None = Field(
        description="How long the oldest pending task has waited; null when none is pending", examples=[1.4]
    )
    open_tasks: int = Field(ge=0, description="Tasks that are PENDING or RUNNING", examples=[2])
    stuck: list[StuckTaskAnswer]


class IndexAnswer(BaseModel):
    """Whether passages and their vectors fit together."""

    model_config = ConfigDict(from_attributes=True)

    passages: int = Field(ge=0, examples=[5200])
    vectors: int = Field(ge=0, examples=[5200])
    without_vector: int = Field(
        ge=0, description="Passages of current documents without a vector of the installation's model", examples=[0]
    )
    other_models: int = Field(ge=0, description="Vectors of another model, or another version of it", examples=[0])
    wrong_dimension: int = Field(ge=0, description="Vectors whose length is not the model's", examples=[0])
    orphans: int = Field(ge=0, description="Vectors whose passage is not there", examples=[0])
    superseded: int = Field(ge=0, description="Vectors of documents that are no longer current", examples=[12])


class BreakerAnswer(BaseModel):
    """The breaker of one model; it is open while the model is left alone."""

    model_config = ConfigDict(from_attributes=True)

    model: str = Field(description="provider:model", examples=["openai:gpt-4.1-mini"])
    phase: Literal["closed", "half-open", "open"] = Field(examples=["closed"])
    failures: int = Field(ge=0, description="In a row, while it is closed", examples=[0])
    open_seconds: float = Field(ge=0, description="Until the model is tried again", examples=[0])


class StorageAnswer(BaseModel):
    """Bytes by kind; of texts and vectors as the database stores them."""

    model_config = ConfigDict(from_attributes=True)

    documents: int = Field(ge=0, examples=[73400320])
    texts: int = Field(ge=0, examples=[9437184])
    vectors: int = Field(ge=0, examples=[4194304])
    exports: int = Field(ge=0, examples=[1048576])


class DatabaseAnswer(BaseModel):
    """The database and the connections to it."""

    version: str = Field(examples=["18.1"])
    revision: str | None = Field(description="Of the tables", examples=["0003"])
    wanted_revision: str = Field(description="That this code was written for", examples=["0003"])
    connections_in_use: int = Field(ge=0, examples=[1])
    connections_idle: int = Field(ge=0, examples=[3])
    connections_most: int = Field(ge=0, examples=[16])


class DiagnosticsAnswer(BaseModel):
    """The state of the tenant's work and of what it stands on."""

    queue: QueueAnswer
    failed_documents: dict[str, int] = Field(
        description="Current documents that could not be read, by reason", examples=[{"PASSWORD_PROTECTED": 2}]
    )
    index: IndexAnswer
    breakers: list[BreakerAnswer]
    storage: StorageAnswer
    database: DatabaseAnswer
