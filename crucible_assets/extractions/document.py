"""One document from its text to its cells: ask, parse, merge, decide, in the order of the dependencies."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from crucible_assets.extractions.answer import Answer, InvalidAnswer, parse_answer
from crucible_assets.extractions.cell import (
    Cell,
    Evidence,
    dependency_met,
    failed_cell,
    not_applicable_cell,
)
from crucible_assets.extractions.decide import decide_cell
from crucible_assets.extractions.grounding.locate import where
from crucible_assets.extractions.grounding.place import Placement
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.merge import merge_chunks
from crucible_assets.extractions.plan import (
    Ask,
    Asked,
    Source,
    ask_again,
    fingerprint,
    grouped,
    halve,
    make_ask,
    more_room,
    stretches,
)
from resources.models.errors import ContextOverflowError, CredentialError, ModelError, ModelMissingError
from resources.models.gateway import Gateway
from resources.models.ledger import Call, CallContext
from resources.project import Project, waves
from resources.vocabulary import CellState, Variable

_REPAIRS = 2  # how often a run asks again when an answer cannot be used
_ANSWERS = 20  # unusable answers after which nothing more is asked, in this run or a later one
_SHORTEST_HALVED = 200  # characters
_HALVINGS = 3  # how often a stretch is cut in two because the answer did not fit


@dataclass(frozen=True, slots=True)
class Planned:
    """All requests of a document, made before the first is sent, with their keys in the ledger."""

    source: Source
    asks: Mapping[str, tuple[tuple[Ask, tuple[str, ...]], ...]]  # by variable: every stretch of its group
    fingerprints: Mapping[str, str]

    @property
    def keys(self) -> list[str]:
        """Every key, each once."""
        return list({key for asks in self.asks.values() for _, keys in asks for key in keys})


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished document: the rows for `cells`, and what it took."""

    document_id: UUID
    name: str
    batch: int
    rows: list[dict[str, Any]]
    paid: tuple[Call, ...]
    failed_cells: int


@dataclass(slots=True)
class _Used:
    """What answering one variable took."""

    keys: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    model: str | None = None


def plan_document(
    gateway: Gateway, project: Project, asked: Mapping[str, Asked], source: Source, source_version: str
) -> Planned:
    """Make every request that the document may need and the fingerprint of every cell."""
    asks: dict[str, tuple[tuple[Ask, tuple[str, ...]], ...]] = {}
    prints: dict[str, str] = {}
    spans = stretches(source, whole=gateway.reads_whole_documents)
    for wave in waves(project.variables):
        for group in grouped([asked[v.name] for v in wave], project.settings.variables_per_call):
            made = tuple(make_ask(source, group, start, end) for start, end in spans)
            keyed = tuple((ask, gateway.keys(ask.request)) for ask in made)
            first_keys = [keys[0] for _, keys in keyed]
            for item in group:
                name = item.variable.name
                upstream = [prints[d.variable] for d in item.variable.depends_on]
                asks[name] = keyed
                prints[name] = fingerprint(item.variable, first_keys, source_version, upstream)
    return Planned(source, asks, prints)


async def extract_document(
    gateway: Gateway,
    project: Project,
    asked: Mapping[str, Asked],
    planned: Planned,
    task_id: UUID | None,
    executor: Executor | None,
) -> Outcome:
    """Ask what the ledger does not hold and decide every cell. Raises only what must stop the whole run."""
    loop = asyncio.get_running_loop()
    source = planned.source
    prepared = PreparedText(source.text)
    cells: dict[str, Cell] = {}
    used: dict[str, _Used] = {v.name: _Used() for v in project.variables}
    asking = _Asking(gateway, source, project.id, task_id)
    for wave in waves(project.variables):
        open_ = [v for v in wave if dependency_met(v, cells)]
        for variable in wave:
            if variable not in open_:
                failed = [d.variable for d in variable.depends_on if cells[d.variable].state is CellState.FAILED]
                cells[variable.name] = (
                    failed_cell(f"depends on {', '.join(failed)}, which failed")
                    if failed
                    else not_applicable_cell(variable)
                )
        groups = grouped([asked[v.name] for v in open_], project.settings.variables_per_call)
        answers = await asyncio.gather(*(asking.group(group, planned, used) for group in groups))
        given = {name: answer for by_name in answers for name, answer in by_name.items()}
        cells |= await loop.run_in_executor(executor, _decide, given, asked, prepared, source.language)
    rows = [
        _row(source, asked[v.name], cells[v.name], used[v.name], planned.fingerprints[v.name], task_id)
        for v in project.variables
    ]
    paid = {call.key: call for u in used.values() for call in u.calls if call.paid}
    failed_cells = sum(cell.state is CellState.FAILED for cell in cells.values())
    return Outcome(source.id, source.name, source.batch, rows, tuple(paid.values()), failed_cells)


