"""Labels: what people say is right for a cell, from gold and from verdicts, and how right a cell is by them.

A verdict is about the cell as the person saw it. Where the same cell is there again, the verdict itself is the
outcome; any other cell is compared with the values that people gave. Of one person the latest verdict counts. Where
people disagree the cell is no label, and is listed. Gold was coded on purpose, so it stands where a verdict says
otherwise, which is listed too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from crucible_assets.datasets.cells import JsonValue
from crucible_assets.datasets.compare import Canonical, canonical, matches, relaxed_for, same
from crucible_assets.datasets.values import canonical_json
from resources.vocabulary import CellState, Claim, Variable, Verdict

CellKey = tuple[UUID, str, str]  # document, row, variable
Values = tuple[tuple[JsonValue, ...], ...]  # each value with its accepted spellings; () says that there is none
PARTLY = 0.5
SCORES = {Verdict.CORRECT: 1.0, Verdict.PARTIALLY_CORRECT: PARTLY, Verdict.INCORRECT: 0.0}


class Side(StrEnum):
    """What a labelled document is used for; whole documents, so that nothing leaks."""

    TRAIN = "TRAIN"  # may be shown to the model that words the instructions
    HELD_OUT = "HELD_OUT"  # only measured on


@dataclass(frozen=True, slots=True)
class Judged:
    """A cell as a person saw it."""

    state: CellState
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Given:
    """One person's latest verdict on a cell; `corrected` is None where nothing was corrected, () for absent."""

    key: CellKey
    author: str
    verdict: Verdict
    judged: Judged
    corrected: tuple[JsonValue, ...] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """What is known about a cell. `values` is None where people only said that what they saw is wrong."""

    key: CellKey
    values: Values | None
    seen: tuple[tuple[Judged, float], ...] = ()  # cells that people judged, and how right they are
    notes: tuple[str, ...] = ()
    gold: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a project by cell, and the cells about which people or gold disagree, in words."""

    by_cell: Mapping[CellKey, Label]
    disputed: tuple[tuple[CellKey, str], ...] = ()

    def of(self, variable: str) -> list[Label]:
        """The labels of one variable."""
        return [label for key, label in self.by_cell.items() if key[2] == variable]


def side_of(sha256_of_document: str) -> Side:
    """The side of a document by its bytes: about half each, and the same one wherever the document is."""
    even = int(sha256(f"side {sha256_of_document}".encode()).hexdigest()[:8], 16) % 2 == 0
    return Side.TRAIN if even else Side.HELD_OUT


def labels_of(gold: Mapping[CellKey, Values], verdicts: Iterable[Given], variables: Mapping[str, Variable]) -> Labels:
    """Labels from gold and from verdicts in the order in which they were given. Others' variables are passed over."""
    latest: dict[CellKey, dict[str, Given]] = {}
    for item in verdicts:
        if item.key[2] in variables:
            latest.setdefault(item.key, {})[item.author] = item
    made: dict[CellKey, Label] = {}
    disputed: list[tuple[CellKey, str]] = []
    for key, by_author in latest.items():
        label, dispute = _agreed(key, list(by_author.values()), variables[key[2]])
        if dispute:
            disputed.append((key, dispute))
        if label is not None:
            made[key] = label
    for key, values in gold.items():
        if key[2] not in variables:
            continue
        known = made.get(key)
        said = None if known is None else known.values
        if said is not None and not _equal(said, values, variables[key[2]]):
            disputed.append((key, f"gold says {_words(values)}, a verdict {_words(said)}; gold stands"))
        made[key] = Label(key, values, notes=known.notes if known else (), gold=True)
    return Labels(made, tuple(disputed))


def _agreed(key: CellKey, given: Sequence[Given], variable: Variable) -> tuple[Label | None, str | None]:
    known: list[tuple[str, Values]] = []
    for item in given:
        values = _values(item, variable)
        if values is not None:
            known.append((item.author, values))
    for author, values in known[1:]:
        first_author, first = known[0]
        if not _equal(first, values, variable):
            return None, f"{first_author} says {_words(first)}, {author} {_words(values)}"
    seen: list[tuple[Judged, float]] = []
    for item in given:
        score = SCORES[item.verdict]
        if any(judged == item.judged and other != score for judged, other in seen):
            return None, "people judge the same value differently"
        seen.append((item.judged, score))
    notes = tuple(dict.fromkeys(item.note for item in given if item.note))
    return Label(key, known[0][1] if known else None, tuple(dict.fromkeys(seen)), notes), None


def _values(item: Given, variable: Variable) -> Values | None:
    if item.corrected is not None:
        return tuple((value,) for value in item.corrected)
    if item.verdict is not Verdict.CORRECT:
        return None
    return tuple((value,) for value in single_values(item.judged.value, variable))


def single_values(value: JsonValue, variable: Variable) -> tuple[JsonValue, ...]:
    """The single values of a cell's value; none for None. A JSON variable's own list is one value."""
    if value is None:
        return ()
    if isinstance(value, (list, tuple)) and variable.multiple:
        return tuple(item for item in value if item is not None)
    return (value,)


def _equal(one: Values, other: Values, variable: Variable) -> bool:
    left, right = _forms(one, variable), [spellings[0] for spellings in _forms(other, variable)]
    return len(left) == len(right) == matches(left, right, same)


def _forms(values: Values, variable: Variable) -> list[list[Canonical]]:
    forms = [[f for s in spellings if (f := canonical(s, variable.type)) is not None] for spellings in values]
    return [spellings for spellings in forms if spellings]


def _words(values: Values) -> str:
    return "; ".join(canonical_json(spellings[0]) for spellings in values) or "that there is none"


def claim_of(state: CellState) -> Claim | None:
    """What the cell's confidence is about; None for a cell that claims nothing."""
    if state in (CellState.VALUE, CellState.UNCERTAIN):
        return Claim.STATED
    return Claim.ABSENT if state is CellState.ABSENT else None


def claim_outcome(label: Label, variable: Variable, cell: Judged) -> float | None:
    """How right what the cell claims is: 1, 0, or 0.5 for partly; None where the label does not tell.

    Of several values every one that was given must be right; that one is missing is not what a confidence is about.
    """
    return _outcome(label, variable, cell, whole=False)


def cell_outcome(label: Label, variable: Variable, cell: Judged) -> float | None:
    """How right the cell is as a whole: as `claim_outcome`, and no value missing. A FAILED cell is wrong."""
    if cell.state is CellState.FAILED:
        return 0.0
    return _outcome(label, variable, cell, whole=True)


def _outcome(label: Label, variable: Variable, cell: Judged, *, whole: bool) -> float | None:
    for judged, score in label.seen:
        if _same_cell(judged, cell, variable):
            return score
    if label.values is None:
        return None
    gold = _forms(label.values, variable)
    given = [f for v in single_values(cell.value, variable) if (f := canonical(v, variable.type)) is not None]
    given = list(dict.fromkeys(given))
    if not gold or not given:
        return float(not gold and not given)
    strict = matches(gold, given, same)
    wanted = max(len(gold), len(given)) if whole else len(given)
    if strict == wanted:
        return 1.0
    return PARTLY if strict or matches(gold, given, relaxed_for(variable.type)) else 0.0


def _same_cell(one: Judged, other: Judged, variable: Variable) -> bool:
    left = [canonical(v, variable.type) for v in single_values(one.value, variable)]
    right = [canonical(v, variable.type) for v in single_values(other.value, variable)]
    return left == right and (one.state is CellState.FAILED) == (other.state is CellState.FAILED)
