"""What a provider tells of its limits with each response."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """One limit as told: per minute, what is left of it now, and seconds until all of it is there again."""

    limit: int
    remaining: int
    reset_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ObservedLimits:
    """The limits on requests and on tokens that a response told; None where it said nothing."""

    requests: Told | None = None
    tokens: Told | None = None
