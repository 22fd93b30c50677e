"""Tickets: for half a minute and one use, in place of a token, for clients that cannot send headers (WebSockets).

A ticket stands in an address, and addresses stand in logs; so it is worth nothing once it was used.
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from resources.database.engine import Database, TenantSession
from resources.database.repositories.tickets import add_ticket, take_ticket
from resources.database.repositories.users import standing
from resources.vocabulary import Role
from sidecar.problems import Unauthenticated
from sidecar.security.authenticate import utc_now
from sidecar.security.principal import Principal
from sidecar.security.scopes import Scope

TICKET_LIFETIME = timedelta(seconds=30)
TICKET_FORM = r"^crt_[a-z0-9][a-z0-9-]{0,62}_[A-Za-z0-9_-]{43}$"
_FORM = re.compile(r"crt_([a-z0-9][a-z0-9-]{0,62})_[A-Za-z0-9_-]{43}")


def issue_ticket(session: TenantSession, who: Principal, now: datetime) -> str:
    """A ticket for `who`."""
    ticket = f"crt_{who.tenant}_{secrets.token_urlsafe(32)}"
    principal = {
        "subject": who.subject,
        "role": who.role.value,
        "scopes": sorted(who.scopes),
        "user_id": who.user_id,
        "session_id": who.session_id,
    }
    add_ticket(session, _hash(ticket), principal, now, now + TICKET_LIFETIME)
    return ticket


def redeem(database: Database, ticket: str, now: datetime | None = None) -> Principal:
    """Who a ticket stands for; it is used up by this. Raises Unauthenticated."""
    now = now or utc_now()
    refusal = Unauthenticated("The ticket is not valid (any more); POST /v1/auth/ticket gives one.")
    found = _FORM.fullmatch(ticket)
    if found is None:
        raise refusal
    with database.transaction(found[1]) as session:
        said = take_ticket(session, _hash(ticket), now)
        if said is None:
            raise refusal
        who = Principal(
            found[1],
            said["subject"],
            Role(said["role"]),
            frozenset(Scope(scope) for scope in said["scopes"]),
            said["user_id"],
            said["session_id"],
        )
        stands = _stands(session, who, now)
    if not stands:
        raise refusal
    return who


def _stands(session: TenantSession, who: Principal, now: datetime) -> bool:
    """Whether who asked for the ticket may still use it half a minute later."""
    if who.user_id is None:
        return True  # of Supabase Auth
    key_id = who.subject.removeprefix("key:") if who.subject.startswith("key:") else None
    session_id = UUID(who.session_id) if who.session_id else None
    return standing(session, UUID(who.user_id), now, session_id=session_id, key_id=key_id) is not None


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
