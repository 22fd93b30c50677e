"""Claims of requests: which process asks what, so that the others wait for its answer instead of paying for it too.

Rows are always locked in the order of their keys, lest two transactions wait for each other. A claim ends by the
trigger that stores its call, by `free`, or by its own time where its holder is gone.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of

_CLAIM = sa.text(
    "INSERT INTO call_claims AS c (tenant_id, key, holder, expires_at) "
    "SELECT :tenant, r.key, :holder, clock_timestamp() + make_interval(secs => :seconds) "
    "FROM unnest(CAST(:keys AS text[])) AS r(key) "
    "WHERE NOT EXISTS (SELECT FROM call_claims h WHERE h.key = r.key AND h.expires_at > clock_timestamp()) "
    "AND NOT EXISTS (SELECT FROM calls k WHERE k.key = r.key) ORDER BY r.key "
    "ON CONFLICT (tenant_id, key) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at "
    "WHERE c.expires_at <= clock_timestamp() RETURNING c.key"
)
_MINE = "SELECT key FROM call_claims WHERE key = ANY(CAST(:keys AS text[])) AND holder = :holder"
_RENEW = sa.text(
    "UPDATE call_claims SET expires_at = clock_timestamp() + make_interval(secs => :seconds) "
    f"WHERE key IN ({_MINE} FOR UPDATE SKIP LOCKED)"
)
_FREE = sa.text(f"DELETE FROM call_claims WHERE key IN ({_MINE} ORDER BY key FOR UPDATE)")


def claim(session: TenantSession, keys: Collection[str], holder: UUID, seconds: float) -> set[str]:
    """Those of `keys` that `holder` is to ask, for so many seconds: nobody else asks them, and no call is stored.

    Look for their calls once more after this: one may have been stored, and its claim ended, while this was begun.
    """
    values = {"tenant": tenant_of(session), "keys": list(keys), "holder": holder, "seconds": seconds}
    return set(session.scalars(_CLAIM, values))


def renew(session: TenantSession, keys: Sequence[str], holder: UUID, seconds: float) -> None:
    """`holder` is still asking these. One that is about to end is passed over: nobody waits for another here."""
    session.execute(_RENEW, {"keys": list(keys), "holder": holder, "seconds": seconds})


def free(session: TenantSession, keys: Sequence[str], holder: UUID) -> None:
    """`holder` does not ask these any more; others may."""
    session.execute(_FREE, {"keys": list(keys), "holder": holder})
