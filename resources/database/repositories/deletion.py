"""Deleting documents with everything that was made from them, in one transaction.

Foreign keys take texts, chunks, passages, vectors, entities, cells, their history and verdicts; calls keep what they
cost and lose what they said (a trigger). The rest is here: exports and opportunities that hold words of the document,
requests that wait in provider batches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.repositories.tasks import ACTIVE
from resources.database.tables import (
    cell_history,
    cells,
    documents,
    exports,
    projects,
    provider_batch_items,
    tasks,
)
from resources.vocabulary import EXTRACTIONS, TaskKind


class ProjectBusyError(RuntimeError):
    """An unfinished task reads the project's documents; `task_id` names it."""

    def __init__(self, project_id: str, task_id: UUID) -> None:
        super().__init__(f"Task {task_id} of project {project_id} is not finished and reads its documents.")
        self.task_id = task_id


@dataclass(slots=True)
class Deleted:
    """What a deletion removed; `blobs` may be in use elsewhere (`unused_blobs`)."""

    documents: dict[UUID, str] = field(default_factory=dict)  # id → project
    blobs: set[str] = field(default_factory=set)
    exports: int = 0


def delete_documents(session: TenantSession, ids: Sequence[UUID]) -> Deleted:
    """Delete these documents; ids that are none are passed over. Raises ProjectBusyError.

    The projects are held, so that no task begins meanwhile. Files exported since a document with cells came in hold
    its values, and go with it.
    """
    deleted = Deleted()
    concerned = session.scalars(sa.select(documents.c.project_id).where(documents.c.id.in_(ids)).distinct()).all()
    for project_id in sorted(concerned):
        session.execute(sa.select(projects.c.id).where(projects.c.id == project_id).with_for_update())
        _refuse_when_busy(session, project_id)
        found = session.execute(
            sa.select(documents.c.id, documents.c.blob, documents.c.created_at).where(
                documents.c.project_id == project_id, documents.c.id.in_(ids)
            )
        ).all()
        mine = [row.id for row in found]
        deleted.documents |= dict.fromkeys(mine, project_id)
        deleted.blobs |= {row.blob for row in found}
        answered = _with_cells(session, mine)
        since = min((row.created_at for row in found if row.id in answered), default=None)
        if since is not None:
            files = session.scalars(
                sa.delete(exports)
                .where(exports.c.project_id == project_id, exports.c.created_at >= since)
                .returning(exports.c.blob)
            ).all()
            deleted.exports += len(files)
            deleted.blobs |= set(files)
        _forget_elsewhere(session, project_id, mine)
        session.execute(sa.delete(documents).where(documents.c.id.in_(mine)))
    return deleted


def _refuse_when_busy(session: TenantSession, project_id: str) -> None:
    busy = session.scalar(
        sa.select(tasks.c.id)
        .where(
            tasks.c.project_id == project_id,
            tasks.c.kind.in_([kind.value for kind in (*EXTRACTIONS, TaskKind.INGEST)]),
            tasks.c.status.in_([status.value for status in ACTIVE]),
        )
        .order_by(tasks.c.created_at)
        .limit(1)
    )
    if busy is not None:
        raise ProjectBusyError(project_id, busy)


def _with_cells(session: TenantSession, ids: Sequence[UUID]) -> set[UUID]:
    answered: set[UUID] = set()
    for table in (cells, cell_history):
        answered.update(
            session.scalars(sa.select(table.c.document_id).where(table.c.document_id.in_(ids)).distinct())
        )
    return answered


def _forget_elsewhere(session: TenantSession, project_id: str, ids: Sequence[UUID]) -> None:
    """Words of documents that no foreign key leads to."""
    texts = [str(document_id) for document_id in ids]
    session.execute(
        sa.text(
            "UPDATE opportunities SET updated_at = now(), evidence = (SELECT coalesce(jsonb_agg(e ORDER BY n), '[]') "
            "FROM jsonb_array_elements(evidence) WITH ORDINALITY AS p(e, n) "
            "WHERE NOT e ->> 'document_id' = ANY(CAST(:ids AS text[]))) "
            "WHERE project_id = :project AND EXISTS (SELECT FROM jsonb_array_elements(evidence) AS p(e) "
            "WHERE e ->> 'document_id' = ANY(CAST(:ids AS text[])))"
        ),
        {"ids": texts, "project": project_id},
    )
    session.execute(
        sa.update(provider_batch_items)
        .where(provider_batch_items.c.context["document_id"].astext.in_(texts))
        .values(
            body=None,
            context=provider_batch_items.c.context.op("||")(
                sa.func.jsonb_build_object("document_id", None, "row_key", "", "span", None)
            ),
        )
    )
