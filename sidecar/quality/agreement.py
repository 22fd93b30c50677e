"""How far reviewers agree who judged the same cells. Pure; categories are nominal.

Percent agreement counts agreement by chance too; kappa and alpha are 0 for chance and 1 for full agreement.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

Ratings = Mapping[str, str]
"""One judged cell: reviewer → category."""


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two reviewers over the cells that both judged."""

    first: str
    second: str
    cells: int
    percent: float  # share (0-1) of the cells on which they say the same
    kappa: float | None  # None where chance alone would agree everywhere


@dataclass(frozen=True, slots=True)
class Agreement:
    """All reviewers over the cells that at least two judged; the figures are None without such cells."""

    reviewers: int
    cells: int
    percent: float | None  # share of the pairs of judgements of one cell that are equal
    alpha: float | None  # also None where all judgements are the same category
    pairs: tuple[PairAgreement, ...]


def agreement(units: Iterable[Ratings]) -> Agreement:
    """The agreement over judged cells."""
    several = [unit for unit in units if len(unit) > 1]
    both: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for unit in several:
        for first, second in combinations(sorted(unit), 2):
            both.setdefault((first, second), []).append((unit[first], unit[second]))
    judged = [pair for pairs in both.values() for pair in pairs]
    return Agreement(
        reviewers=len({name for unit in several for name in unit}),
        cells=len(several),
        percent=_percent(judged) if judged else None,
        alpha=krippendorff_alpha([list(unit.values()) for unit in several]),
        pairs=tuple(
            PairAgreement(first, second, len(pairs), _percent(pairs), cohen_kappa(pairs))
            for (first, second), pairs in sorted(both.items())
        ),
    )


def _percent(pairs: Sequence[tuple[str, str]]) -> float:
    return sum(one == other for one, other in pairs) / len(pairs)


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """(p_o - p_e) / (1 - p_e) of two raters (J. Cohen, Educ. Psychol. Meas. 20, 1960).

    p_e is the agreement by chance, from each rater's own shares. None without pairs, and where p_e is 1: both gave
    one and the same category to everything, so that nothing can be told from chance.
    """
    if not pairs:
        return None
    number = len(pairs)
    firsts, seconds = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    # in whole numbers, so that 1 is told from nearly 1
    by_chance = sum(count * seconds[category] for category, count in firsts.items())
    if by_chance == number * number:
        return None
    expected = by_chance / (number * number)
    return (_percent(pairs) - expected) / (1 - expected)


def krippendorff_alpha(units: Iterable[Sequence[str]]) -> float | None:
    """Alpha for nominal data, any number of raters and missing judgements.

    1 - D_o / D_e over the coincidences of judgements within units (K. Krippendorff, Content Analysis, 2nd ed. 2004,
    §11.3). None where nothing can be paired or all judgements are one category.
    """
    paired = [unit for unit in units if len(unit) > 1]
    totals: Counter[str] = Counter()
    differing = 0.0
    for unit in paired:
        counts = Counter(unit)
        totals.update(counts)
        equal = sum(count * (count - 1) for count in counts.values())
        differing += (len(unit) * (len(unit) - 1) - equal) / (len(unit) - 1)
    number = sum(totals.values())
    by_chance = number * number - sum(count * count for count in totals.values())
    if not by_chance:
        return None
    return 1 - (number - 1) * differing / by_chance
