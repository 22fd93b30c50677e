"""The breaker as a pure machine: what it lets through in every history of calls."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from resources.models.decisions.breaker import (
    CLOSED,
    FAILURES_TO_OPEN,
    LONGEST_OPEN_SECONDS,
    OPEN_SECONDS,
    PROBES_TO_CLOSE,
    Phase,
    enter,
    leave,
    open_seconds,
    wait_to_enter,
)
from resources.models.decisions.failures import Health
from resources.models.decisions.lane import LaneState, from_json, to_json

LEASE = 120.0
ENDS = st.sampled_from(Health)


class Histories(RuleBasedStateMachine):
    """Any number of askers of one breaker, ending in any order, some never."""

    @initialize()
    def begin(self) -> None:
        self.state = CLOSED
        self.now = 1_000.0
        self.number = 0
        self.calls: dict[str, str | None] = {}  # in flight: name → probe or none
        self.in_a_row = 0

    @rule(seconds=st.floats(0, 400))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def somebody_asks(self) -> None:
        before, wait = self.state, wait_to_enter(self.state, self.now)
        self.number += 1
        name = f"call {self.number}"
        self.state, may = enter(self.state, name, LEASE, self.now)
        assert may == (wait == 0)
        if before.phase is Phase.OPEN and self.now < before.open_until:
            assert not may
            assert self.state == before
        if before.phase is Phase.CLOSED:
            assert may
        if may:
            probe = name if self.state.phase is not Phase.CLOSED else None
            self.calls[name] = probe
            assert (self.state.phase is Phase.HALF_OPEN) == (probe is not None)

    @rule(data=st.data(), health=ENDS)
    def a_call_ends(self, data: st.DataObject, health: Health) -> None:
        if not self.calls:
            return
        name = data.draw(st.sampled_from(sorted(self.calls)))
        probe = self.calls.pop(name)
        before = self.state
        self.state = leave(self.state, probe, health, self.now, "why")
        if before.phase is Phase.CLOSED:
            self.in_a_row = {Health.ILL: self.in_a_row + 1, Health.WELL: 0}.get(health, self.in_a_row)
            assert (self.state.phase is Phase.OPEN) == (self.in_a_row >= FAILURES_TO_OPEN)
        if before.phase is not Phase.CLOSED and probe is None:
            assert self.state == before  # it was let through before: it says nothing now
        if before.phase is Phase.HALF_OPEN and self.state.phase is Phase.OPEN:
            assert health is Health.ILL
            assert self.state.openings == before.openings + 1
        if before.phase is Phase.OPEN:
            assert self.state == before
        if self.state.phase is Phase.OPEN and before.phase is not Phase.OPEN:
            assert self.state.open_until == self.now + open_seconds(self.state.openings)
            assert self.state.reason == "why"
        if self.state.phase is not Phase.CLOSED or before.phase is not Phase.CLOSED:
            self.in_a_row = 0

    @rule()
    def it_is_stored_and_read(self) -> None:
        stored = LaneState(breaker=self.state)
        assert from_json(*to_json(stored)) == stored

    @invariant()
    def no_more_probes_than_good_ones_are_missing(self) -> None:
        if self.state.phase is Phase.HALF_OPEN:
            assert len(self.state.probes) + self.state.good_probes <= PROBES_TO_CLOSE
        else:
            assert self.state.probes == ()

    @invariant()
    def it_waits_no_longer_than_it_may(self) -> None:
        assert wait_to_enter(self.state, self.now) <= LONGEST_OPEN_SECONDS


Histories.TestCase.settings = settings(stateful_step_count=60, deadline=None)
TestHistories = Histories.TestCase


def opened(now: float = 0.0):
    state = CLOSED
    for _ in range(FAILURES_TO_OPEN):
        state = leave(state, None, Health.ILL, now)
    return state


def probed(state, health: Health, now: float):
    state, may = enter(state, "probe", LEASE, now)
    assert may
    return leave(state, "probe", health, now)


def test_five_failures_in_a_row_open_it_for_thirty_seconds() -> None:
    state = opened()
    assert state.phase is Phase.OPEN
    assert wait_to_enter(state, 0.0) == OPEN_SECONDS == 30
    assert not enter(state, "p", LEASE, 29.999)[1]
    assert enter(state, "p", LEASE, 30.0)[1]


def test_one_good_call_between_failures_keeps_it_closed() -> None:
    state = CLOSED
    for health in [*[Health.ILL] * 4, Health.WELL, *[Health.ILL] * 4]:
        state = leave(state, None, health, 0.0)
    assert state.phase is Phase.CLOSED


def test_three_good_probes_close_it_and_forget_what_was() -> None:
    state = opened()
    for number in range(PROBES_TO_CLOSE):
        assert state.phase is not Phase.CLOSED
        state = probed(state, Health.WELL, 30.0 + number)
    assert state == CLOSED


def test_relapses_double_the_time_up_to_its_most() -> None:
    state, now, waits = opened(), 0.0, []
    for _ in range(8):
        waits.append(state.open_until - now)
        now = state.open_until
        state = probed(state, Health.ILL, now)
    assert waits == [30, 60, 120, 240, 300, 300, 300, 300]


def test_a_probe_that_never_ends_gives_its_place_up() -> None:
    state = opened()
    for number in range(PROBES_TO_CLOSE):
        state, may = enter(state, f"lost {number}", LEASE, 30.0)
        assert may
    assert not enter(state, "next", LEASE, 31.0)[1]
    state, may = enter(state, "next", LEASE, 30.0 + LEASE + 1)
    assert may
    assert leave(state, "lost 0", Health.WELL, 200.0) == state  # too late: it no longer counts


@given(st.integers(1, 10_000))
def test_no_opening_lasts_longer_than_the_longest(openings: int) -> None:
    assert OPEN_SECONDS <= open_seconds(openings) <= LONGEST_OPEN_SECONDS


def failed(*about: str | None) -> Phase:
    state = CLOSED
    for each in about:
        state = leave(state, None, Health.ILL, 0.0, "why", each)
    return state.phase


def test_a_document_that_always_fails_does_not_open_it_alone() -> None:
    assert failed(*["a"] * 100) is Phase.CLOSED
    assert failed(*["a", "b"] * 50) is Phase.CLOSED
    assert failed("a", "a", "a", "b", "b", "c") is Phase.OPEN
    assert failed("a", "b", "c", "d", "e") is Phase.OPEN
    assert failed("a", "a", "a", None, None, None) is Phase.OPEN


@given(st.integers(0, 2**32), st.integers(1, 64))
@settings(max_examples=20, deadline=None)
def test_one_failure_in_a_hundred_at_random_never_opens_it_whatever_is_in_flight(seed: int, concurrency: int) -> None:
    """Calls of ten for each document end in an order shuffled by what is in flight; one document always fails."""
    draw = random.Random(seed)
    waiting = [(f"document {number // 10}", number // 10 == 50) for number in range(1_000)]
    state, in_flight = CLOSED, list[tuple[str, bool]]()
    while waiting or in_flight:
        while waiting and len(in_flight) < concurrency:
            in_flight.append(waiting.pop(0))
        about, hopeless = in_flight.pop(draw.randrange(len(in_flight)))
        ill = hopeless or draw.random() < 0.01
        if hopeless and draw.random() < 0.83:
            waiting.append((about, True))  # five of six times it is tried again
        state = leave(state, None, Health.ILL if ill else Health.WELL, 0.0, "why", about)
        assert state.phase is Phase.CLOSED
