"""How summaries, themes and opportunities look."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from resources.vocabulary import EvidenceStatus
from sidecar.pages import Page
from sidecar.results.schemas import Place
from sidecar.statements import EXAMPLE_DOCUMENT, EXAMPLE_WORDS, CitedStatement

_THEME = "2f6d3a1b-8f0e-4b8e-a5b6-4c9d1e7f2a33"
_LABEL = "Delays between decision and payment"
_KEYWORDS = ["payment", "delay", "instalment"]
_STALE = "True: a document that it rested on was deleted since. What is left still stands in the documents"
_MODEL = "openai:gpt-4.1-mini"


class Summary(BaseModel):
    """What a document, or all documents of a project, say in a few sentences."""

    id: UUID
    project_id: str = Field(examples=["heat-pump-grants"])
    document_id: UUID | None = Field(description="null: of the whole project", examples=[EXAMPLE_DOCUMENT])
    model: str | None = Field(
        description="Which model wrote it; null: sentences were copied, no model was asked", examples=[_MODEL]
    )
    stale: bool = Field(description=f"{_STALE}; the next SUMMARISE task makes it anew")
    statements: list[CitedStatement]
    created_at: datetime


class Theme(BaseModel):
    """Passages of a project that are about the same."""

    id: UUID = Field(examples=[_THEME])
    project_id: str = Field(examples=["heat-pump-grants"])
    number: int = Field(description="From 1, the largest first", examples=[1])
    label: str | None = Field(description="null: a document of it was deleted since", examples=[_LABEL])
    keywords: list[str] = Field(description="Words that tell it from the others", examples=[_KEYWORDS])
    passages: int = Field(description="That belong to it now", examples=[214])
    documents: int = Field(description="In which these stand", examples=[37])
    opportunity: float = Field(
        description="From 0 to 1: the share of its passages from which no variable takes evidence yet, times the "
        "share of documents that it stands in",
        examples=[0.42],
    )
    model: str | None = Field(description="Which model wrote the label; null: it is the keywords", examples=[_MODEL])
    stale: bool = Field(description=f"{_STALE}; the next EXTRACT_THEMES task makes them anew")
    statements: list[CitedStatement] = Field(description="Sentences that stand for it, word for word")
    created_at: datetime


class ThemePassage(BaseModel):
    """A passage of a theme."""

    document_id: UUID = Field(examples=[EXAMPLE_DOCUMENT])
    document_name: str = Field(examples=["letters/2024-17.pdf"])
    current: bool = Field(description="False: another version has taken the document's place")
    passage_index: int = Field(description="Of the passage in its document, from 0", examples=[3])
    start: int = Field(description="In the document's text, counted from 0", examples=[1200])
    end: int = Field(examples=[1253])
    text: str = Field(examples=[EXAMPLE_WORDS])
    places: list[Place] = Field(description="Pages with boxes, or labels where the format has no pages")
    distance: float = Field(description="Cosine distance to the theme's centre, 0 to 2", examples=[0.08])


class ThemePage(Theme, Page[ThemePassage]):
    """A theme with one page of its passages, the most typical first."""


class Origin(StrEnum):
    """Where an opportunity comes from."""

    THEME = "theme"
    SERVICE = "service"


class OpportunityEvidence(BaseModel):
    """Words that a service gave for an opportunity."""

    document_id: UUID = Field(examples=[EXAMPLE_DOCUMENT])
    status: EvidenceStatus = Field(description="EXACT: the document holds these words; NOT_FOUND: it does not")
    start: int | None = Field(description="Where they stand; null when they were not found", examples=[1200])
    end: int | None = Field(examples=[1253])
    quote: str = Field(examples=[EXAMPLE_WORDS])


class Opportunity(BaseModel):
    """Something in the documents that no variable reads yet: a theme, or what another service has found."""

    origin: Origin
    title: str = Field(description="Of a theme its label, or keywords where it has none", examples=[_LABEL])
    description: str = Field(examples=[""])
    score: float | None = Field(description="The higher, the more; null: not given", examples=[0.42])
    theme: Theme | None = Field(description="With its sentences as evidence; null: of a service")
    external_id: str | None = Field(description="Given by the service; null: a theme", examples=[None])
    evidence: list[OpportunityEvidence] = Field(description="Given by the service")
    details: dict[str, Any] = Field(description="Given by the service", examples=[{}])
    updated_at: datetime
