"""From a bearer token to who it stands for: our access and service tokens, API keys, tokens of a Supabase Auth."""

import hmac
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import jwt
from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from resources.database.repositories.api_keys import PresentedKey, find_key, note_use
from resources.database.repositories.users import standing, tenant_exists
from resources.installation import Installation
from sidecar.problems import Unauthenticated
from sidecar.security import api_keys
from sidecar.security.principal import Principal
from sidecar.security.scopes import SCOPES, Scope
from sidecar.security.secrets import Secrets
from sidecar.security.standing import Clock, Holder, Standings
from sidecar.security.supabase import SupabaseTokens
from sidecar.security.tokens import TYPE, TokenUse, read
from sidecar.settings import SupabaseSettings, load_sidecar_settings

_LONGEST = 8192
_NOBODY = "-"  # stands for no user: what is known is that the tenant exists


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class Authentication:
    """Tells who a token stands for, for all kinds that the installation accepts; `app.state.authentication`."""

    def __init__(
        self, installation: Installation, secrets: Secrets, supabase: SupabaseSettings | None, clock: Clock = utc_now
    ) -> None:
        self._installation = installation
        self._secrets = secrets
        self._supabase = SupabaseTokens(supabase) if supabase is not None else None
        self.clock = clock
        self.standings = Standings(clock)

    def __call__(self, connection: HTTPConnection, token: str) -> Principal:
        """Who a token stands for. Raises Unauthenticated, and Unavailable when that cannot be known now."""
        return self.tell(token)

    def tell(self, token: str) -> Principal:
        """As the call, for who has no connection at hand."""
        if len(token) > _LONGEST:
            raise Unauthenticated("The token is not valid.")
        if token.startswith(api_keys.PREFIX):
            return self._of_key(token)
        if self._supabase is not None and not _is_ours(token):
            return self._of_supabase(self._supabase, token)
        return self._of_token(token)

    def _of_token(self, token: str) -> Principal:
        who, claims = read(self._secrets, token, {TokenUse.ACCESS, TokenUse.SERVICE})
        assert who.user_id is not None  # `read` refuses others
        key_id = who.subject.removeprefix("key:") if who.subject.startswith("key:") else None
        holder = Holder(who.tenant, who.user_id, who.session_id, key_id)
        if not self.standings.stands(holder, claims["ver"], lambda: self._look_up(holder)):
            raise Unauthenticated("The token is not good any more: log in again.")
        return who

    def _look_up(self, holder: Holder) -> int | None:
        with self._installation.database.transaction(holder.tenant, read_only=True) as session:
            return standing(
                session,
                UUID(holder.user_id),
                self.clock(),
                session_id=UUID(holder.session_id) if holder.session_id else None,
                key_id=holder.key_id,
            )

    def _of_key(self, shown: str) -> Principal:
        text = api_keys.parse(shown)
        if text is None:
            raise Unauthenticated("This is no API key: a character is wrong or missing.")
        with self._installation.database.transaction(text.tenant) as session:
            found = find_key(session, text.id)
            if found is None or not self._good(found, text):
                raise Unauthenticated("The API key is not valid (any more).")
            note_use(session, found.key, self.clock())
        return principal_of(found, text.tenant)

    def _good(self, found: PresentedKey, text: api_keys.KeyText) -> bool:
        try:
            hashed = text.hashed(self._secrets, found.pepper)
        except KeyError:
            return False  # made under a secret that was taken out
        key = found.key
        return (
            hmac.compare_digest(hashed, found.secret_hash)
            and found.owner_active
            and key.revoked_at is None
            and (key.expires_at is None or self.clock() < key.expires_at)
        )

    def _of_supabase(self, supabase: SupabaseTokens, token: str) -> Principal:
        who = supabase.read(token)
        if not self.standings.stands(Holder(who.tenant, _NOBODY), 1, lambda: self._tenant_stands(who.tenant)):
            raise Unauthenticated("The token is not valid.")
        return who

    def _tenant_stands(self, tenant: str) -> int | None:
        with self._installation.database.transaction(tenant, read_only=True) as session:
            return 1 if tenant_exists(session) else None


def principal_of(found: PresentedKey, tenant: str) -> Principal:
    """Who a good API key stands for; it never carries what only service tokens may."""
    scopes = frozenset(Scope(scope) for scope in found.key.scopes) & SCOPES[found.owner_role]
    return Principal(
        tenant, f"key:{found.key.id}", found.owner_role, scopes - {Scope.INTERNAL}, str(found.key.user_id)
    )


def _is_ours(token: str) -> bool:
    try:
        return jwt.get_unverified_header(token).get("typ") == TYPE
    except (jwt.InvalidTokenError, ValueError):
        return True  # no token at all: refused as ours are


def authenticator(installation: Installation, secrets: Secrets, clock: Clock = utc_now) -> Authentication:
    """What tells who a token stands for. Raises SettingsError."""
    return Authentication(installation, secrets, load_sidecar_settings().supabase, clock)


def _authentication(request: Request) -> Authentication:
    made: Authentication = request.app.state.authentication
    return made


Authenticating = Annotated[Authentication, Depends(_authentication)]
"""What tells who tokens stand for, with its clock and its memory of who stands."""
