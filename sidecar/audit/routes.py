"""`/v1/audit`: what was done in this tenant, and whether the log still says so."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from resources.anchors import Anchors
from resources.database.repositories.audit import AuditFilter, audit_entries
from resources.installation import Installation
from sidecar.audit.schemas import AuditEntryOut, ChainVerification
from sidecar.audit.verify import verify
from sidecar.fields import INT64_MAX, Instant, Line
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.transactions import AdminReadSession

router = APIRouter(prefix="/v1/audit", tags=["audit"])

_AtOnce = Annotated[int, Query(ge=1, le=200_000, description="Look at so many entries at most")]


@router.get("", response_model=Page[AuditEntryOut])
def list_audit_entries(
    session: AdminReadSession,
    actor: Annotated[Line | None, Query(description="Done by", examples=["user:5f0c1b9e"])] = None,
    action: Annotated[Line | None, Query(description="Of this kind", examples=["project.created"])] = None,
    about: Annotated[Line | None, Query(alias="object", description="Done to", examples=["project:loans"])] = None,
    since: Annotated[Instant | None, Query(description="Not before")] = None,
    until: Annotated[Instant | None, Query(description="Before")] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[AuditEntryOut]:
    """What was done, the newest first."""
    key = read_cursor(after, (int,))
    wanted = AuditFilter(actor, action, about, since, until)
    found = audit_entries(session, wanted, key[0] if key else None, limit)
    items = [
        AuditEntryOut(
            n=entry.n,
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            object=entry.object,
            payload=entry.payload,
            request_id=entry.request_id,
            hash=entry.hash.hex(),
        )
        for entry in found
    ]
    return Page(items=items, next=cursor(items[-1].n) if len(items) == limit else None)


@router.get("/verify", response_model=ChainVerification)
def verify_audit_log(
    request: Request,
    session: AdminReadSession,
    after: Annotated[int, Query(ge=0, le=INT64_MAX, description="Go on after this entry")] = 0,
    limit: _AtOnce = 100_000,
) -> ChainVerification:
    """Recompute the log's chain and compare it with its anchors: tells the first entry that is not as it was."""
    installation: Installation = request.app.state.installation
    tenant = str(session.info["tenant"])
    return verify(session, Anchors(installation.settings.home).all(tenant), after, limit)
