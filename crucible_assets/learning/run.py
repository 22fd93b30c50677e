"""Refining the variables of a project: analyse, propose, measure, decide. One variable after the other.

Whatever a variable's turn comes to is stored before the next one begins, and all calls go through the ledger, so a
run that is stopped has lost nothing and pays for nothing twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import uvloop

from crucible_assets.extractions.gateways import Gateways
from crucible_assets.extractions.load import load
from crucible_assets.extractions.means import Means
from crucible_assets.extractions.plan import DOCUMENT_ROW, Row
from crucible_assets.extractions.run import RunStoppedError
from crucible_assets.learning.analysis import Analysis, Case, analyse
from crucible_assets.learning.answers import ToAsk, alone, answers
from crucible_assets.learning.errors import LearningError
from crucible_assets.learning.labels import CellKey, Judged, Label, Side
from crucible_assets.learning.load import Learnt
from crucible_assets.learning.measure import FEWEST_HELD_OUT, Measured, decide, measure
from crucible_assets.learning.refine import Proposal, ProposalError, chosen_cases, read_proposal, refine_request
from crucible_assets.prompts.asset import make_prompts, refined_wordings
from crucible_assets.prompts.refined import Refined, wording_hash
from crucible_assets.prompts.render import fenced, render_prompt
from resources.database.engine import Database, TenantSession
from resources.database.repositories.documents import load_texts
from resources.database.repositories.entities import load_entities
from resources.database.repositories.events import log
from resources.database.repositories.projects import load_project
from resources.database.repositories.prompts import active_prompts
from resources.database.repositories.refinements import (
    RefinementRow,
    active_refinements,
    add_refinement,
    set_new_version,
)
from resources.database.repositories.tasks import get_task, update_task
from resources.models.gateway import Gateway
from resources.models.ledger import CallContext
from resources.models.request import ModelRequest
from resources.vocabulary import (
    CallPurpose,
    CellState,
    EventKind,
    PromptRow,
    RefinementStatus,
    TaskStatus,
    UnitOfObservation,
    Variable,
)

_REPAIRS = 2  # how often a proposal that cannot be used is asked for again
_MOST_MEASURED = 100  # held-out documents that both wordings are asked of, the first by their hash
_TOGETHER = 16  # documents in memory at a time


@dataclass(frozen=True, slots=True)
class Refining:
    """What one run works on. `variables` are names; empty means all of the project."""

    database: Database
    tenant: str
    learnt: Learnt
    variables: tuple[str, ...] = ()
    task_id: UUID | None = None
    vector_model: str | None = None  # as in `extractions.run.Run`


@dataclass(frozen=True, slots=True)
class Opened:
    """The models of a run: those that answer for the project, and the language model that words instructions."""

    means: Means
    gateways: Gateways
    proposer: Gateway

    async def close(self) -> None:
        """Flush ledgers and close connections."""
        await self.proposer.close()
        await self.gateways.close()


@dataclass(frozen=True, slots=True)
class Refinement:
    """What became of a variable: a stored proposal, or the reason why none was asked for."""

    variable: str
    analysis: Analysis
    row: RefinementRow | None
    said: str


def refine(work: Refining, open_models: Callable[[], Opened]) -> list[Refinement]:
    """Refine the variables of a project. Blocking; `open_models` is called inside the run's own event loop.

    Raises LearningError for a variable that the project does not have, ModelError when the models cannot answer, and
    RunStoppedError when the task was paused or cancelled.
    """
    known = {variable.name: variable for variable in work.learnt.project.variables}
    if unknown := [name for name in work.variables if name not in known]:
        raise LearningError(f"{', '.join(unknown)}: no variable of this project; it has {', '.join(known)}.")
    return uvloop.run(_all(work, open_models, [known[name] for name in work.variables or known]))


async def _all(work: Refining, open_models: Callable[[], Opened], variables: Sequence[Variable]) -> list[Refinement]:
    opened = open_models()
    done: list[Refinement] = []
    try:
        for number, variable in enumerate(variables):
            _look_at_the_task(work, variable, number, len(variables))
            done.append(await _Turn(work, opened, variable).take())
    finally:
        await opened.close()
    return done


def _look_at_the_task(work: Refining, variable: Variable, number: int, total: int) -> None:
    if work.task_id is None:
        return
    with work.database.transaction(work.tenant) as session:
        task = get_task(session, work.task_id)
        if task is None or task.status in (TaskStatus.PAUSED, TaskStatus.CANCELLED):
            raise RunStoppedError("the task was deleted" if task is None else f"the task is {task.status}")
        progress = {"variable": variable.name, "variables_done": number, "variables": total}
        update_task(session, work.task_id, progress=progress)


class _Turn:
    """One variable's turn."""

    def __init__(self, work: Refining, opened: Opened, variable: Variable) -> None:
        self._work, self._opened, self._variable = work, opened, variable
        self._learnt = work.learnt
        labels = self._learnt.labels.of(variable.name)
        self._train = [label for label in labels if self._learnt.side(label.key) is Side.TRAIN]
        self._held_out = [label for label in labels if self._learnt.side(label.key) is Side.HELD_OUT]

    async def take(self) -> Refinement:
        """Analyse, propose, measure, decide, store."""
        variable = self._variable
        analysis = self._analysed(self._train)
        cases = chosen_cases(analysis.cases)
        if not cases and len(self._held_out) < FEWEST_HELD_OUT:
            # too few to measure on: better a proposal that a person decides on than corrections nobody looks at
            analysis, self._held_out = self._analysed([*self._train, *self._held_out]), []
            cases = chosen_cases(analysis.cases)
        if not cases:
            return self._told(Refinement(variable.name, analysis, None, _nothing_to_do(analysis)))
        with self._work.database.transaction(self._work.tenant) as session:
            old = active_prompts(session, self._learnt.project.id)[variable.name]
            refined = refined_wordings(self._learnt.project, active_refinements(session, self._learnt.project.id))
            loaded = load_texts(session, {case.cell.document for case in cases})
        present = refined.get(variable.name)
        texts = {key: found.text for key, found in loaded.items()}
        row = RefinementRow(
            variable=variable.name,
            status=RefinementStatus.REJECTED,
            based_on=wording_hash(variable),
            instructions="",
            counter_examples=[],
            analysis=analysis.as_json(),
            old_version=old.version,
            task_id=self._work.task_id,
        )
        try:
            proposal = await self._proposal(present, cases, texts)
        except ProposalError as error:
            return self._stored(analysis, replace(row, reason=f"no proposal of the model could be used: {error}"))
        measured = await self._measured(old, proposal.refined)
        status, reason = decide(measured)
        row = replace(
            row,
            status=status,
            reason=reason,
            instructions=proposal.refined.instructions,
            counter_examples=proposal.refined.examples_as_json(),
            analysis={**row.analysis, "summary": proposal.summary, "dropped": list(proposal.dropped)},
            measured=None if measured is None else measured.as_json(),
        )
        return self._stored(analysis, row)

    def _analysed(self, labels: Sequence[Label]) -> Analysis:
        cells = self._learnt.cells
        return analyse(self._variable, [(label, cells[label.key]) for label in labels if label.key in cells])

    def _told(self, nothing: Refinement) -> Refinement:
        """Say in the task's log why nothing is proposed."""
        with self._work.database.transaction(self._work.tenant) as session:
            log(session, EventKind.LOG, f"{nothing.variable}: {nothing.said}", self._work.task_id)
        return nothing

    async def _proposal(self, present: Refined | None, cases: Sequence[Case], texts: Mapping[UUID, str]) -> Proposal:
        """Ask the model; again, with a word on what was wrong, where its proposal cannot be used."""
        project, gateway = self._learnt.project, self._opened.proposer
        names = {key: self._learnt.documents[key].name for key in texts}
        first = refine_request(self._variable, present, cases, texts)
        context = CallContext(
            project.id, None, self._work.task_id, (self._variable.name,), purpose=CallPurpose.REFINE
        )
        request: ModelRequest = first
        for number in range(_REPAIRS + 1):
            call = await gateway.ask(request, context, gateway.keys(request))
            try:
                return read_proposal(call.reply.text, self._variable, present, cases, texts, names, project.language)
            except ProposalError as error:
                if number == _REPAIRS:
                    raise
                said = f"Proposal {number + 1} could not be used. What is wrong with it is data:"
                note = f"{said}\n{fenced('problem', str(error))}\nPropose again."
                request = replace(first, question=f"{first.question}\n\n{note}")
        raise AssertionError("the loop returns or raises")

    async def _measured(self, old: PromptRow, refined: Refined) -> Measured | None:
        """Both wordings on held-out documents; rows of which the variable is not asked are left out."""
        variable, project = self._variable, self._learnt.project
        prompt = render_prompt(project, variable, refined)
        new = PromptRow(
            variable.name, 0, prompt.system, prompt.question, prompt.model_settings, prompt.response_schema,
            prompt.content_hash,
        )  # fmt: skip
        asked = [label for label in self._held_out if self._is_asked(label)]
        by_old: dict[CellKey, Judged] = {}
        by_new: dict[CellKey, Judged] = {}
        ids = sorted({label.key[0] for label in asked}, key=lambda key: self._learnt.documents[key].sha256)
        ids = ids[:_MOST_MEASURED]
        for at in range(0, len(ids), _TOGETHER):
            wanted = ids[at : at + _TOGETHER]
            documents = self._documents(wanted, {label.key for label in asked})
            by_old |= await answers(alone(self._opened.means, variable, old), documents)
            by_new |= await answers(alone(self._opened.means, variable, new), documents)
        return measure(variable, asked, by_old, by_new)

    def _is_asked(self, label: Label) -> bool:
        cell = self._learnt.cells.get(label.key)
        return cell is not None and cell.state is not CellState.NOT_APPLICABLE

    def _documents(self, ids: Sequence[UUID], wanted: set[CellKey]) -> list[ToAsk]:
        project = self._learnt.project
        rows = [self._learnt.documents[key] for key in ids]
        with self._work.database.transaction(self._work.tenant) as session:
            found = load(session, project.id, rows, project.language, self._work.vector_model)
            units = _units(session, project.unit_of_observation, project.id, ids)
        made = []
        for row in rows:
            if row.id in found.sources:
                mine = tuple(unit for unit in units[row.id] if (row.id, unit.key, self._variable.name) in wanted)
                made.append(ToAsk(found.sources[row.id], row.parser_version or "", mine))
        return made

    def _stored(self, analysis: Analysis, row: RefinementRow) -> Refinement:
        """Keep the proposal with its figures; what is put in force becomes the active prompt in one transaction."""
        project_id, name = self._learnt.project.id, self._variable.name
        with self._work.database.transaction(self._work.tenant) as session:
            project = load_project(session, project_id)
            now = {v.name: wording_hash(v) for v in project.variables} if project else {}
            if row.status is RefinementStatus.ACTIVE and now.get(name) != row.based_on:
                row = replace(row, status=RefinementStatus.REJECTED, reason="the variable was reworded meanwhile")
            add_refinement(session, project_id, row)
            if row.status is RefinementStatus.ACTIVE and project is not None:
                make_prompts(session, project)
                version = active_prompts(session, project_id)[name].version
                set_new_version(session, row.id, version)
                row = replace(row, new_version=version)
            log(session, EventKind.LOG, f"{name}: {row.status}, {row.reason}", self._work.task_id)
        return Refinement(name, analysis, row, row.reason or "")


def _nothing_to_do(analysis: Analysis) -> str:
    if analysis.cases:
        return "all its wrong cells failed, which no wording mends"
    return f"no wrong cell among {analysis.labelled} labels that may be learnt from"


def _units(
    session: TenantSession, unit: UnitOfObservation, project_id: str, ids: Sequence[UUID]
) -> dict[UUID, list[Row]]:
    """The rows of documents, as extraction asks them."""
    if unit is UnitOfObservation.DOCUMENT:
        return {key: [DOCUMENT_ROW] for key in ids}
    units: dict[UUID, list[Row]] = {key: [] for key in ids}
    for entity in load_entities(session, project_id, ids):
        spans = tuple((e["start"], e["end"]) for e in entity.evidence if e["start"] is not None)
        units[entity.document_id].append(Row(entity.row_key, entity.name, spans))
    return units
