"""How one model is asked: tries and waits between them, slots, and what is written down of each try."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from time import perf_counter

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from resources.models.decisions.failures import Next, next_step
from resources.models.decisions.retry import DEADLINE_SECONDS, Patience, after_failure
from resources.models.errors import GatewayStoppedError, ModelError, ParameterLearntError, RetryableError
from resources.models.ledger import Attempt, Call, CallContext, Ledger
from resources.models.prices import cost_of
from resources.models.request import ModelReply, ModelRequest, Provider

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
    """What all requests of a gateway share: slots, clock, ledger."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        concurrency: int,
        sleep: Callable[[float], Awaitable[None]],
        now: Callable[[], float],
        today: Callable[[], date],
    ) -> None:
        self.ledger = ledger
        self.slots = asyncio.Semaphore(concurrency)
        self.now = now
        self.today = today
        self._sleep = sleep
        self._stopping = asyncio.Event()

    def begin(self, request: ModelRequest, context: CallContext, arm: str | None, delivery: Delivery) -> "Sending":
        """One request that is about to be sent; its deadline counts from now."""
        return Sending(self, request, context, arm, delivery, self.now() + DEADLINE_SECONDS)

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


@dataclass(frozen=True, slots=True)
class Sending:
    """One request on its way to one model after the other, within one deadline."""

    sender: Sender
    request: ModelRequest
    context: CallContext
    arm: str | None
    delivery: Delivery
    deadline: float

    async def to(self, provider: Provider, key: str) -> Call:
        """The answer of one model, tried as often as `decisions.retry` allows. Raises the last ModelError."""
        tries = _Tries(self, provider, key)
        try:
            return await tries.once()
        except ModelError as error:
            if not tries.worth_another(error):
                raise
            return await tries.again_after(error)  # only now is the machinery of retries worth its cost


class _Tries:
    """The tries of one request at one model."""

    def __init__(self, sending: Sending, provider: Provider, key: str) -> None:
        self._sending = sending
        self._sender = sending.sender
        self._provider = provider
        self._key = key
        self._patience = Patience(sending.deadline)
        self._number = 0
        self._lessons = 0
        self._wait: float | None = None

    def worth_another(self, error: BaseException) -> bool:
        if not isinstance(error, ModelError) or self._sending.delivery.begun:
            return False  # what was given out cannot be taken back
        return next_step(error) in (Next.RETRY, Next.AT_ONCE)

    async def again_after(self, first: ModelError) -> Call:
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
        else:
            told = error.retry_after if isinstance(error, RetryableError) else None
            draw = random.random()  # noqa: S311 - spreads load, hides nothing
            self._patience, self._wait = after_failure(self._patience, told, self._sender.now(), draw)
        return self._wait or 0.0

    async def once(self) -> Call:
        """One try. Raises ModelError, written down; or GatewayStoppedError."""
        self._number += 1
        sender, provider = self._sender, self._provider
        async with sender.slots:
            sender.check()
            began = perf_counter()
            try:
                reply = await self._reply()
                failure = None
            except ModelError as error:
                failure = error
            seconds = perf_counter() - began
        if failure is not None:
            failed = Attempt(self._key, self._number, provider.name, provider.model, str(failure), seconds)
            await sender.ledger.record(failed, self._sending.context)
            raise failure
        cost, version = cost_of(provider.name, provider.model, reply.usage, sender.today())
        arm = self._sending.arm
        call = Call(self._key, provider.name, provider.model, reply, cost, version, seconds, paid=True, arm=arm)
        await sender.ledger.store(call, self._sending.context)
        return call

    async def _reply(self) -> ModelReply:
        request, delivery = self._sending.request, self._sending.delivery
        if delivery.wanted:
            return await self._provider.stream(request, delivery)
        return await self._provider.generate(request)
