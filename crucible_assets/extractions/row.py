"""One row from its questions to its cells: ask, decide, ask again where it pays, and let others look at it.

The variables of a row are asked in waves, a dependency before what depends on it. Within a wave every question goes
its own way at the same time; each step below is done for all variables of the wave that need it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import mul

from crucible_assets.extractions.agreement import vote
from crucible_assets.extractions.answer import Answer, InvalidAnswer
from crucible_assets.extractions.asking import Asking, Given, Used, all_of
from crucible_assets.extractions.cell import Cell, dependency_met, failed_cell, not_applicable_cell
from crucible_assets.extractions.decide import Review, decide_cell
from crucible_assets.extractions.expressions import row_violations
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.means import Means
from crucible_assets.extractions.merge import merge_chunks
from crucible_assets.extractions.plan import Ask, Asked, Chunk, Row, grouped, look_again, make_ask, sampled
from crucible_assets.extractions.retrieve import FIRST_ASKED, Ranker
from crucible_assets.extractions.second_look import better, worth_a_second_look
from crucible_assets.extractions.verify import (
    Opinion,
    read_opinion,
    to_be_verified,
    verification_ask,
    verified_confidence,
)
from crucible_assets.learning.calibration import Curve, calibrated
from resources.models.errors import ContextOverflowError, CredentialError, ModelError, ModelMissingError
from resources.models.route import Route
from resources.project import LongDocuments, waves
from resources.vocabulary import CallPurpose, CellState, Claim, Variable

KeyedAsk = tuple[Ask, tuple[str, ...]]


class RowWork:
    """Fills the cells of one row of one document."""

    def __init__(
        self,
        means: Means,
        asking: Asking,
        verifier: Route,
        prepared: PreparedText,
        row: Row,
        spans: Sequence[Chunk],
        planned: Mapping[str, Sequence[KeyedAsk]],
        ranker: Ranker,
    ) -> None:
        """`spans` are the stretches to ask; `planned` holds requests that were made before, by variable."""
        self.used: dict[str, Used] = {v.name: Used() for v in means.project.variables}
        self.cells: dict[str, Cell] = {}
        self._means = means
        self._asking = asking
        self._verifier = verifier
        self._prepared = prepared
        self._row = row
        self._spans = tuple(spans)
        self._planned = planned
        self._ranker = ranker
        self._parts: dict[str, list[tuple[int, Given]]] = {}  # answers of the stretches asked so far
        self._given: dict[str, Given] = {}
        self._reviews: dict[str, Review] = {}
        self._settings = means.project.settings

    async def fill(self) -> None:
        """Fill `cells`, one for every variable of the project."""
        for wave in waves(self._means.project.variables):
            await self._wave(wave)
        await self._check_against_each_other()

    async def _wave(self, wave: Sequence[Variable]) -> None:
        open_ = [v for v in wave if dependency_met(v, self.cells)]
        for variable in wave:
            if variable not in open_:
                self.cells[variable.name] = self._not_asked(variable)
        first = {v.name: self._first_spans(v) for v in open_}
        await self._ask(open_, first)
        rest = {
            v.name: tuple(c for c in self._spans if c not in first[v.name])
            for v in open_
            if len(first[v.name]) < len(self._spans) and self.cells[v.name].state is not CellState.VALUE
        }
        await self._ask([v for v in open_ if v.name in rest], rest)
        await self._look_again(open_)
        if self._settings.self_agreement > 1:
            await self._ask_samples(open_)
        await self._verify(open_)

    def _not_asked(self, variable: Variable) -> Cell:
        failed = [d.variable for d in variable.depends_on if self.cells[d.variable].state is CellState.FAILED]
        if failed:
            return failed_cell(f"depends on {', '.join(failed)}, which failed")
        return not_applicable_cell(variable)

    def _first_spans(self, variable: Variable) -> tuple[Chunk, ...]:
        """Where a variable is looked for first. A list is complete only when everything was asked."""
        most = self._settings.retrieve_chunks
        if self._settings.long_documents is LongDocuments.MAP or variable.multiple or len(self._spans) <= most:
            return self._spans
        return self._likeliest(variable)[:most]

    def _likeliest(self, variable: Variable) -> tuple[Chunk, ...]:
        if len(self._spans) == 1:
            return self._spans
        order = self._ranker.ranked(variable, self._means.query_vectors.get(variable.name))
        return tuple(chunk for chunk in order if chunk in self._spans) or self._spans

    async def _ask(self, variables: Sequence[Variable], spans: Mapping[str, tuple[Chunk, ...]]) -> None:
        """Ask stretches about variables, and decide their cells from all that was answered so far."""
        by_spans: dict[tuple[Chunk, ...], list[Variable]] = {}
        for variable in variables:
            by_spans.setdefault(spans[variable.name], []).append(variable)
        work = [
            (group, chunk)
            for chunks, some in by_spans.items()
            for group in grouped([self._means.asked[v.name] for v in some], self._settings.variables_per_call)
            for chunk in chunks
        ]
        answers = await all_of([self._answers(group, chunk) for group, chunk in work])
        for (_, chunk), by_name in zip(work, answers, strict=True):
            for name, answer in by_name.items():
                self._parts.setdefault(name, []).append((chunk.start, answer))
        for variable in variables:
            parts = sorted(self._parts[variable.name], key=lambda part: part[0])
            asked = self._means.asked[variable.name]
            self._given[variable.name] = self._merged([a for _, a in parts], asked, [start for start, _ in parts])
        await self._decide([v.name for v in variables])

    async def _answers(self, group: Sequence[Asked], chunk: Chunk) -> dict[str, Given]:
        ask, keys = self._request(group, chunk)
        return await self._asking.answers(ask, keys, self.used, row_key=self._row.key, split=self._split)

    def _split(self, ask: Ask) -> list[Ask]:
        """Two requests for half of the variables each, where an answer for all of them did not fit."""
        if len(ask.variables) < 2:
            return []
        middle = len(ask.variables) // 2
        asked = [self._means.asked[name] for name in ask.variables]
        chunk = next((c for c in self._spans if (c.start, c.end) == (ask.start, ask.end)), Chunk(ask.start, ask.end))
        return [make_ask(self._asking.source, half, chunk, self._row) for half in (asked[:middle], asked[middle:])]

    def _request(self, group: Sequence[Asked], chunk: Chunk) -> KeyedAsk:
        """The request that was planned, else (a dependency took variables out of the group) a new one."""
        names = tuple(item.variable.name for item in group)
        for ask, keys in self._planned.get(names[0], ()):
            if ask.variables == names and (ask.start, ask.end) == (chunk.start, chunk.end):
                return ask, keys
        return self._asking.keyed(make_ask(self._asking.source, group, chunk, self._row))

    async def _decide(self, names: Sequence[str]) -> None:
        """Decide cells, off the event loop: placing quotes in a long document takes its time."""
        if not names:
            return
        given = {name: self._given[name] for name in names}
        loop = asyncio.get_running_loop()
        self.cells |= await loop.run_in_executor(self._means.executor, self._decided, given)

    def _decided(self, given: Mapping[str, Given]) -> dict[str, Cell]:
        return {name: self._cell(name, answer) for name, answer in given.items()}

    def _cell(self, name: str, answer: Given) -> Cell:
        if isinstance(answer, str):
            return failed_cell(answer)
        variable, model = self._means.asked[name].variable, self.used[name].model
        review = replace(
            self._reviews.get(name, Review()),
            stated=_calibration(self._means.curves.curve(name, model, Claim.STATED)),
            absent=_calibration(self._means.curves.curve(name, model, Claim.ABSENT)),
            said=self._said(name),
        )
        return decide_cell(self._near(answer), variable, self._prepared, self._asking.source.language, review=review)

    def _near(self, answer: Answer) -> Answer:
        """The answer, to be looked for where the document speaks of this row, unless it is known where it stands."""
        if not self._row.spans:
            return answer
        at = self._row.spans[0][0]
        items = (item if item.near is not None else replace(item, near=at) for item in answer.items)
        return replace(answer, items=tuple(items))

    def _said(self, name: str) -> tuple[str, ...]:
        """The rules, and what is asked of other variables: a value that repeats them is none."""
        others = (item.variable.instructions for other, item in self._means.asked.items() if other != name)
        return self._means.asked[name].prompt.system, *others

    async def _look_again(self, variables: Sequence[Variable]) -> None:
        """Ask once more where a required value is missing, a quote is not there, or an answer is of no use."""
        looks = []
        for variable in variables:
            note = worth_a_second_look(self.cells[variable.name], variable)
            if note is not None and isinstance(self._given.get(variable.name), Answer):
                looks.append((variable, note))
        if not looks:
            return
        again = await all_of([self._second(variable, note) for variable, note in looks])
        for (variable, _), answer in zip(looks, again, strict=True):
            first_answer, first_cell = self._given[variable.name], self.cells[variable.name]
            self._given[variable.name] = answer
            await self._decide([variable.name])
            if better(first_cell, self.cells[variable.name]) is first_cell:
                self._given[variable.name], self.cells[variable.name] = first_answer, first_cell

    async def _second(self, variable: Variable, note: str) -> Given:
        asked = self._means.asked[variable.name]
        said = {start for start, answer in self._parts[variable.name] if isinstance(answer, Answer) and answer.found}
        chunks = tuple(c for c in self._likeliest(variable) if not said or c.start in said)[:FIRST_ASKED]
        asks = [look_again(self._request([asked], chunk)[0], note) for chunk in chunks]
        answers = await all_of([self._repeated(ask) for ask in asks])
        return self._merged([a[variable.name] for a in answers], asked, [chunk.start for chunk in chunks])

    async def _repeated(self, ask: Ask) -> dict[str, Given]:
        keys = self._asking.route.keys(ask.request)
        return await self._asking.answers(ask, keys, self.used, CallPurpose.REPEAT, self._row.key)

    async def _ask_samples(self, variables: Sequence[Variable]) -> None:
        """Ask everything again some times, and let the answers vote."""
        voting = [v for v in variables if isinstance(self._given.get(v.name), Answer)]
        numbers = range(1, self._settings.self_agreement)
        samples = await all_of([self._sample(v, number) for v in voting for number in numbers])
        for at, variable in enumerate(voting):
            name = variable.name
            answers = [self._given[name], *samples[at * len(numbers) : (at + 1) * len(numbers)]]
            outcome = vote([self._cell(name, answer) for answer in answers])
            self._given[name] = answers[outcome.chosen]
            notes = (outcome.note,) if outcome.note else ()
            self._reviews[name] = Review(partial(mul, outcome.factor), notes=notes)
        await self._decide([v.name for v in voting])

    async def _sample(self, variable: Variable, number: int) -> Given:
        asked = self._means.asked[variable.name]
        chunks = self._first_spans(variable)
        asks = [sampled(self._request([asked], chunk)[0], number) for chunk in chunks]
        answers = await all_of([self._repeated(ask) for ask in asks])
        return self._merged([a[variable.name] for a in answers], asked, [chunk.start for chunk in chunks])

    async def _verify(self, variables: Sequence[Variable]) -> None:
        """Let a second model look at values, and decide them again with what it says."""
        which = self._settings.verification
        shown = [v for v in variables if to_be_verified(self.cells[v.name], v, which)]
        opinions = await all_of([self._opinion(variable) for variable in shown])
        for variable, opinion in zip(shown, opinions, strict=True):
            before = self._reviews.get(variable.name, Review())
            self._reviews[variable.name] = _reviewed(before, opinion)
        await self._decide([v.name for v in shown])

    async def _opinion(self, variable: Variable) -> Opinion | str:
        """What the second model says, or why it says nothing."""
        cell, asked = self.cells[variable.name], self._means.asked[variable.name]
        at = next((e.start for e in cell.evidence if e.start is not None), None)
        chunks = self._likeliest(variable)
        chunk = next((c for c in chunks if at is not None and c.start <= at < c.end), chunks[0])
        ask = verification_ask(self._request([asked], chunk)[0], cell, variable)
        used = {variable.name: Used()}
        try:
            asking = self._asking.of(self._verifier)
            keys = self._verifier.keys(ask.request)
            call = await asking.call(ask, keys, CallPurpose.VERIFY, self._row.key, used)
            opinion: Opinion | str = read_opinion(call.reply.text)
        except (CredentialError, ModelMissingError):
            raise
        except (ModelError, InvalidAnswer, ContextOverflowError) as error:
            opinion = str(error)
        mine = self.used[variable.name]
        mine.keys += used[variable.name].keys
        mine.calls += used[variable.name].calls
        return opinion

    def _merged(self, answers: Sequence[Given], asked: Asked, starts: Sequence[int]) -> Given:
        """One answer from those of several stretches; a stretch without an answer is told, not passed over."""
        problems = [answer for answer in answers if isinstance(answer, str)]
        if problems:
            return problems[0]
        usable = [answer for answer in answers if isinstance(answer, Answer)]
        if len(usable) == 1:
            return usable[0]
        return merge_chunks(usable, asked.variable, starts, self._asking.source.language)

    async def _check_against_each_other(self) -> None:
        """Apply the rules that concern several variables of the row."""
        values = {name: cell.value for name, cell in self.cells.items()}
        broken = row_violations(self._means.project.variables, values)
        concerned = [n for n in broken if isinstance(self._given.get(n), Answer) and self.cells[n].values]
        for name in concerned:
            before = self._reviews.get(name, Review())
            self._reviews[name] = replace(before, objections=(*before.objections, *broken[name]))
        await self._decide(concerned)


def _calibration(curve: Curve) -> Callable[[float], float] | None:
    return partial(calibrated, curve=curve) if curve.points else None


def _reviewed(before: Review, opinion: Opinion | str) -> Review:
    if isinstance(opinion, str):
        return replace(before, notes=(*before.notes, f"not verified: {opinion}"))

    def adjust(confidence: float) -> float:
        return verified_confidence(before.adjust(confidence), opinion)

    if opinion.correct:
        return replace(before, adjust=adjust, notes=(*before.notes, "verified by a second look"))
    objection = f"a second look says that it is wrong: {opinion.reason}"
    return replace(before, adjust=adjust, objections=(*before.objections, objection))
