"""Rate limits as providers keep them: buckets that refill continuously up to a minute's worth."""

from dataclasses import dataclass

NOMINAL_REQUESTS = 10_000
NOMINAL_TOKENS = 10_000_000
NOMINAL_OUTPUT_TOKENS = 2_000_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """What may still be spent; `per_minute` None means that nothing is enforced."""

    per_minute: int | None
    level: float = 0.0
    updated_s: float = 0.0

    @classmethod
    def full(cls, per_minute: int | None, now_s: float) -> "Bucket":
        """A bucket that has not been used."""
        return cls(per_minute, float(per_minute or 0), now_s)

    def refilled(self, now_s: float) -> "Bucket":
        """The bucket at a later time."""
        if self.per_minute is None:
            return self
        gained = (now_s - self.updated_s) * self.per_minute / 60.0
        return Bucket(self.per_minute, min(float(self.per_minute), self.level + gained), now_s)

    def wait_s(self, cost: float) -> float:
        """Seconds until `cost` can be spent; 0 when it can be now. A cost above the limit waits for a full one."""
        if self.per_minute is None:
            return 0.0
        missing = min(cost, float(self.per_minute)) - self.level
        return max(0.0, missing * 60.0 / self.per_minute)

    def spent(self, cost: float) -> "Bucket":
        """The bucket after spending."""
        if self.per_minute is None:
            return self
        return Bucket(self.per_minute, self.level - cost, self.updated_s)

    def remaining(self) -> int:
        """Whole units left, never negative."""
        return max(0, int(self.level))

    def reset_s(self) -> float:
        """Seconds until the bucket is full again."""
        if self.per_minute is None:
            return 0.0
        return max(0.0, (self.per_minute - self.level) * 60.0 / self.per_minute)


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests, input tokens and output tokens of one server."""

    requests: Bucket
    tokens: Bucket
    output: Bucket

    @property
    def enforced(self) -> bool:
        """Whether anything is limited."""
        return any(bucket.per_minute is not None for bucket in (self.requests, self.tokens, self.output))

    def at(self, now_s: float) -> "Limits":
        """The limits at a later time."""
        return Limits(self.requests.refilled(now_s), self.tokens.refilled(now_s), self.output.refilled(now_s))

    def written(self, tokens: int) -> "Limits":
        """The limits after an answer of so many tokens, which may go below zero."""
        return Limits(self.requests, self.tokens, self.output.spent(tokens))

    def asked(self, tokens: int, now_s: float) -> "tuple[Limits, float]":
        """The limits after one request, and 0; or the limits unspent, and the seconds to wait."""
        now = self.at(now_s)
        wait = max(now.requests.wait_s(1), now.tokens.wait_s(tokens), now.output.wait_s(1))
        if wait > 0:
            return now, wait
        return Limits(now.requests.spent(1), now.tokens.spent(tokens), now.output), 0.0
