"""Calibration: a curve that turns a model's confidence into the share of such claims that are right.

Few labels give a logistic curve (Platt 1999, with his smoothed targets, held towards the identity by a Gaussian
prior), many an isotonic one (pool adjacent violators; Zadrozny and Elkan 2002). Each variable's curve is shrunk to
the curve of all variables together, and that to the identity, by n / (n + SHRINKAGE). Everything is deterministic,
rising, and strictly between 0 and 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from resources.vocabulary import CalibrationMethod, Claim

SHRINKAGE = 16
"""Labels at which a variable's own curve and the pooled one weigh the same.

The best weight of an estimate from n labels against what is known beforehand is n / (n + σ²/τ²), σ² being the
variance of one outcome and τ² that of the variables' true curves about the pooled one (James and Stein 1961; Morris
1983). At 80 % right σ² is 0.16; variables whose accuracy differs by ten points at the same confidence have τ² = 0.01.
"""
FEWEST_LABELS = 5  # below, a curve of its own would be the story of a few cells
ISOTONIC_FROM = 100  # labels; below, a step curve fits the noise (Niculescu-Mizil and Caruana 2005)
FEWEST_OF_EACH = 10  # right and wrong ones that an isotonic curve needs
GRID = 101  # points of a stored curve, at 0, 0.01, …, 1
POOLED = ""  # stands for all variables together
_LEAST = 0.005  # probabilities are kept this far from 0 and 1
_SLOPE_VARIANCE, _SHIFT_VARIANCE = 1.0, 2.25  # of the prior about slope 1 and shift 0, in log odds
_STEPS = 50  # of Newton's method; it converges in under ten

Floats = npt.NDArray[np.float64]
_XS: Floats = np.linspace(0.0, 1.0, GRID)


@dataclass(frozen=True, slots=True)
class Scored:
    """One labelled cell: what the model believed (0 to 1), and how right it was: 1, 0, or 0.5 for partly."""

    confidence: float
    outcome: float
    document: str = ""  # cells of a document are kept together in cross-validation


@dataclass(frozen=True, slots=True)
class Curve:
    """Calibrated values at 0, 0.01, …, 1 and straight lines between; no points mean that nothing is changed."""

    points: tuple[float, ...] = ()
    method: CalibrationMethod = CalibrationMethod.IDENTITY
    labels: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for what is no rising curve between 0 and 1."""
        rising = all(low <= high for low, high in pairwise(self.points))
        if self.points and not (len(self.points) == GRID and rising and self.points[0] > 0 and self.points[-1] < 1):
            raise ValueError(f"a curve has {GRID} rising points strictly between 0 and 1, not {self.points!r:.80}")


IDENTITY = Curve()


def calibrated(confidence: float, curve: Curve) -> float:
    """The confidence that the curve gives for a model's own; the same where the curve changes nothing."""
    return float(np.interp(confidence, _XS, curve.points)) if curve.points else confidence


@dataclass(frozen=True, slots=True)
class Curves:
    """All curves of a project, by (model, variable, claim); '' is the variable of the pooled curve."""

    curves: Mapping[tuple[str, str, Claim], Curve]

    def curve(self, variable: str, model: str | None, claim: Claim = Claim.STATED) -> Curve:
        """The curve of a variable, else the pooled one, of the model that answered; else the identity.

        `model` is as in `cells.model`: 'provider:model'. A curve learnt on one model says nothing of another.
        """
        known = self.curves
        own = known.get((model or "", variable, claim))
        return own or known.get((model or "", POOLED, claim)) or IDENTITY

    def version(self, variable: str) -> str:
        """Changes whenever a confidence of this variable may change; '' while no curve bears on it."""
        named = {
            (model, claim): curve
            for wanted in (POOLED, variable)  # its own curve hides the pooled one
            for (model, name, claim), curve in self.curves.items()
            if name == wanted
        }
        parts = [f"{model} {claim} {curve.points}" for (model, claim), curve in sorted(named.items()) if curve.points]
        return sha256("\n".join(parts).encode()).hexdigest()[:16] if parts else ""


NO_CURVES = Curves({})


def fit_curves(scored: Mapping[str, Sequence[Scored]]) -> dict[str, Curve]:
    """The pooled curve under '' and one for each variable, from one model's labelled cells of one kind of claim."""
    everything = [item for name in sorted(scored) for item in scored[name]]
    pooled = fit(everything, IDENTITY)
    return {POOLED: pooled} | {name: fit(items, pooled) for name, items in scored.items()}


