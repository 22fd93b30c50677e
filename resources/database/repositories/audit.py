"""The audit log: who did what, written in the transaction that does it, chained by the database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from resources.database.engine import TenantSession
from resources.database.tables import audit_log

_WAITING = "audit"


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
        who = {
            "tenant_id": session.info["tenant"],
            "actor": session.info.get("actor", "system"),
            "request_id": session.info.get("request_id", ""),
        }
        for entry in entries:  # one by one: each is chained to the one before it
            session.execute(sa.insert(audit_log).inline().values({**who, **entry}))


@sa.event.listens_for(TenantSession, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_WAITING, None)
