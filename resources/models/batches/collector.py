"""Takes requests that are not in the ledger and puts them into batches, instead of the network.

Bodies are gathered by model and written a few megabytes at a time, so memory stays bounded by what is remembered of
each request: its key. A batch that is full is sealed and sent while the run goes on.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, to_json

from resources.database.engine import Database
from resources.database.repositories import provider_batch_items as item_store
from resources.database.repositories import provider_batches as store
from resources.database.repositories.budgets import set_budget
from resources.database.repositories.provider_batch_items import NewItem
from resources.database.repositories.provider_batches import Attempt as Round
from resources.database.repositories.provider_batches import ProviderBatch
from resources.models.batches.scout import Scout, arm_of, worst_in_batch
from resources.models.batches.service import LIMITS, BatchProvider, Limits
from resources.models.errors import (
    BudgetReachedError,
    ModelMissingError,
)
from resources.models.ledger import CallContext, Ledger
from resources.models.request import ModelRequest, Provider

MOST_ROUNDS = 3
"""Requests that show only when answers are read (repairs, dependent variables, halves) wait for a batch each time."""

_LINE_BYTES = 160  # of a line round its body, at most
_GATHERED_BYTES = 4 * 1024 * 1024
_GATHERED_ITEMS = 500
_CONTEXT: TypeAdapter[CallContext] = TypeAdapter(CallContext)


def context_to_json(context: CallContext, arm: str | None) -> str:
    """What a call is made for, and the arm it belongs to, for the item's row."""
    return json.dumps({"arm": arm, **_CONTEXT.dump_python(context, mode="json")}, ensure_ascii=False)


def context_from_data(data: Mapping[str, Any]) -> tuple[CallContext, str | None]:
    """The inverse of `context_to_json`, after the database has read it."""
    plain = dict(data)
    arm = plain.pop("arm", None)
    return _CONTEXT.validate_python(plain), arm


def body_text(body: Mapping[str, Any]) -> str:
    """A body as it is sent, its keys in their order."""
    try:
        return to_json(body).decode()
    except PydanticSerializationError:  # half a surrogate pair, which UTF-8 cannot hold and servers do not parse
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return re.sub("[\ud800-\udfff]", "\ufffd", text)


