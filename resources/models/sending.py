"""How one model is asked: tries and waits between them, slots, and what is written down of each try."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from time import perf_counter

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from resources.models.budgets import Budget
from resources.models.decisions.failures import Next, next_step
from resources.models.decisions.limit_rules import LimitRule
from resources.models.decisions.retry import DEADLINE_SECONDS, Patience, after_failure
from resources.models.errors import GatewayStoppedError, ModelError, ParameterLearntError, RetryableError
from resources.models.lane import Asker, Ticket
from resources.models.lane_store import LaneStore
from resources.models.lanes import Lanes
from resources.models.ledger import Attempt, Call, CallContext, Ledger
from resources.models.prices import cost_of
from resources.models.request import ModelReply, ModelRequest, Provider
from resources.observe.calls import call_span, log_answered, log_failed

_MOST_LESSONS = 8  # more than there are parameters to leave out: a server that never has enough is not asked for ever


class Delivery:
    """Where stretches of an answer go as they come; nowhere when the whole answer is awaited."""

    def __init__(self, receive: Callable[[str], None] | None = None) -> None:
        self._receive = receive
        self.begun = False

    @property
    def wanted(self) -> bool:
        """Whether somebody listens."""
        return self._receive is not None

    def __call__(self, stretch: str) -> None:
        """Hand on one stretch."""
        if self._receive is not None and stretch:
            self.begun = True
            self._receive(stretch)


class Sender:
    """What all requests of a gateway share: slots, lanes, budget, clock, ledger."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        concurrency: int,
        limits: Sequence[LimitRule],
        budget: Budget | None,
        sleep: Callable[[float], Awaitable[None]],
        now: Callable[[], float],
        today: Callable[[], date],
    ) -> None:
        self.ledger = ledger
        self.slots = asyncio.Semaphore(concurrency)
        self.budget = budget
        self.now = now
        self.today = today
        self._sleep = sleep
        self._stopping = asyncio.Event()
        self.lanes = Lanes(
            LaneStore(ledger.database, ledger.tenant),
            limits,
            slots=self.slots,
            concurrency=concurrency,
            now=now,
            sleep=self.sleep,
        )

    def stop(self) -> None:
        """Let nobody send any more."""
        self._stopping.set()

    def check(self) -> None:
        """Raise GatewayStoppedError when the run is stopping."""
        if self._stopping.is_set():
            raise GatewayStoppedError("the run is stopping; no new call is sent")

    async def sleep(self, seconds: float) -> None:
        """Wait; raises GatewayStoppedError as soon as the run stops."""
        waiting = asyncio.ensure_future(self._sleep(seconds))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait([waiting, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, stopping):
                task.cancel()
        self.check()

    async def close(self) -> None:
        """Write what is to be written and give back what is held."""
        await self.lanes.close()
        if self.budget is not None:
            await self.budget.close()
        await self.ledger.close()


class Sending:
    """One request on its way to one model after the other, within one deadline."""

    def __init__(
        self, sender: Sender, request: ModelRequest, context: CallContext, arm: str | None, delivery: Delivery
    ) -> None:
        self.sender = sender
        self.request = request
        self.context = context
        self.arm = arm
        self.delivery = delivery
        self._deadline: float | None = None
        self._tries: dict[Provider, _Tries] = {}

    def deadline(self) -> float:
        """When to give up; counted from the first failure or shut door, not from the place in a queue."""
        if self._deadline is None:
            self._deadline = self.sender.now() + DEADLINE_SECONDS
        return self._deadline

    @cached_property
    def size_bytes(self) -> int:
        """How long the prompt is."""
        return self.request.size_bytes

    async def to(self, provider: Provider, key: str, *, patient: bool) -> Call:
        """The answer of one model, tried as often as `decisions.retry` allows. Raises the last ModelError.

        A model whose breaker is open is waited for by the patient; others get BreakerOpenError at once. Asked a
        second time, a model has only the tries that are left.
        """
        tries = self._tries.setdefault(provider, _Tries(self, provider, key))
        tries.patient = patient
        try:
            return await tries.once()
        except ModelError as error:
            if not tries.worth_another(error):
                raise
            return await tries.again_after(error)  # only now is the machinery of retries worth its cost


class _Tries:
    """The tries of one request at one model."""

    def __init__(self, sending: Sending, provider: Provider, key: str) -> None:
        self.patient = False
        self._sending = sending
        self._sender = sending.sender
        self._provider = provider
        self._key = key
        self._lane = sending.sender.lanes.of(provider)
        self._patience: Patience | None = None
        self._number = 0
        self._lessons = 0
        self._wait: float | None = None

    def worth_another(self, error: BaseException) -> bool:
        """Whether an error is one after which the same model is tried again."""
        if not isinstance(error, ModelError) or self._sending.delivery.begun:
            return False  # what was given out cannot be taken back
        return next_step(error) in (Next.RETRY, Next.AT_ONCE)

    async def again_after(self, first: ModelError) -> Call:
        """All further tries after the first one failed; tenacity drives them, `_decide` says when."""
        made: ModelError | None = first

        async def attempt() -> Call:
            nonlocal made
            if made is not None:
                error, made = made, None
                raise error  # the try that was made before, told to the one owner of retries
            return await self.once()

        return await AsyncRetrying(
            retry=retry_if_exception(self.worth_another),
            wait=self._decide,
            stop=lambda _: self._wait is None,  # tenacity asks `wait` first
            sleep=self._sender.sleep,
            reraise=True,
        )(attempt)

    def _decide(self, state: RetryCallState) -> float:
        """Seconds until the next try, by the pure decision; remembers when there is to be none."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, ParameterLearntError):
            self._lessons += 1
            self._wait = 0.0 if self._lessons <= _MOST_LESSONS else None
            return 0.0
        told = error.retry_after if isinstance(error, RetryableError) else None
        draw = random.random()  # noqa: S311 - spreads load, hides nothing
        before = self._patience or Patience(self._sending.deadline())
        self._patience, self._wait = after_failure(before, told, self._sender.now(), draw)
        if self._wait is not None and not self.patient and self._lane is not None and self._lane.shut_seconds > 0:
            self._wait = 0.0  # the door is shut: another model is asked at once
        return self._wait or 0.0

    async def once(self) -> Call:
        """One try. Raises ModelError, written down if anything was sent; BudgetReachedError, GatewayStoppedError."""
        sender, lane = self._sender, self._lane
        ticket = await self._entered()
        reserved = 0
        reply, failure, ended = None, None, False
        try:
            sender.check()
            reserved = await self._reserved()
            self._number += 1
            began = perf_counter()
            sending = self._sending
            with call_span(self._provider, sending.request, sending.context, self._key, self._number) as span:
                try:
                    reply = await self._reply()
                except ModelError as error:
                    failure = error
                    span.failed(error)
                else:
                    span.answered(reply)
            seconds = perf_counter() - began
            ended = True
        finally:
            sender.slots.release()
            if not ended:
                self._undone(ticket, reserved)
        if lane is not None and ticket is not None:
            observed, usage = (reply.limits, reply.usage) if reply is not None else (None, None)
            lane.leave(ticket, failure, observed, usage)
        if reply is None:
            assert failure is not None
            await self._failed(failure, seconds, reserved)
            raise failure
        return await self._stored(reply, seconds, reserved)

    async def _entered(self) -> Ticket | None:
        """A place for one call, and a slot."""
        if self._lane is None:
            await self._sender.slots.acquire()
            return None
        sending = self._sending
        about = str(sending.context.document_id or self._key)
        most = sending.request.max_output_tokens
        asker = Asker(about, sending.size_bytes, most, self.patient, sending.deadline)
        return await self._lane.enter(asker)

    def _undone(self, ticket: Ticket | None, reserved: int) -> None:
        """Nothing was sent, or nobody waits for the answer any more."""
        if self._sender.budget is not None and reserved:
            self._sender.budget.settle(reserved, Decimal(0))
        if self._lane is not None and ticket is not None:
            self._lane.give_back(ticket)

    async def _reserved(self) -> int:
        """What is set aside for this call, in billionths of a dollar."""
        budget, sending, provider = self._sender.budget, self._sending, self._provider
        if budget is None:
            return 0
        worst = budget.worst(provider, sending.size_bytes, sending.request.max_output_tokens, self._sender.today())
        if worst:
            await budget.reserve(worst, f"{provider.name}:{provider.model}", self._sender.check)
        return worst

    async def _reply(self) -> ModelReply:
        request, delivery = self._sending.request, self._sending.delivery
        if delivery.wanted:
            return await self._provider.stream(request, delivery)
        return await self._provider.generate(request)

    async def _failed(self, failure: ModelError, seconds: float, reserved: int) -> None:
        provider = self._provider
        failed = Attempt(self._key, self._number, provider.name, provider.model, str(failure), seconds)
        await self._sender.ledger.record(failed, self._sending.context)
        log_failed(failed, failure, self._sending.context)
        if self._sender.budget is not None and reserved:
            self._sender.budget.settle(reserved, Decimal(0))

    async def _stored(self, reply: ModelReply, seconds: float, reserved: int) -> Call:
        provider, sending = self._provider, self._sending
        cost, version = cost_of(provider.name, provider.model, reply.usage, self._sender.today())
        call = Call(
            self._key, provider.name, provider.model, reply, cost, version, seconds, paid=True, arm=sending.arm
        )
        await self._sender.ledger.store(call, sending.context)
        log_answered(call, sending.context)
        if self._sender.budget is not None and reserved:  # only now: what is spent is counted when it is stored
            self._sender.budget.settle(reserved, cost or Decimal(0))
        return call