def _not_asked(variable: Variable, cells: Mapping[str, Cell]) -> Cell:
    """The cell of a variable whose dependencies are not met, or could not be seen to be met."""
    failed = [d.variable for d in variable.depends_on if cells[d.variable].state is CellState.FAILED]
    return failed_cell(f"depends on {', '.join(failed)}, which failed") if failed else not_applicable_cell(variable)


def _cut_off(call: Call) -> bool:
    return call.reply.finish_reason == "length"


def _read(call: Call, ask: Ask) -> dict[str, Answer | str]:
    """The answers of a call. Raises InvalidAnswer."""
    if _cut_off(call):
        raise InvalidAnswer("it was cut off.", call.reply.text)
    return dict(parse_answer(call.reply.text, ask.request.fields))


def _decide(
    given: Mapping[str, Answer | str], asked: Mapping[str, Asked], document: PreparedText, language: str | None
) -> dict[str, Cell]:
    """Cells of one wave of variables; a reason instead of an answer makes a failed cell."""
    return {
        name: failed_cell(answer)
        if isinstance(answer, str)
        else decide_cell(answer, asked[name].variable, document, language)
        for name, answer in given.items()
    }


class _Asking:
    """Asks one document's groups; answers are an Answer per variable, or the reason why there is none."""

    def __init__(self, gateway: Gateway, source: Source, project_id: str, task_id: UUID | None) -> None:
        self._gateway = gateway
        self._source = source
        self._project_id = project_id
        self._task_id = task_id

    async def group(
        self, group: Sequence[Asked], planned: Planned, used: Mapping[str, _Used]
    ) -> dict[str, Answer | str]:
        """Ask every stretch for a group of variables and merge the answers."""
        first = planned.asks[group[0].variable.name]
        if first[0][0].variables == tuple(item.variable.name for item in group):
            asks = first
        else:  # a dependency took variables out of the group that was planned
            made = (make_ask(self._source, group, ask.start, ask.end) for ask, _ in first)
            asks = tuple((ask, self._gateway.keys(ask.request)) for ask in made)
        if len(asks) == 1:
            return await self._stretch(*asks[0], used)
        parts = await asyncio.gather(*(self._stretch(ask, keys, used) for ask, keys in asks))
        merged: dict[str, Answer | str] = {}
        for item in group:
            name = item.variable.name
            answers = [part[name] for part in parts]
            problems = [answer for answer in answers if isinstance(answer, str)]
            if problems:
                merged[name] = problems[0]
            else:
                usable = [answer for answer in answers if not isinstance(answer, str)]
                starts = [ask.start for ask, _ in asks]
                merged[name] = usable[0] if len(usable) == 1 else merge_chunks(usable, item.variable, starts)
        return merged

    async def _stretch(
        self, ask: Ask, keys: tuple[str, ...], used: Mapping[str, _Used], halvings: int = 0
    ) -> dict[str, Answer | str]:
        try:
            return await self._usable(ask, keys, used, halvings)
        except (CredentialError, ModelMissingError):
            raise  # every other call would end the same way: the run stops and says so
        except ContextOverflowError:
            return await self._halved(ask, used, halvings)
        except (ModelError, InvalidAnswer) as error:
            return dict.fromkeys(ask.variables, str(error))

    async def _usable(
        self, ask: Ask, keys: tuple[str, ...], used: Mapping[str, _Used], halvings: int
    ) -> dict[str, Answer | str]:
        call = await self._call(ask, keys, used)
        if _cut_off(call):
            ask = more_room(ask)
            call = await self._call(ask, self._gateway.keys(ask.request), used)
            if _cut_off(call) and self._can_be_halved(ask, halvings):
                return await self._halved(ask, used, halvings)
        return await self._repaired(ask, call, used)

    async def _repaired(self, ask: Ask, call: Call, used: Mapping[str, _Used]) -> dict[str, Answer | str]:
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
                call = await self._call(again, self._gateway.keys(again.request), used)
                new_calls += call.paid
        raise AssertionError("the loop returns or raises")

    def _can_be_halved(self, ask: Ask, halvings: int) -> bool:
        return halvings < _HALVINGS and len(ask.request.document) >= _SHORTEST_HALVED

    async def _halved(self, ask: Ask, used: Mapping[str, _Used], halvings: int) -> dict[str, Answer | str]:
        if not self._can_be_halved(ask, halvings):
            return dict.fromkeys(ask.variables, "even a small part of the document does not fit the model")
        text = ask.request.document
        middle = ask.start + halve(text)
        parts = []
        for start, end in ((ask.start, middle), (middle, ask.end)):
            half = replace(
                ask, request=replace(ask.request, document=self._source.text[start:end]), start=start, end=end
            )
            parts.append(await self._stretch(half, self._gateway.keys(half.request), used, halvings + 1))
        merged: dict[str, Answer | str] = {}
        for field_ in ask.request.fields:
            left, right = (part[field_.name] for part in parts)
            if isinstance(left, str) or isinstance(right, str):
                merged[field_.name] = left if isinstance(left, str) else right
            else:
                merged[field_.name] = left if left.found else right
                if left.found and right.found and field_.multiple:
                    merged[field_.name] = replace(left, items=left.items + right.items)
        return merged

    async def _call(self, ask: Ask, keys: tuple[str, ...], used: Mapping[str, _Used]) -> Call:
        context = CallContext(self._project_id, self._source.id, self._task_id, ask.variables)
        call = await self._gateway.ask(ask.request, context, keys)
        for name in ask.variables:
            used[name].keys.append(call.key)
            used[name].calls.append(call)
            used[name].model = f"{call.provider}:{call.model}"
        return call


