"""Counts of a run, as shown to people and stored with its task."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from crucible_assets.extractions.document import Outcome
from resources.vocabulary import CellState


@dataclass(slots=True)
class Progress:
    """Counts of one run; money is in USD.

    `documents_unchanged` were passed over because nothing about them was stale; `documents_failed` came to nothing
    (all cells FAILED); `documents_deferred` wait for a provider batch: their cells are not filled yet.
    """

    documents: int = 0
    documents_done: int = 0
    documents_unchanged: int = 0
    documents_failed: int = 0
    documents_with_failures: int = 0
    documents_deferred: int = 0
    calls: int = 0
    calls_from_ledger: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    unpriced_calls: int = 0
    paid_before_usd: Decimal = Decimal(0)  # by earlier runs of the same task
    states: dict[str, int] = field(default_factory=lambda: {state.value: 0 for state in CellState})
    stopped: str | None = None

    def count(self, outcome: Outcome) -> None:
        """Add a document that was worked on."""
        self.documents_with_failures += bool(outcome.failed_cells)
        for call in outcome.paid:
            self.calls += 1
            self.input_tokens += call.reply.usage.input_tokens
            self.cached_tokens += call.reply.usage.cached_tokens
            self.output_tokens += call.reply.usage.output_tokens
            self.cost_usd += call.cost_usd or Decimal(0)
            self.unpriced_calls += call.cost_usd is None
        asked = {key for row in outcome.rows for key in row["call_keys"]}
        if outcome.search is not None:
            asked |= set(outcome.search.search["call_keys"])
        self.calls_from_ledger += len(asked) - len(outcome.paid)
        self._count_done(states_of(outcome))

    def count_unchanged(self, states: Sequence[str]) -> None:
        """Add a document whose cells were up to date."""
        self.documents_unchanged += 1
        self._count_done(states)

    def _count_done(self, states: Sequence[str]) -> None:
        self.documents_done += 1
        self.documents_failed += came_to_nothing(states)
        for state in states:
            self.states[state] += 1

    @property
    def task_cost_usd(self) -> Decimal:
        """What the task has paid so far, with its earlier runs."""
        return self.paid_before_usd + self.cost_usd

    def seconds_left(self, seconds: float) -> float | None:
        """At the pace of the documents worked on in the `seconds` since the start; None while there is none."""
        worked = self.documents_done - self.documents_unchanged
        left = self.documents - self.documents_done - self.documents_deferred
        if left <= 0:
            return 0.0
        return round(seconds / worked * left, 1) if worked else None

    def as_json(self) -> dict[str, Any]:
        """For the task's row: `cost_usd` is that of the task."""
        counts = asdict(self)
        del counts["paid_before_usd"]
        return {**counts, "cost_usd": usd(self.task_cost_usd)}


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a run did, as a whole and batch by batch."""

    total: Progress
    by_batch: Mapping[int, Progress]


def states_of(outcome: Outcome) -> list[str]:
    """The states of all cells of a document, also of those that were up to date."""
    return [*(row["state"] for row in outcome.rows), *outcome.unchanged]


def came_to_nothing(states: Sequence[str]) -> bool:
    """Whether all cells of a document FAILED. One in which no row was found has no cells, and has not failed."""
    return bool(states) and all(state == CellState.FAILED.value for state in states)


def usd(amount: Decimal) -> str:
    """An amount as JSON keeps it: exact, without an exponent."""
    return f"{amount.normalize():f}"
