"""Dataset versions and the files exported from them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from resources.database.engine import TenantSession
from resources.database.repositories.projects import tenant_of
from resources.database.tables import datasets, exports


def save_dataset(
    session: TenantSession,
    project_id: str,
    content_hash: str,
    rows: int,
    states: Mapping[str, int],
    quality: Any,
) -> int:
    """The version number of a dataset with this content: the latest one when nothing changed, else a new one."""
    newest = session.execute(
        sa.select(datasets.c.version, datasets.c.content_hash)
        .where(datasets.c.project_id == project_id)
        .order_by(datasets.c.version.desc())
        .limit(1)
    ).one_or_none()
    if newest is not None and newest.content_hash == content_hash:
        return int(newest.version)
    version = (newest.version if newest else 0) + 1
    session.execute(
        sa.insert(datasets).values(
            tenant_id=tenant_of(session),
            project_id=project_id,
            version=version,
            content_hash=content_hash,
            rows=rows,
            states=dict(states),
            quality=quality,
        )
    )
    return version


def latest_version(session: TenantSession, project_id: str) -> int | None:
    """The newest dataset version; None before the first."""
    version: int | None = session.scalar(
        sa.select(sa.func.max(datasets.c.version)).where(datasets.c.project_id == project_id)
    )
    return version


def save_export(session: TenantSession, project_id: str, dataset_version: int, **file: Any) -> None:
    """Record an exported file (format, name, blob, size_bytes, sha256, options).

    The same file is one row, which says when it was last made and from which version.
    """
    statement = insert(exports).values(
        tenant_id=tenant_of(session), id=uuid4(), project_id=project_id, dataset_version=dataset_version, **file
    )
    changed = {
        "dataset_version": dataset_version,
        "options": file["options"],
        "created_at": sa.func.clock_timestamp(),
    }
    session.execute(statement.on_conflict_do_update(constraint="uq_exports_file", set_=changed))


def list_exports(session: TenantSession, project_id: str) -> list[Any]:
    """Exported files, newest first."""
    return list(
        session.execute(
            sa.select(exports).where(exports.c.project_id == project_id).order_by(exports.c.created_at.desc())
        )
    )


def page_of_versions(
    session: TenantSession, project_id: str, *, before: int | None = None, limit: int = 100
) -> list[Any]:
    """Rows of `datasets`, newest first, at most `limit` of those before a version."""
    query = sa.select(datasets).where(datasets.c.project_id == project_id)
    if before is not None:
        query = query.where(datasets.c.version < before)
    return list(session.execute(query.order_by(datasets.c.version.desc()).limit(limit)))


def get_version(session: TenantSession, project_id: str, version: int) -> Any | None:
    """One dataset version."""
    return session.execute(
        sa.select(datasets).where(datasets.c.project_id == project_id, datasets.c.version == version)
    ).one_or_none()


def page_of_exports(
    session: TenantSession,
    project_id: str,
    *,
    version: int | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Any]:
    """Exported files, newest first, at most `limit` of those before (made, id); of one dataset version or of all."""
    query = sa.select(exports).where(exports.c.project_id == project_id)
    if version is not None:
        query = query.where(exports.c.dataset_version == version)
    if before is not None:
        query = query.where(sa.tuple_(exports.c.created_at, exports.c.id) < sa.tuple_(*before))
    return list(session.execute(query.order_by(exports.c.created_at.desc(), exports.c.id.desc()).limit(limit)))


def get_export(session: TenantSession, export_id: UUID) -> Any | None:
    """One exported file."""
    return session.execute(sa.select(exports).where(exports.c.id == export_id)).one_or_none()
