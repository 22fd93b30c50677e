"""What routes of documents take and give."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from resources.database.repositories.document_lists import Figures, ListedDocument
from resources.vocabulary import DocumentOrigin, DocumentStatus, Segment, SegmentKind
from sidecar.context.check import Refusal
from sidecar.context.receive import MAX_FILES
from sidecar.fields import SLUG

_DOCUMENT = "0b7a1f0e-6f0f-4a53-9d57-2c1f3a9b8d10"
_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class Outcome(StrEnum):
    """What became of a file that was sent."""

    NEW = "NEW"
    NEW_VERSION = "NEW_VERSION"  # takes the place of another document of this name
    KNOWN = "KNOWN"  # the same bytes are a document of the project already
    REFUSED = "REFUSED"


class FileResult(BaseModel):
    """What became of one file."""

    name: str = Field(description="As the document is called now", examples=["decision-17.pdf"])
    archive: str | None = Field(default=None, description="Name of the zip archive that it came in")
    outcome: Outcome
    document_id: UUID | None = Field(default=None, description="Null when it was refused", examples=[_DOCUMENT])
    version: int | None = Field(default=None, description="Of this name, counted from 1", examples=[1])
    batch: int | None = Field(default=None, description="In which it travels through the pipeline", examples=[1])
    media_type: str | None = Field(default=None, description="As the content says", examples=["application/pdf"])
    size_bytes: int | None = Field(default=None, examples=[48213])
    sha256: str | None = Field(default=None, examples=[_SHA])
    reason: Refusal | None = Field(default=None, description="Why it was refused")
    message: str | None = Field(default=None, description="What is wrong with it and what to do")


class UploadResult(BaseModel):
    """What became of every file of an upload; one that is refused does not keep the others out."""

    project_id: str = Field(examples=["loan-decisions"])
    new: int = Field(description="Documents that are new, or a new version", examples=[1])
    known: int = Field(examples=[0])
    refused: int = Field(examples=[0])
    files: list[FileResult]


UPLOAD_BODY: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["project_id", "files"],
                    "additionalProperties": False,
                    "properties": {
                        "project_id": {
                            "type": "string",
                            "pattern": SLUG,
                            "maxLength": 63,
                            "description": "The project that the documents are for",
                            "examples": ["loan-decisions"],
                        },
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MAX_FILES,
                            "description": "Documents of at most 50 MiB each, or zip archives of documents; "
                            "repeat the field for each",
                            "items": {"type": "string", "format": "binary"},
                        },
                    },
                },
            }
        },
    }
}
"""The body is read by our own parser, so the OpenAPI is told by hand."""


class DocumentSummary(BaseModel):
    """A document as lists show it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(examples=[_DOCUMENT])
    project_id: str = Field(examples=["loan-decisions"])
    name: str = Field(examples=["decision-17.pdf"])
    version: int = Field(description="Of this name, counted from 1", examples=[1])
    current: bool = Field(description="False: replaced, or gone from the folder; it is left out of the dataset")
    origin: DocumentOrigin
    status: DocumentStatus
    error_reason: str | None = Field(description="Why it could not be read", examples=[None])
    error_message: str | None = Field(description="What is wrong and what to do", examples=[None])
    media_type: str | None = Field(description="As the content says", examples=["application/pdf"])
    size_bytes: int = Field(examples=[48213])
    page_count: int | None = Field(examples=[12])
    word_count: int | None = Field(examples=[5210])
    language: str | None = Field(examples=["en"])
    batch: int = Field(examples=[1])
    created_at: datetime
    updated_at: datetime


class Version(BaseModel):
    """One of the documents that came under a name."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    current: bool
    sha256: str = Field(examples=[_SHA])
    created_at: datetime


class DocumentFigures(BaseModel):
    """What was made of a document."""

    model_config = ConfigDict(from_attributes=True)

    chunks: int = Field(examples=[3])
    passages: int = Field(examples=[14])
    vectors: int = Field(examples=[14])
    cells: int = Field(examples=[8])
    characters: int | None = Field(description="Of its text; null while it is not read", examples=[31250])


class DocumentDetails(DocumentSummary):
    """A document with all that is known of it, without its text."""

    other_names: list[str] = Field(description="Under which the same bytes came too")
    sha256: str = Field(examples=[_SHA])
    added_by: str | None = Field(description="Who uploaded it; null: a command or the inbox took it in")
    title: str | None
    author: str | None
    dated: str | None = Field(description="As the document says", examples=["2021-03-04"])
    warnings: list[str] = Field(description="What was noticed while it was read")
    figures: DocumentFigures
    versions: list[Version] = Field(description="All that came under this name, the oldest first")

    @classmethod
    def of(cls, document: ListedDocument, figures: Figures, versions: list[ListedDocument]) -> Self:
        """From what repositories give."""
        known = {name: getattr(document, name) for name in cls.model_fields if name not in ("figures", "versions")}
        shown = [Version.model_validate(version) for version in versions]
        return cls(**known, figures=DocumentFigures.model_validate(figures), versions=shown)


class TextStretch(BaseModel):
    """A stretch of a document's text. Offsets count characters (Unicode code points) and are those of evidence."""

    document_id: UUID
    start: int = Field(examples=[0])
    end: int = Field(description="Behind the last character; ask on from here", examples=[2000])
    total: int = Field(description="Characters of the whole text", examples=[31250])
    text: str


class TextSegment(BaseModel):
    """A stretch of the text and where it stands in the file."""

    model_config = ConfigDict(from_attributes=True)

    start: int = Field(examples=[0])
    end: int = Field(examples=[27])
    kind: SegmentKind
    page: int | None = Field(description="Counted from 1", examples=[1])
    box: tuple[float, float, float, float] | None = Field(
        description="x0, y0, x1, y1 in points from the top left of the page before its rotation",
        examples=[[72.0, 88.2, 310.5, 104.0]],
    )
    label: str | None = Field(description="For formats without pages: 'table 2, row 3', 'Sheet1!A4:F4'")
    level: int | None = Field(description="Of a heading, counted from 1")

    @classmethod
    def of(cls, segment: Segment) -> Self:
        """From what the repository gives."""
        return cls.model_validate(segment)


class PageSummary(BaseModel):
    """A page: how large it is, and where it stands in the text."""

    number: int = Field(description="Counted from 1", examples=[1])
    width: float = Field(description="In points, before its rotation", examples=[595.0])
    height: float = Field(examples=[842.0])
    rotation: int = Field(description="By which it is shown turned, clockwise: 0, 90, 180 or 270", examples=[0])
    start: int | None = Field(description="In the text; null when the page holds none", examples=[0])
    end: int | None = Field(examples=[2710])
    segments: int = Field(examples=[24])


class PageText(BaseModel):
    """The text of a page with the boxes of its segments."""

    document_id: UUID
    number: int = Field(examples=[1])
    start: int | None = Field(description="In the document's text; null when the page holds none", examples=[0])
    end: int | None = Field(examples=[2710])
    text: str
    segments: list[TextSegment]


class DeleteRequest(BaseModel):
    """Documents to delete."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"ids": [_DOCUMENT]}]})

    ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]


class DeleteResult(BaseModel):
    """What was deleted, with all that was made from it."""

    deleted: list[UUID]
    not_found: list[UUID] = Field(description="Ids that are no document of yours; nothing to do for them")
    exports: int = Field(description="Exported files that held their values and went with them", examples=[0])
