"""One order in which models are asked: what the pipeline holds of the gateway for one document."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resources.models.ledger import Call, CallContext
from resources.models.request import ModelRequest, Provider
from resources.models.sending import Delivery

if TYPE_CHECKING:
    from resources.models.gateway import Gateway


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The models for a unit of work, the first choice first. Shares all state with its gateway."""

    gateway: "Gateway"
    arm: str | None  # of a weighted choice: 'provider:model', stored with every call; None: there is no choice
    providers: tuple[Provider, ...]

    @property
    def reads_whole_documents(self) -> bool:
        """Whether every model takes documents of any length."""
        return all(provider.reads_whole_documents for provider in self.providers)

    def keys(self, request: ModelRequest) -> tuple[str, ...]:
        """The ledger's key of this request for each model, in their order."""
        return tuple(self.gateway.key(provider, request) for provider in self.providers)

    async def ask(self, request: ModelRequest, context: CallContext, keys: tuple[str, ...]) -> Call:
        """The answer to `request`: from the ledger, else from the first model that answers.

        `keys` are `self.keys(request)`; those for which `Gateway.remember` was not awaited are looked up now. A
        request that is on its way for another asker is not sent again: both get its answer, one of them as paid.
        Raises DeferredError when the request was put into a provider batch, BudgetReachedError when it could cost
        more than is left, GatewayStoppedError when the run is stopping; ContextOverflowError when a model said that
        a part of the document would fit, else the last ModelError.
        """
        return await self.gateway.answer(self, request, context, keys, Delivery())

    async def stream(
        self, request: ModelRequest, context: CallContext, keys: tuple[str, ...]
    ) -> AsyncGenerator[str | Call, None]:
        """Stretches of the answer's text as they come, and last the stored call. Raises what `ask` raises.

        Until the first stretch has come, failures are met as in `ask`; after it they are raised, because what was
        given out cannot be taken back. An answer that broke off is never stored as a finished call. What is in the
        ledger already, or on its way for another asker, comes in one piece. Close the iterator to stop early.
        """
        stretches: asyncio.Queue[str | None] = asyncio.Queue()
        delivery = Delivery(stretches.put_nowait)
        asking = asyncio.create_task(self.gateway.answer(self, request, context, keys, delivery))
        asking.add_done_callback(lambda _: stretches.put_nowait(None))
        try:
            while (stretch := await stretches.get()) is not None:
                yield stretch
            call = await asking
            if not delivery.begun and call.reply.text:
                yield call.reply.text
            yield call
        finally:
            asking.cancel()
            await asyncio.wait([asking])
