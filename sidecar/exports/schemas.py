"""What exports look like, asked for and made."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crucible_assets.exports.formats import ExportFormat
from resources.vocabulary import TaskKind, TaskStatus
from sidecar.fields import ProjectId
from sidecar.tasks.schemas import Formats, Options


class ExportRequest(BaseModel):
    """Assemble the dataset from the cells of now and write its files."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"project_id": "loan-decisions", "formats": ["csv-wide"]}]}
    )

    project_id: ProjectId
    formats: Formats = []
    options: Options = Options()


class ExportAsked(BaseModel):
    """The task that makes the files; they are listed when it is COMPLETED."""

    task_id: UUID
    project_id: str
    kind: TaskKind = TaskKind.EXPORT
    status: TaskStatus = TaskStatus.PENDING


class Export(BaseModel):
    """A file made from a dataset version."""

    id: UUID
    project_id: str
    dataset_version: int
    format: ExportFormat
    name: str = Field(examples=["loan-decisions-wide.csv"])
    media_type: str = Field(examples=["text/csv; charset=utf-8"])
    size_bytes: int
    sha256: str
    options: dict[str, Any]
    created_at: datetime = Field(description="When it was last made; the same bytes are one file")
