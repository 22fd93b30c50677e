"""The model gateway: one place that calls, retries, falls back, prices and records.

The SDKs' own retries are off. What is decided is in `resources.models.decisions`; how one model is asked, in
`sending`; here is which models are asked in which order, and that nothing is asked twice. Each failed try and each
finished call is in the ledger before anything else happens with it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Protocol

from resources.models.budgets import Budget
from resources.models.claims import Claims
from resources.models.decisions.failures import Next, next_step, the_error_to_tell
from resources.models.decisions.limit_rules import LimitRule
from resources.models.decisions.retry import DEADLINE_SECONDS, RETRIES
from resources.models.decisions.routing import check_weights, choose_arm, first_then_rest
from resources.models.errors import BreakerOpenError, DeferredError, ModelError
from resources.models.ledger import Call, CallContext, Ledger, call_key
from resources.models.request import ModelRequest, Provider
from resources.models.route import Route
from resources.models.sending import Delivery, Sender, Sending

__all__ = ["DEADLINE_SECONDS", "RETRIES", "Collector", "Gateway"]


class Collector(Protocol):
    """Takes requests for a provider batch instead of sending them."""

    def takes(self, key: str) -> bool:
        """Whether the request with this key goes into a batch."""
        ...

    async def add(self, key: str, provider: Provider, request: ModelRequest, context: CallContext) -> None:
        """Put a request into a batch; when this returns it is durable."""
        ...


def _today() -> date:
    return datetime.now(UTC).date()


def _fitting(found: Mapping[str, Call], keys: tuple[str, ...], arm: str | None) -> Call | None:
    """The first of a request's calls that serves an arm."""
    calls = (found[key] for key in keys if key in found)
    call = next((call for call in calls if arm is None or call.key == keys[0] or call.arm == arm), None)
    return replace(call, arm=arm) if call and arm else call


