"""What goes wrong with a variable: its wrong cells sorted by pattern, as a person would tell a colleague."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from crucible_assets.datasets.cells import JsonValue
from crucible_assets.datasets.compare import as_number, canonical, matches, normalised, same
from crucible_assets.datasets.partial_dates import compatible
from crucible_assets.learning.labels import Judged, Label, Values, cell_outcome, single_values
from resources.vocabulary import CellState, EvidenceStatus, Variable, VariableType


class Pattern(StrEnum):
    """How a cell is wrong."""

    MISSED = "MISSED"  # absent, although the document states it
    INVENTED = "INVENTED"  # a value, although the document states none
    INCOMPLETE = "INCOMPLETE"  # some of several values are missing
    SUPERFLUOUS = "SUPERFLUOUS"  # values beside the right ones
    TOO_SHORT = "TOO_SHORT"  # a part of the right words
    TOO_LONG = "TOO_LONG"  # the right words and more
    WRONG_FORMAT = "WRONG_FORMAT"  # the right thing in another unit, scale or precision
    WRONG_CATEGORY = "WRONG_CATEGORY"
    NOT_GROUNDED = "NOT_GROUNDED"  # its evidence is not in the document
    OTHER_VALUE = "OTHER_VALUE"  # something else of the document
    FAILED = "FAILED"  # no usable answer


@dataclass(frozen=True, slots=True)
class CellSeen:
    """A cell as the analysis sees it."""

    document: UUID
    row_key: str
    state: CellState
    value: JsonValue
    confidence: float | None = None  # the model's own, corrected by the evidence, before calibration
    model: str | None = None
    quote: str | None = None
    start: int | None = None  # of the quote in the document's text
    evidence: EvidenceStatus = EvidenceStatus.NONE
    read: JsonValue = None  # what was read, where `if_uncertain` keeps it out of the dataset

    @property
    def judged(self) -> Judged:
        """State and value."""
        return Judged(self.state, self.value)


@dataclass(frozen=True, slots=True)
class Case:
    """One wrong cell. `right` is None where people only said that it is wrong."""

    cell: CellSeen
    pattern: Pattern
    right: Values | None
    notes: tuple[str, ...] = ()
    detail: str = ""  # 'approved → refused'


@dataclass(frozen=True, slots=True)
class Analysis:
    """A variable's labelled cells: how many, how many right, and the wrong ones by pattern, commonest first."""

    variable: str
    labelled: int
    right: float
    patterns: tuple[tuple[Pattern, int], ...]
    details: tuple[tuple[str, int], ...]  # of categories: 'a → b'
    cases: tuple[Case, ...]

    def as_json(self) -> dict[str, Any]:
        """Counts without the cases, for the database."""
        plain = asdict(self)
        del plain["cases"]
        return {**plain, "patterns": dict(self.patterns), "details": dict(self.details), "wrong": len(self.cases)}


def analyse(variable: Variable, labelled: Sequence[tuple[Label, CellSeen]]) -> Analysis:
    """Sort the wrong cells of a variable by pattern. Cells of which labels do not tell are left out."""
    cases: list[Case] = []
    known, right = 0, 0.0
    for label, cell in labelled:
        outcome = cell_outcome(label, variable, cell.judged)
        if outcome is None:
            continue
        known += 1
        right += outcome
        if outcome < 1:
            pattern, detail = pattern_of(variable, label.values, cell)
            cases.append(Case(cell, pattern, label.values, label.notes, detail))
    counts = Counter(case.pattern for case in cases)
    details = Counter(case.detail for case in cases if case.detail)
    place = {pattern: number for number, (pattern, _) in enumerate(counts.most_common())}
    cases.sort(key=lambda c: (place[c.pattern], not c.notes, str(c.cell.document), c.cell.row_key))
    return Analysis(
        variable.name, known, right, tuple(counts.most_common()), tuple(details.most_common()), tuple(cases)
    )


def pattern_of(variable: Variable, right: Values | None, cell: CellSeen) -> tuple[Pattern, str]:
    """The pattern of a wrong cell, and for a category which was taken for which."""
    if cell.state is CellState.FAILED:
        return Pattern.FAILED, ""
    given = single_values(cell.value, variable)
    if not given:
        return Pattern.MISSED, ""
    if right is not None and not right:
        return Pattern.INVENTED, ""
    if right is None:
        lost = cell.evidence is EvidenceStatus.NOT_FOUND
        return (Pattern.NOT_GROUNDED if lost else Pattern.OTHER_VALUE), ""
    if variable.multiple and (several := _of_several(variable, right, given)) is not None:
        return several, ""
    if variable.type is VariableType.CATEGORY:
        return Pattern.WRONG_CATEGORY, f"{given[0]} → {right[0][0]}"
    if len(given) == 1 and _format(variable.type, right, given[0]):
        return Pattern.WRONG_FORMAT, ""
    if cell.evidence is EvidenceStatus.NOT_FOUND:
        return Pattern.NOT_GROUNDED, ""
    return _length(right, given[0]), ""


def _of_several(variable: Variable, right: Values, given: Sequence[JsonValue]) -> Pattern | None:
    gold = [[f for s in spellings if (f := canonical(s, variable.type)) is not None] for spellings in right]
    forms = list(dict.fromkeys(f for v in given if (f := canonical(v, variable.type)) is not None))
    shared = matches(gold, forms, same)
    if shared == len(forms) < len(gold):
        return Pattern.INCOMPLETE
    return Pattern.SUPERFLUOUS if shared == len(gold) < len(forms) else None


def _format(type_: VariableType, right: Values, given: JsonValue) -> bool:
    """Whether it is the right number on another scale, or the right date more or less exactly."""
    spellings = [spelling for values in right for spelling in values]
    if type_ is VariableType.NUMBER:
        number = as_number(given)
        wanted = [n for s in spellings if (n := as_number(s)) is not None]
        return number is not None and any(
            _close(number * factor, other) or _close(number / factor, other)
            for other in wanted
            for factor in (10, 100, 1_000, 10_000, 1_000_000)
        )
    return type_ is VariableType.DATE and any(compatible(str(given), str(spelling)) for spelling in spellings)


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(abs(one), abs(other))


def _length(right: Values, given: JsonValue) -> Pattern:
    if not isinstance(given, str):
        return Pattern.OTHER_VALUE
    said = f" {normalised(given)} "
    wanted = [f" {normalised(s)} " for values in right for s in values if isinstance(s, str)]
    if any(said in words for words in wanted):
        return Pattern.TOO_SHORT
    return Pattern.TOO_LONG if any(words in said for words in wanted) else Pattern.OTHER_VALUE


def rows_of(analyses: Mapping[str, Analysis]) -> list[dict[str, Any]]:
    """The analyses as rows of a table."""
    return [
        {
            "variable": name,
            "labelled": found.labelled,
            "right": f"{found.right:g}",
            "wrong": len(found.cases),
            "patterns": ", ".join(f"{pattern} {number}" for pattern, number in found.patterns),
            "categories": ", ".join(f"{detail} {number}" for detail, number in found.details),
        }
        for name, found in analyses.items()
    ]
