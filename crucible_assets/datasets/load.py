"""From stored cells to a dataset."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, RowRecord
from crucible_assets.datasets.dataset import Cost, Dataset
from resources.database.engine import TenantSession
from resources.database.repositories.calls import spending
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import list_documents
from resources.project import Project
from resources.vocabulary import CellState, EvidenceStatus


def spec_of(project: Project) -> DatasetSpec:
    """What the dataset of a project is about."""
    return DatasetSpec(
        project_name=project.name,
        description=project.description,
        domain=project.domain,
        language=project.language,
        unit_of_observation=project.unit_of_observation,
        variables=project.variables,
    )


def load_dataset(session: TenantSession, project: Project, *, whole_corpus: bool) -> tuple[Dataset, int]:
    """The dataset as stored, and how many documents of the corpus are not in it.

    With `whole_corpus` every current document is a row, extracted or not, so that a missing cell shows; else only
    the documents that have a cell for every variable (a sample, or what was run before a variable was added).
    """
    names = {row.id: row.name for row in list_documents(session, project.id)}
    stored = [cell for cell in load_cells(session, project.id) if cell.document_id in names]
    filled = Counter(cell.document_id for cell in stored)
    chosen = [key for key in names if whole_corpus or filled[key] >= len(project.variables)]
    stored = [cell for cell in stored if cell.document_id in set(chosen)]
    rows = tuple(RowRecord(str(key), names[key]) for key in chosen)
    used = spending(session, project.id)
    cost = Cost(
        amount=float(used.cost_usd),
        calls=used.calls,
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
    )
    cells = tuple(_record(cell, names) for cell in stored)
    return Dataset(spec_of(project), rows, cells, cost=cost), len(names) - len(chosen)


def _record(cell: Any, names: Mapping[UUID, str]) -> CellRecord:
    first = cell.evidence[0] if cell.evidence else None
    place = first["places"][0] if first and first["places"] else None
    return CellRecord(
        row_key=str(cell.document_id),
        document_name=names[cell.document_id],
        variable=cell.variable,
        state=CellState(cell.state),
        prompt_version=cell.prompt_version or 0,
        model=cell.model or "",
        value=cell.value,
        raw=None
        if cell.raw is None
        else cell.raw
        if isinstance(cell.raw, str)
        else json.dumps(cell.raw, ensure_ascii=False),
        confidence=cell.confidence,
        evidence_quote=" | ".join(dict.fromkeys(item["quote"] for item in cell.evidence)) if first else None,
        evidence_status=EvidenceStatus(first["status"]) if first else EvidenceStatus.NONE,
        evidence_start=first["start"] if first else None,
        evidence_end=first["end"] if first else None,
        page=place["page"] if place else None,
        place_label=place["label"] if place else None,
        reasons=tuple(cell.reasons),
    )


def content_hash(dataset: Dataset) -> str:
    """SHA-256 of rows and cells: the same content is the same dataset version."""
    digest = hashlib.sha256(repr(dataset.spec).encode())
    for row in sorted(dataset.rows, key=lambda r: r.row_key):
        digest.update(repr(row).encode())
    for cell in sorted(dataset.cells, key=lambda c: (c.row_key, c.variable)):
        digest.update(repr(cell).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
