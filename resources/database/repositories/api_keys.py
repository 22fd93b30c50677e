"""API keys: the part that is shown, a hash of the rest, and whose they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import api_keys, users
from resources.vocabulary import Role

_NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed; its hash is not part of it."""

    id: str
    user_id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """What is needed to tell whether a key that somebody shows is good."""

    key: ApiKey
    secret_hash: bytes
    pepper: str
    owner_role: Role
    owner_active: bool
    owner_version: int


_COLUMNS = [api_keys.c[name] for name in ApiKey.__dataclass_fields__]


def _key(row: Any) -> ApiKey:
    named = {name: getattr(row, name) for name in ApiKey.__dataclass_fields__}
    return ApiKey(**named | {"scopes": tuple(row.scopes)})


def add_key(
    session: TenantSession,
    key_id: str,
    user_id: UUID,
    *,
    name: str,
    scopes: Iterable[str],
    secret_hash: bytes,
    pepper: str,
    now: datetime,
    expires_at: datetime | None,
) -> ApiKey | None:
    """A new key; None when its id is taken: draw another."""
    row = {
        "tenant_id": tenant_of(session),
        "id": key_id,
        "user_id": user_id,
        "name": name,
        "scopes": list(scopes),
        "secret_hash": secret_hash,
        "pepper": pepper,
        "created_at": now,
        "expires_at": expires_at,
    }
    statement = insert(api_keys).values(row).on_conflict_do_nothing().returning(*_COLUMNS)
    made = session.execute(statement).one_or_none()
    return _key(made) if made else None


def find_key(session: TenantSession, key_id: str) -> PresentedKey | None:
    """A key with its hash and its owner's standing."""
    row = session.execute(
        sa.select(
            *_COLUMNS,
            api_keys.c.secret_hash,
            api_keys.c.pepper,
            users.c.role.label("owner_role"),
            users.c.active.label("owner_active"),
            users.c.version.label("owner_version"),
        )
        .join(users, sa.and_(users.c.tenant_id == api_keys.c.tenant_id, users.c.id == api_keys.c.user_id))
        .where(api_keys.c.id == key_id)
    ).one_or_none()
    if row is None:
        return None
    return PresentedKey(
        _key(row), row.secret_hash, row.pepper, Role(row.owner_role), row.owner_active, row.owner_version
    )


def note_use(session: TenantSession, key: ApiKey, now: datetime) -> None:
    """Remember that a key was used; written at most once a minute."""
    if key.last_used_at is not None and now - key.last_used_at < _NOTED:
        return
    session.execute(
        sa.update(api_keys)
        .where(
            api_keys.c.id == key.id,
            sa.or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= now - _NOTED),
        )
        .values(last_used_at=now)
    )


def list_keys(
    session: TenantSession, *, owner: UUID | None, after: tuple[datetime, str] | None, limit: int
) -> Sequence[ApiKey]:
    """Keys of one user or of all, newest first, from behind `after`."""
    statement = sa.select(*_COLUMNS).order_by(api_keys.c.created_at.desc(), api_keys.c.id.desc()).limit(limit)
    if owner is not None:
        statement = statement.where(api_keys.c.user_id == owner)
    if after is not None:
        statement = statement.where(sa.tuple_(api_keys.c.created_at, api_keys.c.id) < sa.tuple_(*after))
    return [_key(row) for row in session.execute(statement)]


def revoke_key(session: TenantSession, key_id: str, now: datetime, *, owner: UUID | None) -> ApiKey | None:
    """Revoke a key (of `owner`, when given); None when there is none that is not revoked."""
    statement = sa.update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
    if owner is not None:
        statement = statement.where(api_keys.c.user_id == owner)
    row = session.execute(statement.values(revoked_at=now).returning(*_COLUMNS)).one_or_none()
    return _key(row) if row else None
