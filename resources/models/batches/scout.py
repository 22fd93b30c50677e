"""The one live call by which a run learns how a model wants to be asked, before thousands are put into a batch.

Servers refuse parameters that a model does not take. A provider learns from the refusal what to leave out; without
it, every item of the batch would come back refused, a day later. A wrong key or model shows at once, too.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from resources.database.engine import Database
from resources.database.repositories.budgets import BudgetRow, hold, let_go
from resources.models.batches.service import BatchProvider
from resources.models.decisions import money
from resources.models.errors import (
    CredentialError,
    ModelError,
    ModelMissingError,
    ParameterLearntError,
    UnpricedModelError,
)
from resources.models.ledger import Attempt, Call, CallContext, Ledger
from resources.models.prices import cost_of, price_of, worst_cost
from resources.models.request import ModelRequest, Provider

_LEARN_THEIR_DIALECT = frozenset({"openai"})
_MOST_LESSONS = 8  # parameters that a server can refuse, one after the other
_HELD_SECONDS = 1_200.0


def arm_of(provider: Provider, arms: Collection[str]) -> str | None:
    """The arm of a weighted choice that a provider is; None where there is no such choice."""
    name = f"{provider.name}:{provider.model}"
    return name if name in arms else None


def worst_in_batch(provider: Provider, request: ModelRequest, body: str) -> Decimal:
    """The most USD that a request can cost in a batch. Raises UnpricedModelError."""
    price = price_of(provider.name, provider.model, _today())
    worst = _worst(provider, request, len(body.encode()))
    return money.usd(money.nano(worst * price.batch if price else worst))


def _worst(provider: Provider, request: ModelRequest, size_bytes: int) -> Decimal:
    """As `Budget.worst` counts: a token for each byte, and 500 for what the provider puts round them."""
    worst = worst_cost(provider.name, provider.model, size_bytes + 500, request.max_output_tokens, _today())
    if worst is None:
        raise UnpricedModelError(
            f"{provider.name}:{provider.model} has no known price, so the budget cannot be kept. Put its price "
            "into resources/models/prices.json, use another model, or take the budget away."
        )
    return worst


def _today() -> date:
    return datetime.now(UTC).date()


class Scout:
    """One run's scouts, one for each model that needs one. Use inside one event loop."""

    def __init__(
        self, database: Database, ledger: Ledger, project_id: str, scopes: Sequence[str], arms: Collection[str]
    ) -> None:
        """`scopes` are those of the budgets that are kept."""
        self._database = database
        self._ledger = ledger
        self._project_id = project_id
        self._scopes = sorted(scopes)
        self._arms = arms
        self._sent: dict[tuple[str, str], asyncio.Future[None]] = {}

    async def asked(self, key: str, provider: BatchProvider, request: ModelRequest, context: CallContext) -> bool:
        """Whether this very request was asked live, as the first to its model; all others wait until that has ended.

        Raises CredentialError and ModelMissingError, as which every other request would end.
        """
        if provider.name not in _LEARN_THEIR_DIALECT:
            return False
        place = provider.name, provider.model
        if (scout := self._sent.get(place)) is not None:
            if not scout.done():
                await asyncio.wait([scout])
            return False
        self._sent[place] = asyncio.get_running_loop().create_future()
        holder = uuid4()
        try:
            worst = (
                _worst(provider, request, len(str(provider.body(request)).encode())) if self._scopes else Decimal(0)
            )
            if self._scopes and not await asyncio.to_thread(self._hold, holder, worst):
                return False  # what is left may still do for it in a batch, at half the price
            return await self._learn(key, provider, request, context)
        finally:
            self._sent[place].set_result(None)
            if self._scopes:
                await asyncio.to_thread(self._let_go, holder)

    async def _learn(self, key: str, provider: BatchProvider, request: ModelRequest, context: CallContext) -> bool:
        """Ask until nothing more is learnt; whether there was an answer, which is in the ledger then."""
        for number in range(1, _MOST_LESSONS + 1):
            began = time.perf_counter()
            try:
                reply = await provider.generate(request)
            except ModelError as error:
                seconds = time.perf_counter() - began
                failed = Attempt(key, number, provider.name, provider.model, str(error), seconds)
                await self._ledger.record(failed, context)
                if isinstance(error, ParameterLearntError):
                    continue
                if isinstance(error, CredentialError | ModelMissingError):
                    raise
                return False
            seconds = time.perf_counter() - began
            cost, version = cost_of(provider.name, provider.model, reply.usage, _today())
            arm = arm_of(provider, self._arms)
            call = Call(key, provider.name, provider.model, reply, cost, version, seconds, paid=True, arm=arm)
            await self._ledger.store(call, context)
            return True
        return False

    def _hold(self, holder: UUID, worst: Decimal) -> bool:
        def decide(rows: list[BudgetRow]) -> Decimal | None:
            room = min(row.limit_usd - row.spent_usd - row.held_by_others_usd for row in rows)
            return worst if worst <= room else None

        with self._database.transaction(self._ledger.tenant) as session:
            return hold(session, self._project_id, self._scopes, holder, _HELD_SECONDS, decide) is not None

    def _let_go(self, holder: UUID) -> None:
        with self._database.transaction(self._ledger.tenant) as session:
            let_go(session, self._project_id, holder)
