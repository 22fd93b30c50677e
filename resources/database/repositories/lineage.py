"""Where a value comes from: cell → calls → prompt version → chunk → span → page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from resources.database.engine import TenantSession
from resources.database.tables import calls, cell_history, cells, chunks, documents, prompts


@dataclass(frozen=True, slots=True)
class TracedCall:
    """One call that a cell rests on. `chunks` are the places (from 0) of the chunks that it was asked about."""

    key: str
    purpose: str
    model: str  # 'provider:model'
    arm: str | None
    batch_id: UUID | None
    span: tuple[int, int] | None  # of the stretch that was asked, in the document's text
    chunks: tuple[int, ...]
    variables: tuple[str, ...]
    reply: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Trace:
    """A cell with everything it was made from. `evidence` has spans, pages and boxes; `before` former states."""

    document: str
    row_key: str
    variable: str
    state: str
    value: Any
    raw: Any
    confidence: float | None
    uncalibrated: float | None
    reasons: Sequence[str]
    evidence: Sequence[Mapping[str, Any]]
    prompt_version: int | None
    question: str | None
    system: str | None
    calls: tuple[TracedCall, ...]
    before: tuple[Mapping[str, Any], ...]


_CELL = sa.select(cells, documents.c.name.label("document")).join(
    documents, sa.and_(documents.c.tenant_id == cells.c.tenant_id, documents.c.id == cells.c.document_id)
)


def trace_cell(
    session: TenantSession, project_id: str, document: str, variable: str, row_key: str = ""
) -> Trace | None:
    """The lineage of one cell, by the document's name; None when there is no such cell."""
    found = session.execute(
        _CELL.where(
            cells.c.project_id == project_id,
            documents.c.name == document,
            documents.c.current,
            cells.c.variable == variable,
            cells.c.row_key == row_key,
        )
    ).one_or_none()
    return None if found is None else _traced(session, found)


def trace_cell_of(session: TenantSession, document_id: UUID, variable: str, row_key: str = "") -> Trace | None:
    """The lineage of one cell, by the document's id; None when there is no such cell."""
    found = session.execute(
        _CELL.where(cells.c.document_id == document_id, cells.c.variable == variable, cells.c.row_key == row_key)
    ).one_or_none()
    return None if found is None else _traced(session, found)


def _traced(session: TenantSession, found: Any) -> Trace:
    prompt = session.execute(
        sa.select(prompts.c.question, prompts.c.system).where(
            prompts.c.project_id == found.project_id,
            prompts.c.variable == found.variable,
            prompts.c.version == found.prompt_version,
        )
    ).one_or_none()
    spans = session.execute(
        sa.select(chunks.c.index, chunks.c.start, chunks.c.end)
        .where(chunks.c.document_id == found.document_id)
        .order_by(chunks.c.index)
    ).all()
    rows = {row.key: row for row in session.execute(sa.select(calls).where(calls.c.key.in_(found.call_keys)))}
    made = tuple(_call(rows[key], spans) for key in found.call_keys if key in rows)
    history = session.execute(
        sa.select(cell_history)
        .where(
            cell_history.c.project_id == found.project_id,
            cell_history.c.document_id == found.document_id,
            cell_history.c.row_key == found.row_key,
            cell_history.c.variable == found.variable,
        )
        .order_by(cell_history.c.id.desc())
    )
    shown = ("state", "value", "reasons", "confidence", "prompt_version", "model", "task_id", "superseded_at")
    return Trace(
        document=found.document,
        row_key=found.row_key,
        variable=found.variable,
        state=found.state,
        value=found.value,
        raw=found.raw,
        confidence=found.confidence,
        uncalibrated=found.uncalibrated,
        reasons=found.reasons,
        evidence=found.evidence,
        prompt_version=found.prompt_version,
        question=prompt.question if prompt else None,
        system=prompt.system if prompt else None,
        calls=made,
        before=tuple({name: row._mapping[name] for name in shown} for row in history),
    )


def _call(row: Any, spans: Sequence[Any]) -> TracedCall:
    span = None if row.span_start is None else (row.span_start, row.span_end)
    asked = tuple(c.index for c in spans if span and c.start < span[1] and span[0] < c.end)
    return TracedCall(
        key=row.key,
        purpose=row.purpose,
        model=f"{row.provider}:{row.model}",
        arm=row.arm,
        batch_id=row.batch_id,
        span=span,
        chunks=asked,
        variables=tuple(row.variables),
        reply=row.reply,
        input_tokens=row.input_tokens,
        cached_tokens=row.cached_tokens,
        output_tokens=row.output_tokens,
        cost_usd=row.cost_usd,
        created_at=row.created_at,
    )
