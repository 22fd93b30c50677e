"""The codebook: what a reader must know to use the dataset, as one structure for every format."""

from dataclasses import dataclass

from crucible_assets.datasets.columns import Column
from crucible_assets.datasets.dataset import Dataset
from crucible_assets.datasets.evaluate import VariableScore
from crucible_assets.datasets.quality import VariableQuality, frequencies
from crucible_assets.exports.prepared import Prepared
from resources.vocabulary import CellState, Variable

STATE_MEANINGS: dict[CellState, str] = {
    CellState.VALUE: "a value was found",
    CellState.ABSENT: "the document was read and does not say it; no value",
    CellState.NOT_APPLICABLE: "the question does not arise, because a variable it depends on has no fitting value",
    CellState.UNCERTAIN: (
        "flagged: confidence below the variable's threshold, or the quoted evidence was not found; "
        "the value is kept unless the variable's rule says otherwise"
    ),
    CellState.FAILED: "the value could not be obtained; the reasons are given in the long table",
}
NOTES = (
    "A missing value is an empty cell (null); its state says why it is missing. An empty text is no missing value.",
    "Flagged values stand in the value columns like others: use the _state_ columns (UNCERTAIN) to leave them out. "
    "In the workbook they are tinted.",
    "In CSV files, text that a spreadsheet program would run as a formula (it begins with = + - @, their full-width "
    "forms, tab or a line break) has an apostrophe in front, after any apostrophes of its own. Only text columns are "
    "changed; negative numbers in number columns stay numbers. JSON, Parquet and the workbook hold the text itself.",
    "A number or date column is text where at least one value is no exact number or no full date (2020-05).",
    "Where a row is an entity, rows stand in the order of the document; _entity_status says how well the name was "
    "found in it (NOT_FOUND: perhaps invented). A row without an entity is a document that could not be read or "
    "searched.",
    "Joined values are separated by '; '. The long table and the JSON file keep them apart.",
    "The workbook's Evidence sheet leaves out empty columns and the character offsets of quotes; the long CSV, JSON "
    "and Parquet files have them.",
)


@dataclass(frozen=True, slots=True)
class VariableEntry:
    """One variable in the codebook."""

    variable: Variable
    columns: tuple[Column, ...]
    figures: VariableQuality
    frequencies: tuple[tuple[str, int], ...]
    prompt_versions: tuple[int, ...]
    models: tuple[str, ...]
    score: VariableScore | None


@dataclass(frozen=True, slots=True)
class Codebook:
    """A study and its variables."""

    dataset: Dataset
    rows: int
    documents: int
    account: str  # the reconciliation in words
    complete: bool
    states: dict[CellState, int]
    models: tuple[str, ...]
    keys: tuple[Column, ...]
    entries: tuple[VariableEntry, ...]


def codebook(prepared: Prepared) -> Codebook:
    """Make the codebook of a prepared dataset."""
    dataset, table = prepared.dataset, prepared.table
    evaluation = dataset.evaluation
    scores = {score.variable: score for score in evaluation.variables} if evaluation else {}
    columns: dict[str, list[Column]] = {variable.name: [] for variable in dataset.spec.variables}
    for column in prepared.columns:
        if column.variable is not None:
            columns[column.variable.name].append(column)
    entries = tuple(
        _entry(variable, prepared, tuple(columns[variable.name]), figures, scores.get(variable.name))
        for variable, figures in zip(dataset.spec.variables, prepared.figures, strict=True)
    )
    return Codebook(
        dataset=dataset,
        rows=len(table.rows),
        documents=len(dataset.documents) or len({row.document_key for row in table.rows}),
        account=prepared.account.explain(),
        complete=prepared.account.complete,
        states=dict(prepared.account.by_state),
        models=tuple(sorted({model for entry in entries for model in entry.models})),
        keys=tuple(column for column in prepared.columns if column.variable is None),
        entries=entries,
    )


def _entry(
    variable: Variable,
    prepared: Prepared,
    columns: tuple[Column, ...],
    figures: VariableQuality,
    score: VariableScore | None,
) -> VariableEntry:
    cells = prepared.table.cells[variable.name].values()
    return VariableEntry(
        variable=variable,
        columns=columns,
        figures=figures,
        frequencies=frequencies(variable, prepared.table),
        prompt_versions=tuple(sorted({cell.prompt_version for cell in cells})),
        models=tuple(sorted({cell.model for cell in cells if cell.model})),
        score=score if score and score.documents else None,
    )
