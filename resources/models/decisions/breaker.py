"""The circuit breaker of one model: closed, open, half-open (M. Nygard, "Release It!", 2nd ed., ch. 5).

Five failures in a row open it for 30 s; then a few calls are let through as probes; three good ones close it, one
bad one opens it again for twice as long, up to 300 s, so that every deadline of a request holds a probe. The state
is shared by all processes; times are Unix seconds by the database's clock.

Where the model is known to answer, two failures at most count of one document: a document that the model always
fails on, asked about again and again, is no outage, and alone at the end of a run nothing comes between its failures.

A call that was let through while the breaker was closed and ends after it opened says nothing: only probes count
then. A probe whose process died is forgotten after its lease.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from resources.models.decisions.failures import Health

FAILURES_TO_OPEN = 5
MOST_ABOUT_ONE = 2
PROBES_TO_CLOSE = 3
OPEN_SECONDS = 30.0
LONGEST_OPEN_SECONDS = 300.0
_LOOK_AGAIN_SECONDS = 0.5  # when all probes are under way


class Phase(StrEnum):
    """What a breaker lets through."""

    CLOSED = "closed"  # every call
    OPEN = "open"  # none
    HALF_OPEN = "half-open"  # probes


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one breaker."""

    phase: Phase = Phase.CLOSED
    failures: tuple[str | None, ...] = ()  # in a row, while closed: what each was about, None: counts in any case
    good_probes: int = 0  # while half-open
    openings: int = 0  # in a row, without having closed in between
    open_until: float = 0.0
    probes: tuple[tuple[str, float], ...] = ()  # under way: (name, when its lease ends)
    reason: str = ""  # the failure that opened it


CLOSED = Breaker()


def open_seconds(openings: int) -> float:
    """How long the n-th opening in a row lasts."""
    return min(OPEN_SECONDS * 2.0 ** min(openings - 1, 16), LONGEST_OPEN_SECONDS)


def wait_to_enter(state: Breaker, now: float) -> float:
    """Seconds until it makes sense to ask for a place: 0 when a call or a probe may be let through now."""
    if state.phase is Phase.CLOSED:
        return 0.0
    if state.phase is Phase.OPEN:
        return max(0.0, state.open_until - now)
    under_way = [until for _, until in state.probes if until > now]
    if len(under_way) + state.good_probes < PROBES_TO_CLOSE:
        return 0.0
    return max(0.0, min(_LOOK_AGAIN_SECONDS, min(under_way) - now)) if under_way else 0.0


def enter(state: Breaker, probe: str, lease_seconds: float, now: float) -> tuple[Breaker, bool]:
    """Let one call through if the state allows it; while it is not closed, as the probe of that name.

    No more probes are under way than good ones are missing.
    """
    if state.phase is Phase.CLOSED:
        return state, True
    if wait_to_enter(state, now) > 0:
        return state, False
    if state.phase is Phase.OPEN:
        state = replace(state, phase=Phase.HALF_OPEN, good_probes=0, probes=())
    alive = tuple((name, until) for name, until in state.probes if until > now)
    return replace(state, probes=(*alive, (probe, now + lease_seconds))), True


def leave(
    state: Breaker, probe: str | None, health: Health, now: float, reason: str = "", about: str | None = None
) -> Breaker:
    """The state after a call has ended; `probe` is its name if it was let through as one.

    `about` is what was asked about, None as long as the model is not known to answer anything.
    """
    if state.phase is Phase.CLOSED:
        return _closed(state, health, now, reason, about)
    if state.phase is Phase.OPEN or probe is None or probe not in dict(state.probes):
        return state
    rest = tuple(item for item in state.probes if item[0] != probe)
    if health is Health.ILL:
        return _opened(state, now, reason)
    if health is Health.UNKNOWN:
        return replace(state, probes=rest)
    good = state.good_probes + 1
    return CLOSED if good >= PROBES_TO_CLOSE else replace(state, good_probes=good, probes=rest)


def _closed(state: Breaker, health: Health, now: float, reason: str, about: str | None) -> Breaker:
    if health is Health.WELL:
        return CLOSED if state.failures else state
    if health is Health.UNKNOWN or (about is not None and state.failures.count(about) >= MOST_ABOUT_ONE):
        return state
    state = replace(state, failures=(*state.failures, about))
    return _opened(state, now, reason) if len(state.failures) >= FAILURES_TO_OPEN else state


def _opened(state: Breaker, now: float, reason: str) -> Breaker:
    openings = state.openings + 1
    return Breaker(Phase.OPEN, openings=openings, open_until=now + open_seconds(openings), reason=reason)
