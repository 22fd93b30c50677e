"""Asking one document's questions: repairs of unusable answers, halves of what does not fit, and the order of calls.

Answers are an `Answer` per variable, or the reason in words why there is none. Of the errors only those come through
that concern the whole run: a lost key, a reached budget, a stop, a request that waits for a provider batch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID

from crucible_assets.extractions.answer import Answer, InvalidAnswer, parse_answer
from crucible_assets.extractions.plan import Ask, Source, ask_again, halves, more_room
from resources.models.errors import (
    ContextOverflowError,
    CredentialError,
    DeferredError,
    ModelError,
    ModelMissingError,
)
from resources.models.ledger import Call, CallContext
from resources.models.route import Route
from resources.vocabulary import CallPurpose

T = TypeVar("T")
Given = Answer | str

_REPAIRS = 2  # how often a run asks again when an answer cannot be used
_ANSWERS = 20  # unusable answers after which nothing more is asked, in this run or a later one
_SHORTEST_HALVED = 200  # characters
_HALVINGS = 3  # how often a stretch is cut in two because the answer did not fit
_SHORTEST_CACHED = 3_500  # characters: providers cache prefixes from about 1,000 tokens on


@dataclass(slots=True)
class Used:
    """What answering one variable of one row took."""

    keys: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    model: str | None = None

    def add(self, call: Call) -> None:
        """Count one call."""
        self.keys.append(call.key)
        self.calls.append(call)
        self.model = f"{call.provider}:{call.model}"


Split = Callable[[Ask], Sequence[Ask]]
"""Makes requests for some of the variables each out of one for several; nothing where it asks for a single one."""


def _whole(_: Ask) -> Sequence[Ask]:
    return ()


async def all_of(awaitables: Sequence[Awaitable[T]]) -> list[T]:
    """The results in order, once all have ended: what one of them must tell the run does not cut off the others.

    A request that waits for a provider batch is told last, so that every question of a round joins the batch.
    """
    results = await asyncio.gather(*awaitables, return_exceptions=True)
    errors = [result for result in results if isinstance(result, BaseException)]
    if errors:
        raise next((error for error in errors if not isinstance(error, DeferredError)), errors[0])
    return [result for result in results if not isinstance(result, BaseException)]


class Asking:
    """Asks the questions of one document."""

    def __init__(self, route: Route, source: Source, project_id: str, task_id: UUID | None) -> None:
        self.route = route
        self.source = source
        self._project_id, self._task_id = project_id, task_id
        self._context = CallContext(project_id, source.id, task_id, ())
        self._prefixes: dict[tuple[str, str], _Prefix] = {}
        self._caching = route.providers[0].caches_prefixes

    def keyed(self, ask: Ask) -> tuple[Ask, tuple[str, ...]]:
        """A request with its keys in the ledger."""
        return ask, self.route.keys(ask.request)

    def of(self, route: Route) -> "Asking":
        """The same document, asked by another route."""
        return self if route is self.route else Asking(route, self.source, self._project_id, self._task_id)

    async def answers(
        self,
        ask: Ask,
        keys: tuple[str, ...],
        used: Mapping[str, Used],
        purpose: CallPurpose = CallPurpose.EXTRACT,
        row_key: str = "",
        split: Split = _whole,
    ) -> dict[str, Given]:
        """The answers to one request, whatever it takes; `split` makes two requests of one for several variables."""
        context = replace(self._context, purpose=purpose, row_key=row_key)
        return await self._stretch(ask, keys, used, context, split, 0)

    async def call(
        self, ask: Ask, keys: tuple[str, ...], purpose: CallPurpose, row_key: str, used: Mapping[str, Used]
    ) -> Call:
        """One call as it is, nothing repaired."""
        return await self._call(ask, keys, used, replace(self._context, purpose=purpose, row_key=row_key))

    async def _stretch(
        self,
        ask: Ask,
        keys: tuple[str, ...],
        used: Mapping[str, Used],
        context: CallContext,
        split: Split,
        halvings: int,
    ) -> dict[str, Given]:
        try:
            call = await self._call(ask, keys, used, context)
            if _cut_off(call):
                parts = split(ask)
                if parts:
                    return await self._of_parts(parts, used, context, split, halvings)
                ask = more_room(ask)
                call = await self._call(ask, self.route.keys(ask.request), used, context)
                if _cut_off(call) and self._can_be_halved(ask, halvings):
                    return await self._halved(ask, used, context, split, halvings)
            return await self._repaired(ask, call, used, context)
        except (CredentialError, ModelMissingError):
            raise  # every other call would end the same way: the run stops and says so
        except ContextOverflowError:
            return await self._halved(ask, used, context, split, halvings)
        except (ModelError, InvalidAnswer) as error:
            return dict.fromkeys(ask.variables, str(error))

    async def _repaired(
        self, ask: Ask, call: Call, used: Mapping[str, Used], context: CallContext
    ) -> dict[str, Given]:
        """Read the answer; ask again while it cannot be used, a few new calls a run.

        Unusable answers of earlier runs are in the ledger and free: each run goes on where the last one gave up.
        """
        new_calls = 0
        for number in range(1, _ANSWERS + 1):
            try:
                return _read(call, ask)
            except InvalidAnswer as error:
                if new_calls == _REPAIRS or number == _ANSWERS:
                    raise
                again = ask_again(ask, str(error), number)
                repeat = replace(context, purpose=CallPurpose.REPEAT)
                call = await self._call(again, self.route.keys(again.request), used, repeat)
                new_calls += call.paid
        raise AssertionError("the loop returns or raises")

    def _can_be_halved(self, ask: Ask, halvings: int) -> bool:
        return halvings < _HALVINGS and ask.end - ask.start >= _SHORTEST_HALVED

    async def _halved(
        self, ask: Ask, used: Mapping[str, Used], context: CallContext, split: Split, halvings: int
    ) -> dict[str, Given]:
        if not self._can_be_halved(ask, halvings):
            return dict.fromkeys(ask.variables, "even a small part of the document does not fit the model")
        parts = await all_of(
            [
                self._stretch(*self.keyed(half), used, context, split, halvings + 1)
                for half in halves(self.source, ask)
            ]
        )
        return {f.name: _joined(parts[0][f.name], parts[1][f.name]) for f in ask.request.fields}

    async def _of_parts(
        self, asks: Sequence[Ask], used: Mapping[str, Used], context: CallContext, split: Split, halvings: int
    ) -> dict[str, Given]:
        """The answers of requests for some of the variables each."""
        parts = await all_of([self._stretch(*self.keyed(ask), used, context, split, halvings) for ask in asks])
        return {name: answer for part in parts for name, answer in part.items()}

    async def _call(self, ask: Ask, keys: tuple[str, ...], used: Mapping[str, Used], context: CallContext) -> Call:
        context = replace(context, variables=ask.variables, span=(ask.start, ask.end))
        call = await self._in_order(ask, keys, context)
        for name in ask.variables:
            used[name].add(call)
        return call

    async def _in_order(self, ask: Ask, keys: tuple[str, ...], context: CallContext) -> Call:
        """Ask; where the provider caches prefixes, the first question about a stretch goes ahead of the others.

        The others then find the document in the provider's cache; asked all at once, none of them would.
        """
        request = ask.request
        if not self._caching or len(request.system) + len(request.document) < _SHORTEST_CACHED:
            return await self.route.ask(request, context, keys)
        kind = str(request.schema)
        prefix = self._prefixes.setdefault((request.fence, kind), _Prefix())
        if not prefix.read:
            async with prefix.first:
                if not prefix.read:
                    call = await self.route.ask(request, context, keys)
                    prefix.read = call.paid  # one from the ledger has shown the provider nothing
                    return call
        return await self.route.ask(request, context, keys)


@dataclass(slots=True)
class _Prefix:
    """Whether a provider has read a document with an answer schema in this run."""

    read: bool = False
    first: asyncio.Lock = field(default_factory=asyncio.Lock)


def _cut_off(call: Call) -> bool:
    return call.reply.finish_reason == "length"


def _read(call: Call, ask: Ask) -> dict[str, Given]:
    """The answers of a call. Raises InvalidAnswer."""
    if _cut_off(call):
        raise InvalidAnswer("it was cut off.", call.reply.text)
    return dict(parse_answer(call.reply.text, ask.request.fields))


def _joined(left: Given, right: Given) -> Given:
    """The answer of a stretch from those of its halves; which of several values counts is decided with the cell."""
    if isinstance(left, str) or isinstance(right, str):
        return left if isinstance(left, str) else right
    if left.found and right.found:
        return replace(left, items=left.items + right.items)
    return left if left.found else right