def fit(scored: Sequence[Scored], prior: Curve) -> Curve:
    """The curve of some labelled cells, shrunk to `prior`; below FEWEST_LABELS the prior itself."""
    number = len(scored)
    if number < FEWEST_LABELS:
        method = CalibrationMethod.POOLED if prior.points else CalibrationMethod.IDENTITY
        return Curve(prior.points, method, number)
    confidences = np.array([item.confidence for item in scored], dtype=np.float64)
    outcomes = np.array([item.outcome for item in scored], dtype=np.float64)
    right = float(outcomes.sum())
    if number >= ISOTONIC_FROM and min(right, number - right) >= FEWEST_OF_EACH:
        method, own = CalibrationMethod.ISOTONIC, isotonic(confidences, outcomes)
    else:
        method, own = CalibrationMethod.PLATT, platt(confidences, outcomes)
    before = np.array(prior.points) if prior.points else np.clip(_XS, _LEAST, 1 - _LEAST)
    weight = number / (number + SHRINKAGE)
    mixed = np.maximum.accumulate(np.round(weight * own + (1 - weight) * before, 4))
    return Curve(tuple(float(point) for point in np.clip(mixed, 0.0001, 0.9999)), method, number)


def platt(confidences: Floats, outcomes: Floats) -> Floats:
    """The logistic curve on the grid: most probable slope (never falling) and shift of the log odds."""
    x, y = _log_odds(confidences), _smoothed(outcomes)
    slope, shift = _newton(x, y, fixed_slope=None)
    if slope < 0:
        slope, shift = _newton(x, y, fixed_slope=0.0)
    return _sigmoid(slope * _log_odds(_XS) + shift)


def isotonic(confidences: Floats, outcomes: Floats) -> Floats:
    """The rising curve of least squares on the grid: a block's mean at its mean confidence, lines between.

    The first and the last block are kept 1/(n+2) from 0 and 1: n outcomes cannot show more.
    """
    order = np.argsort(confidences, kind="stable")
    levels, starts = np.unique(confidences[order], return_index=True)
    sums = np.add.reduceat(outcomes[order], starts)
    sizes = np.diff(np.append(starts, len(order))).astype(np.float64)
    blocks: list[tuple[float, float, float]] = []  # size, sum of outcomes, sum of confidences
    for size, total, level in zip(sizes, sums, levels, strict=True):
        blocks.append((float(size), float(total), float(size * level)))
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][0] >= blocks[-1][1] / blocks[-1][0]:
            later = blocks.pop()
            earlier = blocks.pop()
            blocks.append((earlier[0] + later[0], earlier[1] + later[1], earlier[2] + later[2]))
    edge = 1 / (len(order) + 2)
    heights = np.clip([total / size for size, total, _ in blocks], edge, 1 - edge)
    return np.asarray(np.interp(_XS, [place / size for size, _, place in blocks], heights), dtype=np.float64)


def _log_odds(shares: Floats) -> Floats:
    kept = np.clip(shares, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float64)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values)), dtype=np.float64)


def _smoothed(outcomes: Floats) -> Floats:
    """Platt's targets: (n₊ + 1)/(n₊ + 2) for right ones and 1/(n₋ + 2) for wrong ones; between them for partly."""
    right = float(outcomes.sum())
    high, low = (right + 1) / (right + 2), 1 / (len(outcomes) - right + 2)
    return low + outcomes * (high - low)


def _newton(x: Floats, y: Floats, fixed_slope: float | None) -> tuple[float, float]:
    """Slope and shift of least penalised log loss; convex, so Newton's method with halved steps finds it."""
    free = fixed_slope is None
    slope, shift = 1.0 if fixed_slope is None else fixed_slope, 0.0
    loss = _loss(x, y, slope, shift)
    for _ in range(_STEPS):
        p = _sigmoid(slope * x + shift)
        w = p * (1 - p)
        by_slope = float((x * (p - y)).sum()) + (slope - 1) / _SLOPE_VARIANCE if free else 0.0
        by_shift = float((p - y).sum()) + shift / _SHIFT_VARIANCE
        a = float((x * x * w).sum()) + 1 / _SLOPE_VARIANCE if free else 1.0
        b = float((x * w).sum()) if free else 0.0
        c = float(w.sum()) + 1 / _SHIFT_VARIANCE
        determinant = a * c - b * b
        step_slope = (c * by_slope - b * by_shift) / determinant if free else 0.0
        step_shift = (a * by_shift - b * by_slope) / determinant
        size = 1.0
        while size > 1e-6 and _loss(x, y, slope - size * step_slope, shift - size * step_shift) > loss:
            size /= 2
        slope, shift = slope - size * step_slope, shift - size * step_shift
        before, loss = loss, _loss(x, y, slope, shift)
        if before - loss < 1e-10:
            break
    return slope, shift


def _loss(x: Floats, y: Floats, slope: float, shift: float) -> float:
    z = slope * x + shift
    held = (slope - 1) ** 2 / _SLOPE_VARIANCE + shift**2 / _SHIFT_VARIANCE
    return float((np.logaddexp(0, z) - y * z).sum()) + held / 2
