"""What a run may spend: set aside before a call is sent, settled when its cost is stored.

The budgets of a project and of a task are shared by all processes. This process takes a block of money for many
calls at once (`decisions.money`); near the limit it takes what one call needs. What a process holds is its own for
a minute after it was last heard of, so that one that is gone holds nothing for long.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TypeVar
from uuid import UUID, uuid4

from resources.database.engine import Database
from resources.database.repositories.budgets import WHOLE_PROJECT, BudgetRow, hold, let_go, set_budget
from resources.models.decisions import money
from resources.models.decisions.money import Pot, Purse, Short
from resources.models.errors import BudgetReachedError, UnpricedModelError
from resources.models.prices import worst_cost
from resources.models.request import Provider

T = TypeVar("T")
HELD_SECONDS = 60.0
_MARGIN_SECONDS = 5.0  # for clocks and for a transaction that takes long
_TIDY_SECONDS = 2.0  # how often what is held is made fresh, and what is idle given back
_LOOK_AGAIN_SECONDS = 0.25
_PATIENCE_SECONDS = HELD_SECONDS + 30.0  # others' calls end, or their processes are taken for gone
_BLOCK_CALLS = 64


class Budget:
    """The budgets that one run keeps to. Use inside one event loop."""

    def __init__(
        self,
        database: Database,
        tenant: str,
        project_id: str,
        task_id: UUID | None = None,
        *,
        project_usd: Decimal | None = None,
        task_usd: Decimal | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """At least one limit. Raises ValueError for none, for a negative one, and for a task's without a task."""
        limits = {WHOLE_PROJECT: project_usd, str(task_id): task_usd}
        self._limits = {scope: limit for scope, limit in limits.items() if limit is not None}
        if not self._limits or any(limit < 0 for limit in self._limits.values()):
            raise ValueError("A budget needs a limit for the project or the task, and no negative one.")
        if task_usd is not None and task_id is None:
            raise ValueError("A limit for a task needs the task.")
        self._database = database
        self._tenant = tenant
        self._project_id = project_id
        self._now = now
        self._holder = uuid4()
        self._purse = Purse()
        self._turn = asyncio.Lock()
        self._settled = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="budget")
        self._opened = False
        self._used = False  # since the keeper last looked
        self._keeper: asyncio.Task[None] | None = None

    def worst(self, provider: Provider, input_bytes: int, max_output_tokens: int, day: date) -> int:
        """The most that a call can cost, in billionths of a dollar. Raises UnpricedModelError.

        The prompt is counted as one token for each byte of its UTF-8 form, and 500 more for what the provider puts
        round it: byte-level vocabularies, which all these models have, never make more of it.
        """
        worst = worst_cost(provider.name, provider.model, input_bytes + 500, max_output_tokens, day)
        if worst is None:
            raise UnpricedModelError(
                f"{provider.name}:{provider.model} has no known price, so the budget cannot be kept. Put its price "
                "into resources/models/prices.json, use another model, or take the budget away."
            )
        return money.nano(worst)

    async def reserve(self, amount: int, what: str, check: Callable[[], None]) -> None:
        """Set `amount` aside for a call to `what`; `settle` must follow.

        Waits while calls in flight may give back what is missing. Raises BudgetReachedError, and what `check`
        raises, which is asked at each look: nobody waits for money in a run that stops.
        """
        give_up = None
        while not self._reserved(amount):
            self._settled.clear()
            async with self._turn:
                if self._reserved(amount):
                    return
                short = await self._refill(amount)
            if short is None:
                continue  # the block holds it, unless another asker was faster
            give_up = give_up or self._now() + _PATIENCE_SECONDS
            if short.final or self._now() > give_up:
                raise BudgetReachedError(self._refusal(amount, short, what))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), _LOOK_AGAIN_SECONDS)
            check()

    def _reserved(self, amount: int) -> bool:
        purse = money.reserve(self._purse, amount, self._now())
        if purse is None:
            return False
        self._purse = purse
        self._used = True
        return True

    def _refusal(self, amount: int, short: Short, what: str) -> str:
        limits = " and ".join(
            f"{'the project' if scope == WHOLE_PROJECT else 'the task'} may spend ${limit}"
            for scope, limit in self._limits.items()
        )
        return (
            f"The budget is reached: {limits}, ${money.usd(short.left):.6f} is left, and the next call to {what} "
            f"could cost ${money.usd(amount):.6f}. Raise the budget to go on."
        )

    def settle(self, amount: int, cost_usd: Decimal) -> None:
        """A call for which `amount` was set aside has ended; its cost, 0 for none, is in the ledger."""
        self._purse = money.settle(self._purse, amount, money.nano(cost_usd))
        self._settled.set()

    async def _refill(self, need: int) -> Short | None:
        """Take a block that holds `need`; what was free goes back in the same moment. Only with the turn."""
        if not self._opened:
            await self._off_loop(self._open)
            self._opened = True
        self._purse = money.emptied(self._purse)
        asked = self._now()
        answer = await self._off_loop(partial(self._take, self._purse.in_flight, need, need * _BLOCK_CALLS))
        if isinstance(answer, Short):
            return answer
        self._purse = money.filled(self._purse, answer, asked + HELD_SECONDS - _MARGIN_SECONDS)
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep())
        return None

    async def _keep(self) -> None:
        """Make what is held fresh, to the true amount; give back what is idle; end when nothing is held."""
        while True:
            await asyncio.sleep(_TIDY_SECONDS)
            async with self._turn:
                free = self._purse.free if self._used else 0
                self._used = False
                self._purse = money.emptied(self._purse)
                if free == 0 and self._purse.in_flight == 0:
                    await self._off_loop(self._let_go)
                    return
                asked = self._now()
                in_flight = self._purse.in_flight
                answer = await self._off_loop(partial(self._take, in_flight, 0, free))
                if not isinstance(answer, Short):
                    self._purse = money.filled(self._purse, answer, asked + HELD_SECONDS - _MARGIN_SECONDS)

    def _open(self) -> None:
        with self._database.transaction(self._tenant) as session:
            for scope in sorted(self._limits):
                set_budget(session, self._project_id, scope, self._limits[scope])

    def _take(self, in_flight: int, need: int, wish: int) -> int | Short:
        answer: int | Short = Short(0, final=False)

        def decide(rows: list[BudgetRow]) -> Decimal | None:
            nonlocal answer
            pots = [
                Pot(int(r.limit_usd * 10**9), money.nano(r.spent_usd), money.nano(r.held_by_others_usd)) for r in rows
            ]
            answer = money.block(pots, in_flight, need, wish)
            # also one that gets nothing tells what it still has in flight, so that others see no more than that
            return money.usd(in_flight + (0 if isinstance(answer, Short) else answer))

        with self._database.transaction(self._tenant) as session:
            hold(session, self._project_id, sorted(self._limits), self._holder, HELD_SECONDS, decide)
        return answer

    def _let_go(self) -> None:
        with self._database.transaction(self._tenant) as session:
            let_go(session, self._project_id, self._holder)

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Give back what is held."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._opened:
            await self._off_loop(self._let_go)
        self._thread.shutdown()
