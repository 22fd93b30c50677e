"""95 % intervals of the figures of an evaluation."""

import math

import numpy as np
import numpy.typing as npt

Interval = tuple[float, float]
_Z = 1.959963984540054  # 97.5 % quantile of the normal distribution
_AT_ONCE = 50  # resamples in memory at a time


def wilson(successes: float, trials: int) -> Interval | None:
    """Give the 95 % score interval of a share (Wilson 1927); None when nothing was tried."""
    if not trials:
        return None
    share, squared = successes / trials, _Z**2
    centre = (share + squared / (2 * trials)) / (1 + squared / trials)
    spread = share * (1 - share) / trials + squared / (4 * trials**2)
    half = _Z / (1 + squared / trials) * math.sqrt(spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap_f1(
    counts: npt.NDArray[np.float64], resamples: int = 1000, seed: int = 0
) -> tuple[Interval | None, ...]:
    """Give the 95 % percentile interval of each F1 when documents are drawn anew (Efron 1979).

    `counts` has the shape (documents, figures, 3): matched, gold and predicted values. All figures share the
    draws. The same seed gives the same intervals. None for every figure when there is no document.
    """
    documents, figures = int(counts.shape[0]), int(counts.shape[1])
    if not documents:
        return (None,) * figures
    random = np.random.default_rng(seed)
    flat = counts.reshape(documents, figures * 3)
    shares = np.full(documents, 1 / documents)
    drawn: list[npt.NDArray[np.float64]] = []
    for start in range(0, resamples, _AT_ONCE):
        weights = random.multinomial(documents, shares, size=min(_AT_ONCE, resamples - start))
        drawn.append((weights @ flat).reshape(-1, figures, 3))
    sums = np.concatenate(drawn)
    matched, total = sums[:, :, 0], sums[:, :, 1] + sums[:, :, 2]
    # F1 = 2PR/(P+R) = 2·matched/(gold+predicted); with neither gold nor predictions all is right.
    f1 = np.where(total > 0, 2 * matched / np.maximum(total, 1), 1.0)
    low, high = np.quantile(f1, (0.025, 0.975), axis=0)
    return tuple((float(a), float(b)) for a, b in zip(low, high, strict=True))
