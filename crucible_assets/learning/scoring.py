"""From labels and cells to calibration curves with their reliability figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from crucible_assets.datasets.dataset import CalibrationFigures
from crucible_assets.learning.analysis import CellSeen
from crucible_assets.learning.calibration import Curve, Scored, fit_curves
from crucible_assets.learning.labels import CellKey, Judged, Labels, claim_of, claim_outcome
from crucible_assets.learning.reliability import Improvement, improvements
from resources.vocabulary import Claim, Variable


@dataclass(frozen=True, slots=True)
class Calibration:
    """One curve; the variable '' is all variables together."""

    model: str
    variable: str
    claim: Claim
    curve: Curve
    reliability: Improvement


def scored_cells(
    labels: Labels, cells: Mapping[CellKey, CellSeen], variables: Mapping[str, Variable], hashes: Mapping[UUID, str]
) -> dict[tuple[str, Claim], dict[str, list[Scored]]]:
    """Labelled cells that have a confidence, by model and claim, then by variable.

    `hashes` are those of the documents' bytes: order and parts of the cross-validation are the same everywhere.
    """
    found: dict[tuple[str, Claim], dict[str, list[Scored]]] = {}
    for key in sorted(labels.by_cell, key=lambda cell: (hashes[cell[0]], *cell[1:])):
        cell, variable = cells.get(key), variables.get(key[2])
        if cell is None or variable is None or cell.confidence is None:
            continue
        claim = claim_of(cell.state)
        if claim is None:
            continue
        claimed = Judged(cell.state, cell.value if cell.read is None else cell.read)
        outcome = claim_outcome(labels.by_cell[key], variable, claimed)
        if outcome is not None:
            of_claim = found.setdefault((cell.model or "", claim), {})
            of_claim.setdefault(variable.name, []).append(Scored(cell.confidence, outcome, hashes[key[0]]))
    return found


def calibrate(
    labels: Labels, cells: Mapping[CellKey, CellSeen], variables: Mapping[str, Variable], hashes: Mapping[UUID, str]
) -> list[Calibration]:
    """Every curve that the labels give, with figures measured by cross-validation."""
    made: list[Calibration] = []
    for (model, claim), scored in sorted(scored_cells(labels, cells, variables, hashes).items()):
        curves, figures = fit_curves(scored), improvements(scored)
        made += [Calibration(model, name, claim, curves[name], figures[name]) for name in sorted(curves)]
    return made


def figures_of(calibrations: Iterable[Calibration]) -> tuple[CalibrationFigures, ...]:
    """The figures of the curves, for console, codebook and metadata."""
    return tuple(
        CalibrationFigures(
            variable=item.variable,
            claim=item.claim.value,
            model=item.model,
            labels=item.curve.labels,
            method=item.curve.method.value,
            accuracy=before.accuracy,
            mean_confidence=before.mean_confidence,
            ece_before=before.ece,
            ece_after=after.ece,
            brier_before=before.brier,
            brier_after=after.brier,
        )
        for item in calibrations
        if (before := item.reliability.before) is not None and (after := item.reliability.after) is not None
    )


def rows_of(figures: Iterable[CalibrationFigures]) -> list[dict[str, str]]:
    """The figures as rows of a table: how much there was, how it was learnt, and what it gains."""
    return [
        {
            "variable": item.variable or "all together",
            "claim": item.claim,
            "model": item.model,
            "labels": str(item.labels),
            "method": item.method,
            "right": f"{item.accuracy:.2f}",
            "confidence": f"{item.mean_confidence:.2f}",
            "ECE before": f"{item.ece_before:.3f}",
            "ECE after": f"{item.ece_after:.3f}",
            "Brier before": f"{item.brier_before:.3f}",
            "Brier after": f"{item.brier_after:.3f}",
        }
        for item in figures
    ]
