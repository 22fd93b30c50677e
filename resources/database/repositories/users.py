"""Users of a tenant, and whether what they were given still stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import api_keys, sessions, tenants, users
from resources.vocabulary import Role

_WHEN_COMMITTED = "when_committed"
_BOOTSTRAP_LOCK = 1096107082  # beside the audit log's


class EmailTakenError(ValueError):
    """The tenant has a user with this email."""


@dataclass(frozen=True, slots=True)
class User:
    """A user as others may see them: the password's hash is not part of it."""

    id: UUID
    email: str
    name: str
    role: Role
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime


_COLUMNS = [users.c[name] for name in User.__dataclass_fields__]


def _user(row: Any) -> User:
    return User(**{name: getattr(row, name) for name in User.__dataclass_fields__} | {"role": Role(row.role)})


def tenant_exists(session: TenantSession) -> bool:
    """Whether the session's own tenant does."""
    return session.scalar(sa.select(tenants.c.id)) is not None


def hold_bootstrap(session: TenantSession) -> bool:
    """Whether the tenant has a user; who else bootstraps it waits until this transaction ends."""
    key = sa.func.hashtext(tenant_of(session))
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_BOOTSTRAP_LOCK, key)))
    return session.scalar(sa.select(users.c.id).limit(1)) is not None


def add_user(session: TenantSession, *, email: str, name: str, role: Role, password_hash: str | None) -> User:
    """A new user; `email` in lower case. Raises EmailTakenError."""
    row = {
        "tenant_id": tenant_of(session),
        "id": uuid4(),
        "email": email,
        "name": name,
        "role": role.value,
        "password_hash": password_hash,
    }
    statement = insert(users).values(row).on_conflict_do_nothing(constraint="uq_users_email")
    made = session.execute(statement.returning(*_COLUMNS)).one_or_none()
    if made is None:
        raise EmailTakenError(f"There is a user {email}.")
    return _user(made)


def get_user(session: TenantSession, user_id: UUID) -> User | None:
    """One user."""
    row = session.execute(sa.select(*_COLUMNS).where(users.c.id == user_id)).one_or_none()
    return _user(row) if row else None


def lock_user(session: TenantSession, user_id: UUID) -> tuple[User, str | None] | None:
    """One user and their password's hash, held against changes until the transaction ends."""
    row = session.execute(
        sa.select(*_COLUMNS, users.c.password_hash).where(users.c.id == user_id).with_for_update()
    ).one_or_none()
    return (_user(row), row.password_hash) if row else None


def find_by_email(session: TenantSession, email: str) -> tuple[User, str | None] | None:
    """The user with this email, and the hash of their password."""
    row = session.execute(sa.select(*_COLUMNS, users.c.password_hash).where(users.c.email == email)).one_or_none()
    return (_user(row), row.password_hash) if row else None


def password_hash_of(session: TenantSession, user_id: UUID) -> str | None:
    """The hash of a user's password; None without one."""
    return session.scalar(sa.select(users.c.password_hash).where(users.c.id == user_id))


def list_users(session: TenantSession, *, after: str | None, limit: int) -> Sequence[User]:
    """Users by email, from behind `after`."""
    statement = sa.select(*_COLUMNS).order_by(users.c.email).limit(limit)
    if after is not None:
        statement = statement.where(users.c.email > after)
    return [_user(row) for row in session.execute(statement)]


def lock_administrators(session: TenantSession) -> frozenset[UUID]:
    """Who is an active administrator, held until the transaction ends: two cannot remove each other at once."""
    found = session.scalars(
        sa.select(users.c.id)
        .where(users.c.role == Role.ADMIN.value, users.c.active)
        .order_by(users.c.id)
        .with_for_update()
    )
    return frozenset(found)


def change_user(session: TenantSession, user_id: UUID, changes: Mapping[str, Any], *, outdate: bool) -> User:
    """Change columns of a user; with `outdate` the tokens they hold are refused from now on."""
    values: dict[str, Any] = {**changes, "updated_at": sa.func.now()}
    if outdate:
        values["version"] = users.c.version + 1
    statement = sa.update(users).where(users.c.id == user_id).values(values).returning(*_COLUMNS)
    return _user(session.execute(statement).one())


def remove_user(session: TenantSession, user_id: UUID) -> None:
    """Remove a user with their sessions and keys."""
    session.execute(sa.delete(users).where(users.c.id == user_id))


def standing(
    session: TenantSession, user_id: UUID, now: datetime, *, session_id: UUID | None = None, key_id: str | None = None
) -> int | None:
    """The version of which an active user's tokens must be; None when the user, the session or the key has ended."""
    statement = sa.select(users.c.version).where(users.c.id == user_id, users.c.active)
    if session_id is not None:
        statement = statement.where(
            sa.exists().where(
                sessions.c.id == session_id,
                sessions.c.user_id == user_id,
                sessions.c.ended_at.is_(None),
                sessions.c.expires_at > now,
            )
        )
    if key_id is not None:
        statement = statement.where(
            sa.exists().where(
                api_keys.c.id == key_id,
                api_keys.c.user_id == user_id,
                api_keys.c.revoked_at.is_(None),
                sa.func.coalesce(api_keys.c.expires_at, sa.text("'infinity'")) > now,
            )
        )
    return session.scalar(statement)


def when_committed(session: TenantSession, call: Callable[[], None]) -> None:
    """Have `call` done once the transaction is durable, and not at all if it is rolled back."""
    session.info.setdefault(_WHEN_COMMITTED, []).append(call)


@sa.event.listens_for(TenantSession, "after_commit")
def _committed(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint only
    for call in session.info.pop(_WHEN_COMMITTED, ()):
        call()


@sa.event.listens_for(TenantSession, "after_rollback")
def _rolled_back(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.info.pop(_WHEN_COMMITTED, None)
