"""API keys as they are asked for and listed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from sidecar.fields import IN_JSON, Name
from sidecar.security.scopes import Scope


class NewKey(BaseModel):
    """An API key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="What it is for", examples=["nightly upload"])
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))] | None = Field(
        default=None,
        description="What it may do, at most what its owner's role gives; null: all of it. `internal` lets a key of "
        "a service get service tokens; the key itself never has it",
        examples=[["read", "write"]],
    )
    days: Annotated[int, Field(ge=1, le=3650), IN_JSON] | None = Field(
        default=365, description="How long it is good; null: until it is revoked"
    )
    user_id: UUID | None = Field(default=None, description="Whose it is, as an administrator; null: one's own")


class KeyAnswer(BaseModel):
    """An API key as it is listed."""

    id: str = Field(description="The part of the key behind the tenant", examples=["k3J9xQ2a"])
    name: str = Field(examples=["nightly upload"])
    user_id: UUID = Field(description="Whose it is")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute")


class NewKeyAnswer(KeyAnswer):
    """An API key with its secret, which is shown this once."""

    key: str = Field(description="To send as `Authorization: Bearer …`")
