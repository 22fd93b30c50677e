"""Asking models on behalf of one answer: what was asked is counted, and the same thing is not asked twice at once."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from decimal import Decimal
from uuid import UUID
from weakref import WeakValueDictionary

from resources.installation import Installation
from resources.models.budgets import Budget
from resources.models.gateway import Gateway
from resources.models.ledger import Call, CallContext, Ledger
from resources.models.providers.choose import make_provider, parse_spec
from resources.models.request import ModelRequest
from resources.project import Project
from resources.vocabulary import CallPurpose

_ASKING: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()
"""By event loop and the ledger's key. Each answer has a gateway of its own; two that put the same request at the same
time would both pay. Behind the lock the second one finds it in the ledger."""


LONGEST_SECONDS = 300.0
"""That somebody waits for a call, all tries together."""
LONGEST_LOCAL_SECONDS = 780.0
"""The same where the model runs in this process, on its processors."""


class NoAnswerInTimeError(Exception):
    """The model did not answer within the time that somebody waits."""


class Caller:
    """The models of one answer. Use inside one event loop; `close` it."""

    def __init__(
        self,
        installation: Installation,
        tenant: str,
        project: Project,
        specs: Sequence[str],
        task_id: UUID | None,
        budget_usd: str | None = None,
    ) -> None:
        """`specs` are language models in fallback order, `budget_usd` is the task's. Raises ModelMissingError."""
        settings, database = installation.settings, installation.database
        most = project.settings.budget_usd
        project_usd = None if most is None else Decimal(str(most))
        task_usd = None if budget_usd is None or task_id is None else Decimal(budget_usd)
        budget = None
        if project_usd is not None or task_usd is not None:
            budget = Budget(database, tenant, project.id, task_id, project_usd=project_usd, task_usd=task_usd)
        self._gateway = Gateway(
            [make_provider(spec, timeout_seconds=settings.call_timeout_seconds) for spec in specs],
            Ledger(database, tenant),
            concurrency=1,
            budget=budget,
            limits=settings.limits,
        )
        self._project = project.id
        self._task = task_id
        local = any(parse_spec(spec)[0] == "gguf" for spec in specs)
        self._seconds = LONGEST_LOCAL_SECONDS if local else LONGEST_SECONDS
        self.model: str | None = None  # provider:model that answered
        self.calls = 0
        self.cost: Decimal | None = Decimal(0)  # None: a price is not known

    async def ask(self, request: ModelRequest, purpose: CallPurpose, sources: Sequence[UUID]) -> Call:
        """The whole answer to a request that shows words of the documents `sources`. Raises what `Route.ask`
        does, and NoAnswerInTimeError."""
        keys = self._gateway.keys(request)
        async with _lock(keys[0]):
            asking = self._gateway.ask(request, self._context(purpose, sources), keys)
            try:
                call = await asyncio.wait_for(asking, self._seconds)
            except TimeoutError as error:
                raise NoAnswerInTimeError(f"{purpose} was not answered in time") from error
        self._count(call)
        return call

    async def stream(
        self, request: ModelRequest, purpose: CallPurpose, sources: Sequence[UUID]
    ) -> AsyncGenerator[str | Call, None]:
        """Stretches of the answer as they come, and last the call. Raises what `Route.stream` does.

        Whoever answers is from then on `model`.
        """
        route = self._gateway.route("")
        keys = route.keys(request)
        async with (
            _lock(keys[0]),
            aclosing(route.stream(request, self._context(purpose, sources), keys)) as stretches,
        ):
            end = time.monotonic() + self._seconds
            while True:
                try:
                    stretch = await asyncio.wait_for(anext(stretches), max(0.0, end - time.monotonic()))
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise NoAnswerInTimeError(f"{purpose} was not answered in time") from error
                if isinstance(stretch, Call):
                    self._count(stretch)
                    self.model = f"{stretch.provider}:{stretch.model}"
                yield stretch

    def _context(self, purpose: CallPurpose, sources: Sequence[UUID]) -> CallContext:
        # in one order, so that transactions that store them wait for each other instead of locking each other out
        return CallContext(self._project, None, self._task, (), purpose, sources=tuple(sorted(set(sources))))

    def _count(self, call: Call) -> None:
        self.calls += 1
        if call.paid:
            self.cost = None if self.cost is None or call.cost_usd is None else self.cost + call.cost_usd

    async def close(self) -> None:
        """Write what is to be written, and close connections."""
        await self._gateway.close()


def _lock(key: str) -> asyncio.Lock:
    place = (id(asyncio.get_running_loop()), key)
    lock = _ASKING.get(place)
    if lock is None:
        lock = _ASKING[place] = asyncio.Lock()
    return lock
