"""What is done every few minutes so that nothing grows without end: old keys, tickets, claims, sessions, searches
and buckets are deleted, and where each tenant's audit log ends is written down outside of the database.

All of it is cheap and can be done twice. It is done in the sensor's own tick, not by a run: at every five minutes a
process of its own would cost more than the work.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from resources.anchors import Anchors
from resources.database.engine import Database
from resources.database.repositories.answers import fail_abandoned_answers
from resources.database.repositories.audit import chain_end
from resources.database.repositories.idempotency import forget_old_keys
from resources.database.repositories.leftovers import (
    delete_ended_sessions,
    delete_expired_claims,
    delete_expired_tickets,
    delete_old_searches,
)
from resources.database.repositories.rate_buckets import delete_stale_buckets
from resources.installation import Installation


class TamperedLogError(RuntimeError):
    """An audit log is shorter than it was; the message says by how much."""


@dataclass(slots=True)
class Done:
    """What was done, for the log; `failed` names the tenants for whom something could not be."""

    keys: int = 0
    tickets: int = 0
    claims: int = 0
    sessions: int = 0
    searches: int = 0
    answers: int = 0  # that nobody worked on any more
    buckets: int = 0
    anchors: int = 0
    failed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"deleted {self.keys} idempotency keys, {self.tickets} tickets, {self.claims} claims, "
            f"{self.sessions} sessions, {self.searches} searches, {self.buckets} rate buckets; "
            f"ended {self.answers} abandoned answers; wrote {self.anchors} anchors"
        )


def keep_house(installation: Installation, report: Callable[[str], None]) -> Done:
    """Once, for all tenants. What fails for one is told to `report`, inside an `except`, and stops no other."""
    database, done = installation.database, Done()
    anchors = Anchors(installation.settings.home)
    for tenant in database.tenants():
        try:
            _delete(database, tenant, done)
            _anchor(database, tenant, anchors, done)
        except Exception:
            done.failed.append(tenant)
            report(f"The house of tenant {tenant} cannot be kept")
    done.buckets = delete_stale_buckets(database)
    return done


def _anchor(database: Database, tenant: str, anchors: Anchors, done: Done) -> None:
    with database.transaction(tenant, read_only=True) as session:
        end = chain_end(session)
    known = anchors.newest(tenant)
    if known is not None and (end is None or end.n < known.n):
        raise TamperedLogError(
            f"The audit log of tenant {tenant} ends with {end.n if end else 0}, and had {known.n} entries before: "
            "entries were removed. GET /v1/audit/verify tells which."
        )
    if end is not None and (known is None or end.n > known.n):
        anchors.add(tenant, end, datetime.now(UTC))
        done.anchors += 1


def _delete(database: Database, tenant: str, done: Done) -> None:
    with database.transaction(tenant) as session:
        done.keys += forget_old_keys(session)
        done.tickets += delete_expired_tickets(session)
        done.claims += delete_expired_claims(session)
        done.sessions += delete_ended_sessions(session)
        done.searches += delete_old_searches(session)
        done.answers += fail_abandoned_answers(session)
