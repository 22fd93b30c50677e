"""The memory of who stands: short, bounded, and never older than an end that happened here."""

from datetime import UTC, datetime, timedelta

from sidecar.security.standing import Holder, Standings


class Time:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.now


ADA = Holder("acme", "ada")


def test_it_asks_once_in_half_a_minute():
    time, asked = Time(), []
    standings = Standings(time)
    for second in range(91):
        time.now = Time.now + timedelta(seconds=second)
        assert standings.stands(ADA, 1, lambda at=second: asked.append(at) or 1)
    assert asked == [0, 30, 60, 90]


def test_a_refusal_is_never_from_memory():
    standings = Standings(Time())
    assert standings.stands(ADA, 1, lambda: 1)
    assert standings.stands(ADA, 2, lambda: 2)  # logged in anew, after a change elsewhere
    assert not standings.stands(ADA, 1, lambda: 2)
    assert not standings.stands(Holder("acme", "eve"), 1, lambda: None)
    assert standings.stands(Holder("acme", "eve"), 1, lambda: 1)


def test_what_was_looked_up_before_an_end_is_not_remembered_after_it():
    standings = Standings(Time())

    def look_up():
        standings.forget("acme", "ada")  # the end commits while this reads
        return 1

    assert standings.stands(ADA, 1, look_up)
    assert not standings.stands(ADA, 1, lambda: None)


def test_one_user_is_forgotten_with_all_sessions_and_keys():
    standings = Standings(Time())
    holders = [ADA, Holder("acme", "ada", "s"), Holder("acme", "ada", None, "k")]
    others = [Holder("acme", "eve"), Holder("other", "ada")]
    for holder in holders + others:
        standings.stands(holder, 1, lambda: 1)
    standings.forget("acme", "ada")
    assert [standings.stands(holder, 1, lambda: None) for holder in holders] == [False] * 3
    assert [standings.stands(holder, 1, lambda: None) for holder in others] == [True] * 2


def test_it_remembers_no_more_than_it_may():
    standings = Standings(Time(), most=10)
    for number in range(100):
        standings.stands(Holder("acme", str(number)), 1, lambda: 1)
    remembered = [n for n in range(100) if standings.stands(Holder("acme", str(n)), 1, lambda: None)]
    assert remembered == list(range(90, 100))
