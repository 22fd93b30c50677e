"""Tokens of a self-hosted Supabase Auth, where the installation accepts them.

Each kind of key has its own algorithms: a shared secret only HS256, published keys only ES256, RS256 and EdDSA. So a
token signed with the published key as if it were a secret is refused. Tenant and role come from claims that only the
operator of Supabase can write.
"""

import re
import time
from typing import Any

import jwt

from resources.vocabulary import Role
from sidecar.problems import Unauthenticated, Unavailable
from sidecar.security.principal import Principal
from sidecar.security.scopes import SCOPES, Scope
from sidecar.settings import SupabaseSettings

_PUBLISHED = ("ES256", "RS256", "EdDSA")
_LEEWAY = 5.0
_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,200}")
_KEYS_KEPT_SECONDS, _FETCH_SECONDS, _PAUSE_SECONDS = 600, 5, 10


class _Keys(jwt.PyJWKClient):
    """Published keys; after a failed fetch none is tried for a moment, so that waiting requests do not queue up."""

    _failed_at: float | None = None

    def fetch_data(self) -> Any:
        if self._failed_at is not None and time.monotonic() - self._failed_at < _PAUSE_SECONDS:
            raise jwt.PyJWKClientConnectionError("failed a moment ago")
        try:
            return super().fetch_data()
        except (jwt.PyJWTError, ValueError):
            self._failed_at = time.monotonic()
            raise


class SupabaseTokens:
    """Reads the tokens of one Supabase Auth."""

    def __init__(self, settings: SupabaseSettings) -> None:
        self._settings = settings
        self._keys = None
        if settings.jwks_url is not None:
            self._keys = _Keys(settings.jwks_url, lifespan=_KEYS_KEPT_SECONDS, timeout=_FETCH_SECONDS)

    def read(self, token: str) -> Principal:
        """Who a token stands for; that the tenant exists is for the caller to see.

        Raises Unauthenticated, without saying what gave it away; Unavailable when the keys cannot be had.
        """
        try:
            return self._principal(self._claims(token))
        except jwt.PyJWKClientConnectionError:
            raise Unavailable("The keys of Supabase Auth cannot be had at the moment.", retry_after=10) from None
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired; get a new one from Supabase Auth.") from None
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
            raise Unauthenticated("The token is not valid.") from None

    def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        key: jwt.PyJWK | str
        if algorithm == "HS256" and self._settings.jwt_secret is not None:
            key = self._settings.jwt_secret
        elif algorithm in _PUBLISHED and self._keys is not None:
            key = self._keys.get_signing_key(str(header["kid"]))
            if key.algorithm_name != algorithm:
                raise jwt.InvalidAlgorithmError("not the key's")
        else:
            raise jwt.InvalidAlgorithmError("not accepted")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=self._settings.audience,
            issuer=self._settings.issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "sub", "aud"] + (["iss"] if self._settings.issuer else [])},
        )
        return claims

    def _principal(self, claims: dict[str, Any]) -> Principal:
        tenant = _at(claims, self._settings.tenant_claim)
        subject = claims["sub"]
        if not _TENANT.fullmatch(tenant) or not _SUBJECT.fullmatch(subject):
            raise ValueError("tenant or sub")
        role = Role(_at(claims, self._settings.role_claim))
        return Principal(tenant, f"supabase:{subject}", role, SCOPES[role] - {Scope.INTERNAL})


def _at(claims: dict[str, Any], path: str) -> str:
    value: Any = claims
    for part in path.split("."):
        value = value[part]
    if not isinstance(value, str):
        raise TypeError(path)
    return value
