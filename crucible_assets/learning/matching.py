"""From lines of a file of verdicts to verdicts on cells: every line finds its cell, or is refused with a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from uuid import UUID

from crucible_assets.datasets.cells import JsonValue
from crucible_assets.datasets.values import JOINT, parse_text
from crucible_assets.extractions.coercion.coerce import coerce, raw_text
from crucible_assets.learning.feedback_file import Line, Refused
from crucible_assets.learning.labels import CellKey, Given, Judged, single_values
from resources.vocabulary import CellState, Variable, Verdict

_EMPTY = (CellState.ABSENT, CellState.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class KnownRow:
    """A row of the dataset: a document, or an entity in it."""

    document: UUID
    row_key: str
    names: tuple[str, ...]  # of the document, the present one first
    entity: str | None = None
    other_entities: tuple[str, ...] = ()  # other names of the entity

    @property
    def exported_key(self) -> str:
        """The row's key in exported files."""
        return f"{self.document}/{self.row_key}" if self.row_key else str(self.document)


class Matcher:
    """Finds the cells of lines. `cells` hold the present cell by (document, row, variable)."""

    def __init__(
        self,
        rows: Sequence[KnownRow],
        cells: Mapping[CellKey, Judged],
        variables: Mapping[str, Variable],
        language: str | None,
        author: str,
    ) -> None:
        self._cells, self._variables, self._language, self._author = cells, variables, language, author
        self._by_key = {row.exported_key: row for row in rows}
        self._by_name: dict[str, list[KnownRow]] = {}
        for row in rows:
            for name in {part for full in row.names for part in (full, base_name(full))}:
                self._by_name.setdefault(name, []).append(row)

    def match(self, lines: Sequence[Line]) -> tuple[list[Given], list[Refused]]:
        """Verdicts in the order of the file, and the lines that are none."""
        given: list[Given] = []
        refused: list[Refused] = []
        for group in _by_cell(lines):
            made = self._one(group)
            if isinstance(made, Given):
                given.append(made)
            else:
                refused += [Refused(line.number, f"{line.document}, {line.variable}", made) for line in group]
        return given, refused

    def _one(self, group: Sequence[Line]) -> Given | str:
        line = group[0]
        variable = self._variables.get(line.variable)
        if variable is None:
            return f"{line.variable} is no variable of this project; it has {', '.join(self._variables)}"
        row = self._row(line)
        if isinstance(row, str):
            return row
        key = (row.document, row.row_key, variable.name)
        present = self._cells.get(key)
        if present is None:
            return "this cell was not extracted yet; run `crucible run` first"
        seen = _seen(group, variable, present)
        if len(group) > 1:
            combined = self._combined(group, variable, seen)
            if isinstance(combined, str):
                return combined
            line, corrected = combined
        else:
            read = self._corrected(line.corrected, variable)
            if isinstance(read, str):
                return read
            corrected = read
        if seen.state is CellState.FAILED and corrected is None:
            return "the cell failed, so there is nothing to judge; give the right value as corrected_value"
        if line.verdict is Verdict.CORRECT and corrected is not None:
            if list(corrected) != list(single_values(seen.value, variable)):
                return "CORRECT, yet corrected_value is another value; say which of the two is meant"
            corrected = None
        if line.verdict is Verdict.PARTIALLY_CORRECT and seen.state in _EMPTY:
            return f"the cell is {seen.state}; an empty cell is CORRECT or INCORRECT"
        author = line.author or self._author
        return Given(key, author, line.verdict, seen, corrected, line.note)

    def _row(self, line: Line) -> KnownRow | str:
        if line.row is not None and line.row in self._by_key:
            return self._by_key[line.row]
        rows = self._by_name.get(line.document) or self._by_name.get(base_name(line.document)) or []
        if not rows:
            return f"no document of this project is called {line.document}"
        if line.entity is not None:
            wanted = _folded(line.entity)
            rows = [row for row in rows if wanted in {_folded(n) for n in (row.entity or "", *row.other_entities)}]
            if not rows:
                return f"{line.document} has no row called {line.entity}"
        if len({row.document for row in rows}) > 1:
            return f"several documents are called {line.document}; name it with its folder"
        if len(rows) > 1:
            return f"{line.document} has {len(rows)} rows; name the one that is meant under `entity`"
        return rows[0]

    def _corrected(self, raw: JsonValue, variable: Variable) -> tuple[JsonValue, ...] | str | None:
        """The values that a person gave; () for absent, None for none given, or what is wrong with them."""
        if raw is None:
            return None
        items: Sequence[JsonValue] = [raw]
        if isinstance(raw, list):
            items = raw
        elif variable.multiple and isinstance(raw, str):
            items = [part for part in raw.split(JOINT.strip()) if part.strip()]
        values: list[JsonValue] = []
        for item in items:
            coerced = coerce(item, variable, self._language)
            if coerced.absent:
                continue
            if coerced.value is None or coerced.problem:
                return f"corrected_value {raw_text(item)[:60]!r} is no {variable.type}: {coerced.problem}"
            values.append(coerced.value)
        if len(values) > 1 and not variable.multiple:
            return f"{variable.name} has one value, corrected_value has {len(values)}"
        return tuple(dict.fromkeys(values)) if variable.type != "JSON" else tuple(values)

    def _combined(
        self, group: Sequence[Line], variable: Variable, seen: Judged
    ) -> tuple[Line, tuple[JsonValue, ...] | None] | str:
        """One verdict from those on the single values of a cell."""
        shown = len(single_values(seen.value, variable))
        if len(group) != shown:
            return f"{len(group)} of the {shown} values of this cell are judged; judge all of them"
        values: list[JsonValue] = []
        complete = True
        for line in group:
            corrected = self._corrected(line.corrected, variable)
            if isinstance(corrected, str):
                return corrected
            if line.verdict is Verdict.CORRECT:
                values.append(_typed(line, variable))
            elif corrected is None:
                complete = False
            else:
                values += corrected
        verdicts = {line.verdict for line in group}
        verdict = verdicts.pop() if len(verdicts) == 1 else Verdict.PARTIALLY_CORRECT
        note = "; ".join(dict.fromkeys(line.note for line in group if line.note))
        corrected_values = None if verdict is Verdict.CORRECT or not complete else tuple(values)
        return replace(group[0], verdict=verdict, note=note), corrected_values


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def base_name(name: str) -> str:
    """A document's name without folders."""
    return PurePosixPath(name.replace("\\", "/")).name


def _by_cell(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines on different values of one cell together, in the order of the file; any other line by itself."""
    groups: list[list[Line]] = []
    open_: dict[tuple[str, str, str | None], list[Line]] = {}
    for line in lines:
        key = (line.row or f"{line.document}/{line.entity}", line.variable, line.author)
        group = open_.get(key)
        if line.value_index is None or group is None or line.value_index in {other.value_index for other in group}:
            group = open_[key] = []
            groups.append(group)
        group.append(line)
    return groups


def _typed(line: Line, variable: Variable) -> JsonValue:
    return None if line.value is None else parse_text(line.value, variable.type)


def _seen(group: Sequence[Line], variable: Variable, present: Judged) -> Judged:
    """The cell as the file shows it; the present one where the file does not say."""
    first = group[0]
    if first.state is None:
        return present
    values = [value for line in group if (value := _typed(line, variable)) is not None]
    known = list(single_values(present.value, variable))
    if all(value in known for value in values) and (len(group) > 1 or values == known or variable.multiple):
        return Judged(first.state, present.value)  # the cell as it is, some of whose values the file shows
    return Judged(first.state, values if variable.multiple else next(iter(values), None))
