"""Searching one stretch of a document until the list of its entities is whole, or nothing more is found."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from crucible_assets.extractions.answer import InvalidAnswer
from crucible_assets.extractions.asking import all_of
from crucible_assets.extractions.entities.ask import NamedRow, parse_rows, rows_request
from crucible_assets.extractions.entities.listing import Listing, counts_in
from crucible_assets.extractions.entities.mention import Count, Mention
from crucible_assets.extractions.entities.names import folded_name
from crucible_assets.extractions.entities.placing import place_rows
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.plan import Source, halve
from crucible_assets.prompts.render import fenced
from resources.models.errors import ContextOverflowError, CredentialError, ModelError, ModelMissingError
from resources.models.ledger import Call, CallContext
from resources.models.request import ModelRequest
from resources.project import Project
from resources.vocabulary import CallPurpose

SWEEPS = 2  # how often in vain entities that the source counts and no answer gave are asked for
_REPAIRS = 2  # how often it is asked again when an answer cannot be used
_CONTINUED = 50  # answers that one endless list may take
_HALVINGS = 4
_SHORTEST_HALVED = 400  # characters
_HINTED = 40  # missing rows that are shown to the model
_HINT_CHARACTERS = 160  # of each

Window = tuple[int, int]


class Asks(Protocol):
    """What a search needs of a route to models."""

    def keys(self, request: ModelRequest) -> tuple[str, ...]:
        """The ledger's keys of a request."""
        ...

    async def ask(self, request: ModelRequest, context: CallContext, keys: tuple[str, ...]) -> Call:
        """The answer to a request."""
        ...


@dataclass(slots=True)
class Searched:
    """What a search has come to so far; filled as answers come in."""

    mentions: list[Mention] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # stretches that could not be searched, and why


