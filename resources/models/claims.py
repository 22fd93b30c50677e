"""Whose turn it is to ask: a request that another process is asking is not sent; its answer is waited for.

A claim is a row in the database, made before the request is sent, for all requests that come at the same time in one
transaction. It ends in the transaction that stores the call; at once when the request failed; and 20 s after its
process was last heard of. Nothing is held of the database while a call is in flight.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import uuid4

from resources.database.repositories.call_claims import claim, free, renew
from resources.models.background import Background
from resources.models.ledger import Call, Ledger, find_calls
from resources.observe.logs import get_logger

HELD_SECONDS = 20.0  # renewed four times as often; who starts again after a kill waits for it
_LOOK_AGAIN_SECONDS = 0.25
_GATHER_SECONDS = 0.004  # how long a claim waits for company where there is some

_log = get_logger("calls")

T = TypeVar("T")
Keys = tuple[str, ...]
"""The ledger's keys of one request, by model; the first is the one that is claimed."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the database said of a request: its finished calls by key, and whether it is ours to ask."""

    calls: Mapping[str, Call]
    ours: bool


class Claims:
    """The claims of one gateway. Use inside one event loop; `close` gives back what is held."""

    def __init__(self, ledger: Ledger, sleep: Callable[[float], Awaitable[None]]) -> None:
        """`sleep` waits, and may raise: what it raises ends the wait for others."""
        self._ledger = ledger
        self._sleep = sleep
        self._holder = uuid4()
        self._held: set[str] = set()
        self._asked: list[tuple[Keys, asyncio.Future[_Seen]]] = []
        self._dense = False  # several come within the time of one transaction
        self._given_up: list[str] = []
        self._pause: asyncio.Future[None] | None = None
        self._background = Background()
        self._keeper: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="claims")

    async def take(self, keys: Keys, choose: Callable[[Mapping[str, Call]], Call | None]) -> Call | None:
        """The stored call that `choose` takes of those found; None when it is for this asker to send: then `end`.

        Waits as long as another process asks the same.
        """
        while True:
            seen = await self._see(keys)
            call = choose(seen.calls)
            if call is None and seen.ours:
                return None
            if seen.ours:
                self.end(keys[0])
            if call is not None:
                return call
            await self._wait()

    def end(self, key: str, stored: str | None = None) -> None:
        """A request that was claimed has ended; `stored` is the key of the call that answers it, None for none."""
        self._held.discard(key)
        if key != stored:  # the claim of a call that is stored ended with its transaction
            self._given_up.append(key)
            self._background.start("free", self._free())

    async def _see(self, keys: Keys) -> _Seen:
        future: asyncio.Future[_Seen] = asyncio.get_running_loop().create_future()
        self._asked.append((keys, future))
        self._background.start("claim", self._claim())
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None and future.result().ours:
                self.end(keys[0])
            raise

    async def _claim(self) -> None:
        """Claim for all who ask, together; whoever comes meanwhile is in the next transaction."""
        if self._dense:
            await asyncio.sleep(_GATHER_SECONDS)  # nothing is slower for it: they wait for a slot next
        while self._asked:
            group, self._asked = self._asked, []
            self._dense = len(group) > 1
            try:
                ours, calls = await self._off_loop(partial(self._write, [keys for keys, _ in group]))
            except Exception as error:
                for _, future in group:
                    if not future.done():
                        future.set_exception(error)
                continue
            self._held |= ours
            if self._held and (self._keeper is None or self._keeper.done()):
                self._keeper = asyncio.create_task(self._keep())
            for keys, future in group:
                mine = keys[0] in ours
                ours.discard(keys[0])  # an asker that was cancelled may have had a successor in the same group
                if not future.done():
                    future.set_result(_Seen({key: calls[key] for key in keys if key in calls}, mine))
                elif mine:
                    self.end(keys[0])

    def _write(self, group: Sequence[Keys]) -> tuple[set[str], dict[str, Call]]:
        with self._ledger.database.transaction(self._ledger.tenant, durable=False) as session:
            ours = claim(session, {keys[0] for keys in group}, self._holder, HELD_SECONDS)
            return ours, find_calls(session, [key for keys in group for key in keys])

    async def _wait(self) -> None:
        """Until it is time to look again, together with all others who wait."""
        if self._pause is None or self._pause.done():
            self._pause = asyncio.ensure_future(self._sleep(_LOOK_AGAIN_SECONDS))
        await asyncio.shield(self._pause)

    async def _keep(self) -> None:
        """Renew what is held; end when nothing is."""
        while self._held:
            await asyncio.sleep(HELD_SECONDS / 4)
            await self._off_loop(partial(self._change, list(self._held), renewed=True))

    async def _free(self) -> None:
        while self._given_up:
            keys, self._given_up = self._given_up, []
            await self._off_loop(partial(self._change, keys, renewed=False))

    def _change(self, keys: Sequence[str], *, renewed: bool) -> None:
        try:
            with self._ledger.database.transaction(self._ledger.tenant, durable=False) as session:
                if renewed:
                    renew(session, keys, self._holder, HELD_SECONDS)
                else:
                    free(session, keys, self._holder)
        except Exception:  # no call fails for that: a claim ends a little earlier, or later
            _log.warning("claims could not be changed", requests=len(keys), exc_info=True)

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Give back what is held."""
        for task in (self._keeper, self._pause):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        await self._background.close()
        if self._held:
            await self._off_loop(partial(self._change, list(self._held), renewed=False))
        self._thread.shutdown()
