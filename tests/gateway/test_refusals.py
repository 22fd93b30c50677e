"""When refusals for their rate stop everybody: simulations of a lane against servers that refuse."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.models.decisions.refusals import NONE, Refusals, after_answer, after_refusal

CONCURRENCY = 64
REFUSED_AFTER = 0.005  # seconds: refusals come at once


@dataclass
class Run:
    """What became of a run."""

    seconds: float
    refused: int
    pauses: int
    at_once: int  # the most refusals between two answers


def simulate(
    refuses: Callable[[float], float | None],
    *,
    calls: int,
    latency: float,
    draw: random.Random,
    concurrency: int = CONCURRENCY,
) -> Run:
    """Calls through one lane. `refuses` gives the Retry-After of a call that comes at a time, None: it is answered.

    As in `lane.py`: who is refused waits for the Retry-After and up to a second, and holds no slot meanwhile.
    """
    state, now, paused_until, in_flight, sent, answered = NONE, 0.0, 0.0, 0, 0, 0
    ends: list[tuple[float, int, float | None, int]] = []
    again: list[float] = []  # when those that were refused come back
    new, run, since = calls, Run(0.0, 0, 0, 0), 0
    while answered < calls:
        while now >= paused_until and in_flight < concurrency and state.admits(in_flight):
            if again and again[0] <= now:
                heapq.heappop(again)
            elif new:
                new -= 1
            else:
                break
            in_flight, sent, wait = in_flight + 1, sent + 1, refuses(now)
            took = latency * draw.uniform(0.8, 1.2) if wait is None else REFUSED_AFTER
            heapq.heappush(ends, (now + took, sent, wait, state.decisions))
        free = in_flight < concurrency and state.admits(in_flight)
        comes = [ends[0][0]] if ends else []
        comes += [max(paused_until, 0.0 if new else again[0])] if free and (new or again) else []
        now = max(now, min(comes))
        while ends and ends[0][0] <= now:
            _, _, wait, sent_after = heapq.heappop(ends)
            if wait is None:
                state, answered, since = after_answer(state, concurrency), answered + 1, 0
            else:
                state, for_all = after_refusal(state, sent_after, in_flight)
                heapq.heappush(again, now + wait + draw.random())
                run.refused, since = run.refused + 1, since + 1
                run.at_once = max(run.at_once, since)
                if for_all:
                    run.pauses, paused_until = run.pauses + 1, max(paused_until, now + wait)
            in_flight -= 1
    run.seconds = now
    return run


class Enforcing:
    """A server with a bucket that holds a minute's requests and refills evenly; it tells Retry-After only."""

    def __init__(self, per_minute: int, level: float) -> None:
        self.rate, self.most, self.level, self.at = per_minute / 60, per_minute, level, 0.0

    def __call__(self, now: float) -> float | None:
        self.level, self.at = min(self.most, self.level + (now - self.at) * self.rate), now
        if self.level < 1:
            return (1 - self.level) / self.rate
        self.level -= 1
        return None


@pytest.mark.parametrize("latency", [0.2, 0.5])
@pytest.mark.parametrize("seed", range(4))
def test_two_percent_of_refusals_at_random_cost_little(latency: float, seed: int) -> None:
    draw, calls = random.Random(seed), 10_000
    run = simulate(lambda _: 1.0 if draw.random() < 0.02 else None, calls=calls, latency=latency, draw=draw)
    assert 150 < run.refused < 260
    assert run.pauses == 0
    assert run.seconds < 1.10 * calls * latency / CONCURRENCY


def test_an_account_without_anything_left_is_met_within_eight_calls_and_later_within_four() -> None:
    draw = random.Random(1)
    empty = Enforcing(per_minute=60, level=0)
    assert simulate(empty, calls=1, latency=0.5, draw=draw, concurrency=1).refused <= 8
    state = after_answer(NONE, CONCURRENCY)
    for number in range(1, 5):
        state, for_all = after_refusal(state, state.decisions, CONCURRENCY)
        assert for_all == (number == 4)
    assert state.most == CONCURRENCY // 2


@settings(max_examples=30, deadline=None)
@given(st.integers(60, 2_000), st.floats(0.05, 1.0), st.integers(8, 64), st.integers(0, 2**32))
def test_an_exhausted_account_that_tells_no_limits_sees_a_small_overshoot(
    per_minute: int, latency: float, concurrency: int, seed: int
) -> None:
    draw = random.Random(seed)
    calls = per_minute + per_minute // 2  # what is there at once, and half a minute's
    server = Enforcing(per_minute, level=per_minute)
    run = simulate(server, calls=calls, latency=latency, draw=draw, concurrency=concurrency)
    assert run.at_once <= 2 * concurrency  # all that was in flight, and what the halvings after it let through
    assert run.refused <= 2 * concurrency + calls * 0.5
    least = max(30.0, calls * latency / concurrency)
    assert run.seconds < 1.5 * least + 10


@given(st.lists(st.booleans(), max_size=200), st.integers(1, 64))
def test_one_call_may_always_be_in_flight(refusals: list[bool], concurrency: int) -> None:
    state = NONE
    for refused in refusals:
        if refused:
            before = state
            state, for_all = after_refusal(state, state.decisions, 1)
            assert for_all == (state.decisions > before.decisions)
        else:
            state = after_answer(state, concurrency)
        assert state.admits(0)
        assert state.most is None or 1 <= state.most < max(2, concurrency)


def test_what_was_sent_before_everybody_was_stopped_narrows_nothing_further() -> None:
    state = Refusals(evidence=28)
    state, for_all = after_refusal(state, 0, 64)
    assert for_all
    for in_flight in range(63, 0, -1):
        assert after_refusal(state, 0, in_flight) == (state, False)
    assert state.most == 32


def test_answers_open_the_way_again() -> None:
    state = Refusals(most=1, evidence=28, decisions=6)
    for _ in range(64):
        state = after_answer(state, 64)
    assert state.most is None
    assert state.evidence == 0
