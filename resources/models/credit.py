"""What this process has taken of a lane's limits and not sent yet, and how much it will want."""

import math
from dataclasses import dataclass

from resources.models.decisions.limits import LEASE_SECONDS, Grant, Limit

_FRESH_SECONDS = LEASE_SECONDS / 2
_LOW = 0.4
_AHEAD = 1.25  # taken beyond the demand of the last second


@dataclass(slots=True)
class Credit:
    """Requests and tokens in hand. Times in seconds of one clock."""

    requests: int = 0
    tokens: int = 0  # below 0: more was used than had been taken
    since: float = 0.0  # when the oldest of it was taken
    granted: int = 0  # requests, by the last grant
    used: int = 0  # requests sent since then
    demand: float = 0.0  # requests in a second, of late
    tokens_each: float = 0.0  # of a call, on average

    def spend(self, limit: Limit, tokens: int, now: float) -> bool:
        """Take one request of `tokens` out of what is in hand; False when it does not suffice."""
        self._forget(now)
        if limit.requests is not None and self.requests < 1:
            return False
        if limit.tokens is not None and self.tokens < tokens:
            return False
        self.requests -= limit.requests is not None
        self.tokens -= tokens if limit.tokens is not None else 0
        self.used += 1
        self.tokens_each += (tokens - self.tokens_each) * (0.1 if self.tokens_each else 1.0)
        return True

    def _forget(self, now: float) -> None:
        if now - self.since > LEASE_SECONDS:
            self.requests, self.tokens = 0, min(self.tokens, 0)

    def missing(self, limit: Limit, tokens: int, now: float) -> Grant:
        """The least that is needed for one call."""
        self._forget(now)
        return Grant(
            max(0, 1 - self.requests) if limit.requests is not None else 0,
            max(0, tokens - self.tokens) if limit.tokens is not None else 0,
        )

    def wish(self, waiting: int, tokens: int) -> Grant:
        """What the next second may need: those who wait, or as many as in the last second and some more."""
        calls = max(1, waiting, math.ceil(self.demand * _AHEAD))
        return Grant(calls, math.ceil(calls * max(tokens, self.tokens_each)))

    def low(self, limit: Limit, now: float) -> bool:
        """Whether it is time to take more before it runs out; not where calls are so rare that none may come."""
        if self.demand < 2:
            return False
        short = limit.requests is not None and self.requests < _LOW * self.granted
        few = limit.tokens is not None and self.tokens < _LOW * self.granted * self.tokens_each
        return short or few or now - self.since > _FRESH_SECONDS

    def add(self, grant: Grant, now: float) -> None:
        """Put a grant to what is in hand; what is older than half its life is given up for it."""
        elapsed = max(now - self.since, 0.05)
        self.demand = max(self.used / elapsed, self.demand * 0.5)
        if elapsed > _FRESH_SECONDS:
            self.requests, self.tokens = 0, min(self.tokens, 0)
        if self.requests <= 0 and self.tokens <= 0:
            self.since = now
        self.requests += grant.requests
        self.tokens += grant.tokens
        self.granted, self.used = grant.requests or 1, 0

    def correct(self, charged: int, used: int) -> None:
        """Replace the tokens that a call was thought to take by those that it took."""
        self.tokens += charged - used
