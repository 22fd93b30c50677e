"""The audit log: who did what, written in the transaction that does it, chained by the database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from resources.database.engine import TenantSession
from resources.database.tables import audit_log
from resources.vocabulary import ChainBreak

_WAITING = "audit"

# in their order, each chained to the one before it; one round trip, since other writers wait from here to the commit
_APPEND = """
INSERT INTO audit_log (tenant_id, actor, request_id, action, object, payload)
SELECT %s, %s, %s, entry->>'action', entry->>'object', entry->'payload'
FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS said (entry, place) ORDER BY place"""


def audit(session: TenantSession, action: str, about: str, **payload: Any) -> None:
    """Record an action, as `session.info["actor"]`. `about` is what it was done to: 'project:loans', 'user:<id>'.

    The entry is written just before the transaction commits, since its place in the chain is held from then on; if it
    cannot be written, the action fails with it. `payload` is plain JSON and holds no secrets.
    """
    session.info.setdefault(_WAITING, []).append({"action": action, "object": about, "payload": payload})


@sa.event.listens_for(TenantSession, "before_commit")
def _write(session: Session) -> None:
    entries = session.info.pop(_WAITING, [])
    if entries:
        info = session.info
        values = (info["tenant"], info.get("actor", "system"), info.get("request_id", ""), json.dumps(entries))
        session.connection().exec_driver_sql(_APPEND, values)


@sa.event.listens_for(TenantSession, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_WAITING, None)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; None: all of them."""

    actor: str | None = None
    action: str | None = None
    about: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the log."""

    n: int
    at: datetime
    actor: str
    action: str
    object: str
    payload: dict[str, Any]
    request_id: str
    hash: bytes


def audit_entries(
    session: TenantSession, wanted: AuditFilter, before: int | None, limit: int
) -> Sequence[AuditEntry]:
    """Entries, the newest first, below number `before`."""
    t = audit_log.c
    conditions = [
        *([t.n < before] if before is not None else []),
        *([t.actor == wanted.actor] if wanted.actor is not None else []),
        *([t.action == wanted.action] if wanted.action is not None else []),
        *([t.object == wanted.about] if wanted.about is not None else []),
        *([t.at >= wanted.since] if wanted.since is not None else []),
        *([t.at < wanted.until] if wanted.until is not None else []),
    ]
    chosen = sa.select(t.n, t.at, t.actor, t.action, t.object, t.payload, t.request_id, t.hash)
    rows = session.execute(chosen.where(*conditions).order_by(t.n.desc()).limit(limit))
    return [AuditEntry(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the chain's end was at some time, as it is kept outside of the database."""

    n: int
    hash: bytes


def chain_end(session: TenantSession) -> Anchor | None:
    """The newest entry's number and hash; None when there is none."""
    t = audit_log.c
    row = session.execute(sa.select(t.n, t.hash).order_by(t.n.desc()).limit(1)).first()
    return Anchor(row.n, row.hash) if row is not None else None


@dataclass(frozen=True, slots=True)
class Walk:
    """A stretch of the chain that was walked: entries `first` to `last` are whole but for the first break, if any."""

    entries: int
    last: int  # number of the last entry of the stretch; where it began when it has none
    broken_at: int | None = None
    reason: ChainBreak | None = None


_WALK = sa.text("""
WITH stretch AS (
    SELECT a.*, lag(n) OVER numbered AS n_before, lag(hash) OVER numbered AS hash_before
    FROM (SELECT * FROM audit_log WHERE n >= :after ORDER BY n
          LIMIT :limit + CASE WHEN :after > 0 THEN 1 ELSE 0 END) a
    WINDOW numbered AS (ORDER BY n)
), judged AS (
    SELECT n, CASE
        WHEN n = :after THEN NULL  -- walked before
        WHEN n <> coalesce(n_before, 0) + 1 THEN 'MISSING'
        WHEN hash <> audit_hash(previous, tenant_id, n, at, actor, action, object, payload, request_id) THEN 'CHANGED'
        WHEN previous <> coalesce(hash_before, '') THEN 'UNLINKED'
    END AS reason, coalesce(n_before, 0) + 1 AS expected
    FROM stretch
), broken AS (
    SELECT CASE reason WHEN 'MISSING' THEN expected ELSE n END AS broken_at, reason
    FROM judged WHERE reason IS NOT NULL ORDER BY n LIMIT 1
)
SELECT count(*) FILTER (WHERE n > :after) AS entries, coalesce(max(n), :after) AS last,
    bool_or(n = :after) AS begun, (SELECT broken_at FROM broken), (SELECT reason FROM broken)
FROM judged""")


def walk_chain(session: TenantSession, after: int, limit: int) -> Walk:
    """Recompute up to `limit` entries after number `after` (0: from the beginning), in the database.

    Tells the first entry that was changed, is missing, or does not follow from the one before it.
    """
    row = session.execute(_WALK, {"after": after, "limit": limit}).one()
    if after > 0 and not row.begun:  # where the walk goes on from is gone
        return Walk(row.entries, row.last, after, ChainBreak.MISSING)
    reason = ChainBreak(row.reason) if row.reason else None
    return Walk(row.entries, row.last, row.broken_at, reason)


def hashes_of(session: TenantSession, numbers: Sequence[int]) -> dict[int, bytes]:
    """The hashes of these entries, by number; those that are gone are not there."""
    t = audit_log.c
    wanted = sa.select(t.n, t.hash).where(t.n == sa.any_(sa.bindparam("numbers", type_=sa.ARRAY(sa.BigInteger))))
    return {row.n: row.hash for row in session.execute(wanted, {"numbers": list(numbers)})}
