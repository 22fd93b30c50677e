"""What nobody needs any more: tickets and claims that expired, sessions that ended a month ago, old searches."""

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import call_claims, searches, sessions, tickets

_MONTH = sa.text("interval '30 days'")
_HISTORY = sa.text("interval '90 days'")


def delete_expired_tickets(session: TenantSession) -> int:
    """Gives how many."""
    old = tickets.c.expires_at < sa.func.now()
    return session.connection().execute(sa.delete(tickets).where(old)).rowcount


def delete_expired_claims(session: TenantSession) -> int:
    """Those of processes that were killed; one that is being taken over is passed over. Gives how many."""
    expired = sa.select(call_claims.c.key).where(call_claims.c.expires_at < sa.func.clock_timestamp())
    dead = call_claims.c.key.in_(expired.with_for_update(skip_locked=True))
    return session.connection().execute(sa.delete(call_claims).where(dead)).rowcount


def delete_ended_sessions(session: TenantSession) -> int:
    """Those that ended or expired a month ago; until then a reused refresh token is recognised. Gives how many."""
    ended = sa.func.least(sessions.c.expires_at, sessions.c.ended_at)  # NULL does not count
    old = ended < sa.func.now() - _MONTH
    return session.connection().execute(sa.delete(sessions).where(old)).rowcount


def delete_old_searches(session: TenantSession) -> int:
    """Those of more than 90 days ago, with their hits. Gives how many."""
    old = searches.c.created_at < sa.func.now() - _HISTORY
    return session.connection().execute(sa.delete(searches).where(old)).rowcount
