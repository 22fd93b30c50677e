"""Cells: what an extraction leaves in one place of the dataset."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crucible_assets.extractions.coercion.coerced import Value
from resources.vocabulary import CellState, EvidenceStatus, Variable


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of the document that show a value. `start` and `end` are character offsets, None where not found.

    `quote` is what the model quoted; where it quoted nothing and the value was found, the document's own words.
    """

    quote: str
    start: int | None
    end: int | None
    status: EvidenceStatus
    score: float


@dataclass(frozen=True, slots=True)
class Cell:
    """The one state in which a (row, variable) ends, with everything that led to it.

    `values` are the typed values that were read, `evidence` one piece for each of them. `value` goes to the
    dataset: a scalar, a list for variables that keep all values, None for an empty cell. `raw` is what the model
    gave, before coercion: one JSON value, or a list where there were several. `confidence` is 0 to 1, None where
    the model gave none; `uncalibrated` the same before calibration, where there was any. `reasons` say in words why
    the state is not VALUE, and what a reader should know.
    """

    state: CellState
    values: tuple[Value, ...] = ()
    value: Any = None
    raw: Any = None
    confidence: float | None = None
    uncalibrated: float | None = None
    evidence: tuple[Evidence, ...] = ()
    reasons: tuple[str, ...] = ()


def failed_cell(reason: str, raw: Any = None) -> Cell:
    """The cell of an extraction that came to nothing; the reason is required."""
    return Cell(CellState.FAILED, raw=raw, reasons=(reason,))


def not_applicable_cell(variable: Variable) -> Cell:
    """The cell of a variable whose dependencies are not met."""
    conditions = " and ".join(
        f"{d.variable} is {' or '.join(d.values)}" if d.values else f"{d.variable} has a value"
        for d in variable.depends_on
    )
    return Cell(CellState.NOT_APPLICABLE, reasons=(f"asked only if {conditions}",))


def dependency_met(variable: Variable, cells: Mapping[str, Cell]) -> bool:
    """Whether a variable is to be asked, given the row's cells by variable name.

    Every dependency must have a value in the dataset (a flagged one counts), and one of the given values where
    there are any, whatever its case. Raises KeyError for a dependency that is not decided yet: plan it first.
    """
    for dependency in variable.depends_on:
        if dependency.variable not in cells:
            raise KeyError(
                f"{variable.name} depends on {dependency.variable}, which is not decided yet; decide it first"
            )
        cell = cells[dependency.variable]
        held = cell.value if isinstance(cell.value, list) else [cell.value]
        held = [_comparable(value) for value in held if value is not None]
        if not held or cell.state in (CellState.FAILED, CellState.ABSENT, CellState.NOT_APPLICABLE):
            return False
        if dependency.values and not any(_comparable(wanted) in held for wanted in dependency.values):
            return False
    return True


def _comparable(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).casefold().split())
