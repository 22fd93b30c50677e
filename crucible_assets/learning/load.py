"""What the learning stage reads from the database, as the values that its pure functions take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crucible_assets.extractions.coercion.coerce import coerce
from crucible_assets.learning.analysis import CellSeen
from crucible_assets.learning.calibration import Curve, Curves
from crucible_assets.learning.gold_labels import gold_by_cell
from crucible_assets.learning.labels import CellKey, Given, Judged, Labels, Side, labels_of, side_of
from crucible_assets.learning.matching import KnownRow
from crucible_assets.learning.reliability import Improvement
from crucible_assets.learning.scoring import Calibration
from resources.database.engine import TenantSession
from resources.database.repositories.calibrations import load_calibrations
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import DocumentRow, list_documents
from resources.database.repositories.entities import load_entities
from resources.database.repositories.feedback import VerdictRow, load_feedback
from resources.database.repositories.labels import load_labels
from resources.project import Project
from resources.vocabulary import CellState, EvidenceStatus, IfUncertain, UnitOfObservation, Variable


def load_curves(session: TenantSession, project_id: str) -> Curves:
    """The calibration curves of a project; where there is none, confidences stay as they are."""
    return Curves(
        {
            (row.model, row.variable, row.claim): Curve(tuple(row.curve), row.method, row.labels)
            for row in load_calibrations(session, project_id)
        }
    )


def load_calibration(session: TenantSession, project_id: str) -> list[Calibration]:
    """The curves of a project with their reliability figures, by model, variable and claim."""
    return [
        Calibration(
            row.model,
            row.variable,
            row.claim,
            Curve(tuple(row.curve), row.method, row.labels),
            Improvement.from_json(row.reliability),
        )
        for row in load_calibrations(session, project_id)
    ]


@dataclass(frozen=True, slots=True)
class Learnt:
    """All that people said about a project, beside its cells."""

    project: Project
    documents: Mapping[UUID, DocumentRow]
    cells: Mapping[CellKey, CellSeen]
    labels: Labels
    unknown: tuple[str, ...]  # gold documents and rows that the project does not have

    def side(self, key: CellKey) -> Side:
        """Whether a cell's document may be shown to a model or is only measured on."""
        return side_of(self.documents[key[0]].sha256)


def load_learnt(session: TenantSession, project: Project) -> Learnt:
    """Labels from gold and feedback, and the cells that are there now."""
    documents = {row.id: row for row in list_documents(session, project.id)}
    variables = {variable.name: variable for variable in project.variables}
    rows = known_rows(session, project, documents.values())
    gold, unknown = gold_by_cell(load_labels(session, project.id), rows)
    given = [_given(row) for row in load_feedback(session, project.id) if row.document_id in documents]
    cells = seen_cells(session, project, documents)
    return Learnt(project, documents, cells, labels_of(gold, given, variables), unknown)


def known_rows(session: TenantSession, project: Project, documents: Iterable[DocumentRow]) -> list[KnownRow]:
    """The rows of the dataset with every name of their document."""
    names = {row.id: (row.name, *row.other_names) for row in documents}
    if project.unit_of_observation is UnitOfObservation.DOCUMENT:
        return [KnownRow(key, "", names[key]) for key in names]
    found = load_entities(session, project.id)
    return [
        KnownRow(e.document_id, e.row_key, names[e.document_id], e.name, tuple(e.other_names))
        for e in found
        if e.document_id in names
    ]


def seen_cells(
    session: TenantSession, project: Project, documents: Mapping[UUID, DocumentRow]
) -> dict[CellKey, CellSeen]:
    """The present cells of current documents."""
    variables = {variable.name: variable for variable in project.variables}
    return {
        (cell.document_id, cell.row_key, cell.variable): seen_cell(cell, variables[cell.variable], project.language)
        for cell in load_cells(session, project.id)
        if cell.document_id in documents and cell.variable in variables
    }


def seen_cell(cell: Any, variable: Variable, language: str | None) -> CellSeen:
    """A stored cell (a row of `cells`) as learning sees it."""
    first = cell.evidence[0] if cell.evidence else None
    state = CellState(cell.state)
    return CellSeen(
        document=cell.document_id,
        row_key=cell.row_key,
        state=state,
        value=cell.value,
        confidence=cell.confidence if cell.uncalibrated is None else cell.uncalibrated,
        model=cell.model,
        quote=first["quote"] if first else None,
        start=first["start"] if first else None,
        evidence=EvidenceStatus(first["status"]) if first else EvidenceStatus.NONE,
        read=_read(cell.raw, variable, language) if _kept_out(state, variable) else None,
    )


def _kept_out(state: CellState, variable: Variable) -> bool:
    return state is CellState.UNCERTAIN and variable.if_uncertain is not IfUncertain.KEEP_FLAGGED


def _read(raw: Any, variable: Variable, language: str | None) -> Any:
    """What a model gave, as values of the type."""
    items = raw if isinstance(raw, list) else [raw]
    values = [c.value for item in items if (c := coerce(item, variable, language)).value is not None]
    return values if variable.multiple else next(iter(values), None)


def _given(row: VerdictRow) -> Given:
    corrected = None if row.corrected_value is None else tuple(row.corrected_value)
    judged = Judged(row.judged_state, row.judged_value)
    return Given((row.document_id, row.row_key, row.variable), row.author, row.verdict, judged, corrected, row.note)


def verdict_row(given: Given) -> VerdictRow:
    """A verdict as it is stored."""
    document, row, variable = given.key
    corrected = None if given.corrected is None else list(given.corrected)
    return VerdictRow(
        document, row, variable, given.verdict, corrected, given.note, given.author, given.judged.state,
        given.judged.value,
    )  # fmt: skip
