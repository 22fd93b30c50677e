"""Money set aside by many processes at once: never more is spent than the limit, and nothing is lost."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from resources.models.decisions.money import (
    Pot,
    Purse,
    Short,
    block,
    emptied,
    filled,
    nano,
    reserve,
    settle,
    usd,
)

PROCESSES = 2
LEASE = 60.0


class Spending(RuleBasedStateMachine):
    """Processes with purses, a shared pot, and every order of taking, sending, settling, tidying and dying."""

    @initialize(limit=st.integers(100, 700))
    def begin(self, limit: int) -> None:
        self.limit, self.spent, self.now = limit, 0, 0.0
        self.held = [0] * PROCESSES  # as the database has it
        self.purses = [Purse() for _ in range(PROCESSES)]
        self.asking: list[tuple[int, int, int] | None] = [None] * PROCESSES  # between asking and the answer
        self.calls: list[tuple[int, int]] = []  # in flight: (process, reserved)

    who = st.integers(0, PROCESSES - 1)

    @rule(who=who, need=st.integers(1, 400), wish=st.integers(0, 2_000))
    def a_process_asks_for_a_block(self, who: int, need: int, wish: int) -> None:
        if self.asking[who] is not None:
            return
        self.purses[who] = emptied(self.purses[who])
        others = sum(self.held) - self.held[who]
        in_flight = self.purses[who].in_flight
        answer = block([Pot(self.limit, self.spent, others)], in_flight, need, wish)
        amount = 0 if isinstance(answer, Short) else answer
        if isinstance(answer, Short):
            assert answer.final == (self.limit - self.spent < need)
        else:
            assert amount >= need
        self.held[who] = in_flight + amount
        self.asking[who] = (in_flight, amount, need)

    @rule(who=who, need=st.integers(1, 400), wish=st.integers(0, 2_000))
    def a_call_is_sent_with_a_block_for_it(self, who: int, need: int, wish: int) -> None:
        self.a_process_asks_for_a_block(who, need, wish)
        self.the_answer_arrives(who)
        self.a_call_is_sent(who, need)

    @rule(who=who)
    def everything_in_hand_is_sent(self, who: int) -> None:
        if self.purses[who].free:
            self.a_call_is_sent(who, self.purses[who].free)

    @rule(who=who)
    def the_answer_arrives(self, who: int) -> None:
        if self.asking[who] is None:
            return
        _, amount, _ = self.asking[who]  # type: ignore[misc]
        self.asking[who] = None
        if amount:
            self.purses[who] = filled(self.purses[who], amount, self.now + LEASE)

    @rule(who=who, worst=st.integers(1, 200))
    def a_call_is_sent(self, who: int, worst: int) -> None:
        purse = reserve(self.purses[who], worst, self.now)
        if purse is not None:
            self.purses[who] = purse
            self.calls.append((who, worst))

    @rule(data=st.data(), share=st.floats(0, 1))
    def a_call_ends(self, data: st.DataObject, share: float) -> None:
        if not self.calls:
            return
        who, worst = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        cost = int(worst * share)
        self.spent += cost
        self.purses[who] = settle(self.purses[who], worst, cost)

    @rule(who=who)
    def a_process_dies_and_its_lease_ends(self, who: int) -> None:
        for number, (owner, worst) in enumerate(list(self.calls)):
            if owner == who:
                self.calls[number] = (-1, worst)
        self.calls = [call for call in self.calls if call[0] >= 0]
        self.held[who], self.purses[who], self.asking[who] = 0, Purse(), None

    @invariant()
    def never_more_is_spent_than_the_limit_even_if_all_in_flight_cost_their_worst(self) -> None:
        assert self.spent + sum(worst for _, worst in self.calls) <= self.limit

    @invariant()
    def a_purse_knows_what_is_in_flight(self) -> None:
        for who, purse in enumerate(self.purses):
            assert purse.in_flight == sum(worst for owner, worst in self.calls if owner == who)
            assert purse.free >= 0


Spending.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestSpending = Spending.TestCase


def test_a_purse_that_is_out_of_date_gives_nothing() -> None:
    purse = filled(Purse(), 100, until=10.0)
    assert reserve(purse, 50, 9.9) is not None
    assert reserve(purse, 50, 10.0) is None


def test_a_block_is_a_share_of_what_is_left_and_one_call_near_the_end() -> None:
    assert block([Pot(8_000, 0)], 0, 10, 640) == 640
    assert block([Pot(800, 0)], 0, 10, 640) == 100
    assert block([Pot(30, 0)], 0, 10, 640) == 10
    assert block([Pot(9, 0)], 0, 10, 640) == Short(9, final=True)
    assert block([Pot(20, 5, held_by_others=10)], 0, 10, 640) == Short(15, final=False)
    assert block([Pot(100, 0), Pot(12, 5)], 0, 10, 640) == Short(7, final=True)


@given(st.decimals(0, 10_000, places=12))
def test_amounts_are_rounded_up_and_never_down(amount: Decimal) -> None:
    assert 0 <= usd(nano(amount)) - amount < Decimal("1e-9")
