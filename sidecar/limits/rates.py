"""Who may ask how often: token buckets in the database, and a memory of refusals before it."""

import hashlib
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from resources.database.repositories.rate_buckets import RateBuckets, RatesUnavailableError
from sidecar.limits.settings import Zone

_MOST_REMEMBERED = 10_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one request is admitted, and what its headers say."""

    zone: Zone
    admitted: bool
    remaining: int
    reset: float  # seconds until the bucket is full
    retry_after: float  # seconds until one more is admitted; 0 when it is now

    def headers(self) -> dict[str, str]:
        """RateLimit fields: draft-ietf-httpapi-ratelimit-headers-10, and the three of its drafts up to 06."""
        zone, reset = self.zone, math.ceil(self.reset)
        window = math.ceil(zone.burst / zone.rate)
        return {
            "RateLimit-Policy": f'"{zone.name}";q={zone.burst};w={window}',
            "RateLimit": f'"{zone.name}";r={self.remaining};t={reset}',
            "RateLimit-Limit": str(zone.burst),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(reset),
        }


def bucket_of(zone: Zone, who: str) -> str:
    """Key of a bucket: says nothing of who it is."""
    return hashlib.sha256(f"{zone.name}\0{who}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Rates:
    """Decisions for one process; the buckets behind them are those of all processes."""

    def __init__(self, buckets: RateBuckets, clock: Callable[[], float] = time.monotonic) -> None:
        self._buckets = buckets
        self._clock = clock
        self._lock = threading.Lock()
        self._refused: dict[str, float] = {}  # bucket -> until when nothing is admitted
        self._known: dict[bytes, float] = {}  # tokens that were valid a moment ago -> until when that counts

    def refusal(self, zone: Zone, who: str) -> Decision | None:
        """The refusal that is still in force; asks nobody."""
        bucket = bucket_of(zone, who)
        with self._lock:
            until = self._refused.get(bucket)
            if until is None:
                return None
            wait = until - self._clock()
            if wait <= 0:
                del self._refused[bucket]
                return None
        return Decision(zone, False, 0, wait + (zone.burst - 1) / zone.rate, wait)

    def take(self, zone: Zone, who: str) -> Decision | None:
        """Ask for one request; None when the buckets cannot be asked (which is logged)."""
        refused = self.refusal(zone, who)
        if refused is not None:
            return refused
        bucket = bucket_of(zone, who)
        try:
            taken = self._buckets.take(bucket, zone.burst, zone.rate)
        except RatesUnavailableError as error:
            _log.error("rate_buckets_unavailable", zone=zone.name, error=str(error))
            return None
        reset = max(0.0, zone.burst - taken.tokens) / zone.rate
        if taken.admitted:
            return Decision(zone, True, int(taken.tokens), reset, 0)
        wait = max(0.0, 1 - taken.tokens) / zone.rate
        with self._lock:
            if len(self._refused) >= _MOST_REMEMBERED:
                self._refused.clear()  # asked again, they are refused again
            self._refused[bucket] = self._clock() + wait
        return Decision(zone, False, 0, reset, wait)

    def refill(self, zone: Zone, who: str) -> None:
        """Forget what was taken."""
        bucket = bucket_of(zone, who)
        with self._lock:
            self._refused.pop(bucket, None)
        try:
            self._buckets.refill(bucket)
        except RatesUnavailableError as error:
            _log.error("rate_buckets_unavailable", zone=zone.name, error=str(error))

    def remember_valid(self, token: str) -> None:
        """A token that was just found valid: its holder is not refused for what others at their address do."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[digest] = self._clock() + 60

    def was_valid(self, token: str) -> bool:
        """Whether the token was valid within the last minute."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            return self._known.get(digest, 0.0) > self._clock()

    def dispose(self) -> None:
        """Close all connections."""
        self._buckets.dispose()
