"""Refresh tokens: tenant, session, counter, and what proves them; nothing of them is stored but the counter.

The scheme is that of Supabase Auth (`internal/crypto/refresh_tokens.go`, version 2): a counter under a key of the
session. Each refresh counts one up, and only the newest is good; one that was used before means that two have it.
"""

import base64
import binascii
import hmac
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from resources.secrets import Secrets
from sidecar.security.scopes import Scope

REFRESH_LIFETIME = timedelta(days=7)
SESSION_LIFETIME = timedelta(days=30)
GRACE = timedelta(seconds=10)
_FORM = re.compile(r"crr_([a-z0-9][a-z0-9-]{0,62})_([A-Za-z0-9_-]{50})")
_BODY = struct.Struct(">16sIB")
_PROOF = 16
_WHOLE = 0xFF  # all that the role gives, whatever it is
_BITS = {scope: 1 << at for at, scope in enumerate(Scope)}


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a refresh token says; `scopes` are those the login was narrowed to, None for all of the role."""

    tenant: str
    session_id: UUID
    counter: int
    scopes: frozenset[Scope] | None

    def written(self, secrets: Secrets, session_key: bytes) -> str:
        """The token as text."""
        body = self._body()
        proof = _prove(secrets, secrets.signing, session_key, self.tenant, body)
        return f"crr_{self.tenant}_{base64.urlsafe_b64encode(body + proof).decode().rstrip('=')}"

    def _body(self) -> bytes:
        mask = _WHOLE if self.scopes is None else sum(_BITS[scope] for scope in self.scopes)
        return _BODY.pack(self.session_id.bytes, self.counter, mask)


@dataclass(frozen=True, slots=True)
class Unproven:
    """A refresh token as it was sent; whether it is one of ours is only known with the session's key."""

    token: RefreshToken
    body: bytes
    proof: bytes

    def proven(self, secrets: Secrets, session_key: bytes) -> bool:
        """Whether it is one of ours, under any of the installation's secrets."""
        tenant = self.token.tenant
        return any(
            hmac.compare_digest(_prove(secrets, which, session_key, tenant, self.body), self.proof)
            for which in secrets.masters
        )


def _prove(secrets: Secrets, which: str, session_key: bytes, tenant: str, body: bytes) -> bytes:
    """The database alone, or the installation's secret alone, is not enough to make a token."""
    key = hmac.digest(secrets.key("refresh-token", which), session_key, "sha256")
    return hmac.digest(key, tenant.encode() + b"\0" + body, "sha256")[:_PROOF]


def read_refresh(text: str) -> Unproven | None:
    """What a token says; None when it has another form."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    try:
        raw = base64.b64decode(found[2] + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != found[2]:
        return None  # the same bytes have one form only
    body, proof = raw[: _BODY.size], raw[_BODY.size :]
    session_id, counter, mask = _BODY.unpack(body)
    scopes = None if mask == _WHOLE else frozenset(_of(mask))
    return Unproven(RefreshToken(found[1], UUID(bytes=session_id), counter, scopes), body, proof)


def _of(mask: int) -> Iterable[Scope]:
    return (scope for scope, bit in _BITS.items() if mask & bit)


class Refresh(StrEnum):
    """What to do about a refresh token that is ours."""

    ROTATE = "ROTATE"  # count one up
    REPEAT = "REPEAT"  # give the newest again
    REUSED = "REUSED"  # two hold it: end the session
    OVER = "OVER"


def decide(
    *, sent: int, newest: int, rotated_at: datetime, expires_at: datetime, ended_at: datetime | None, now: datetime
) -> Refresh:
    """What to do about token number `sent` of a session.

    The one before the newest is good for ten seconds more: a page refreshes in several places at once, or an answer
    was lost and the client did not save the newest. Later it cannot be told from a token that somebody stole.
    """
    if ended_at is not None or now >= expires_at:
        return Refresh.OVER
    if sent == newest:
        return Refresh.ROTATE
    if sent == newest - 1 and now - rotated_at <= GRACE:
        return Refresh.REPEAT
    return Refresh.REUSED