class Search:
    """Searches a document's stretches. `document` is its prepared text, `listing` its series."""

    def __init__(
        self,
        route: Asks,
        project: Project,
        source: Source,
        listing: Listing,
        document: PreparedText,
        task_id: UUID | None,
        executor: Executor | None,
    ) -> None:
        self._route, self._project, self._source = route, project, source
        self._listing, self._document, self._executor = listing, document, executor
        self.context = CallContext(project.id, source.id, task_id, (), CallPurpose.FIND_ENTITIES)

    async def stretch(self, window: Window) -> Searched:
        """Everything in one stretch. Raises only what concerns the whole run."""
        done = Searched()
        await self._listed(window, done, 0)
        fruitless = 0
        for _ in range(_CONTINUED):
            missing = self._missing(window, done)
            if not missing or done.problems or fruitless == SWEEPS:
                break
            before = len(_distinct(done.mentions))
            part = self._around(window, missing) if fruitless else window
            await self._listed(part, done, 0, note=_note(self._listing.text, missing, none=not done.mentions))
            fruitless = fruitless + 1 if len(_distinct(done.mentions)) == before else 0
        return done

    def _missing(self, window: Window, done: Searched) -> tuple[Count, ...]:
        counts = counts_in(self._listing, done.mentions, self._source.language, window)
        return tuple(count for count in counts if count.differs)

    def _around(self, window: Window, missing: Sequence[Count]) -> Window:
        """The part of a stretch from the first to the last row that is missing: a short list is cut short less."""
        spans = [span for count in missing for span in count.missing]
        return (min(start for start, _ in spans), max(end for _, end in spans)) if spans else window

    async def _listed(self, window: Window, done: Searched, halvings: int, note: str = "") -> None:
        """Ask for the list; go on where an answer was cut off, and in halves where that leads nowhere."""
        for number in range(_CONTINUED):
            known = _names(done.mentions) if done.mentions else []
            request = rows_request(self._project, self._source, *window, known, note)
            try:
                call, rows = await self._usable(request, window, done)
            except (CredentialError, ModelMissingError):
                raise  # every other call would end the same way: the run stops and says so
            except ContextOverflowError as error:
                await self._halved(window, done, halvings, str(error))
                return
            except (ModelError, InvalidAnswer) as error:
                done.problems.append(_place(window) + str(error))
                return
            before = len(_distinct(done.mentions))
            await self._place(rows, window, done, call.key)
            if call.reply.finish_reason != "length":
                return
            if len(_distinct(done.mentions)) == before or number == _CONTINUED - 1:
                await self._halved(window, done, halvings, "the list is longer than the model's answers")
                return

    async def _usable(self, request: ModelRequest, window: Window, done: Searched) -> tuple[Call, list[NamedRow]]:
        """An answer that can be read, after a few repeats with a word on what was wrong. Raises InvalidAnswer."""
        context = replace(self.context, span=window)
        asked = request
        for number in range(_REPAIRS + 1):
            call = await self._route.ask(asked, context, self._route.keys(asked))
            done.calls.append(call)
            try:
                return call, parse_rows(call.reply.text, cut_off=call.reply.finish_reason == "length")
            except InvalidAnswer as error:
                if number == _REPAIRS:
                    raise
                said = f"Answer {number + 1} could not be used. What is wrong with it is data:"
                note = f"{said}\n{fenced('problem', str(error))}\nAnswer with one JSON object as asked."
                asked = replace(request, question=f"{request.question}\n\n{note}")
                context = replace(context, purpose=CallPurpose.REPEAT)
        raise AssertionError("the loop returns or raises")

    async def _halved(self, window: Window, done: Searched, halvings: int, reason: str) -> None:
        start, end = window
        if halvings >= _HALVINGS or end - start < _SHORTEST_HALVED:
            done.problems.append(_place(window) + reason)
            return
        middle = start + halve(self._source.text[start:end])
        parts = [Searched(list(done.mentions)) for _ in range(2)]
        await all_of(
            [self._listed(half, part, halvings + 1)
             for half, part in zip(((start, middle), (middle, end)), parts, strict=True)]
        )  # fmt: skip
        known = len(done.mentions)
        for part in parts:
            done.mentions += part.mentions[known:]
            done.calls += part.calls
            done.problems += part.problems

    async def _place(self, rows: list[NamedRow], window: Window, done: Searched, key: str) -> None:
        """Place an answer's rows, off the event loop: a quote that is not there takes its time."""
        start, end = window
        text = PreparedText(self._source.text[start:end]) if window != (0, len(self._source.text)) else self._document
        loop = asyncio.get_running_loop()
        done.mentions += await loop.run_in_executor(
            self._executor, place_rows, rows, text, start, self._document, tuple(done.mentions), key
        )


def _distinct(mentions: Sequence[Mention]) -> set[tuple[str, int | None]]:
    return {(folded_name(mention.name), mention.at) for mention in mentions}


def _names(mentions: Sequence[Mention]) -> list[str]:
    """The names in the order in which they were given; as often as they stand at different places."""
    seen = {(folded_name(m.name), m.at): m.name for m in mentions}
    return list(seen.values())


def _place(window: Window) -> str:
    return f"characters {window[0]} to {window[1]}: "


def _note(text: str, missing: Sequence[Count], *, none: bool) -> str:
    """What the source counts and the list does not have, in words."""
    said = "; ".join(
        f"the document has {count.expected} ({count.what}), the list has {count.found} of them" for count in missing
    )
    lines = [" ".join(text[start:end].split())[:_HINT_CHARACTERS] for c in missing for start, end in c.missing]
    shown = "\n".join(lines[:_HINTED])
    begin = "The list is empty so far, but it seems that" if none else "The list seems to be incomplete:"
    hint = (
        f"\nNot in the list are, among others, those that these lines may name:\n{fenced('lines', shown)}"
        if shown
        else ""
    )
    return f"{begin} {said}. Go through the document once more. Give only what the description names.{hint}"
