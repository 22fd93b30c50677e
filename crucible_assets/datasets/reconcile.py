"""The proof that a dataset is whole: rows × variables = sum of cells by state, overall and per variable."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crucible_assets.datasets.cells import CellRecord, RowRecord
from resources.vocabulary import CellState, Variable

Pair = tuple[str, str]  # (row key, variable name)
_SHOWN = 5  # examples per kind in an explanation


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was expected and what is there.

    `by_state` counts each expected (row, variable) once (the first cell when there are several), so
    `expected == sum(by_state) + len(missing)` always holds and `complete` says that nothing else is wrong.
    """

    expected: int
    by_state: Mapping[CellState, int]
    by_variable: Mapping[str, Mapping[CellState, int]]
    missing: tuple[Pair, ...]
    duplicated: tuple[Pair, ...]
    unexpected: tuple[Pair, ...]
    duplicated_rows: tuple[str, ...] = ()

    @property
    def found(self) -> int:
        """How many expected cells are there."""
        return sum(self.by_state.values())

    @property
    def complete(self) -> bool:
        """Whether every row has exactly one cell for every variable and there is no other cell."""
        disorder = self.missing or self.duplicated or self.unexpected or self.duplicated_rows
        return not disorder and self.found == self.expected

    def explain(self) -> str:
        """Say in one line whether the counts agree and, if not, which cells are at fault."""
        states = ", ".join(f"{count} {state}" for state, count in self.by_state.items() if count)
        parts = [f"{self.expected} cells expected, {self.found} found ({states or 'none'})"]
        faults: tuple[tuple[str, Sequence[object]], ...] = (
            ("missing", self.missing),
            ("duplicated", self.duplicated),
            ("unexpected", self.unexpected),
            ("row given twice", self.duplicated_rows),
        )
        for word, items in faults:
            if items:
                examples = ", ".join(str(item) for item in items[:_SHOWN])
                more = ", …" if len(items) > _SHOWN else ""
                parts.append(f"{len(items)} {word}: {examples}{more}")
        return "; ".join(parts)


def reconcile(
    rows: Sequence[RowRecord], variables: Sequence[Variable], cells: Iterable[CellRecord]
) -> Reconciliation:
    """Compare the cells that are there with rows × variables, in the order of rows and variables."""
    row_counts = Counter(row.row_key for row in rows)
    names = tuple(dict.fromkeys(variable.name for variable in variables))
    states: dict[str, dict[str, CellState]] = {name: {} for name in names}  # variable → row key → state
    duplicated: dict[Pair, None] = {}
    unexpected: list[Pair] = []
    for cell in cells:
        pair = (cell.row_key, cell.variable)
        of_variable = states.get(cell.variable)
        if of_variable is None or cell.row_key not in row_counts:
            unexpected.append(pair)
        elif cell.row_key in of_variable:
            duplicated[pair] = None
        else:
            of_variable[cell.row_key] = cell.state
    counted = {name: Counter(states[name].values()) for name in names}
    by_variable = {name: {state: counted[name][state] for state in CellState} for name in names}
    return Reconciliation(
        expected=len(row_counts) * len(names),
        by_state={state: sum(counts[state] for counts in by_variable.values()) for state in CellState},
        by_variable=by_variable,
        missing=tuple((key, name) for key in row_counts for name in names if key not in states[name]),
        duplicated=tuple(duplicated),
        unexpected=tuple(unexpected),
        duplicated_rows=tuple(key for key, count in row_counts.items() if count > 1),
    )
