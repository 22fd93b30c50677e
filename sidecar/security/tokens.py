"""Access tokens: JWTs of 15 minutes, signed with the installation's secret.

Pinned: algorithm, issuer, audience, type (`at+jwt`, RFC 9068) and use; a refresh or service token is no
access token.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import jwt

from resources.vocabulary import Role
from sidecar.problems import Unauthenticated
from sidecar.security.principal import Principal
from sidecar.security.scopes import SCOPES, Scope
from sidecar.security.secrets import Secrets

ACCESS_LIFETIME = timedelta(minutes=15)
SERVICE_LIFETIME = timedelta(minutes=5)
ISSUER = "crucible"
AUDIENCE = "crucible-sidecar"
TYPE = "at+jwt"
_ALGORITHM = "HS256"
_LEEWAY = timedelta(seconds=5)
_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class TokenUse(StrEnum):
    """What a token is for."""

    ACCESS = "access"
    SERVICE = "service"


def issue(
    secrets: Secrets,
    who: Principal,
    *,
    use: TokenUse = TokenUse.ACCESS,
    version: int = 1,
    now: datetime | None = None,
    lifetime: timedelta | None = None,
) -> str:
    """A signed token for `who`. `version` is that of the user's row: a change of role or password outdates it."""
    now = now or datetime.now(UTC)
    lifetime = lifetime or (ACCESS_LIFETIME if use is TokenUse.ACCESS else SERVICE_LIFETIME)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + lifetime,
        "sub": who.subject,
        "tenant": who.tenant,
        "role": who.role.value,
        "scope": " ".join(sorted(who.scopes)),
        "token_use": use.value,
        "uid": who.user_id,
        "sid": who.session_id,
        "ver": version,
    }
    headers = {"kid": secrets.signing, "typ": TYPE}
    return jwt.encode(claims, secrets.key("access-token"), _ALGORITHM, headers=headers)


def read(secrets: Secrets, token: str, uses: Collection[TokenUse]) -> tuple[Principal, dict[str, Any]]:
    """Who a token of ours stands for, and its claims. Raises Unauthenticated, without saying what gave it away."""
    try:
        return _read(secrets, token, uses)
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The token has expired; get a new one with POST /v1/auth/refresh.") from None
    except (jwt.InvalidTokenError, KeyError, ValueError, AttributeError, TypeError):
        raise Unauthenticated("The token is not valid.") from None


def _read(secrets: Secrets, token: str, uses: Collection[TokenUse]) -> tuple[Principal, dict[str, Any]]:
    header = jwt.get_unverified_header(token)
    if header.get("typ") != TYPE:
        raise jwt.InvalidTokenError("typ")
    key = secrets.key("access-token", str(header.get("kid")))
    claims = jwt.decode(
        token,
        key,
        algorithms=[_ALGORITHM],
        audience=AUDIENCE,
        issuer=ISSUER,
        leeway=_LEEWAY,
        options={"require": ["exp", "iat", "sub", "iss", "aud"]},
    )
    use = TokenUse(claims["token_use"])
    if use not in uses:
        raise jwt.InvalidTokenError("token_use")
    role = Role(claims["role"])
    granted = frozenset(Scope(scope) for scope in claims["scope"].split()) & SCOPES[role]
    if use is not TokenUse.SERVICE:
        granted -= {Scope.INTERNAL}
    tenant, user_id, session_id = claims["tenant"], claims["uid"], claims["sid"]
    if not isinstance(tenant, str) or _TENANT.fullmatch(tenant) is None or not isinstance(claims["ver"], int):
        raise jwt.InvalidTokenError("tenant or ver")
    UUID(user_id)
    if session_id is not None:
        UUID(session_id)
    return Principal(tenant, claims["sub"], role, granted, user_id, session_id), claims
