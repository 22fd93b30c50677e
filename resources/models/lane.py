"""The way to one model: calls wait here for its limits and its breaker, which all processes share.

Decisions are made on a copy of the shared state, at most a second old: while the breaker is closed and no limit
binds, a call passes without the database. Limits are taken from the database a second's worth at a time; what ends
badly counts here at once and is written at once for all others.
"""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

from resources.models.background import Background
from resources.models.credit import Credit
from resources.models.decisions import breaker as breakers
from resources.models.decisions import lane as events
from resources.models.decisions import limits, refusals
from resources.models.decisions.breaker import Phase, wait_to_enter
from resources.models.decisions.failures import Health, health
from resources.models.decisions.lane import LaneState
from resources.models.decisions.limits import Grant, Limit, ObservedLimits
from resources.models.errors import BreakerOpenError, ModelError, RateLimitedError
from resources.models.lane_store import LaneStore
from resources.models.request import Usage

_SEEN_SECONDS = 1.0  # how old the copy of the shared state may be
_LOOK_AGAIN_SECONDS = 0.5
_PROBE_SECONDS = 300.0  # a probe that has not ended by then is taken for lost
_FIRST_ANSWER_TOKENS = 500  # as long as no answer was seen
_UNTOLD_SECONDS = 1.0  # the wait for all after a refusal that says nothing of time


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to send one call. `tokens` were charged for it; `probe` names it while the breaker is not closed."""

    about: str
    tokens: int
    probe: str | None
    sent_after: int  # `Refusals.decisions` at that time


@dataclass(frozen=True, slots=True)
class Asker:
    """One that wants to enter: the size of its call, whether it waits for a breaker, and until when it has time.

    `about` names what is asked about, a document.
    """

    about: str
    input_bytes: int
    max_output_tokens: int
    patient: bool
    deadline: Callable[[], float]  # counted from the first time it is asked for


class Lane:
    """One model's lane in this process."""

    def __init__(
        self,
        name: str,
        title: str,
        limit: Limit,
        *,
        store: LaneStore,
        slots: asyncio.Semaphore,
        concurrency: int,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._name = name
        self._title = title
        self._configured = limit
        self._store = store
        self._slots = slots
        self._concurrency = concurrency
        self._now = now
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._state = LaneState()
        self._clock_offset: float | None = None  # the database's clock less ours
        self._read_at = 0.0
        self._credit = Credit()
        self._output_each: float | None = None  # tokens of an answer, on average
        self._refusals = refusals.NONE
        self._answered = False  # a call, since this process began
        self._in_flight = 0
        self._left = asyncio.Event()
        self._unwritten: list[events.Event[None]] = []
        self._background = Background()

    def _clock(self) -> float:
        return self._now() + (self._clock_offset or 0.0)

    @property
    def _limit(self) -> Limit:
        return limits.smaller(self._configured, self._state.usage.told)

    @property
    def shut_seconds(self) -> float:
        """How long the model is left alone yet; 0 when a call or a probe may be sent."""
        return wait_to_enter(self._state.breaker, self._clock())

    def _tokens(self, asker: Asker) -> int:
        """What a call will take of the limit on tokens: about a quarter of its bytes, and an answer as they come."""
        answer = _FIRST_ANSWER_TOKENS if self._output_each is None else self._output_each
        return asker.input_bytes // 4 + min(asker.max_output_tokens, math.ceil(answer))

    async def enter(self, asker: Asker) -> Ticket:
        """Wait until one call may be sent; a slot is held when this returns.

        Raises BreakerOpenError when the model is left alone (for a patient asker: for longer than it has time), and
        RateLimitedError when the provider wants no calls for longer than the asker has time.
        """
        while True:
            if self.shut_seconds > 0 and not asker.patient:
                raise self._open_error(self.shut_seconds)
            self._waiting += 1
            try:
                async with self._turn:
                    ticket = await self._at_the_head(asker)
            finally:
                self._waiting -= 1
            if ticket is not None:
                self._in_flight += 1
                return ticket
            shut = max(self.shut_seconds, _LOOK_AGAIN_SECONDS)
            if not asker.patient or self._now() + shut > asker.deadline():
                raise self._open_error(shut)
            await self._sleep(shut)

    def _open_error(self, seconds: float) -> BreakerOpenError:
        return BreakerOpenError(
            f"{self._title} is not asked for another {seconds:.0f} s, because it failed too often in a row. "
            f"The last failure: {self._state.breaker.reason or 'not known'}",
            retry_after=seconds,
        )

    async def _at_the_head(self, asker: Asker) -> Ticket | None:
        """The one whose turn it is: a ticket and a slot, or None and no slot when the breaker is not closed."""
        while True:
            await self._slots.acquire()
            kept = False
            try:
                await self._see()
                ticket = await self._admitted(asker)
                kept = isinstance(ticket, Ticket)
            finally:
                if not kept:
                    self._slots.release()
            if isinstance(ticket, float):
                if ticket > 0:
                    await self._sleep(ticket)
            elif ticket is self._left:
                self._left.clear()
                await self._left.wait()
            else:
                assert ticket is None or isinstance(ticket, Ticket)
                return ticket

    async def _admitted(self, asker: Asker) -> Ticket | float | asyncio.Event | None:
        """A ticket; seconds to wait; the event to wait for; or None where the breaker is not closed."""
        now = self._clock()
        if self.shut_seconds > 0:
            return None
        pause = self._state.usage.paused_until - now
        if pause > 0:
            if self._now() + pause > asker.deadline():
                raise RateLimitedError(f"{self._title} wants no calls for {pause:.0f} s.", status=429)
            return pause
        if not self._refusals.admits(self._in_flight):
            return self._left
        limit = self._limit
        tokens = self._tokens(asker) if limit.tokens is not None else 0
        if limit.known and not self._credit.spend(limit, tokens, now):
            missing = self._credit.missing(limit, tokens, now)
            waits = await self._take(missing, self._credit.wish(self._waiting, tokens))
            if waits > 0:
                return waits + random.random() * 0.02  # noqa: S311 - spreads the processes that wait alike
            return 0.0  # with what was taken, the breaker and all else is looked at again
        if limit.known and self._credit.low(limit, now):
            self._background.start("take", self._take_ahead(self._credit.wish(self._waiting, tokens)))
        if self._state.breaker.phase is not Phase.CLOSED:
            return await self._probe(asker, tokens)
        return Ticket(asker.about, tokens, None, self._refusals.decisions)

    async def _probe(self, asker: Asker, tokens: int) -> Ticket | None:
        name = uuid4().hex
        if not await self._apply(events.probe_wanted(name, _PROBE_SECONDS)):
            return None
        probe = name if self._state.breaker.phase is not Phase.CLOSED else None
        return Ticket(asker.about, tokens, probe, self._refusals.decisions)

    async def _take(self, least: Grant, most: Grant) -> float:
        """Take of the limits; the seconds to wait when there is nothing to take."""
        asked = self._clock()  # from then on it counts, however long the database takes
        decision = await self._apply(events.wanted(self._limit, least, most))  # told is perhaps not written yet
        if isinstance(decision, Grant):
            self._credit.add(decision, asked)
            return 0.0
        return decision

    async def _take_ahead(self, most: Grant) -> None:
        await self._take(Grant(0, 0), most)

    def leave(
        self, ticket: Ticket, error: ModelError | None, observed: ObservedLimits | None, usage: Usage | None
    ) -> None:
        """A call has ended: with an error or none, the limits it was told, and the tokens it took when known."""
        self._in_flight -= 1
        self._left.set()
        if usage is not None:
            each = usage.output_tokens if self._output_each is None else self._output_each
            self._output_each = each + 0.1 * (usage.output_tokens - each)
            if self._limit.tokens is not None:
                self._credit.correct(ticket.tokens, usage.input_tokens + usage.output_tokens)
        if error is None:
            self._answered = True
            self._refusals = refusals.after_answer(self._refusals, self._concurrency)
        self._listen(ticket, error, observed)
        self._judge(ticket, Health.WELL if error is None else health(error), str(error or ""))

    def give_back(self, ticket: Ticket) -> None:
        """Nothing was sent with the ticket, or nobody waits for how it ends."""
        self._in_flight -= 1
        self._left.set()
        self._judge(ticket, Health.UNKNOWN, "")

    def _listen(self, ticket: Ticket, error: ModelError | None, observed: ObservedLimits | None) -> None:
        """Keep to what the provider said of its limits; a refusal that stands alone concerns only its caller."""
        if isinstance(error, RateLimitedError):
            observed = error.limits
        pause = limits.wait_told(observed, max(1, ticket.tokens)) if observed is not None else 0.0
        if isinstance(error, RateLimitedError):
            sent_after, in_flight = ticket.sent_after, self._in_flight + 1
            self._refusals, for_all = refusals.after_refusal(self._refusals, sent_after, in_flight)
            if for_all or pause > 0:
                pause = (pause or _UNTOLD_SECONDS) if error.retry_after is None else error.retry_after
        usage, now = self._state.usage, self._clock()
        heard = limits.heard(usage, observed) if observed else usage
        if heard is not usage or now + pause > max(usage.paused_until, now):
            self._happened(events.told(observed, pause))

    def _judge(self, ticket: Ticket, how: Health, reason: str) -> None:
        """Let the breaker know, where it follows anything from how a call ended."""
        breaker = self._state.breaker
        about = ticket.about if self._answered else None
        after = breakers.leave(breaker, ticket.probe, how, self._clock(), reason, about)
        if after != breaker:
            self._happened(events.ended(ticket.probe, how, reason, about))

    def _happened(self, event: "events.Event[None]") -> None:
        """An event counts here at once, and for all others as soon as it is written, which begins now."""
        self._unwritten.append(event)
        self._state, _ = event(self._state, self._clock())
        self._background.start("write", self._write())

    async def _write(self) -> None:
        while self._unwritten:
            together = tuple(self._unwritten)
            state, _ = await self._store.apply(self._name, events.in_turn(together), self._clock())
            del self._unwritten[: len(together)]
            self._accept(state)

    async def _see(self) -> None:
        """See to it that the copy of the shared state is not too old; only the first call waits for that."""
        self._background.check()
        if self._clock_offset is None:
            await self._read()
        elif self._now() - self._read_at > _SEEN_SECONDS:
            self._read_at = self._now()
            self._background.start("read", self._read())

    async def _read(self) -> None:
        state, clock = await self._store.read(self._name)
        if self._clock_offset is None:
            self._clock_offset = clock - self._now()
        self._accept(state)

    async def _apply(self, event: "events.Event[events.T]") -> "events.T":
        state, decision = await self._store.apply(self._name, event, self._clock())
        self._accept(state)
        return decision

    def _accept(self, state: LaneState) -> None:
        """Take the shared state over, with what has happened here and is not in it yet."""
        for event in self._unwritten:
            state, _ = event(state, self._clock())
        self._state = state
        self._read_at = self._now()

    async def close(self) -> None:
        """Wait for what is being written."""
        await self._background.close()
