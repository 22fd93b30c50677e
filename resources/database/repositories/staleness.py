"""What is not up to date: documents that wait for a stage, and cells that are missing, failed or outdated."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import cells, documents, entities, entity_searches, projects, prompts, variables
from resources.vocabulary import CellState, DocumentOrigin, DocumentStatus, UnitOfObservation

_UNDONE = (DocumentStatus.UPLOADED.value, DocumentStatus.PARSED.value)


@dataclass(frozen=True, slots=True)
class StaleDocument:
    """A current document that `ingest` has work with."""

    project_id: str
    id: UUID
    batch: int


@dataclass(frozen=True, slots=True)
class CellGaps:
    """Cells of current documents and active variables that another extraction would fill or change."""

    missing: int  # there is no cell
    failed: int  # the document could be read, but the call or its answer failed
    outdated: int  # made with another version of the prompt than the active one


def stale_documents(
    session: TenantSession,
    parser_version: str,
    chunks_version: str,
    *,
    project_id: str | None = None,
    origin: DocumentOrigin | None = None,
) -> list[StaleDocument]:
    """Documents that were not brought to READY, or whose text or chunks were made by other versions than given.

    By project, batch and id, without archived projects. A document that this version of the parsers could not
    read (FAILED) is not stale: nothing would change.
    """
    query = (
        sa.select(documents.c.project_id, documents.c.id, documents.c.batch)
        .join(
            projects,
            sa.and_(projects.c.tenant_id == documents.c.tenant_id, projects.c.id == documents.c.project_id),
        )
        .where(
            documents.c.current,
            ~projects.c.archived,
            sa.or_(
                documents.c.status.in_(_UNDONE),
                documents.c.parser_version.is_distinct_from(parser_version),
                sa.and_(
                    documents.c.status == DocumentStatus.READY.value,
                    documents.c.chunks_version.is_distinct_from(chunks_version),
                ),
            ),
        )
        .order_by(documents.c.project_id, documents.c.batch, documents.c.id)
    )
    if project_id is not None:
        query = query.where(documents.c.project_id == project_id)
    if origin is not None:
        query = query.where(documents.c.origin == origin.value)
    return [StaleDocument(row.project_id, row.id, row.batch) for row in session.execute(query)]


def cell_gaps(session: TenantSession, project_id: str) -> CellGaps:
    """Count what is missing, failed or outdated among a project's cells.

    Rows are documents, or the entities found in them; a document that was not searched for entities counts as one
    row without cells.
    """
    unreadable = documents.c.status == DocumentStatus.FAILED.value
    failed = cells.c.state == CellState.FAILED.value
    rows = _rows(session, project_id)
    query = (
        sa.select(
            sa.func.count().filter(cells.c.state.is_(None)),
            sa.func.count().filter(failed, ~unreadable),
            sa.func.count().filter(~failed, ~unreadable, cells.c.prompt_version != prompts.c.version),
        )
        .select_from(documents)
        .join(rows, rows.c.document_id == documents.c.id)
        .join(
            variables,
            sa.and_(
                variables.c.tenant_id == documents.c.tenant_id,
                variables.c.project_id == documents.c.project_id,
                variables.c.active,
            ),
        )
        .outerjoin(
            cells,
            sa.and_(
                cells.c.tenant_id == documents.c.tenant_id,
                cells.c.project_id == documents.c.project_id,
                cells.c.document_id == documents.c.id,
                cells.c.row_key == rows.c.row_key,
                cells.c.variable == variables.c.name,
            ),
        )
        .outerjoin(
            prompts,
            sa.and_(
                prompts.c.tenant_id == variables.c.tenant_id,
                prompts.c.project_id == variables.c.project_id,
                prompts.c.variable == variables.c.name,
                prompts.c.active,
            ),
        )
        .where(documents.c.project_id == project_id, documents.c.current)
    )
    missing, failures, outdated = session.execute(query).one()
    return CellGaps(missing, failures, outdated)


def _rows(session: TenantSession, project_id: str) -> sa.Subquery:
    """(document_id, row_key) of every row that must have cells."""
    unit = session.scalar(sa.select(projects.c.unit_of_observation).where(projects.c.id == project_id))
    whole = sa.select(documents.c.id.label("document_id"), sa.literal("").label("row_key")).where(
        documents.c.project_id == project_id
    )
    if unit != UnitOfObservation.ENTITY.value:
        return whole.subquery()
    searched = (
        sa.exists()
        .where(
            entity_searches.c.project_id == project_id,
            entity_searches.c.document_id == documents.c.id,
            entity_searches.c.failure.is_(None),
        )
        .correlate(documents)
    )
    found = sa.select(entities.c.document_id, entities.c.row_key).where(entities.c.project_id == project_id)
    return whole.where(~searched).union_all(found).subquery()
