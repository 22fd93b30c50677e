"""A dataset with what must be known to publish it: cells, evaluation, cost."""

from dataclasses import dataclass

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, DocumentRecord, RowRecord
from crucible_assets.datasets.evaluate import Evaluation


@dataclass(frozen=True, slots=True)
class Cost:
    """What a dataset cost: money, requests to models, and their tokens.

    `unpriced` of the calls are of models without a known price; `amount` does not hold what they cost.
    """

    amount: float
    currency: str = "USD"
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unpriced: int = 0

    def in_words(self, digits: int = 4) -> str:
        """The amount with `digits` decimals, and what is not in it; never 0 for what nobody knows."""
        known = f"{self.amount:.{digits}f} {self.currency}"
        if not self.unpriced:
            return known
        missing = f"{self.unpriced} calls of models without a known price"
        return f"unknown ({missing})" if self.unpriced == self.calls else f"{known} and {missing}"


@dataclass(frozen=True, slots=True)
class CalibrationFigures:
    """How far the confidences of some labelled cells are to be believed: before, and cross-validated after it.

    `claim` says whether they are about values or about absence. ECE and Brier score are 0 for perfect confidences.
    """

    variable: str  # '' for all together
    claim: str
    model: str
    labels: int
    method: str
    accuracy: float
    mean_confidence: float
    ece_before: float
    ece_after: float
    brier_before: float
    brier_after: float


@dataclass(frozen=True, slots=True)
class Dataset:
    """The cells of a project as a table, with evaluation, calibration and cost when they are known.

    `documents` lists every document in it where the unit is an entity, those without rows included.
    """

    spec: DatasetSpec
    rows: tuple[RowRecord, ...]
    cells: tuple[CellRecord, ...]
    evaluation: Evaluation | None = None
    cost: Cost | None = None
    documents: tuple[DocumentRecord, ...] = ()
    calibration: tuple[CalibrationFigures, ...] = ()

    @property
    def without_rows(self) -> tuple[str, ...]:
        """The documents in which no entity was found."""
        return tuple(document.name for document in self.documents if not document.rows and not document.failure)
