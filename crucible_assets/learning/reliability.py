"""Reliability: how far confidences agree with the share of right answers, before and after calibration.

After calibration is measured by cross-validation: the documents are dealt into five parts, and the cells of each part
are calibrated by curves that were learnt on the other four. A document is never on both sides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from crucible_assets.datasets.intervals import Interval, wilson
from crucible_assets.learning.calibration import Scored, calibrated, fit_curves

BINS = 10
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Bin:
    """Cells whose confidence lies in [low, high), the last bin with its end."""

    low: float
    high: float
    count: int
    mean_confidence: float
    accuracy: float
    interval: Interval  # 95 % of the accuracy (Wilson)


@dataclass(frozen=True, slots=True)
class Reliability:
    """Figures of some labelled cells.

    `ece` is the expected calibration error: the mean distance between confidence and accuracy over the bins, weighted
    by their cells (Naeini et al. 2015). `brier` is the mean squared distance between confidence and outcome.
    """

    labels: int
    accuracy: float
    mean_confidence: float
    ece: float
    brier: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Improvement:
    """Figures before calibration and, cross-validated, after it; no figures without labels."""

    before: Reliability | None
    after: Reliability | None

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Improvement":
        """The inverse of `as_json`."""
        return cls(_reliability(data["before"]), _reliability(data["after"]))


def reliability(scored: Sequence[Scored], bins: int = BINS) -> Reliability | None:
    """The figures of labelled cells over bins of equal width; None without any. Empty bins are left out."""
    if not scored:
        return None
    number = len(scored)
    gathered: dict[int, list[Scored]] = {}
    for item in scored:
        gathered.setdefault(min(int(item.confidence * bins), bins - 1), []).append(item)
    made = tuple(_bin(place, gathered[place], bins) for place in sorted(gathered))
    return Reliability(
        labels=number,
        accuracy=sum(item.outcome for item in scored) / number,
        mean_confidence=sum(item.confidence for item in scored) / number,
        ece=sum(b.count * abs(b.mean_confidence - b.accuracy) for b in made) / number,
        brier=sum((item.confidence - item.outcome) ** 2 for item in scored) / number,
        bins=made,
    )


def _bin(place: int, items: Sequence[Scored], bins: int) -> Bin:
    right = sum(item.outcome for item in items)
    return Bin(
        low=place / bins,
        high=(place + 1) / bins,
        count=len(items),
        mean_confidence=sum(item.confidence for item in items) / len(items),
        accuracy=right / len(items),
        interval=wilson(right, len(items)) or (0.0, 1.0),
    )


def improvements(scored: Mapping[str, Sequence[Scored]]) -> dict[str, Improvement]:
    """Figures before and after calibration for each variable and, under '', for all together."""
    after: dict[str, list[Scored]] = {name: [] for name in scored}
    for fold in range(FOLDS):
        rest = {name: [i for i in items if fold_of(i.document) != fold] for name, items in scored.items()}
        curves = fit_curves(rest)
        for name, items in scored.items():
            after[name] += [
                Scored(calibrated(i.confidence, curves[name]), i.outcome, i.document)
                for i in items
                if fold_of(i.document) == fold
            ]
    made = {name: Improvement(reliability(items), reliability(after[name])) for name, items in scored.items()}
    everything = [item for items in scored.values() for item in items]
    return {"": Improvement(reliability(everything), reliability([i for a in after.values() for i in a])), **made}


def fold_of(document: str) -> int:
    """The part of the cross-validation that a document is in, by its hash: the same one every time."""
    return int(sha256(f"fold {document}".encode()).hexdigest()[:8], 16) % FOLDS


def _reliability(data: Mapping[str, Any] | None) -> Reliability | None:
    if data is None:
        return None
    bins = tuple(Bin(**{**item, "interval": tuple(item["interval"])}) for item in data["bins"])
    return Reliability(**{**data, "bins": bins})


def bin_rows(figures: Reliability) -> list[dict[str, str]]:
    """The bins as rows of a table: confidence, cells, mean confidence, share right with its interval."""
    return [
        {
            "confidence": f"{b.low:.1f}-{b.high:.1f}",
            "cells": str(b.count),
            "mean confidence": f"{b.mean_confidence:.2f}",
            "right": f"{b.accuracy:.2f}",
            "95 % interval": f"{b.interval[0]:.2f}-{b.interval[1]:.2f}",
        }
        for b in figures.bins
    ]