class Gateway:
    """Asks models in fallback order. One gateway per run and event loop."""

    def __init__(
        self,
        providers: Sequence[Provider],
        ledger: Ledger,
        *,
        concurrency: int,
        routes: Mapping[str, float] | None = None,
        collector: Collector | None = None,
        budget: Budget | None = None,
        limits: Sequence[LimitRule] = (),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
        today: Callable[[], date] = _today,
    ) -> None:
        """`routes` are weights by 'provider:model', `limits` what the installation states of its accounts.

        Raises ValueError for a route that is none of the providers.
        """
        if not providers:
            raise ValueError("A gateway needs at least one provider.")
        self.providers = tuple(providers)
        self.ledger = ledger
        self._collector = collector
        self._sender = Sender(
            ledger, concurrency=concurrency, limits=limits, budget=budget, sleep=sleep, now=now, today=today
        )
        self._claims = Claims(ledger, self._sender.sleep)
        self._weights = dict(routes or {})
        arms = {f"{provider.name}:{provider.model}": provider for provider in reversed(self.providers)}
        if self._weights:
            check_weights(self._weights, list(arms))
        self._plain = Route(self, None, self.providers)
        self._routes = {arm: Route(self, arm, first_then_rest(arms[arm], self.providers)) for arm in self._weights}
        self._lookups: dict[str, asyncio.Future[dict[str, Call]]] = {}  # by key, until it is asked
        self._in_flight: dict[str, asyncio.Future[Call]] = {}
        self._out: dict[Provider, ModelError] = {}  # of no use to this run: key, credit or model is missing

    def route(self, unit: str) -> Route:
        """The models for one unit of work (a document's id), and in which order they are asked for it."""
        return self._routes[choose_arm(unit, self._weights)] if self._weights else self._plain

    def keys(self, request: ModelRequest) -> tuple[str, ...]:
        """The ledger's key of this request for each model of the fallback order."""
        return self._plain.keys(request)

    async def ask(self, request: ModelRequest, context: CallContext, keys: tuple[str, ...]) -> Call:
        """`Route.ask` in the plain fallback order."""
        return await self._plain.ask(request, context, keys)

    async def remember(self, keys: Sequence[str]) -> None:
        """Look many keys up at once, so that asking need not look each one up."""
        lookup = self._look_up(keys)
        self._lookups.update(dict.fromkeys(keys, lookup))
        await lookup

    def _look_up(self, keys: Sequence[str]) -> "asyncio.Future[dict[str, Call]]":
        return asyncio.get_running_loop().run_in_executor(None, self.ledger.find, list(keys))

    async def _from_ledger(self, keys: tuple[str, ...], arm: str | None) -> Call | None:
        """A stored call with one of these keys. A lookup is used once: what it did not find may be stored by then.

        Another model's answer counts for an arm only if that model stood in for this arm's own.
        """
        lookups = [self._lookups.pop(key, None) for key in keys]
        found = [await lookup for lookup in lookups if lookup is not None]
        if len(found) < len(keys):
            found = [await self._look_up(keys)] * len(keys)
        return _fitting({key: some.pop(key) for some, key in zip(found, keys, strict=True) if key in some}, keys, arm)

    async def answer(
        self, route: Route, request: ModelRequest, context: CallContext, keys: tuple[str, ...], delivery: Delivery
    ) -> Call:
        """The call that answers `request`; for `Route.ask` and `Route.stream`, where it is described."""
        while (waiting := self._in_flight.get(keys[0])) is not None:
            await asyncio.wait([waiting])
            if not waiting.cancelled():
                return replace(waiting.result(), paid=False)
        future: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._in_flight[keys[0]] = future
        try:
            call = await self._from_ledger(keys, route.arm)
            if call is None:
                await self._defer(route.providers[0], request, context, keys[0])
                call = await self._claimed(route, request, context, keys, delivery)
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

    async def _defer(self, provider: Provider, request: ModelRequest, context: CallContext, key: str) -> None:
        if self._collector is not None and self._collector.takes(key):
            await self._collector.add(key, provider, request, context)
            raise DeferredError(f"The request waits for a batch of {provider.name}:{provider.model}.")

    async def _claimed(
        self, route: Route, request: ModelRequest, context: CallContext, keys: tuple[str, ...], delivery: Delivery
    ) -> Call:
        """The call that answers a request not in the ledger: ours, or that of a process which asks the same."""
        if all(provider.account is None for provider in route.providers):  # it runs here, and nobody pays for it
            return await self._first_that_answers(route, request, context, keys, delivery)
        call = await self._claims.take(keys, lambda found: _fitting(found, keys, route.arm))
        if call is not None:
            return call
        try:
            call = await self._first_that_answers(route, request, context, keys, delivery)
        finally:
            self._claims.end(keys[0], call.key if call else None)
        return call

    async def _first_that_answers(
        self, route: Route, request: ModelRequest, context: CallContext, keys: tuple[str, ...], delivery: Delivery
    ) -> Call:
        errors = [self._out[provider] for provider in route.providers if provider in self._out]
        usable = [(p, key) for p, key in zip(route.providers, keys, strict=True) if p not in self._out]
        sending = Sending(self._sender, request, context, route.arm, delivery)
        shut: list[tuple[float, Provider, str]] = []
        for provider, key in usable:
            try:
                return await sending.to(provider, key, patient=len(usable) == 1)
            except BreakerOpenError as error:
                errors.append(error)
                shut.append((error.retry_after or 0.0, provider, key))
            except ModelError as error:
                errors.append(self._failed(provider, error, delivery))
        if len(usable) > 1:  # no model answered: those that are left alone for a while are waited for
            for _, provider, key in sorted(shut, key=lambda item: item[0]):
                try:
                    return await sending.to(provider, key, patient=True)
                except ModelError as error:
                    errors.append(self._failed(provider, error, delivery))
        raise the_error_to_tell(errors)

    def _failed(self, provider: Provider, error: ModelError, delivery: Delivery) -> ModelError:
        """The error, when another model may be asked after it; else it is raised."""
        step = next_step(error)
        if step is Next.STOP or delivery.begun:
            raise error
        if step is Next.NEXT_MODEL_FOR_ALL:
            self._out[provider] = error
        return error

    def key(self, provider: Provider, request: ModelRequest) -> str:
        """The ledger's key of a request to one model."""
        return call_key(self.ledger.tenant, provider, request)

    @property
    def calls_in_flight(self) -> int:
        """How many questions are waiting for an answer, also those that wait for their turn."""
        return len(self._in_flight)

    def stop(self) -> None:
        """Send no further call; those in flight finish into the ledger."""
        self._sender.stop()

    async def close(self) -> None:
        """Flush the ledger and close the providers, in the loop that used them."""
        await self._claims.close()
        await self._sender.close()
        for provider in self.providers:
            await provider.close()
