"""Users of a tenant: made, changed, removed; at least one active administrator stays."""

from typing import Any
from uuid import UUID

from resources.accounts import usable_email
from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.projects import tenant_of
from resources.database.repositories.sessions import SessionEnd, end_sessions
from resources.database.repositories.users import (
    EmailTakenError,
    User,
    add_user,
    change_user,
    get_user,
    lock_administrators,
    lock_user,
    remove_user,
    when_committed,
)
from resources.vocabulary import Role
from sidecar.auth.logins import hashed_password
from sidecar.problems import Conflict, Forbidden, NotFound
from sidecar.security.authenticate import Authentication
from sidecar.security.principal import Principal
from sidecar.security.scopes import Scope
from sidecar.users.schemas import NewUser, UserChange

_LAST = "This is the tenant's last active administrator; make another one first."


def unknown(user_id: UUID) -> NotFound:
    """What is answered about a user who is not there."""
    return NotFound(f"There is no user {user_id}.")


def known_user(session: TenantSession, user_id: UUID) -> User:
    """One user. Raises NotFound."""
    user = get_user(session, user_id)
    if user is None:
        raise unknown(user_id)
    return user


def create(session: TenantSession, new: NewUser) -> User:
    """A new user. Raises Conflict when the email is taken."""
    hashed = hashed_password(new.password) if new.password is not None else None
    try:
        user = add_user(session, email=usable_email(new.email), name=new.name, role=new.role, password_hash=hashed)
    except EmailTakenError:
        raise Conflict("A user has this email.") from None
    audit(session, "user.created", f"user:{user.id}", role=user.role.value)
    return user


def change(session: TenantSession, user_id: UUID, wanted: UserChange, authentication: Authentication) -> User:
    """Change a user; what they hold of tokens ends with a change of role, password or standing.

    Raises NotFound, and Conflict for the last administrator.
    """
    hashed = hashed_password(wanted.password) if wanted.password is not None else None
    if wanted.active is False or wanted.role not in (None, Role.ADMIN):
        _keep_an_administrator(session, user_id)
    locked = lock_user(session, user_id)
    if locked is None:
        raise unknown(user_id)
    user = locked[0]
    changes: dict[str, Any] = {
        field: value
        for field, value in (("name", wanted.name), ("role", wanted.role), ("active", wanted.active))
        if value is not None and value != getattr(user, field)
    }
    if hashed is not None:
        changes["password_hash"] = hashed
    if not changes:
        return user
    outdate = bool(changes.keys() - {"name"})
    said = {field: value for field, value in changes.items() if field in ("role", "active")}
    changed = change_user(session, user_id, changes, outdate=outdate)
    if hashed is not None or not changed.active:
        end_sessions(session, user_id, SessionEnd.USER_CHANGED, authentication.clock())
    audit(session, "user.changed", f"user:{user_id}", fields=sorted(changes.keys() - {"password_hash"}),
          password=hashed is not None, **said)  # fmt: skip
    if outdate:
        _forget(session, user_id, authentication)
    return changed


def remove(session: TenantSession, user_id: UUID, authentication: Authentication) -> None:
    """Remove a user with their sessions and keys. Raises NotFound, and Conflict for the last administrator."""
    _keep_an_administrator(session, user_id)
    if lock_user(session, user_id) is None:
        raise unknown(user_id)
    remove_user(session, user_id)
    audit(session, "user.deleted", f"user:{user_id}")
    _forget(session, user_id, authentication)


def end_session(session: TenantSession, user_id: UUID, session_id: UUID, authentication: Authentication) -> None:
    """End one login of a user. Raises NotFound."""
    if not end_sessions(session, user_id, SessionEnd.ENDED, authentication.clock(), only=session_id):
        raise NotFound(f"User {user_id} has no running session {session_id}.")
    audit(session, "session.ended", f"session:{session_id}", user=str(user_id))
    _forget(session, user_id, authentication)


def may_look_after(who: Principal, user_id: UUID) -> None:
    """One's own sessions are one's own business, by a login and not by a key; others' are an administrator's.

    Raises Forbidden.
    """
    own = who.user_id == str(user_id) and not who.subject.startswith("key:")
    if not own and Scope.ADMIN not in who.scopes:
        raise Forbidden("These are the sessions of somebody else: this needs the scope admin.")


def _keep_an_administrator(session: TenantSession, user_id: UUID) -> None:
    if lock_administrators(session) == {user_id}:
        raise Conflict(_LAST)


def _forget(session: TenantSession, user_id: UUID, authentication: Authentication) -> None:
    tenant = tenant_of(session)
    when_committed(session, lambda: authentication.standings.forget(tenant, str(user_id)))
