"""What is sent to log in, and what is given."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from resources.accounts import EMAIL, EMAIL_MOST, PASSWORD_LEAST, PASSWORD_MOST
from resources.vocabulary import Role
from sidecar.fields import Name, Slug
from sidecar.security.scopes import Scope

Email = Annotated[str, StringConstraints(max_length=EMAIL_MOST, pattern=EMAIL), Field(examples=["ada@example.org"])]
NewPassword = Annotated[
    str,
    StringConstraints(min_length=PASSWORD_LEAST, max_length=PASSWORD_MOST),
    Field(json_schema_extra={"format": "password", "writeOnly": True}, examples=["correct horse battery staple"]),
]
KnownPassword = Annotated[
    str,
    StringConstraints(min_length=1, max_length=PASSWORD_MOST),
    Field(json_schema_extra={"format": "password", "writeOnly": True}, examples=["correct horse battery staple"]),
]
_SCOPE = "(read|write|run|admin)"
ScopeList = Annotated[
    str,
    StringConstraints(max_length=100, pattern=rf"^({_SCOPE}( {_SCOPE})*)?$"),
    Field(description="Scopes separated by spaces, to hold fewer than the role gives; empty: all", examples=["read"]),
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BootstrapRequest(_Request):
    """The first administrator of a tenant, which is made with them when it is not there yet."""

    tenant: Slug | None = Field(default=None, description="Its id; null: the installation's own", examples=["acme"])
    email: Email
    name: Name = Field(examples=["Ada Lovelace"])
    password: NewPassword


class PasswordGrant(BaseModel):
    """The OAuth2 password form (RFC 6749, section 4.3.2); other parameters are passed over, as it asks."""

    grant_type: Literal["password"] = "password"
    username: str = Field(
        min_length=1,
        max_length=EMAIL_MOST + 64,
        description="The email; of another tenant than the installation's own: `tenant/email`",
        examples=["ada@example.org", "acme/ada@example.org"],
    )
    password: KnownPassword
    scope: ScopeList = ""


class RefreshRequest(_Request):
    """A refresh token."""

    refresh_token: str = Field(min_length=1, max_length=500, examples=["crr_acme_TWFueSB3b3JkcyBhcmUgbm8gdG9rZW4"])


class PasswordRequest(_Request):
    """A new password, and the one until now."""

    current_password: KnownPassword
    new_password: NewPassword


class UserAnswer(BaseModel):
    """A user."""

    id: UUID
    email: str = Field(examples=["ada@example.org"])
    name: str = Field(examples=["Ada Lovelace"])
    role: Role
    active: bool = Field(description="Whether they may log in, and their keys are good")
    created_at: datetime
    updated_at: datetime


class BootstrapAnswer(BaseModel):
    """A tenant and its first administrator."""

    tenant: str = Field(examples=["acme"])
    user: UserAnswer


class AccessAnswer(BaseModel):
    """A token to send as `Authorization: Bearer …`."""

    access_token: str
    token_type: Literal["bearer"] = Field(default="bearer")
    expires_in: int = Field(description="Seconds", examples=[900])
    scope: str = Field(description="What it allows, separated by spaces", examples=["read run write"])


class TokenAnswer(AccessAnswer):
    """An access token, and the refresh token to get the next one with; it is good for one use."""

    refresh_token: str


class TicketAnswer(BaseModel):
    """Permission to open one stream: `?ticket=…` in place of the header."""

    ticket: str
    expires_in: int = Field(description="Seconds", examples=[30])


class MeAnswer(BaseModel):
    """Who the request's token stands for."""

    tenant: str = Field(examples=["acme"])
    subject: str = Field(
        description="`user:<id>`, `key:<id>` or `supabase:<id>`; so it stands in the audit log",
        examples=["user:7b0f6c5e-3f0c-4a53-9a5e-0d6b5b0f7a11"],
    )
    role: Role
    scopes: list[Scope]
    user_id: UUID | None = Field(description="Of our own users, and of who owns the key")
    session_id: UUID | None = Field(description="Of the login")
    email: str | None
    name: str | None
