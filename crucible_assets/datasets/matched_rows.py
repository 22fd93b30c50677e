"""Labelled entities and the rows of a dataset: which row is which entity, by the rules that resolve entities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from crucible_assets.datasets.cells import RowRecord
from crucible_assets.datasets.gold import GoldRow
from crucible_assets.extractions.entities.compare import compare_names, contradiction
from resources.vocabulary import ResolutionMethod


@dataclass(frozen=True, slots=True)
class MatchedRows:
    """Pairs of a labelled entity and its row, labelled entities without a row, and rows that nobody labelled."""

    pairs: tuple[tuple[GoldRow, RowRecord], ...]
    missed: tuple[GoldRow, ...]
    invented: tuple[RowRecord, ...]


def match_rows(
    gold: Sequence[GoldRow], rows: Sequence[RowRecord], agreement: Callable[[GoldRow, RowRecord], int]
) -> MatchedRows:
    """Match the rows of one document by name, each at most once, the surest first.

    Equal names go before names that a rule or likeness holds for the same. Of several that fit alike, those come
    together whose values agree most (`agreement` counts them), then those that come first.
    """
    fits = []
    for (g, label), (r, row) in product(enumerate(gold), enumerate(rows)):
        strength = _strength(label, row)
        if strength:
            fits.append((-strength, -agreement(label, row), g, r))
    of_gold: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, g, r in sorted(fits):
        if g not in of_gold and r not in taken:
            of_gold[g] = r
            taken.add(r)
    return MatchedRows(
        pairs=tuple((gold[g], rows[r]) for g, r in sorted(of_gold.items())),
        missed=tuple(label for g, label in enumerate(gold) if g not in of_gold),
        invented=tuple(row for r, row in enumerate(rows) if r not in taken),
    )


def _strength(label: GoldRow, row: RowRecord) -> int:
    """2 for an equal name, 1 for one that is held for the same, 0 for another entity."""
    names = [name for name in (row.entity, *row.other_names) if name]
    verdicts = [compare_names(one, other) for one in (label.entity, *label.other_names) for other in names]
    if any(verdict.method is ResolutionMethod.SAME_NAME for verdict in verdicts):
        return 2
    if row.entity is not None and contradiction(label.entity, row.entity) is not None:
        return 0
    return int(any(verdict.same for verdict in verdicts))
