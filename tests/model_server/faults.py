"""Which fault hits a request and how long it takes: pure decisions from the plan, the request and a seed."""

import hashlib
from dataclasses import dataclass

from tests.model_server.config import Fault, FaultPlan, ServerConfig

_SCALE = float(1 << 64)


@dataclass(frozen=True, slots=True)
class Draw:
    """Two independent numbers in [0, 1) that belong to one attempt at one body."""

    fault: float
    time: float


def draw(seed: int, body_digest: bytes, attempt: int) -> Draw:
    """The draw for an attempt (from 1) at a body; the same arguments give the same draw in every process."""
    mixed = hashlib.blake2b(b"%d:%d:%b" % (seed, attempt, body_digest), digest_size=16).digest()
    return Draw(int.from_bytes(mixed[:8], "big") / _SCALE, int.from_bytes(mixed[8:], "big") / _SCALE)


def decide(plan: FaultPlan, number: int, attempt: int, prompt: str, chance: float) -> Fault | None:
    """The fault of call `number` (from 1), or None.

    `attempt` counts the requests with the same body from 1; `chance` is the fault part of the draw.
    """
    for words, permanent in plan.permanent.items():
        if words in prompt:
            return permanent
    if number in plan.script:
        return plan.script[number]
    if attempt in plan.attempts:
        return plan.attempts[attempt]
    if plan.first_attempts is not None and attempt > plan.first_attempts:
        return None
    edge = 0.0
    for candidate, share in plan.probabilities.items():
        edge += share
        if chance < edge:
            return candidate
    return None


def latency_s(config: ServerConfig, chance: float) -> float:
    """Seconds until the first byte; `chance` is the time part of the draw."""
    return config.latency_s * (1.0 + config.jitter * (2.0 * chance - 1.0))
