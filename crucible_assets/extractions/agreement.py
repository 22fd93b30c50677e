"""Self-agreement: the same question asked several times; how far the answers agree tells how sure the first one is.

Source of the idea: Wang et al. 2022, "Self-Consistency Improves Chain of Thought Reasoning in Language Models".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from crucible_assets.extractions.cell import Cell
from crucible_assets.extractions.grounding.folding import fold
from resources.vocabulary import CellState

LEAST_FACTOR = 0.5  # of the confidence, where no other answer agrees


@dataclass(frozen=True, slots=True)
class Vote:
    """Which of several answers counts, and how many of them say the same. `chosen` is an index."""

    chosen: int
    agreeing: int
    asked: int

    @property
    def factor(self) -> float:
        """What the vote leaves of the confidence: from `LEAST_FACTOR` (alone) to 1 (all agree)."""
        share = (self.agreeing - 1) / (self.asked - 1) if self.asked > 1 else 1.0
        return LEAST_FACTOR + (1 - LEAST_FACTOR) * share

    @property
    def note(self) -> str | None:
        """For the cell's reasons, where not all agree."""
        return None if self.agreeing == self.asked else f"{self.agreeing} of {self.asked} answers agree"


def vote(cells: Sequence[Cell]) -> Vote:
    """The answer most of them give, the earliest of equals. Failed answers agree with nothing. At least one cell."""
    said = [_said(cell) for cell in cells]
    counts = [said.count(words) if words is not None else 0 for words in said]
    chosen = max(range(len(cells)), key=lambda index: (counts[index], -index))
    return Vote(chosen, max(1, counts[chosen]), len(cells))


def _said(cell: Cell) -> str | None:
    if cell.state is CellState.FAILED:
        return None
    if cell.state is CellState.ABSENT:
        return "absent"
    values = [fold(value) if isinstance(value, str) else json.dumps(value, sort_keys=True) for value in cell.values]
    return "values " + json.dumps(sorted(values))