def _row(
    source: Source, asked: Asked, cell: Cell, used: _Used, fingerprint_: str, task_id: UUID | None
) -> dict[str, Any]:
    return {
        "document_id": source.id,
        "row_key": "",
        "variable": asked.variable.name,
        "state": cell.state.value,
        "value": cell.value,
        "raw": cell.raw,
        "confidence": cell.confidence,
        "evidence": [_evidence(item, source) for item in cell.evidence],
        "reasons": list(cell.reasons),
        "prompt_version": asked.prompt.version,
        "model": used.model,
        "call_keys": used.keys,
        "fingerprint": fingerprint_,
        "task_id": task_id,
    }


def _evidence(item: Evidence, source: Source) -> dict[str, Any]:
    places = where(Placement(item.status, item.start, item.end, item.score), source.segments)
    return {
        "quote": item.quote,
        "start": item.start,
        "end": item.end,
        "status": item.status.value,
        "score": item.score,
        "places": [{"page": p.page, "boxes": [list(b) for b in p.boxes], "label": p.label} for p in places],
    }


def failed_rows(
    document_id: UUID, asked: Mapping[str, Asked], reason: str, fingerprint_: str, task_id: UUID | None
) -> list[dict[str, Any]]:
    """Cells of a document that could not be read: all FAILED, with the reason."""
    return [
        {
            "document_id": document_id,
            "row_key": "",
            "variable": name,
            "state": CellState.FAILED.value,
            "value": None,
            "raw": None,
            "confidence": None,
            "evidence": [],
            "reasons": [f"document could not be read: {reason}"],
            "prompt_version": item.prompt.version,
            "model": None,
            "call_keys": [],
            "fingerprint": fingerprint_,
            "task_id": task_id,
        }
        for name, item in asked.items()
    ]
