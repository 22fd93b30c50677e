"""Users as an administrator makes and changes them, and their sessions."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from resources.vocabulary import Role
from sidecar.auth.schemas import Email, NewPassword
from sidecar.fields import Flag, Name


class NewUser(BaseModel):
    """A user to be made."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    name: Name = Field(examples=["Ada Lovelace"])
    role: Role = Field(examples=["researcher"])
    password: NewPassword | None = Field(
        default=None, description="Null: cannot log in here; a service works with API keys alone"
    )


class UserChange(BaseModel):
    """What is to be changed of a user; null leaves it."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = Field(default=None, examples=["Ada Lovelace"])
    role: Role | None = None
    active: Flag | None = Field(default=None, description="False: logged out everywhere, and their keys are refused")
    password: NewPassword | None = Field(default=None, description="A new one; their sessions end")


class SessionAnswer(BaseModel):
    """A login that still runs."""

    id: UUID
    created_at: datetime
    refreshed_at: datetime = Field(description="When its access token was last made anew")
    expires_at: datetime = Field(description="When it ends unless it is refreshed before")
    current: bool = Field(description="Whether it is the one that asks")
