"""Blobs follow the transaction: stored ones go if it fails, released ones once it has committed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import structlog
from fastapi import Depends, Request

from resources.database.repositories.blobs import lock_blobs, unused_blobs
from resources.installation import Installation
from sidecar.security.principal import Writer

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Blobs:
    """What a request did to the blob store; keys in use by others are left alone."""

    stored: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)


def drop_unused(installation: Installation, tenant: str, keys: set[str]) -> None:
    """Remove those of the blobs that no row refers to."""
    with installation.database.transaction(tenant) as session:
        lock_blobs(session, keys)
        for key in unused_blobs(session, keys):
            installation.files.delete(key)


def _following(request: Request, who: Writer) -> Iterator[Blobs]:
    blobs = Blobs()
    try:
        yield blobs
    except BaseException:
        _drop(request, who.tenant, blobs.stored)
        raise
    _drop(request, who.tenant, blobs.released)


def _drop(request: Request, tenant: str, keys: set[str]) -> None:
    if not keys:
        return
    try:
        drop_unused(request.app.state.installation, tenant, keys)
    except Exception:  # what was asked is done and answered as such; files that stay behind are nobody's
        _log.exception("blobs_not_removed", tenant=tenant, blobs=len(keys))


FollowingBlobs = Annotated[Blobs, Depends(_following, scope="function")]
"""Declared before the session, so that it ends after the session has committed."""
