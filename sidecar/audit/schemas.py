"""What the audit log shows."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from resources.vocabulary import ChainBreak


class AuditEntryOut(BaseModel):
    """One entry of the audit log."""

    model_config = ConfigDict(from_attributes=True)

    n: int = Field(description="Its place in the chain, counted from 1 without gaps", examples=[42])
    at: datetime
    actor: str = Field(description="Who did it", examples=["user:5f0c1b9e-8a57-4f0e-9d55-0d2e8a3c1f11"])
    action: str = Field(description="What was done", examples=["project.created"])
    object: str = Field(description="What it was done to", examples=["project:loan-decisions"])
    payload: dict[str, Any] = Field(description="More about it", examples=[{"fields": ["name"]}])
    request_id: str = Field(description="Of the request that did it; it is in the logs")
    hash: str = Field(description="SHA-256 over the entry and the hash before it", examples=["9f2c" * 16])


class ChainVerification(BaseModel):
    """What was found on a walk along the chain."""

    intact: bool = Field(description="Nothing was changed or removed in what was looked at")
    entries: int = Field(description="So many were looked at", examples=[120])
    anchors: int = Field(description="So many of them were also compared with what is kept outside of the database")
    last: int = Field(description="Number of the last entry that was looked at", examples=[120])
    broken_at: int | None = Field(default=None, description="The first entry that is not as it was", examples=[None])
    reason: ChainBreak | None = Field(default=None, description="What is wrong with it")
    next: int | None = Field(default=None, description="Pass it as `after` to go on; null at the end")
