"""How good a dataset is against gold: precision, recall, F1, cell accuracy and abstention per variable.

A prediction is a single value of a cell (flagged ones included); equal predictions of one document count
once. Of BOOLEAN the positive class is measured: a `false` counts like saying nothing, in gold and in
predictions. Where the unit is an entity and gold labels entities, each is measured against its row: what was
missed counts as gold that nothing predicted, what was invented as predictions without gold. Where gold labels
documents only, the values of all rows of a document are measured together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, JsonValue, RowRecord
from crucible_assets.datasets.compare import Canonical, canonical, matches, relaxed_for, same
from crucible_assets.datasets.gold import GoldDocument, GoldRow, Values
from crucible_assets.datasets.intervals import Interval, bootstrap_f1, wilson
from crucible_assets.datasets.matched_rows import MatchedRows, match_rows
from crucible_assets.datasets.partial_dates import compatible
from crucible_assets.datasets.table import in_order
from crucible_assets.datasets.values import values_of
from resources.vocabulary import Variable, VariableType


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1 of `matched` of `gold` values by `predicted` ones.

    With nothing predicted precision is 1 if there was nothing to find, else 0; recall likewise.
    """

    matched: int
    gold: int
    predicted: int

    @property
    def precision(self) -> float:
        """Share of the predicted values that are right."""
        return self.matched / self.predicted if self.predicted else float(not self.gold)

    @property
    def recall(self) -> float:
        """Share of the gold values that were found."""
        return self.matched / self.gold if self.gold else float(not self.predicted)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class VariableScore:
    """One variable's figures over the documents (or the rows) in which it is labelled.

    `correct` counts documents whose values are all right and none too many, correctly absent ones included.
    `empty` documents have no gold value; `kept` of them were left empty. `partial_dates` counts dates that
    are not equal but contain each other (2020 and 2020-05-01); they count as wrong.
    """

    variable: str
    documents: int
    strict: Scores
    relaxed: Scores
    correct: int
    empty: int
    kept: int
    partial_dates: int
    f1_interval: Interval | None
    accuracy_interval: Interval | None

    @property
    def accuracy(self) -> float | None:
        """Share of the documents that are right as a whole."""
        return self.correct / self.documents if self.documents else None

    @property
    def abstention_kept(self) -> float | None:
        """Share of the documents without a gold value that were left empty; None when there is none."""
        return self.kept / self.empty if self.empty else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures per variable and over all; macro F1 is the mean over variables that have gold values."""

    variables: tuple[VariableScore, ...]
    strict: Scores
    relaxed: Scores
    macro_strict_f1: float
    macro_relaxed_f1: float
    f1_interval: Interval | None  # of the overall strict F1, documents drawn anew
    accuracy: float | None
    documents: int
    unknown_documents: tuple[str, ...]  # labelled, but not in the dataset
    unknown_variables: tuple[str, ...]  # labelled, but not in the dataset
    ambiguous_documents: tuple[str, ...]  # names that several documents bear; their values are put together
    rows: Scores | None = None  # entities found of those labelled, where gold labels entities
    missed_rows: tuple[str, ...] = ()  # 'document: entity' of labelled entities without a row
    invented_rows: tuple[str, ...] = ()  # 'document: entity' of rows that are not labelled


@dataclass(frozen=True, slots=True)
class _Outcome:
    strict: int
    relaxed: int
    gold: int
    predicted: int
    partial_dates: int


def evaluate(
    spec: DatasetSpec,
    rows: Sequence[RowRecord],
    cells: Sequence[CellRecord],
    gold: Sequence[GoldDocument],
    *,
    count_unknown: bool = False,
    seed: int = 0,
) -> Evaluation:
    """Measure cells against gold; documents meet by file name.

    Labelled documents that the dataset does not have are listed and left out, or with `count_unknown`
    counted as if nothing had been found in them. Labelled variables that it does not have are listed and
    left out.
    """
    names = {variable.name for variable in spec.variables}
    known, ambiguous = _document_names(rows)
    scored = [document for document in gold if count_unknown or base_name(document.document) in known]
    predictions = _Predictions(spec, cells)
    by_document: dict[str, list[RowRecord]] = {}
    for row in in_order(row for row in rows if row.entity is not None):
        by_document.setdefault(base_name(row.document_name), []).append(row)
    measured = [
        _measured(spec, document, by_document.get(base_name(document.document), ()), predictions)
        for document in scored
    ]
    outcomes = [of_document.outcomes for of_document in measured]
    counts = np.zeros((len(scored), len(spec.variables) + 1, 3))
    for place, of_document in enumerate(outcomes):
        for column, variable in enumerate(spec.variables):
            for outcome in of_document.get(variable.name, ()):
                counts[place, column] += (outcome.strict, outcome.gold, outcome.predicted)
        counts[place, -1] = counts[place, :-1].sum(axis=0)
    *intervals, overall = bootstrap_f1(counts, seed=seed)
    scores = tuple(
        _score(variable, [outcome for o in outcomes for outcome in o.get(variable.name, ())], interval)
        for variable, interval in zip(spec.variables, intervals, strict=True)
    )
    return _evaluation(
        scores,
        overall,
        documents=len(scored),
        unknown_documents=tuple(d.document for d in gold if base_name(d.document) not in known),
        unknown_variables=tuple(dict.fromkeys(n for d in gold for n in _labelled(d) if n not in names)),
        ambiguous_documents=tuple(sorted(ambiguous & {base_name(d.document) for d in scored})),
        matched=[m.rows for m in measured if m.rows is not None],
    )


def _labelled(document: GoldDocument) -> dict[str, None]:
    """The variables that are labelled somewhere in a document, in order."""
    rows = [name for row in document.rows or () for name in row.values]
    return dict.fromkeys([*document.values, *rows])


def base_name(document: str) -> str:
    """Give the file name without folders, which is how gold and documents meet."""
    return PurePosixPath(document.replace("\\", "/")).name


def _document_names(rows: Sequence[RowRecord]) -> tuple[set[str], set[str]]:
    by_base: dict[str, set[str]] = {}
    for row in rows:
        whole = f"{row.document_name}\0{row.document_key}"  # which of several documents of one name
        by_base.setdefault(base_name(row.document_name), set()).add(whole)
    return set(by_base), {name for name, documents in by_base.items() if len(documents) > 1}


class _Predictions:
    """The values that a dataset has, by document or by row."""

    def __init__(self, spec: DatasetSpec, cells: Sequence[CellRecord]) -> None:
        variables = {variable.name: variable for variable in spec.variables}
        self._of_document: dict[tuple[str, str], list[JsonValue]] = {}
        self._of_row: dict[tuple[str, str], list[JsonValue]] = {}
        for cell in cells:
            if cell.variable in variables:
                values = values_of(cell, variables[cell.variable])
                name = base_name(cell.document_name)
                self._of_document.setdefault((name, cell.variable), []).extend(values)
                self._of_row.setdefault((cell.row_key, cell.variable), []).extend(values)

    def of_document(self, name: str, variable: str) -> Sequence[JsonValue]:
        return self._of_document.get((base_name(name), variable), ())

    def of_row(self, row: RowRecord | None, variable: str) -> Sequence[JsonValue]:
        return () if row is None else self._of_row.get((row.row_key, variable), ())


@dataclass(frozen=True, slots=True)
class _Measured:
    """One document: outcomes by variable, one for each labelled unit; and its rows, where gold labels entities."""

    outcomes: Mapping[str, Sequence[_Outcome]]
    rows: tuple[str, MatchedRows] | None = None


def _measured(
    spec: DatasetSpec, document: GoldDocument, rows: Sequence[RowRecord], predictions: _Predictions
) -> _Measured:
    if document.rows is None:
        return _Measured(
            {
                v.name: [_outcome(v, document.values[v.name], predictions.of_document(document.document, v.name))]
                for v in spec.variables
                if v.name in document.values
            }
        )

    def agreement(label: GoldRow, row: RowRecord) -> int:
        named = [v for v in spec.variables if v.name in label.values]
        return sum(_outcome(v, label.values[v.name], predictions.of_row(row, v.name)).strict for v in named)

    matched = match_rows(document.rows, rows, agreement)
    units: list[tuple[Values, RowRecord | None]] = [(label.values, row) for label, row in matched.pairs]
    units += [(label.values, None) for label in matched.missed]
    nothing: Values = dict.fromkeys(_labelled(document), ())
    units += [(nothing, row) for row in matched.invented]
    outcomes = {
        v.name: [
            _outcome(v, labels[v.name], predictions.of_row(row, v.name)) for labels, row in units if v.name in labels
        ]
        for v in spec.variables
    }
    return _Measured(outcomes, (base_name(document.document), matched))


def _outcome(variable: Variable, gold: Sequence[Sequence[JsonValue]], values: Sequence[JsonValue]) -> _Outcome:
    type_ = variable.type
    labels = [
        [form for spelling in spellings if (form := canonical(spelling, type_)) is not None] for spellings in gold
    ]
    forms = list(dict.fromkeys(form for v in values if (form := canonical(v, type_)) is not None))
    if type_ is VariableType.BOOLEAN:
        labels = [forms_ for forms_ in labels if forms_ and forms_[0] is True]
        forms = [form for form in forms if form is True]
    strict = matches(labels, forms, same)
    return _Outcome(
        strict=strict,
        relaxed=matches(labels, forms, relaxed_for(type_)),
        gold=len(labels),
        predicted=len(forms),
        partial_dates=matches(labels, forms, _same_or_compatible) - strict if type_ is VariableType.DATE else 0,
    )


def _same_or_compatible(one: Canonical, other: Canonical) -> bool:
    return same(one, other) or (isinstance(one, str) and isinstance(other, str) and compatible(one, other))


def _score(variable: Variable, outcomes: Sequence[_Outcome], interval: Interval | None) -> VariableScore:
    gold, predicted = sum(o.gold for o in outcomes), sum(o.predicted for o in outcomes)
    correct = sum(o.strict == o.gold == o.predicted for o in outcomes)
    empty = [o for o in outcomes if not o.gold]
    return VariableScore(
        variable=variable.name,
        documents=len(outcomes),
        strict=Scores(sum(o.strict for o in outcomes), gold, predicted),
        relaxed=Scores(sum(o.relaxed for o in outcomes), gold, predicted),
        correct=correct,
        empty=len(empty),
        kept=sum(not o.predicted for o in empty),
        partial_dates=sum(o.partial_dates for o in outcomes),
        f1_interval=interval if outcomes else None,
        accuracy_interval=wilson(correct, len(outcomes)),
    )


def _evaluation(
    scores: tuple[VariableScore, ...],
    interval: Interval | None,
    *,
    documents: int,
    unknown_documents: tuple[str, ...],
    unknown_variables: tuple[str, ...],
    ambiguous_documents: tuple[str, ...],
    matched: Sequence[tuple[str, MatchedRows]],
) -> Evaluation:
    gold, predicted = sum(s.strict.gold for s in scores), sum(s.strict.predicted for s in scores)
    labelled = [s for s in scores if s.strict.gold]
    judged = sum(s.documents for s in scores)
    return Evaluation(
        variables=scores,
        strict=Scores(sum(s.strict.matched for s in scores), gold, predicted),
        relaxed=Scores(sum(s.relaxed.matched for s in scores), gold, predicted),
        macro_strict_f1=sum(s.strict.f1 for s in labelled) / max(1, len(labelled)),
        macro_relaxed_f1=sum(s.relaxed.f1 for s in labelled) / max(1, len(labelled)),
        f1_interval=interval,
        accuracy=sum(s.correct for s in scores) / judged if judged else None,
        documents=documents,
        unknown_documents=unknown_documents,
        unknown_variables=unknown_variables,
        ambiguous_documents=ambiguous_documents,
        rows=_row_scores([rows for _, rows in matched]) if matched else None,
        missed_rows=tuple(f"{name}: {row.entity}" for name, rows in matched for row in rows.missed),
        invented_rows=tuple(f"{name}: {row.entity}" for name, rows in matched for row in rows.invented),
    )


def _row_scores(matched: Sequence[MatchedRows]) -> Scores:
    pairs = sum(len(rows.pairs) for rows in matched)
    missed = sum(len(rows.missed) for rows in matched)
    return Scores(pairs, pairs + missed, pairs + sum(len(rows.invented) for rows in matched))
