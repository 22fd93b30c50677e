"""Which blobs are in use: asked under a lock, so that none is removed while somebody stores the same bytes."""

from collections.abc import Iterable

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import documents, exports

_SPACE = 1651274606  # of the advisory locks


def lock_blobs(session: TenantSession, keys: Iterable[str]) -> None:
    """Hold these blobs until the transaction ends: whoever stores or removes one of them waits."""
    for key in sorted(set(keys)):  # in one order, so that no two wait for each other
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_SPACE, sa.func.hashtext(key))))


def unused_blobs(session: TenantSession, keys: Iterable[str]) -> list[str]:
    """Those of the tenant's blobs that no document and no export refers to."""
    wanted = set(keys)
    used: set[str] = set()
    for table in (documents, exports):
        used.update(session.scalars(sa.select(table.c.blob).where(table.c.blob.in_(wanted))))
    return sorted(wanted - used)