@dataclass(slots=True)
class _Lane:
    """What waits to be written for one model."""

    provider: BatchProvider
    items: list[NewItem] = field(default_factory=list)
    size: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class BatchCollector:
    """One attempt's collector, as `Batching` opens and ends it. Use it in one event loop."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        by: Round,
        *,
        arms: Collection[str] = (),
        budgets: Mapping[str, Decimal] | None = None,
        limits: Mapping[str, Limits] = LIMITS,
        send: Callable[[UUID], Awaitable[None]] | None = None,
    ) -> None:
        """`arms` are the gateway's routes, `budgets` limits in USD by scope (as in `repositories.budgets`). `send` is
        given each batch as soon as it is sealed; without it they stay for whoever looks next.
        """
        self._database = database
        self._ledger = ledger
        self._by = by
        self._arms = frozenset(arms)
        self._budgets = dict(budgets or {})
        self._short = False  # the budgets allow no more until something has ended
        self._added = 0
        self._limits = limits
        self._send = send
        self._tried: set[bytes] = set()
        self._out: dict[bytes, UUID] = {}  # in batches that were made before
        self._mine: set[bytes] = set()
        self._needed: set[UUID] = set()
        self._exhausted = False
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._scout = Scout(database, ledger, by.project_id, list(self._budgets), self._arms)
        self._sending: list[asyncio.Future[None]] = []

    def load(self) -> None:
        """Learn what was tried and what is out. Blocking."""
        with self._database.transaction(self._ledger.tenant) as session:
            for scope in sorted(self._budgets):
                set_budget(session, self._by.project_id, scope, self._budgets[scope])
            if self._by.task_id is not None:
                self._tried = {bytes.fromhex(key) for key in item_store.tried(session, self._by.task_id)}
                self._exhausted = store.rounds_before(session, self._by) >= MOST_ROUNDS
            ids: dict[UUID, UUID] = {}  # one object per batch
            for key, batch in item_store.queued(session, self._by.project_id):
                self._out[bytes.fromhex(key)] = ids.setdefault(batch, batch)

    def takes(self, key: str) -> bool:
        """Whether the request waits for a batch; False: it is to be asked live."""
        short = bytes.fromhex(key)
        if short in self._out or short in self._mine:
            return True
        return not self._exhausted and short not in self._tried

    async def add(self, key: str, provider: Provider, request: ModelRequest, context: CallContext) -> None:
        """Put a request into a batch, once, whoever asks how often.

        What is added is durable when `finish` returns; until then its document is undone, and is asked again if the
        run dies. Raises CredentialError and ModelMissingError when no request can succeed.
        """
        if provider.name not in self._limits:
            raise ModelMissingError(f"{provider.name} has no batches; use calls: live.")
        short = bytes.fromhex(key)
        if short in self._out:
            self._needed.add(self._out[short])
            return
        if short in self._mine:
            return
        self._mine.add(short)
        asked = cast(BatchProvider, provider)
        if await self._scout.asked(key, asked, request, context):
            return
        if self._short:
            return  # it is asked for again when what is out has ended
        lane = self._lanes.setdefault((provider.name, provider.model), _Lane(asked))
        body = body_text(asked.body(request))
        worst = worst_in_batch(asked, request, body) if self._budgets else Decimal(0)
        item = NewItem(key, body, context_to_json(context, arm_of(asked, self._arms)), worst)
        lane.items.append(item)
        lane.size += len(item.body)
        if lane.size >= _GATHERED_BYTES or len(lane.items) >= _GATHERED_ITEMS:
            await self._write(lane)

    async def finish(self) -> list[UUID]:
        """Write what is gathered, seal every batch of this attempt, and send them. The ids of what was to be sent.

        Raises BudgetReachedError when the budgets allowed not a single request.
        """
        for lane in self._lanes.values():
            await self._write(lane)
        if self._short and not self._added and not self._needed:
            raise BudgetReachedError(
                "The budget is reached: what is left of it may not cover a single request of a provider batch. "
                "Raise the budget to go on."
            )
        sealed = await asyncio.to_thread(self._seal_all)
        if self._send is not None:
            self._sending += [asyncio.ensure_future(self._send(batch)) for batch in sealed]
        await self.settle()
        return sealed

    async def settle(self) -> None:
        """Wait for what is being sent, in a run that stops without `finish` too.

        Raises what went wrong there after all have ended; what providers answered is no error, but in the batches.
        """
        ended = await asyncio.gather(*self._sending, return_exceptions=True)
        self._sending = []
        for error in ended:
            if isinstance(error, BaseException):
                raise error

    def _seal_all(self) -> list[UUID]:
        with self._database.transaction(self._ledger.tenant) as session:
            if self._needed:
                store.take_over(session, sorted(self._needed), self._by)
            return store.seal_all(session, self._by)

    async def _write(self, lane: _Lane) -> None:
        async with lane.lock:  # whoever comes meanwhile waits: what is gathered stays bounded
            items, lane.items, lane.size = lane.items, [], 0
            if items:
                for batch in await asyncio.to_thread(self._store, lane.provider, items):
                    if self._send is not None:
                        self._sending.append(asyncio.ensure_future(self._send(batch)))

    def _store(self, provider: Provider, items: list[NewItem]) -> list[UUID]:
        """Write requests into as many batches as they need; the batches that were sealed."""
        sealed = []
        with self._database.transaction(self._ledger.tenant) as session:
            while items and not self._short:
                batch = store.batch_to_fill(session, self._by, provider.name, provider.model)
                room = self._room(batch, items)
                count = (
                    item_store.affordable(session, batch, items[:room], list(self._budgets))
                    if self._budgets
                    else room
                )
                if count:
                    item_store.add_items(session, batch.id, items[:count])
                    self._added += count
                    items = items[count:]
                elif not batch.items:
                    store.forget_empty(session, batch)
                self._short = count < room
                if items and not self._short:
                    store.seal(session, batch.id)
                    sealed.append(batch.id)
        return sealed

    def _room(self, batch: ProviderBatch, items: list[NewItem]) -> int:
        """How many of the next items the batch has room for: at least one if it is empty."""
        limits = self._limits[batch.provider]
        size = batch.size_bytes + batch.items * _LINE_BYTES
        count = 0
        for item in items:
            size += len(item.body.encode()) + _LINE_BYTES
            if size > limits.size_bytes or batch.items + count == limits.requests:
                break
            count += 1
        return count or (0 if batch.items else 1)
