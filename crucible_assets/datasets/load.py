"""From stored cells to a dataset."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, DocumentRecord, Quoted, RowRecord
from crucible_assets.datasets.dataset import Cost, Dataset
from crucible_assets.datasets.values import QUOTES_JOINT
from resources.database.engine import TenantSession
from resources.database.repositories.calls import spending
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import list_documents
from resources.database.repositories.entities import load_entities, load_searches
from resources.project import Project
from resources.vocabulary import CellState, EvidenceStatus, UnitOfObservation


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of the chosen documents, and a record of each document where the unit is an entity."""

    rows: tuple[RowRecord, ...]
    chosen: frozenset[UUID]
    documents: tuple[DocumentRecord, ...] = ()


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

    With `whole_corpus` every current document is in it, extracted or not, so that a missing cell shows; else only
    the documents whose rows have a cell for every variable (a sample, or what was run before a variable was added).
    Where the unit is an entity, rows are the entities found; a document that could not be read or searched is a row
    without an entity, and one in which nothing was found has no row but is listed.
    """
    names = {row.id: row.name for row in list_documents(session, project.id)}
    of_entities = project.unit_of_observation is UnitOfObservation.ENTITY
    stored = [
        cell
        for cell in load_cells(session, project.id)
        if cell.document_id in names and (of_entities or cell.row_key == "")
    ]
    filled = Counter((cell.document_id, cell.row_key) for cell in stored)
    wanted = len(project.variables)
    if of_entities:
        found = _entity_rows(session, project.id, names, filled, wanted, whole_corpus=whole_corpus)
    else:
        chosen = [key for key in names if whole_corpus or filled[key, ""] >= wanted]
        found = _Rows(tuple(RowRecord(str(key), names[key]) for key in chosen), frozenset(chosen))
    used = spending(session, project.id)
    cost = Cost(
        amount=float(used.cost_usd),
        calls=used.calls,
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        unpriced=used.unpriced,
    )
    entities = {row.row_key: row.entity for row in found.rows}
    cells = tuple(_record(cell, names, entities) for cell in stored if cell.document_id in found.chosen)
    data = Dataset(spec_of(project), found.rows, cells, cost=cost, documents=found.documents)
    return data, len(names) - len(found.chosen)


def _entity_rows(
    session: TenantSession,
    project_id: str,
    names: Mapping[UUID, str],
    filled: Mapping[tuple[UUID, str], int],
    wanted: int,
    *,
    whole_corpus: bool,
) -> _Rows:
    searches = {search.document_id: search for search in load_searches(session, project_id)}
    entities: dict[UUID, list[Any]] = defaultdict(list)
    for entity in load_entities(session, project_id):
        entities[entity.document_id].append(entity)
    rows: list[RowRecord] = []
    records: list[DocumentRecord] = []
    chosen: set[UUID] = set()
    for document, name in names.items():
        search = searches.get(document)
        whole = filled.get((document, ""), 0) > 0 or (search is not None and search.failure is not None)
        keys = [entity.row_key for entity in entities[document]] + ([""] if whole else [])
        complete = (search is not None or whole) and all(filled.get((document, key), 0) >= wanted for key in keys)
        if not complete and not whole_corpus:
            continue
        chosen.add(document)
        rows += [_entity_row(entity, name) for entity in entities[document]]
        if whole or search is None:
            rows.append(RowRecord(str(document), name))
        records.append(_document(name, len(entities[document]), search))
    return _Rows(tuple(rows), frozenset(chosen), tuple(sorted(records, key=lambda record: record.name)))


def _entity_row(entity: Any, document_name: str) -> RowRecord:
    return RowRecord(
        row_key=f"{entity.document_id}/{entity.row_key}",
        document_name=document_name,
        entity=entity.name,
        position=entity.position,
        other_names=tuple(entity.other_names),
        status=EvidenceStatus(entity.status),
        quote=entity.evidence[0]["quote"] if entity.evidence else None,
    )


def _document(name: str, rows: int, search: Any) -> DocumentRecord:
    if search is None:
        return DocumentRecord(name, rows, failure="it has not been searched")
    return DocumentRecord(name, rows, search.expected, tuple(search.warnings), search.failure)


def _record(cell: Any, names: Mapping[UUID, str], entities: Mapping[str, str | None]) -> CellRecord:
    evidence = tuple(_quoted(item) for item in cell.evidence)
    first = evidence[0] if evidence else None
    key = f"{cell.document_id}/{cell.row_key}" if cell.row_key else str(cell.document_id)
    return CellRecord(
        row_key=key,
        document_name=names[cell.document_id],
        entity=entities.get(key),
        variable=cell.variable,
        state=CellState(cell.state),
        prompt_version=cell.prompt_version or 0,
        model=cell.model or "",
        value=cell.value,
        raw=_raw(cell.raw),
        confidence=cell.confidence,
        evidence_quote=QUOTES_JOINT.join(dict.fromkeys(item.quote for item in evidence)) if evidence else None,
        evidence_status=first.status if first else EvidenceStatus.NONE,
        evidence_start=first.start if first else None,
        evidence_end=first.end if first else None,
        page=first.page if first else None,
        place_label=first.place_label if first else None,
        reasons=tuple(cell.reasons),
        evidence=evidence if len(evidence) == _values(cell.value) else (),
    )


def _raw(raw: Any) -> str | None:
    return raw if raw is None or isinstance(raw, str) else json.dumps(raw, ensure_ascii=False)


def _values(value: Any) -> int:
    return len(value) if isinstance(value, list) else int(value is not None)


def _quoted(item: Mapping[str, Any]) -> Quoted:
    places: Sequence[Mapping[str, Any]] = item["places"]
    place = places[0] if places else {"page": None, "label": None}
    return Quoted(
        item["quote"], EvidenceStatus(item["status"]), item["start"], item["end"], place["page"], place["label"]
    )


def content_hash(dataset: Dataset) -> str:
    """SHA-256 of rows, cells and documents: the same content is the same dataset version."""
    digest = hashlib.sha256(repr(dataset.spec).encode())
    for row in sorted(dataset.rows, key=lambda r: r.row_key):
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
    for cell in sorted(dataset.cells, key=lambda c: (c.row_key, c.variable)):
        digest.update(repr(cell).encode("utf-8", "surrogatepass"))
    digest.update(repr(dataset.documents).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
