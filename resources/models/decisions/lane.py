"""What processes share of one model: its breaker and the use of its limits, and what can happen to them.

Every event is a pure function of (state, now) that gives the new state and a decision. A process applies it to the
row in the database while it holds the row, so two processes never decide on the same state.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from resources.models.decisions import breaker as breakers
from resources.models.decisions import limits
from resources.models.decisions.breaker import Breaker, Phase
from resources.models.decisions.failures import Health
from resources.models.decisions.limits import Grant, Limit, ObservedLimits, Usage

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LaneState:
    """One model's breaker and the use of its limits."""

    breaker: Breaker = breakers.CLOSED
    usage: Usage = limits.UNUSED


Event = Callable[[LaneState, float], tuple[LaneState, T]]


def in_turn(several: Sequence[Event[None]]) -> Event[None]:
    """Several events, one after the other."""

    def event(state: LaneState, now: float) -> tuple[LaneState, None]:
        for each in several:
            state, _ = each(state, now)
        return state, None

    return event


def probe_wanted(probe: str, lease_seconds: float) -> Event[bool]:
    """A call wants to go through a breaker that is not closed; decides whether it may."""

    def event(state: LaneState, now: float) -> tuple[LaneState, bool]:
        breaker, may = breakers.enter(state.breaker, probe, lease_seconds, now)
        return replace(state, breaker=breaker), may

    return event


def ended(probe: str | None, health: Health, reason: str = "", about: str | None = None) -> Event[None]:
    """A call has ended; the arguments are those of `breaker.leave`."""

    def event(state: LaneState, now: float) -> tuple[LaneState, None]:
        return replace(state, breaker=breakers.leave(state.breaker, probe, health, now, reason, about)), None

    return event


def wanted(limit: Limit, least: Grant, most: Grant) -> Event[Grant | float]:
    """Requests and tokens are wanted; decides how many are given, or how long to wait."""

    def event(state: LaneState, now: float) -> tuple[LaneState, Grant | float]:
        usage, decision = limits.take(state.usage, limit, least, most, now)
        return replace(state, usage=usage), decision

    return event


def told(observed: ObservedLimits | None, pause_seconds: float) -> Event[None]:
    """The provider told its limits, or to wait."""

    def event(state: LaneState, now: float) -> tuple[LaneState, None]:
        usage = limits.heard(state.usage, observed) if observed else state.usage
        usage = limits.paused(usage, pause_seconds, now) if pause_seconds > 0 else usage
        return replace(state, usage=usage), None

    return event


def to_json(state: LaneState) -> tuple[dict[str, Any], dict[str, Any]]:
    """(breaker, limits) as they are stored."""
    b, u = state.breaker, state.usage
    return (
        {
            "phase": b.phase.value,
            "in_a_row": b.failures,
            "good_probes": b.good_probes,
            "openings": b.openings,
            "open_until": b.open_until,
            "probes": b.probes,
            "reason": b.reason,
        },
        {
            "requests": u.requests,
            "tokens": u.tokens,
            "told": (u.told.requests, u.told.tokens),
            "paused_until": u.paused_until,
        },
    )


def from_json(breaker: dict[str, Any], usage: dict[str, Any]) -> LaneState:
    """The state that was stored; a new one from empty objects."""
    return LaneState(
        Breaker(
            Phase(breaker["phase"]),
            tuple(breaker.get("in_a_row", ())),
            breaker["good_probes"],
            breaker["openings"],
            breaker["open_until"],
            tuple((name, until) for name, until in breaker["probes"]),
            breaker["reason"],
        )
        if breaker
        else breakers.CLOSED,
        Usage(
            tuple((at, n) for at, n in usage["requests"]),
            tuple((at, n) for at, n in usage["tokens"]),
            Limit(*usage["told"]),
            usage["paused_until"],
        )
        if usage
        else limits.UNUSED,
    )
