"""Sessions: one row for each login. Its refresh tokens are counted, not stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import sessions

_KEPT = timedelta(days=30)  # after its end, for who looks back


class SessionEnd(StrEnum):
    """Why a session ended before its time."""

    LOGOUT = "LOGOUT"
    REFRESH_REUSED = "REFRESH_REUSED"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - a reason, no password
    USER_CHANGED = "USER_CHANGED"  # deactivated, or given a new password
    ENDED = "ENDED"  # from the list of sessions


@dataclass(frozen=True, slots=True)
class LoginSession:
    """One login; `key` makes its refresh tokens, `counter` is that of the newest."""

    id: UUID
    user_id: UUID
    key: bytes
    counter: int
    created_at: datetime
    rotated_at: datetime
    expires_at: datetime
    ended_at: datetime | None


_COLUMNS = [sessions.c[name] for name in LoginSession.__dataclass_fields__]


def start_session(
    session: TenantSession, user_id: UUID, *, key: bytes, now: datetime, expires_at: datetime
) -> LoginSession:
    """A new login; the user's sessions that are long over are forgotten."""
    session.execute(sa.delete(sessions).where(sessions.c.user_id == user_id, sessions.c.expires_at < now - _KEPT))
    row = {
        "tenant_id": tenant_of(session),
        "id": uuid4(),
        "user_id": user_id,
        "key": key,
        "created_at": now,
        "rotated_at": now,
        "expires_at": expires_at,
    }
    made = session.execute(sa.insert(sessions).values(row).returning(*_COLUMNS)).one()
    return LoginSession(**made._mapping)


def lock_session(session: TenantSession, session_id: UUID) -> LoginSession | None:
    """One login, held against changes by others until the transaction ends."""
    row = session.execute(sa.select(*_COLUMNS).where(sessions.c.id == session_id).with_for_update()).one_or_none()
    return LoginSession(**row._mapping) if row else None


def rotate_session(
    session: TenantSession, session_id: UUID, *, counter: int, now: datetime, expires_at: datetime
) -> None:
    """Count one refresh."""
    session.execute(
        sa.update(sessions)
        .where(sessions.c.id == session_id)
        .values(counter=counter, rotated_at=now, expires_at=expires_at)
    )


def end_sessions(
    session: TenantSession,
    user_id: UUID,
    reason: SessionEnd,
    now: datetime,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
) -> Sequence[UUID]:
    """End the sessions of a user that still run (`only` one, or all `but` one); gives their ids."""
    statement = (
        sa.update(sessions)
        .where(sessions.c.user_id == user_id, sessions.c.ended_at.is_(None), sessions.c.expires_at > now)
        .values(ended_at=now, end_reason=reason.value)
    )
    if only is not None:
        statement = statement.where(sessions.c.id == only)
    if but is not None:
        statement = statement.where(sessions.c.id != but)
    return list(session.scalars(statement.returning(sessions.c.id)))


def running_sessions(
    session: TenantSession, user_id: UUID, now: datetime, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[LoginSession]:
    """Sessions of a user that still run, newest first, from behind `after`."""
    statement = (
        sa.select(*_COLUMNS)
        .where(sessions.c.user_id == user_id, sessions.c.ended_at.is_(None), sessions.c.expires_at > now)
        .order_by(sessions.c.created_at.desc(), sessions.c.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(sa.tuple_(sessions.c.created_at, sessions.c.id) < sa.tuple_(*after))
    return [LoginSession(**row._mapping) for row in session.execute(statement)]
