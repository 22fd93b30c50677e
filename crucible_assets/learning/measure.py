"""Old wording against new on the same held-out labels, and what follows from it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from crucible_assets.datasets.intervals import Interval, wilson
from crucible_assets.learning.labels import CellKey, Judged, Label, cell_outcome, single_values
from resources.vocabulary import RefinementStatus, Variable

FEWEST_HELD_OUT = 5
"""Held-out labels below which a new wording is not put in force by itself: a person may look at it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How one wording did. `right` counts partly right cells as half; `invented` are values where there is none,
    `missed` empty cells where there is one."""

    right: float
    accuracy: float
    interval: Interval  # 95 % of the accuracy (Wilson)
    invented: int
    missed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Both wordings on the same cells.

    `better` and `worse` count cells that the new wording gets more or less right; `p_value` is that of the exact
    two-sided sign test over them. `undecided` labels say only that an earlier value was wrong, and do not tell.
    """

    labels: int
    documents: int
    old: Figures
    new: Figures
    better: int
    worse: int
    p_value: float
    undecided: int

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        plain = asdict(self)
        for figures in (plain["old"], plain["new"]):
            figures["interval"] = list(figures["interval"])
        return plain


def measure(
    variable: Variable, labels: Iterable[Label], old: Mapping[CellKey, Judged], new: Mapping[CellKey, Judged]
) -> Measured | None:
    """Both wordings on the cells that both have answered; None when no label tells about any of them."""
    pairs: list[tuple[Label, Judged, Judged, float, float]] = []
    undecided = 0
    for label in labels:
        if label.key not in old or label.key not in new:
            continue
        before, after = old[label.key], new[label.key]
        was, now = cell_outcome(label, variable, before), cell_outcome(label, variable, after)
        if was is None or now is None:
            undecided += 1
        else:
            pairs.append((label, before, after, was, now))
    if not pairs:
        return None
    documents: set[UUID] = {label.key[0] for label, *_ in pairs}
    better = sum(now > was for *_, was, now in pairs)
    worse = sum(now < was for *_, was, now in pairs)
    return Measured(
        labels=len(pairs),
        documents=len(documents),
        old=_figures(variable, [(label, cell, was) for label, cell, _, was, _ in pairs]),
        new=_figures(variable, [(label, cell, now) for label, _, cell, _, now in pairs]),
        better=better,
        worse=worse,
        p_value=sign_test(better, worse),
        undecided=undecided,
    )


def _figures(variable: Variable, cells: list[tuple[Label, Judged, float]]) -> Figures:
    right = sum(outcome for *_, outcome in cells)
    given = [(label.values, single_values(cell.value, variable)) for label, cell, _ in cells]
    return Figures(
        right=right,
        accuracy=right / len(cells),
        interval=wilson(right, len(cells)) or (0.0, 1.0),
        invented=sum(wanted == () and bool(said) for wanted, said in given),
        missed=sum(bool(wanted) and not said for wanted, said in given),
    )


def sign_test(better: int, worse: int) -> float:
    """The exact two-sided p-value of as uneven a split when both directions are equally likely; 1 without any."""
    number = better + worse
    tail = sum(math.comb(number, k) for k in range(min(better, worse) + 1))
    return min(1.0, float(2 * tail) / float(2**number))


def decide(measured: Measured | None, fewest: int = FEWEST_HELD_OUT) -> tuple[RefinementStatus, str]:
    """ACTIVE when the new wording is not worse on enough held-out labels, else REJECTED or PROPOSED; and the reason.

    Equal figures put it in force: it answers to errors that people found, and the held-out labels show no harm.
    """
    if measured is None:
        return RefinementStatus.PROPOSED, "no held-out label to measure it on"
    shown = f"{measured.old.right:g} → {measured.new.right:g} of {measured.labels} held-out labels right"
    if measured.new.right < measured.old.right:
        return RefinementStatus.REJECTED, f"worse than what is there: {shown}"
    if measured.labels < fewest:
        return RefinementStatus.PROPOSED, f"{shown}; at least {fewest} are needed to put it in force"
    return RefinementStatus.ACTIVE, f"not worse: {shown}"
