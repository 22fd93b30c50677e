"""Provider batches as the server keeps them: their states, and the task that takes each of them through its life.

The states are OpenAI's; Anthropic's fewer ones are told from them. Everything lives in the server's process, so
clients may be killed and come back.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.model_server.batch_items import Fate, Item, work
from tests.model_server.dialects import Dialect
from tests.model_server.view import Api, Json

if TYPE_CHECKING:
    from tests.model_server.app import Application

_SLICE = 16  # items answered in one go, between which other requests get their turn
_SOON_S = 0.005  # shorter waits are not worth a timer
_STARTS, _WORKS = 0.1, 0.8  # shares of a batch's time: validation, then work on its items


class State(StrEnum):
    """Where a batch is; the last four are ends."""

    VALIDATING = "validating"
    IN_PROGRESS = "in_progress"
    CANCELLING = "cancelling"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


ENDS = frozenset({State.COMPLETED, State.FAILED, State.EXPIRED, State.CANCELLED})


@dataclass(slots=True)
class Batch:
    """One batch. `entered` has the Unix time at which each state was entered."""

    identity: str  # with the provider's prefix
    dialect: Dialect
    endpoint: str  # path of the model endpoint that its items go to
    key: str  # the credential with which it was made
    seconds: float  # from its creation until its end
    items: list[Item] = field(default_factory=list)
    state: State = State.VALIDATING
    entered: dict[State, float] = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)  # of validation
    input_file: str = ""
    output_file: str | None = None
    error_file: str | None = None
    model: str | None = None
    metadata: Mapping[str, str] | None = None
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def enter(self, state: State) -> None:
        """Go to a state."""
        self.state = state
        self.entered[state] = time.time()

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ENDS

    def shuffled(self) -> list[Item]:
        """The items in an order of their own: results come in any order, and no client may rely on one."""
        return sorted(self.items, key=lambda item: hashlib.md5(item.custom_id.encode()).digest())


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An uploaded file or a batch's output."""

    identity: str
    name: str
    purpose: str
    data: bytes
    created: int


class BatchStore:
    """All files and batches of one server, and the tasks that work on the batches."""

    def __init__(self, app: "Application") -> None:
        self._app = app
        self._tasks: set[asyncio.Task[None]] = set()
        self._released = asyncio.Event()
        self.files: dict[str, StoredFile] = {}
        self.batches: dict[str, Batch] = {}
        self.made = 0

    def clear(self) -> None:
        """Forget everything and stop all work."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self.files.clear()
        self.batches.clear()
        self.made = 0

    def configured(self) -> None:
        """Obey `batch_hold` as it is now."""
        if self._app.config.batch_hold:
            self._released.clear()
        else:
            self._released.set()

    def of(self, api: Api) -> list[Batch]:
        """A provider's batches, the newest first."""
        return [batch for batch in reversed(self.batches.values()) if batch.dialect.api is api]

    def store(self, name: str, purpose: str, data: bytes) -> StoredFile:
        """Keep a file."""
        stored = StoredFile(f"file-{self._app.next_identity()}", name, purpose, data, int(time.time()))
        self.files[stored.identity] = stored
        return stored

    def start(
        self, batch: Batch, reading: Iterator[None] | None = None, finish: Callable[[Batch], None] | None = None
    ) -> None:
        """Take a batch in and work on it.

        `reading` fills its items or its errors piece by piece while it is validated; `finish` makes its files.
        """
        batch.enter(State.VALIDATING)
        self.batches[batch.identity] = batch
        self.made += 1
        task = asyncio.get_running_loop().create_task(self._live(batch, reading, finish))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(
        self, batch: Batch, reading: Iterator[None] | None, finish: Callable[[Batch], None] | None
    ) -> None:
        try:
            await self._work(batch, reading)
            if not batch.ended and finish is not None:
                finish(batch)
            if not batch.ended:
                batch.enter(_end(batch))
        except Exception as error:  # heard of when the server closes
            self._app.failures.append(error)
            batch.enter(State.FAILED)

    async def _work(self, batch: Batch, reading: Iterator[None] | None) -> None:
        started = asyncio.get_running_loop().time()
        if reading is not None:
            await _until(batch, started + _STARTS * batch.seconds)
            for _ in reading:
                await asyncio.sleep(0)
            if batch.errors:
                batch.enter(State.FAILED)
                return
        if batch.state is State.VALIDATING:
            batch.enter(State.IN_PROGRESS)
        await self._items(batch, started)
        if batch.cancelled.is_set():
            await asyncio.sleep(_STARTS * batch.seconds)
        else:
            await self._released.wait()
            batch.enter(State.FINALIZING)
            await _until(batch, started + batch.seconds)
        await self._released.wait()

    async def _items(self, batch: Batch, started: float) -> None:
        count = len(batch.items)
        reached = count - math.ceil(count * self._app.config.batch_expire_share)
        for index, item in enumerate(batch.items):
            await _until(batch, started + batch.seconds * (_STARTS + _WORKS * index / count))
            if not self._released.is_set():
                await self._released.wait()
            elif index % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
            if batch.cancelled.is_set():
                item.fate = Fate.CANCELLED
            elif index >= reached:
                item.fate = Fate.EXPIRED
            else:
                work(self._app, batch.dialect, batch.endpoint, batch.identity, batch.key, item)

    def cancel(self, batch: Batch) -> None:
        """Stop working on a batch after the item at hand; what is done stays done."""
        if batch.state is not State.CANCELLING:
            batch.enter(State.CANCELLING)
            batch.cancelled.set()


def _end(batch: Batch) -> State:
    if batch.cancelled.is_set():
        return State.CANCELLED
    expired = any(item.fate is Fate.EXPIRED for item in batch.items)
    return State.EXPIRED if expired else State.COMPLETED


async def _until(batch: Batch, moment: float) -> None:
    """Wait for a moment of the loop's clock, or until the batch is cancelled."""
    if moment - asyncio.get_running_loop().time() > _SOON_S and not batch.cancelled.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout_at(moment):
                await batch.cancelled.wait()
