"""Which model a unit of work is put to first: a weighted, deterministic choice that moves little when weights change.

Weighted rendezvous hashing (C. Schindelhauer, G. Schomaker, "Weighted distributed hash tables", SPAA 2005): each
arm scores -weight / ln(u) with u uniform in (0, 1) from a hash of (unit, arm); the highest score wins. An arm gets
its share of the units, and another weight of one arm moves units only to it or away from it: answers of all the
others stay of use.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")
_STEPS = 2**53


def choose_arm(unit: str, weights: Mapping[str, float]) -> str:
    """The arm of a unit. Weights are at least 0 and not all 0; see `check_weights`."""
    return max((arm for arm in weights if weights[arm] > 0), key=lambda arm: (_score(unit, arm, weights[arm]), arm))


def _score(unit: str, arm: str, weight: float) -> float:
    digest = hashlib.sha256(f"{len(unit)} {unit} {arm}".encode("utf-8", "surrogatepass")).digest()
    uniform = (int.from_bytes(digest[:8], "big") >> 11) + 0.5  # of 2^53 steps, never 0 or all of them
    return -weight / math.log(uniform / _STEPS)


def check_weights(weights: Mapping[str, float], known: Sequence[str]) -> None:
    """Raise ValueError for weights that choose nothing, are no weights, or name an arm that is not there."""
    for arm, weight in weights.items():
        if arm not in known:
            raise ValueError(f"The route {arm!r} is none of the models in use: {', '.join(known)}.")
        if not math.isfinite(weight) or weight < 0:
            raise ValueError(f"The weight of route {arm!r} must be 0 or more, not {weight!r}.")
    if not any(weight > 0 for weight in weights.values()):
        raise ValueError("At least one route needs a weight above 0.")


def first_then_rest(first: T, order: Sequence[T]) -> tuple[T, ...]:
    """The fallback order with `first` put to its front."""
    return (first, *(item for item in order if item is not first))
