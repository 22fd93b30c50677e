"""A dataset with what must be known to publish it: cells, evaluation, cost."""

from dataclasses import dataclass

from crucible_assets.datasets.cells import CellRecord, DatasetSpec, RowRecord
from crucible_assets.datasets.evaluate import Evaluation


@dataclass(frozen=True, slots=True)
class Cost:
    """What a dataset cost: money, requests to models, and their tokens."""

    amount: float
    currency: str = "USD"
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Dataset:
    """The cells of a project as a table, with evaluation and cost when they are known."""

    spec: DatasetSpec
    rows: tuple[RowRecord, ...]
    cells: tuple[CellRecord, ...]
    evaluation: Evaluation | None = None
    cost: Cost | None = None
