"""Requests and tokens per minute: how many may be taken now, and how long to wait.

A limit L holds in every 60 seconds, not only on average: what was taken is remembered by the second, and no more is
given than L less what the last 63 seconds took (60, one that a second's slot may be old at its end, and two in which
what was taken may still be sent). Within a second at most a fiftieth of L is given, so that calls come evenly. A
single call above that, even above L, is given when nothing else stands against it: the provider decides.

A limit that a provider tells is kept by the provider itself. It is made ours only while more than half of it is
used up, and until nearly all of it is there again: so calls are not held back by a limit that is far away, and are
spread evenly before it is met. Within a second a sixtieth of it is given: the provider's bucket may be empty, and
then fills no faster.
"""

import math
from dataclasses import dataclass, replace

LEASE_SECONDS = 2.0  # within which what was taken is sent, or lost
WINDOW_SECONDS = 63
_PACE = 50  # a second's share of a minute's limit is 1/50: a fifth above the average
_TOLD_PACE = 60
_BINDING = 0.5  # a told limit becomes ours when less than this share of it is left
_FAR = 0.9  # and is let go when more than this share is there again


@dataclass(frozen=True, slots=True)
class Told:
    """One limit as a response tells it: per minute, what is left now, seconds until all of it is there again."""

    limit: int
    remaining: int
    reset_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ObservedLimits:
    """The limits on requests and on tokens that a response told; None where it said nothing."""

    requests: Told | None = None
    tokens: Told | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests and tokens per minute; None: no limit is known."""

    requests: int | None = None
    tokens: int | None = None

    @property
    def known(self) -> bool:
        """Whether there is any."""
        return self.requests is not None or self.tokens is not None


UNLIMITED = Limit()

Taken = tuple[tuple[int, int], ...]
"""What was taken: (second, amount), oldest first."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What all processes took of one model's limits, what its provider told, and until when it wants no calls."""

    requests: Taken = ()
    tokens: Taken = ()
    told: Limit = UNLIMITED
    paused_until: float = 0.0


UNUSED = Usage()


@dataclass(frozen=True, slots=True)
class Grant:
    """Requests and tokens that may be sent within the next `LEASE_SECONDS`."""

    requests: int
    tokens: int


def smaller(one: Limit, other: Limit) -> Limit:
    """The tighter of two limits, for requests and tokens each."""

    def least(a: int | None, b: int | None) -> int | None:
        return b if a is None else a if b is None else min(a, b)

    return Limit(least(one.requests, other.requests), least(one.tokens, other.tokens))


def _in_a_second(limit: int, told: int | None) -> int:
    return math.ceil(limit / (_PACE if told is None else _TOLD_PACE))


def room(taken: Taken, limit: int | None, now: float, told: int | None = None) -> int:
    """How much may be taken at this moment; `told` is the provider's limit where it binds."""
    if limit is None:
        return 2**62
    second = int(now)
    used = sum(amount for at, amount in taken if at > second - WINDOW_SECONDS)
    this_second = sum(amount for at, amount in taken if at >= second)
    return max(0, min(limit - used, _in_a_second(limit, told) - this_second))


def wait_for(taken: Taken, limit: int | None, amount: int, now: float, told: int | None = None) -> float:
    """Seconds until `amount` may be taken if nobody else takes any; 0: now."""
    if limit is None or amount <= 0:
        return 0.0
    second = int(now)
    recent = [(at, n) for at, n in taken if at > second - WINDOW_SECONDS]
    waits = 0.0
    used = sum(n for _, n in recent)
    for at, n in recent:  # the oldest leave first
        if used + amount <= limit:
            break
        used -= n
        waits = at + WINDOW_SECONDS - now
    this_second = sum(n for at, n in recent if at >= second)
    if this_second and this_second + amount > _in_a_second(limit, told):
        waits = max(waits, second + 1 - now)
    return max(0.0, waits)


def take(state: Usage, limit: Limit, least: Grant, wanted: Grant, now: float) -> tuple[Usage, Grant | float]:
    """Take at least `least` and at most `wanted`; or nothing, and the seconds to wait before asking again."""
    told, limit = state.told, smaller(limit, state.told)
    waits = max(
        state.paused_until - now,
        wait_for(state.requests, limit.requests, least.requests, now, told.requests),
        wait_for(state.tokens, limit.tokens, least.tokens, now, told.tokens),
    )
    if waits > 0:
        return state, waits
    requests = max(least.requests, min(wanted.requests, room(state.requests, limit.requests, now, told.requests)))
    tokens = max(least.tokens, min(wanted.tokens, room(state.tokens, limit.tokens, now, told.tokens)))
    second = int(now)
    state = replace(
        state,
        requests=_added(state.requests, requests, second) if limit.requests is not None else (),
        tokens=_added(state.tokens, tokens, second) if limit.tokens is not None else (),
    )
    return state, Grant(requests, tokens)


def _added(taken: Taken, amount: int, second: int) -> Taken:
    kept = [(at, n) for at, n in taken if at > second - WINDOW_SECONDS]
    if kept and kept[-1][0] >= second:
        kept[-1] = (kept[-1][0], kept[-1][1] + amount)
    else:
        kept.append((second, amount))
    return tuple(kept)


def paused(state: Usage, seconds: float, now: float) -> Usage:
    """The state after a provider said to wait: nobody asks it before."""
    return replace(state, paused_until=max(state.paused_until, now + seconds))


def heard(state: Usage, observed: ObservedLimits) -> Usage:
    """The state after a response told its limits; the same object when nothing follows from it."""
    requests = _kept(state.told.requests, observed.requests)
    tokens = _kept(state.told.tokens, observed.tokens)
    if (requests, tokens) == (state.told.requests, state.told.tokens):
        return state
    return replace(state, told=Limit(requests, tokens))


def _kept(ours: int | None, told: Told | None) -> int | None:
    if told is None:
        return ours
    if told.remaining < told.limit * _BINDING:
        return told.limit
    return None if told.remaining > told.limit * _FAR else ours and told.limit


def wait_told(observed: ObservedLimits, tokens: int) -> float:
    """Seconds until the provider has room for one more call of `tokens`, by what is left of its limits; 0: now."""
    waits = 0.0
    for told, need in ((observed.requests, 1), (observed.tokens, tokens)):
        if told is not None and told.remaining < need:
            missing = min(need, told.limit) - told.remaining
            refill = missing * 60.0 / told.limit
            waits = max(waits, refill if told.reset_seconds is None else min(refill, told.reset_seconds))
    return waits
