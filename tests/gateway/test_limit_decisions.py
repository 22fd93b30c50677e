"""Requests and tokens per minute: no window holds more than its limit, and little less when much is wanted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.models.decisions.lane import LaneState, from_json, to_json
from resources.models.decisions.limit_rules import LimitRule, limit_for, parse_limits
from resources.models.decisions.limits import (
    LEASE_SECONDS,
    UNLIMITED,
    UNUSED,
    Grant,
    Limit,
    ObservedLimits,
    Told,
    heard,
    paused,
    smaller,
    take,
    wait_told,
)
from resources.settings import SettingsError, load_settings

START = 1_700_000_000.0
asks = st.tuples(st.floats(0, 20), st.integers(1, 40), st.integers(1, 4_000), st.integers(1, 5))


def most_in_a_minute(sent: list[tuple[float, int]]) -> int:
    """The largest sum of amounts within 60 seconds, wherever they begin."""
    best = total = first = 0
    for at, amount in sent:
        total += amount
        while sent[first][0] <= at - 60:
            total -= sent[first][1]
            first += 1
        best = max(best, total)
    return best


@settings(max_examples=60, deadline=None)
@given(st.lists(asks, max_size=150), st.integers(1, 300), st.integers(4_000, 40_000), st.floats(0, LEASE_SECONDS))
def test_no_minute_holds_more_than_the_limit_whenever_within_its_lease_what_was_taken_is_sent(
    events: list[tuple[float, int, int, int]], rpm: int, tpm: int, late: float
) -> None:
    state, now, limit = UNUSED, START, Limit(rpm, tpm)
    requests, tokens = [], []
    for number, (pause, wanted, each, least) in enumerate(events):
        now += pause
        least = min(least, rpm)
        need = Grant(least, min(each, tpm))
        state, granted = take(state, limit, need, Grant(max(wanted, least), each * wanted), now)
        if isinstance(granted, float):
            assert granted > 0
            continue
        assert granted.requests >= need.requests
        assert granted.tokens >= need.tokens
        sent_at = now + (late if number % 2 else 0.0)
        requests.append((sent_at, granted.requests))
        tokens.append((sent_at, granted.tokens))
    assert most_in_a_minute(sorted(requests)) <= rpm
    assert most_in_a_minute(sorted(tokens)) <= tpm
    assert from_json(*to_json(LaneState(usage=state))) == LaneState(usage=state)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 2_000), st.integers(1, 6))
def test_a_wait_is_long_enough_and_not_much_too_long(rpm: int, processes: int) -> None:
    state, now, limit = UNUSED, START + 0.3, Limit(rpm, None)
    sent = 0
    while now < START + 600:
        state, granted = take(state, limit, Grant(1, 0), Grant(10 * processes, 0), now)
        if isinstance(granted, Grant):
            sent += granted.requests
        else:
            before = now
            now += granted
            assert now > before
            again = take(state, limit, Grant(1, 0), Grant(1, 0), now)[1]
            assert isinstance(again, Grant), "nobody else took any, so the wait must suffice"
    assert sent >= 0.9 * rpm * 9  # over ten minutes, of which the first may be spent before it is over


def test_calls_come_evenly_and_not_all_at_the_beginning_of_the_minute() -> None:
    state, granted = take(UNUSED, Limit(600, None), Grant(1, 0), Grant(600, 0), START)
    assert granted == Grant(12, 0)
    wait = take(state, Limit(600, None), Grant(1, 0), Grant(1, 0), START + 0.4)[1]
    assert wait == pytest.approx(0.6)


def test_a_limit_that_binds_as_told_is_taken_no_faster_than_its_bucket_fills() -> None:
    told = heard(UNUSED, ObservedLimits(Told(600, 100), None))
    granted = take(told, UNLIMITED, Grant(1, 0), Grant(600, 0), START)[1]
    assert granted == Grant(10, 0)


def test_a_call_larger_than_the_limit_is_sent_when_nothing_stands_against_it() -> None:
    state, granted = take(UNUSED, Limit(None, 1_000), Grant(0, 5_000), Grant(0, 5_000), START)
    assert granted == Grant(0, 5_000)
    wait = take(state, Limit(None, 1_000), Grant(0, 10), Grant(0, 10), START + 1)[1]
    assert isinstance(wait, float)
    assert wait > 60


def test_without_limits_nothing_is_waited_for_and_nothing_remembered() -> None:
    assert take(UNUSED, UNLIMITED, Grant(5, 10**9), Grant(5, 10**9), START) == (UNUSED, Grant(5, 10**9))


def test_what_a_provider_wants_is_kept_by_all() -> None:
    state = paused(UNUSED, 7.0, START)
    assert take(state, UNLIMITED, Grant(1, 1), Grant(1, 1), START + 2)[1] == pytest.approx(5.0)
    assert isinstance(take(state, UNLIMITED, Grant(1, 1), Grant(1, 1), START + 7)[1], Grant)
    assert paused(state, 1.0, START).paused_until == state.paused_until  # a shorter one does not end it


def test_a_told_limit_counts_only_while_it_is_near() -> None:
    def told(remaining: int) -> ObservedLimits:
        return ObservedLimits(Told(1_000, remaining))

    assert heard(UNUSED, told(999)) is UNUSED
    near = heard(UNUSED, told(400))
    assert near.told == Limit(1_000, None)
    assert heard(near, told(700)) is near
    assert heard(near, told(950)).told == UNLIMITED


@given(*[st.none() | st.integers(1, 100)] * 4)
def test_the_smaller_limit_wins(a: int | None, b: int | None, c: int | None, d: int | None) -> None:
    both = smaller(Limit(a, b), Limit(c, d))
    assert both.requests == min([x for x in (a, c) if x is not None], default=None)
    assert both.tokens == min([x for x in (b, d) if x is not None], default=None)


def test_when_nothing_is_left_the_wait_is_for_what_one_call_needs() -> None:
    assert wait_told(ObservedLimits(Told(600, 0)), 10) == pytest.approx(0.1)
    assert wait_told(ObservedLimits(Told(600, 1)), 10) == 0
    assert wait_told(ObservedLimits(None, Told(6_000, 100, 60.0)), 600) == pytest.approx(5.0)
    assert wait_told(ObservedLimits(None, Told(6_000, 100, 2.0)), 600) == 2.0


def test_limits_are_read_as_an_installation_states_them() -> None:
    rules = parse_limits(" openai:gpt-4.1-mini=500rpm,200000tpm; anthropic:*=50rpm;")
    assert rules == (
        LimitRule("openai", "gpt-4.1-mini", Limit(500, 200_000)),
        LimitRule("anthropic", "*", Limit(50, None)),
    )
    assert limit_for(rules, "openai", "gpt-4.1-mini") == Limit(500, 200_000)
    assert limit_for(rules, "openai", "gpt-4.1") == UNLIMITED
    assert limit_for(rules, "anthropic", "claude-haiku-4-5") == Limit(50, None)
    assert parse_limits("") == ()
    assert load_settings({"CRUCIBLE_LIMITS": "anthropic:*=50rpm"}).limits == rules[1:]
    with pytest.raises(SettingsError, match="CRUCIBLE_LIMITS: 'anthropic=50' is no limit"):
        load_settings({"CRUCIBLE_LIMITS": "anthropic=50"})


@pytest.mark.parametrize(
    "text", ["openai=500rpm", "openai:m=", "openai:m=0rpm", "openai:m=5", "openai:m=5rpm,6rpm", "a:b=1rpm;a:b=2rpm"]
)
def test_a_limit_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"limit|names no provider"):
        parse_limits(text)
