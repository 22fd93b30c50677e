"""From stored cells to answers. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from resources.database.repositories.cell_pages import FoundCell, VerdictSeen
from resources.database.repositories.lineage import Trace
from resources.vocabulary import CallPurpose, CellState, EvidenceStatus, Verdict
from sidecar.results.schemas import (
    Cell,
    CellTrace,
    EvidencePiece,
    FormerCell,
    LatestVerdict,
    Place,
    PromptText,
    TracedCall,
)
from sidecar.usage.money import money


def version_of(state: str, value: Any) -> str:
    """Names what a cell holds: 16 hex digits of the SHA-256 of its state and value.

    A cell that was extracted anew with the same outcome has the same version: a verdict on it still holds.
    """
    text = json.dumps([state, value], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def place(item: Mapping[str, Any]) -> Place:
    """A place as it is stored in evidence."""
    return Place(page=item["page"], label=item["label"], boxes=item["boxes"])


def piece(item: Mapping[str, Any]) -> EvidencePiece:
    """A piece of evidence as it is stored with a cell."""
    return EvidencePiece(
        quote=item["quote"],
        status=EvidenceStatus(item["status"]),
        start=item["start"],
        end=item["end"],
        score=item.get("score"),
        places=[place(where) for where in item["places"]],
    )


def latest_verdict(seen: VerdictSeen | None, state: str, value: Any) -> LatestVerdict | None:
    """A verdict beside the cell as it is now."""
    if seen is None:
        return None
    return LatestVerdict(
        id=seen.id,
        verdict=Verdict(seen.verdict),
        corrected_values=seen.corrected_value,
        note=seen.note,
        author=seen.author,
        created_at=seen.created_at,
        about_this_value=(seen.judged_state, seen.judged_value) == (state, value),
    )


def cell_of(found: FoundCell) -> Cell:
    """A cell as it is shown."""
    return Cell(
        project_id=found.project_id,
        document_id=found.document_id,
        document_name=found.document_name,
        row_key=found.row_key,
        row_label=found.entity_name or found.document_name,
        variable=found.variable,
        state=CellState(found.state),
        value=found.value,
        reasons=found.reasons,
        confidence=found.confidence,
        uncalibrated=found.uncalibrated,
        evidence=[piece(item) for item in found.evidence],
        prompt_version=found.prompt_version,
        model=found.model,
        task_id=found.task_id,
        updated_at=found.updated_at,
        version=version_of(found.state, found.value),
        latest_verdict=latest_verdict(found.verdict, found.state, found.value),
    )


def trace_of(found: FoundCell, trace: Trace) -> CellTrace:
    """A cell with its lineage."""
    version = trace.prompt_version
    return CellTrace(
        cell=cell_of(found),
        raw=trace.raw,
        prompt=None if version is None else PromptText(version=version, system=trace.system, question=trace.question),
        calls=[
            TracedCall(
                key=call.key,
                purpose=CallPurpose(call.purpose),
                model=call.model,
                arm=call.arm,
                in_provider_batch=call.batch_id is not None,
                span=call.span,
                chunks=list(call.chunks),
                variables=list(call.variables),
                reply=call.reply,
                input_tokens=call.input_tokens,
                cached_tokens=call.cached_tokens,
                output_tokens=call.output_tokens,
                cost_usd=money(call.cost_usd),
                created_at=call.created_at,
            )
            for call in trace.calls
        ],
        before=[FormerCell.model_validate(dict(former)) for former in trace.before],
    )


def boxes_on_a_page(evidence: Sequence[EvidencePiece], page: int | None) -> tuple[int, list[Any]] | None:
    """The page to show (the one asked for, else the first with evidence) and the boxes on it; None without pages."""
    places = [where for item in evidence for where in item.places if where.page is not None]
    chosen = page if page is not None else next((where.page for where in places), None)
    if chosen is None or not places:
        return None
    return chosen, [box for where in places if where.page == chosen for box in where.boxes]
