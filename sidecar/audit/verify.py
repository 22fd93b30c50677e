"""Whether the audit log is as it was written: along its chain, and against the anchors outside of the database."""

from collections.abc import Iterable

from resources.database.engine import TenantSession
from resources.database.repositories.audit import Anchor, Walk, hashes_of, walk_chain
from resources.vocabulary import ChainBreak
from sidecar.audit.schemas import ChainVerification


def verify(session: TenantSession, anchors: Iterable[Anchor], after: int, limit: int) -> ChainVerification:
    """Walk up to `limit` entries after number `after`; the first break of either kind is told."""
    walk = walk_chain(session, after, limit)
    at_end = walk.entries < limit
    concerned = {
        anchor.n: anchor.hash for anchor in anchors if anchor.n > after and (at_end or anchor.n <= walk.last)
    }
    found = hashes_of(session, [n for n in concerned if n <= walk.last])
    broken = _first(walk, concerned, found)
    return ChainVerification(
        intact=broken is None,
        entries=walk.entries,
        anchors=len(concerned),
        last=walk.last,
        broken_at=broken[0] if broken else None,
        reason=broken[1] if broken else None,
        next=None if at_end or broken else walk.last,
    )


def _first(walk: Walk, anchors: dict[int, bytes], found: dict[int, bytes]) -> tuple[int, ChainBreak] | None:
    breaks: list[tuple[int, ChainBreak]] = []
    if walk.broken_at is not None and walk.reason is not None:
        breaks.append((walk.broken_at, walk.reason))
    if any(n > walk.last for n in anchors):
        breaks.append((walk.last + 1, ChainBreak.MISSING))  # the end was cut off
    breaks += [(n, ChainBreak.NOT_AS_ANCHORED) for n, known in found.items() if known != anchors[n]]
    return min(breaks, default=None)
