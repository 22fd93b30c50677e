"""Rows in their stable order, and each cell found by variable and row."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, RowRecord
from crucible_assets.datasets.errors import CellsDoNotFitError, SpecError
from crucible_assets.datasets.reconcile import reconcile


@dataclass(frozen=True, slots=True)
class Table:
    """A dataset ready to be laid out: `cells[variable][row_key]`; a missing pair is simply not there."""

    rows: tuple[RowRecord, ...]
    cells: Mapping[str, Mapping[str, CellRecord]]

    def column(self, variable: str) -> tuple[CellRecord | None, ...]:
        """Give a variable's cells in row order, None where there is none."""
        of_variable = self.cells[variable]
        return tuple(of_variable.get(row.row_key) for row in self.rows)


def in_order(rows: Iterable[RowRecord]) -> tuple[RowRecord, ...]:
    """Sort by document name, place in the document, entity and row key, by code point: the same on every machine."""
    return tuple(sorted(rows, key=_place))


def _place(row: RowRecord) -> tuple[str, str, int, str, str]:
    document = row.row_key.rpartition("/")[0]  # two documents may have one name
    return (
        row.document_name,
        document or (row.row_key if row.entity is None else ""),
        row.position,
        row.entity or "",
        row.row_key,
    )


def arrange(spec: DatasetSpec, rows: Sequence[RowRecord], cells: Sequence[CellRecord]) -> Table:
    """Order the rows and index the cells.

    Raises SpecError when two variables share a name, and CellsDoNotFitError when a row or cell occurs twice
    or a cell belongs to no row or variable: such a cell could not be shown, and is never dropped in
    silence. Missing cells are allowed (a run that was stopped); they have no state.
    """
    names = [variable.name for variable in spec.variables]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise SpecError(f"variables with the same name: {', '.join(twice)}; rename all but one")
    index: dict[str, dict[str, CellRecord]] = {name: {} for name in names}
    keys = {row.row_key for row in rows}
    fits = len(keys) == len(rows)
    for cell in cells:
        of_variable = index.get(cell.variable)
        if of_variable is None or cell.row_key not in keys or cell.row_key in of_variable:
            fits = False
            break
        of_variable[cell.row_key] = cell
    if not fits:
        account = reconcile(rows, spec.variables, cells)
        raise CellsDoNotFitError(
            f"the cells of {spec.project_name!r} do not form one table: {account.explain()}; "
            "give each row once and only cells of these rows and variables"
        )
    return Table(rows=in_order(rows), cells=index)
