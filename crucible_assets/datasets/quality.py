"""Figures that say how far each variable of a dataset can be trusted."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, JsonValue, RowRecord
from crucible_assets.datasets.partial_dates import span_of
from crucible_assets.datasets.table import Table, arrange
from crucible_assets.datasets.values import as_float, text_of, values_of
from resources.vocabulary import CellState, EvidenceStatus, Variable, VariableType

_FOUND = (EvidenceStatus.EXACT, EvidenceStatus.NORMALISED, EvidenceStatus.FUZZY)


@dataclass(frozen=True, slots=True)
class VariableQuality:
    """One variable's figures; shares and means are None where there is nothing to divide by.

    `minimum` and `maximum` are given for numbers and dates, as text; `mean`, `median` and `deviation` (sample
    standard deviation) for numbers.
    """

    variable: str
    states: Mapping[CellState, int]
    missing_cells: int  # rows that have no cell for the variable
    with_value: int  # cells that carry a value, flagged ones included
    values: int  # single values, counting each of a cell's several
    evidence_found: int  # cells with a value whose quote was found in the document
    mean_confidence: float | None  # of cells with a value
    distinct: int
    minimum: str | None = None
    maximum: str | None = None
    mean: float | None = None
    median: float | None = None
    deviation: float | None = None

    @property
    def evidence_share(self) -> float | None:
        """Share (0-1) of the cells with a value whose quote was found in the document."""
        return self.evidence_found / self.with_value if self.with_value else None

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return sum(self.states.values()) + self.missing_cells


def quality(spec: DatasetSpec, rows: Sequence[RowRecord], cells: Sequence[CellRecord]) -> tuple[VariableQuality, ...]:
    """Give the figures of every variable, in order. Raises the errors of `arrange`."""
    return quality_of(spec, arrange(spec, rows, cells))


def quality_of(spec: DatasetSpec, table: Table) -> tuple[VariableQuality, ...]:
    """Give the figures of every variable of an arranged dataset."""
    return tuple(_variable_quality(variable, table) for variable in spec.variables)


def _variable_quality(variable: Variable, table: Table) -> VariableQuality:
    cells = tuple(table.cells[variable.name].values())
    counted = Counter(cell.state for cell in cells)
    carrying = [(cell, values) for cell in cells if (values := values_of(cell, variable))]
    confidences = [cell.confidence for cell, _ in carrying if cell.confidence is not None]
    single = [value for _, of_cell in carrying for value in of_cell]
    minimum, maximum = _range(variable.type, single)
    numbers = _numbers(variable.type, single)
    return VariableQuality(
        variable=variable.name,
        states={state: counted[state] for state in CellState},
        missing_cells=len(table.rows) - len(cells),
        with_value=len(carrying),
        values=len(single),
        evidence_found=sum(cell.evidence_status in _FOUND for cell, _ in carrying),
        mean_confidence=statistics.fmean(confidences) if confidences else None,
        distinct=len({text_of(value, variable.type) for value in single}),
        minimum=minimum,
        maximum=maximum,
        mean=statistics.fmean(numbers) if numbers else None,
        median=statistics.median(numbers) if numbers else None,
        deviation=statistics.stdev(numbers) if len(numbers) > 1 else None,
    )


def _numbers(type_: VariableType, values: Sequence[JsonValue]) -> list[float]:
    if type_ is not VariableType.NUMBER:
        return []
    return [number for value in values if (number := as_float(value)) is not None]


def _range(type_: VariableType, values: Sequence[JsonValue]) -> tuple[str | None, str | None]:
    if type_ is VariableType.NUMBER and (numbers := _numbers(type_, values)):
        return text_of(min(numbers), type_), text_of(max(numbers), type_)
    if type_ is VariableType.DATE:
        # Partial dates take part with the first and the last day that they can mean.
        spans = [(span, value) for value in values if isinstance(value, str) and (span := span_of(value))]
        if spans:
            first = min(spans, key=lambda pair: (pair[0][0], pair[1]))
            last = max(spans, key=lambda pair: (pair[0][1], pair[1]))
            return first[1], last[1]
    return None, None


def frequencies(variable: Variable, table: Table, most: int = 20) -> tuple[tuple[str, int], ...]:
    """Count the single values as text, most frequent first, equal counts by text; at most `most` of them.

    Of CATEGORY every category is listed, those that never occur with 0, and none is cut off.
    """
    counted = Counter(
        text_of(value, variable.type)
        for cell in table.cells[variable.name].values()
        for value in values_of(cell, variable)
    )
    if variable.type is VariableType.CATEGORY:
        for category in (*variable.classification_rules, *variable.validation.allowed_values):
            counted.setdefault(category, 0)
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(ordered if variable.type is VariableType.CATEGORY else ordered[:most])


def quality_frame(figures: Sequence[VariableQuality]) -> pl.DataFrame:
    """Give the figures as a table, one row per variable."""
    states = {state.value.lower(): [f.states[state] for f in figures] for state in CellState}
    data: dict[str, list[object]] = {
        "variable": [f.variable for f in figures],
        "rows": [f.rows for f in figures],
        **{name: list(counts) for name, counts in states.items()},
        "no_cell": [f.missing_cells for f in figures],
        "with_value": [f.with_value for f in figures],
        "evidence_found": [f.evidence_found for f in figures],
        "evidence_share": [f.evidence_share for f in figures],
        "mean_confidence": [f.mean_confidence for f in figures],
        "distinct": [f.distinct for f in figures],
        "minimum": [f.minimum for f in figures],
        "maximum": [f.maximum for f in figures],
        "mean": [f.mean for f in figures],
        "median": [f.median for f in figures],
        "standard_deviation": [f.deviation for f in figures],
    }
    text = ("variable", "minimum", "maximum")
    real = ("evidence_share", "mean_confidence", "mean", "median", "standard_deviation")
    kinds = {name: pl.String() if name in text else pl.Float64() if name in real else pl.Int64() for name in data}
    return pl.DataFrame([pl.Series(name, column, dtype=kinds[name]) for name, column in data.items()])
