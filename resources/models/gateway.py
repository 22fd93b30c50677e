"""The model gateway: one place that calls, retries, falls back, prices and records.

The SDKs' own retries are off. Here a call is tried again after 1, 2, 4, 8 and 16 s with full jitter (or after the
provider's Retry-After) inside one deadline; then the next model of the fallback order is asked. Each failed try
and each finished call is in the ledger before anything else happens with it.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from resources.models.errors import (
    ContentRefusedError,
    ContextOverflowError,
    CredentialError,
    GatewayStoppedError,
    ModelError,
    ModelMissingError,
    RetryableError,
)
from resources.models.ledger import Attempt, Call, CallContext, Ledger, call_key
from resources.models.prices import cost_of
from resources.models.request import ModelRequest, Provider

RETRIES = 5
DEADLINE_SECONDS = 600.0
_BACKOFF = wait_random_exponential(multiplier=1, max=16)  # full jitter below 1, 2, 4, 8, 16 s


def _wait(state: RetryCallState) -> float:
    """The provider's own word and up to a second more, lest all that were refused come back at once; else backoff."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryableError) and error.retry_after is not None:
        return error.retry_after + random.random()  # noqa: S311 - spreads load, hides nothing
    return _BACKOFF(state)


def _today() -> date:
    return datetime.now(UTC).date()


class Gateway:
    """Asks models in fallback order. One gateway per run and event loop."""

    def __init__(
        self,
        providers: Sequence[Provider],
        ledger: Ledger,
        *,
        concurrency: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        today: Callable[[], date] = _today,
    ) -> None:
        if not providers:
            raise ValueError("A gateway needs at least one provider.")
        self.providers = tuple(providers)
        self.ledger = ledger
        self._slots = asyncio.Semaphore(concurrency)
        self._sleep = sleep
        self._today = today
        self._lookups: dict[str, asyncio.Future[dict[str, Call]]] = {}  # by key, until it is asked
        self._stopping = asyncio.Event()
        self._in_flight: dict[str, asyncio.Future[Call]] = {}
        self._out: dict[Provider, ModelError] = {}  # of no use to this run: key, credit or model is missing

    @property
    def reads_whole_documents(self) -> bool:
        """Whether every model of the fallback order takes documents of any length."""
        return all(provider.reads_whole_documents for provider in self.providers)

    def keys(self, request: ModelRequest) -> tuple[str, ...]:
        """The ledger's key of this request for each model of the fallback order."""
        return tuple(call_key(self.ledger.tenant, provider, request) for provider in self.providers)

    async def remember(self, keys: Sequence[str]) -> None:
        """Look many keys up at once, so that `ask` need not look each one up."""
        lookup = self._look_up(keys)
        self._lookups.update(dict.fromkeys(keys, lookup))
        await lookup

    def _look_up(self, keys: Sequence[str]) -> "asyncio.Future[dict[str, Call]]":
        return asyncio.get_running_loop().run_in_executor(None, self.ledger.find, list(keys))

    async def _from_ledger(self, keys: tuple[str, ...]) -> Call | None:
        """A stored call with one of these keys. A lookup is used once: what it did not find may be stored by then."""
        lookups = [self._lookups.pop(key, None) for key in keys]
        found = [await lookup for lookup in lookups if lookup is not None]
        if len(found) < len(keys):
            found = [await self._look_up(keys)] * len(keys)
        calls = [some.pop(key) for some, key in zip(found, keys, strict=True) if key in some]
        return calls[0] if calls else None

    async def ask(self, request: ModelRequest, context: CallContext, keys: tuple[str, ...]) -> Call:
        """The answer to `request`: from the ledger, else from the first model that answers.

        `keys` are `self.keys(request)`; those for which `remember` was not awaited are looked up now. A request
        that is on its way for another asker is not sent again: both get its answer, one of them as paid. Raises
        ContextOverflowError when a model said that a part of the document would fit, else the last ModelError.
        """
        while (waiting := self._in_flight.get(keys[0])) is not None:
            await asyncio.wait([waiting])
            if not waiting.cancelled():
                return replace(waiting.result(), paid=False)
        future: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._in_flight[keys[0]] = future
        try:
            call = await self._from_ledger(keys) or await self._first_that_answers(request, context, keys)
        except Exception as error:
            future.set_exception(error)
            future.exception()  # nobody may be waiting; then the error is only raised here
            raise
        else:
            future.set_result(call)
            return call
        finally:
            future.cancel()  # does nothing to one that is done; else this asker was cancelled and the next one sends
            del self._in_flight[keys[0]]

    async def _first_that_answers(self, request: ModelRequest, context: CallContext, keys: tuple[str, ...]) -> Call:
        errors: list[ModelError] = []
        for provider, key in zip(self.providers, keys, strict=True):
            if provider in self._out:
                errors.append(self._out[provider])
                continue
            try:
                return await self._with_retries(provider, key, request, context)
            except ContentRefusedError:
                raise  # another model is not asked to answer what one declined
            except (CredentialError, ModelMissingError) as error:
                self._out[provider] = error  # every other call would end the same way
                errors.append(error)
            except ModelError as error:
                errors.append(error)
        overflows = [error for error in errors if isinstance(error, ContextOverflowError)]
        passing = [error for error in errors if not isinstance(error, CredentialError | ModelMissingError)]
        raise (overflows or passing or errors)[-1]  # only when no model can ever answer does the run have to stop

    async def _with_retries(self, provider: Provider, key: str, request: ModelRequest, context: CallContext) -> Call:
        started = time.monotonic()
        try:
            return await self._once(provider, key, request, context, 1)
        except RetryableError as error:
            first = error  # only now is the machinery of retries worth its cost: 5 % of the CPU of a run

        def out_of_time(state: RetryCallState) -> bool:
            return time.monotonic() - started + state.upcoming_sleep > DEADLINE_SECONDS

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(RetryableError),
            wait=_wait,
            stop=stop_after_attempt(RETRIES + 1) | out_of_time,  # type: ignore[operator]  # tenacity composes callables
            sleep=self._sleep_or_stop,
            reraise=True,
        )
        number = 0

        async def attempt() -> Call:
            nonlocal number
            number += 1
            if number == 1:
                raise first  # the attempt that was made above, told to the one owner of retries
            return await self._once(provider, key, request, context, number)

        return await retrying(attempt)

    async def _once(
        self, provider: Provider, key: str, request: ModelRequest, context: CallContext, number: int
    ) -> Call:
        async with self._slots:
            if self._stopping.is_set():
                raise GatewayStoppedError("the run is stopping; no new call is sent")
            began = time.perf_counter()
            try:
                reply = await provider.generate(request)
            except ModelError as error:
                seconds = time.perf_counter() - began
                failed = Attempt(key, number, provider.name, provider.model, str(error), seconds)
                await self.ledger.record(failed, context)
                raise
            seconds = time.perf_counter() - began
        cost, version = cost_of(provider.name, provider.model, reply.usage, self._today())
        call = Call(key, provider.name, provider.model, reply, cost, version, seconds, paid=True)
        await self.ledger.store(call, context)
        return call

    def stop(self) -> None:
        """Send no further call; those in flight finish into the ledger."""
        self._stopping.set()

    async def _sleep_or_stop(self, seconds: float) -> None:
        """Wait before the next try, but not longer than until the run stops."""
        waiting = asyncio.ensure_future(self._sleep(seconds))
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([waiting, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, stopping):
            task.cancel()

    async def close(self) -> None:
        """Flush the ledger and close the providers, in the loop that used them."""
        await self.ledger.close()
        for provider in self.providers:
            await provider.close()
