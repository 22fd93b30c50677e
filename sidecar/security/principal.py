"""Who asks: found once per request from its bearer token, whatever kind of token that is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from starlette.requests import HTTPConnection

from resources.vocabulary import Role
from sidecar.problems import Forbidden, Unauthenticated
from sidecar.security.scopes import DESCRIPTIONS, Scope

bearer = OAuth2PasswordBearer(
    tokenUrl="/v1/auth/token",
    scopes={scope.value: text for scope, text in DESCRIPTIONS.items()},
    description="An access token, an API key, or a token of the configured Supabase Auth.",
    auto_error=False,
)


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or service as one request knows it."""

    tenant: str
    subject: str  # 'user:<uuid>', 'key:<id>', 'supabase:<sub>'
    role: Role
    scopes: frozenset[Scope]
    user_id: str | None = None  # of our own users
    session_id: str | None = None  # of a login


Authenticator = Callable[[HTTPConnection, str], Principal]
"""From a bearer token to who it stands for. Raises Unauthenticated."""


def authenticate(connection: HTTPConnection, token: Annotated[str | None, Depends(bearer)] = None) -> Principal:
    """Who asks; found once per request or WebSocket. Raises Unauthenticated."""
    known: Principal | None = getattr(connection.state, "principal", None)
    if known is not None:
        return known
    if not token:
        raise Unauthenticated("Send `Authorization: Bearer <token>`; POST /v1/auth/token gives one.")
    who: Principal = connection.app.state.authenticator(connection, token)
    connection.state.principal = who
    return who


def authorised(needed: SecurityScopes, who: Annotated[Principal, Depends(authenticate)]) -> Principal:
    """Who asks, if they hold every scope that the route declares. Raises Forbidden."""
    missing = [scope for scope in needed.scopes if scope not in who.scopes]
    if missing:
        raise Forbidden(f"This needs the scope {', '.join(missing)}; you hold {', '.join(sorted(who.scopes))}.")
    return who


async def _allowed(needed: SecurityScopes, who: Annotated[Principal, Depends(authenticate)]) -> Principal:
    return authorised(needed, who)  # `async`: it asks nobody, and needs no thread for that


Reader = Annotated[Principal, Security(_allowed, scopes=[Scope.READ.value])]
Writer = Annotated[Principal, Security(_allowed, scopes=[Scope.WRITE.value])]
Runner = Annotated[Principal, Security(_allowed, scopes=[Scope.RUN.value])]
Administrator = Annotated[Principal, Security(_allowed, scopes=[Scope.ADMIN.value])]
Service = Annotated[Principal, Security(_allowed, scopes=[Scope.INTERNAL.value])]
