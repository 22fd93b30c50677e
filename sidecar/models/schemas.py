"""What is told of models."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from resources.models.decisions.breaker import Phase
from sidecar.usage.money import Money


class ModelKind(StrEnum):
    """Where a model is."""

    READER = "reader"  # rules that run here; no language model
    FILE = "file"  # a language model that runs here
    PROVIDER = "provider"


class ModelPrice(BaseModel):
    """USD per million tokens."""

    version: str = Field(
        description="Names the entry; calls keep the one they were paid at", examples=["openai:gpt-4.1@2025-10-11"]
    )
    since: date | None = Field(description="null: free")
    input: Money
    cached_input: Money
    output: Money
    batch_share: Money = Field(description="Share of the price that calls in provider batches cost", examples=["0.5"])
    above_input_tokens: int | None = Field(description="Calls with more tokens in than this cost what follows")
    input_above: Money | None
    output_above: Money | None


class ModelLimits(BaseModel):
    """Requests and tokens per minute; null: none is known."""

    requests: int | None
    tokens: int | None


class ModelHealth(BaseModel):
    """What the processes that call the model share: its breaker and the use of its limits."""

    breaker: Phase = Field(description="closed: it is asked; open: it is left alone; half-open: it is tried")
    since: datetime | None = Field(description="When the breaker opened; null while it is closed")
    until: datetime | None = Field(description="Until when the model is left alone; null: it may be asked now")
    reason: str | None = Field(description="The failure that opened the breaker")
    failures_in_a_row: int
    paused_until: datetime | None = Field(description="Until when the provider wants no calls")
    told_limits: ModelLimits = Field(description="Limits that the provider told and that bind now")
    taken_requests: int | None = Field(description="Of the limits in the last minute; null: no limit is kept")
    taken_tokens: int | None
    changed_at: datetime


class ModelCard(BaseModel):
    """One model as this installation knows it."""

    spec: str = Field(description="What tasks and projects call it", examples=["anthropic:claude-haiku-5-5"])
    title: str = Field(examples=["anthropic:claude-haiku-5-5"])
    kind: ModelKind
    provider: str = Field(examples=["anthropic"])
    order: int | None = Field(description="Place in the installation's fallback order, from 1; null: not in it")
    projects: list[str] = Field(description="Projects whose settings name it")
    usable: bool = Field(description="Whether the key or file that it needs is here")
    missing: str | None = Field(description="What it needs and does not have", examples=["ANTHROPIC_API_KEY"])
    price: ModelPrice | None = Field(description="null: no price is known; its calls have no cost, not 0")
    context_tokens: int | None = Field(description="Its context window; null: not known before it is asked")
    limits: ModelLimits = Field(description="As the installation states them")
    health: ModelHealth | None = Field(description="null: not asked yet, or it runs here")


class EmbeddingCard(BaseModel):
    """What makes vectors for the search."""

    spec: str = Field(examples=["local"])
    name: str = Field(examples=["multilingual-e5-small-int8"])
    usable: bool
    missing: str | None


class Available(BaseModel):
    """The models of the installation first, then those that projects name, then others with a known price."""

    models: list[ModelCard]
    embedding: EmbeddingCard
