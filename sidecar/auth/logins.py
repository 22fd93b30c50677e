"""Logging in, refreshing, logging out: one session for each login, and what is given for it.

Passwords are looked at outside transactions, since that takes a tenth of a second. What must be kept even though the
request is refused (a session that ended because its token was reused) is committed before the refusal is raised.
"""

import re
import secrets as random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from resources.accounts import AccountError, BusyError, hash_password, usable_email, verify_password
from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.sessions import (
    LoginSession,
    SessionEnd,
    end_sessions,
    lock_session,
    rotate_session,
    start_session,
)
from resources.database.repositories.users import (
    User,
    change_user,
    find_by_email,
    get_user,
    lock_user,
    password_hash_of,
    when_committed,
)
from resources.installation import Installation
from sidecar.problems import BadRequest, Forbidden, Unauthenticated, Unavailable
from sidecar.security.authenticate import Authentication
from sidecar.security.principal import Principal
from sidecar.security.refresh import (
    REFRESH_LIFETIME,
    SESSION_LIFETIME,
    Refresh,
    RefreshToken,
    Unproven,
    decide,
    read_refresh,
)
from sidecar.security.scopes import SCOPES, Scope
from sidecar.security.secrets import Secrets
from sidecar.security.tokens import issue

_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_WRONG = "Email or password is wrong."
_REFUSED = "The refresh token is not valid (any more): log in again."
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Given:
    """What a login or refresh gives."""

    access_token: str
    refresh_token: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class Logins:
    """Logins of one installation, for one request."""

    installation: Installation
    secrets: Secrets
    authentication: Authentication
    request_id: str = ""

    @contextmanager
    def _as(self, tenant: str, actor: str) -> Iterator[TenantSession]:
        with self.installation.database.transaction(tenant) as session:
            session.info["actor"] = actor
            session.info["request_id"] = self.request_id
            yield session

    def account(self, username: str) -> tuple[str, str]:
        """Tenant and email that a user name says; what cannot be one is given as it is, and is nobody's."""
        before, slash, after = username.partition("/")
        tenant, email = (before, after) if slash else (self.installation.settings.tenant, username)
        try:
            return tenant, usable_email(email)
        except AccountError:
            return tenant, ""

    def log_in(self, tenant: str, email: str, password: str, scopes: frozenset[Scope]) -> Given:
        """A new session. `scopes` are those asked for; none: all of the role.

        Raises Unauthenticated, which takes as long for an unknown user; BadRequest when the role gives none of the
        scopes; Unavailable when too many log in at once.
        """
        found = self._find(tenant, email)
        right = verified(found[1] if found else None, password)
        if found is None or not right or not found[0].active:
            _log.warning("login_failed", tenant=tenant if found else None, user=str(found[0].id) if found else None)
            raise Unauthenticated(_WRONG)
        now = self.authentication.clock()
        with self._as(tenant, f"user:{found[0].id}") as session:
            current = lock_user(session, found[0].id)
            if current is None or not current[0].active or current[1] != found[1]:
                raise Unauthenticated(_WRONG)  # changed while the password was looked at
            user = current[0]
            if scopes and not scopes & SCOPES[user.role]:
                raise BadRequest(f"scope: a {user.role} may do none of this.")
            login = start_session(
                session, user.id, key=random.token_bytes(32), now=now, expires_at=now + REFRESH_LIFETIME
            )
            audit(session, "session.started", f"session:{login.id}")
        return self._give(tenant, user, login, scopes or None, now)

    def _find(self, tenant: str, email: str) -> tuple[User, str | None] | None:
        if not email or _TENANT.fullmatch(tenant) is None:
            return None
        with self.installation.database.transaction(tenant, read_only=True) as session:
            return find_by_email(session, email)

    def refresh(self, text: str) -> Given:
        """The next tokens of a session. Raises Unauthenticated; a token that was used before ends its session."""
        sent = read_refresh(text)
        if sent is None:
            raise Unauthenticated(_REFUSED)
        now = self.authentication.clock()
        with self._as(sent.token.tenant, "system") as session:
            given = self._refresh(session, sent, now)
        if given is None:
            raise Unauthenticated(_REFUSED)
        return given

    def _refresh(self, session: TenantSession, sent: Unproven, now: datetime) -> Given | None:
        login = self._of(session, sent)
        user = get_user(session, login.user_id) if login else None
        if login is None or user is None or not user.active:
            return None
        session.info["actor"] = f"user:{user.id}"
        token = sent.token
        what = decide(
            sent=token.counter,
            newest=login.counter,
            rotated_at=login.rotated_at,
            expires_at=login.expires_at,
            ended_at=login.ended_at,
            now=now,
        )
        if what is Refresh.OVER:
            return None
        if what is Refresh.REUSED:
            audit(session, "session.refresh_reused", f"session:{login.id}", sent=token.counter, newest=login.counter)
            self._end(session, token.tenant, login, SessionEnd.REFRESH_REUSED, now)
            return None
        if what is Refresh.ROTATE:
            login = replace(login, counter=login.counter + 1)
            expires_at = min(now + REFRESH_LIFETIME, login.created_at + SESSION_LIFETIME)
            rotate_session(session, login.id, counter=login.counter, now=now, expires_at=expires_at)
        return self._give(token.tenant, user, login, token.scopes, now)

    def _of(self, session: TenantSession, sent: Unproven) -> LoginSession | None:
        login = lock_session(session, sent.token.session_id)
        return login if login is not None and sent.proven(self.secrets, login.key) else None

    def log_out(self, text: str) -> None:
        """End the session of a refresh token; that of one that has ended stays so. Raises Unauthenticated."""
        sent = read_refresh(text)
        if sent is None:
            raise Unauthenticated(_REFUSED)
        with self._as(sent.token.tenant, "system") as session:
            login = self._of(session, sent)
            if login is None:
                raise Unauthenticated(_REFUSED)
            session.info["actor"] = f"user:{login.user_id}"
            if login.ended_at is None:
                audit(session, "session.ended", f"session:{login.id}")
                self._end(session, sent.token.tenant, login, SessionEnd.LOGOUT, self.authentication.clock())

    def change_password(self, who: Principal, current: str, new: str) -> None:
        """Give oneself a new password; one's other sessions end. Raises Forbidden and Unavailable."""
        if who.user_id is None or who.subject.startswith("key:"):
            raise Forbidden("Only who logs in with a password here can change it.")
        user_id = UUID(who.user_id)
        with self.installation.database.transaction(who.tenant, read_only=True) as session:
            stored = password_hash_of(session, user_id)
        if not verified(stored, current):
            raise Forbidden("current_password is not your password.")
        hashed = hashed_password(new)
        with self._as(who.tenant, who.subject) as session:
            known = lock_user(session, user_id)
            if known is None or known[1] != stored:
                raise Forbidden("current_password is not your password.")
            change_user(session, user_id, {"password_hash": hashed}, outdate=False)
            but = UUID(who.session_id) if who.session_id else None
            now = self.authentication.clock()
            ended = end_sessions(session, user_id, SessionEnd.PASSWORD_CHANGED, now, but=but)
            audit(session, "user.password_changed", f"user:{user_id}", sessions_ended=len(ended))
            when_committed(session, lambda: self.authentication.standings.forget(who.tenant, str(user_id)))

    def _end(self, session: TenantSession, tenant: str, login: LoginSession, why: SessionEnd, now: datetime) -> None:
        end_sessions(session, login.user_id, why, now, only=login.id)
        when_committed(session, lambda: self.authentication.standings.forget(tenant, str(login.user_id)))

    def _give(
        self, tenant: str, user: User, login: LoginSession, narrowed: frozenset[Scope] | None, now: datetime
    ) -> Given:
        held = SCOPES[user.role] - {Scope.INTERNAL}
        scopes = held if narrowed is None else held & narrowed
        who = Principal(tenant, f"user:{user.id}", user.role, scopes, str(user.id), str(login.id))
        return Given(
            issue(self.secrets, who, version=user.version, now=now),
            RefreshToken(tenant, login.id, login.counter, narrowed).written(self.secrets, login.key),
            scopes,
        )


def hashed_password(password: str) -> str:
    """The hash of a new password. Raises Unavailable."""
    try:
        return hash_password(password)
    except BusyError:
        raise Unavailable("Too many log in at once; try again.") from None


def verified(stored: str | None, password: str) -> bool:
    """Whether a password is the stored one. Raises Unavailable."""
    try:
        return verify_password(stored, password)
    except BusyError:
        raise Unavailable("Too many log in at once; try again.") from None
