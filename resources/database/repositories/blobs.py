"""Which blobs are in use: asked under a lock, so that none is removed while somebody stores the same bytes."""

import zlib
from collections.abc import Iterable

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import documents, exports

_SPACE = 1651274606  # of the advisory locks


def lock_blobs(session: TenantSession, keys: Iterable[str]) -> None:
    """Hold these blobs until the transaction ends: whoever stores or removes one of them waits.

    Held are the folders of the store that they lie in, of which a tenant has 256: the server has room for some
    thousand locks of all transactions together, and an upload may have more files.
    """
    folders = {key.rpartition("/")[0] for key in keys}
    for number in sorted({zlib.crc32(folder.encode()) - 2**31 for folder in folders}):  # no two wait for each other
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_SPACE, number)))


def unused_blobs(session: TenantSession, keys: Iterable[str]) -> list[str]:
    """Those of the tenant's blobs that no document and no export refers to."""
    wanted = set(keys)
    used: set[str] = set()
    for table in (documents, exports):
        used.update(session.scalars(sa.select(table.c.blob).where(table.c.blob.in_(wanted))))
    return sorted(wanted - used)
