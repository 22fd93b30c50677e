"""What people said about a project, with the cells it is about: only those are read, not the whole dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from crucible_assets.datasets.cells import CellRecord, JsonValue, RowRecord
from crucible_assets.datasets.evaluate import Evaluation, evaluate
from crucible_assets.datasets.gold import GoldDocument, GoldRow
from crucible_assets.datasets.intervals import wilson
from crucible_assets.datasets.load import spec_of
from crucible_assets.datasets.values import canonical_json
from crucible_assets.learning.gold_labels import gold_by_cell
from crucible_assets.learning.labels import PARTLY, CellKey, Given, Judged, Labels, cell_outcome, labels_of
from crucible_assets.learning.load import known_rows
from crucible_assets.learning.matching import KnownRow
from resources.database.engine import TenantSession
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import list_documents
from resources.database.repositories.feedback import VerdictRow, load_feedback
from resources.database.repositories.labels import LabelRow, load_labels
from resources.project import Project
from resources.vocabulary import CellState
from sidecar.quality.agreement import Ratings
from sidecar.quality.schemas import Accuracy


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labels, verdicts, and the present cells of the documents that they are about."""

    project: Project
    names: Mapping[UUID, str]  # of the current documents
    labels: Labels
    cells: Mapping[CellKey, Judged]
    verdicts: Sequence[VerdictRow]
    evaluation: Evaluation | None  # against gold, where there is any
    unknown: tuple[str, ...]

    def accuracy(self, variable: str | None = None) -> Accuracy:
        """How right the labelled cells are, of one variable or of all."""
        variables = {v.name: v for v in self.project.variables if variable in (None, v.name)}
        labels = [label for key, label in self.labels.by_cell.items() if key[2] in variables and key in self.cells]
        outcomes = [cell_outcome(label, variables[label.key[2]], self.cells[label.key]) for label in labels]
        decided = [outcome for outcome in outcomes if outcome is not None]
        interval = wilson(sum(decided), len(decided))
        return Accuracy(
            labelled=len(labels),
            by_gold=sum(label.gold for label in labels),
            decided=len(decided),
            right=decided.count(1.0),
            partly=decided.count(PARTLY),
            wrong=decided.count(0.0),
            accuracy=sum(decided) / len(decided) if decided else None,
            interval=interval,
        )

    def ratings(self, variable: str | None = None) -> list[Ratings]:
        """The latest verdict of each reviewer, for each state of a cell that was judged."""
        judged: dict[tuple[object, ...], dict[str, str]] = {}
        for row in self.verdicts:
            if variable in (None, row.variable):
                what = canonical_json([row.judged_state.value, row.judged_value])
                unit = (row.document_id, row.row_key, row.variable, what)
                judged.setdefault(unit, {})[row.author] = row.verdict.value
        return list(judged.values())


def load_labelled(session: TenantSession, project: Project) -> Labelled:
    """Everything that was said about a project's current documents."""
    documents = {row.id: row for row in list_documents(session, project.id)}
    variables = {variable.name: variable for variable in project.variables}
    verdicts = [
        row
        for row in load_feedback(session, project.id)
        if row.document_id in documents and row.variable in variables
    ]
    stored = load_labels(session, project.id)
    rows = known_rows(session, project, documents.values()) if stored or verdicts else []
    gold, unknown = gold_by_cell(stored, rows)
    labels = labels_of(gold, [_given(row) for row in verdicts], variables)
    about = {key[0] for key in labels.by_cell}
    cells = load_cells(session, project.id, about) if about else []
    judged: dict[CellKey, Judged] = {
        (cell.document_id, cell.row_key, cell.variable): Judged(CellState(cell.state), cell.value) for cell in cells
    }
    found = _against_gold(project, stored, rows, {key[0] for key in gold}, judged) if gold else None
    names = {key: row.name for key, row in documents.items()}
    return Labelled(project, names, labels, judged, verdicts, found, unknown)


def _given(row: VerdictRow) -> Given:
    corrected = None if row.corrected_value is None else tuple(row.corrected_value)
    judged = Judged(row.judged_state, row.judged_value)
    return Given((row.document_id, row.row_key, row.variable), row.author, row.verdict, judged, corrected, row.note)


def _against_gold(
    project: Project,
    stored: Sequence[LabelRow],
    rows: Sequence[KnownRow],
    documents: set[UUID],
    cells: Mapping[CellKey, Judged],
) -> Evaluation:
    """The figures of `crucible evaluate` over the documents that gold labels."""
    labelled = [row for row in rows if row.document in documents]
    present = {name: row.names[0] for row in labelled for name in reversed(row.names)}
    named = {row.document: row.names[0] for row in labelled}
    records = [
        RowRecord(row.exported_key, row.names[0], entity=row.entity, other_names=row.other_entities)
        for row in labelled
    ]
    values = [
        _record(key, judged, named[key[0]])
        for key, judged in cells.items()
        if key[0] in named and key[2] in {variable.name for variable in project.variables}
    ]
    return evaluate(spec_of(project), records, values, gold_documents(stored, present))


def _record(key: CellKey, judged: Judged, document: str) -> CellRecord:
    row = f"{key[0]}/{key[1]}" if key[1] else str(key[0])
    return CellRecord(
        row_key=row,
        document_name=document,
        variable=key[2],
        state=judged.state,
        prompt_version=0,
        model="",
        value=judged.value,
    )


def gold_documents(stored: Sequence[LabelRow], present: Mapping[str, str]) -> list[GoldDocument]:
    """Gold as a gold file has it, under the names that documents bear now."""
    by_document: dict[str, dict[str, dict[str, tuple[tuple[JsonValue, ...], ...]]]] = {}
    for label in stored:
        name = present.get(label.document_name, label.document_name)
        of_row = by_document.setdefault(name, {}).setdefault(label.row_name, {})
        of_row[label.variable] = tuple(tuple(spellings) for spellings in label.values)
    made: list[GoldDocument] = []
    for name, of_rows in by_document.items():
        named = [
            GoldRow(text.split("\n")[0], values, tuple(text.split("\n")[1:]))
            for text, values in of_rows.items()
            if text
        ]
        whole = of_rows.get("", {})
        made.append(GoldDocument(name, whole, tuple(named) if named else None))
    return made
