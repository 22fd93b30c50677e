"""One variable asked of some documents with a given prompt: what a wording gives. Only the calls are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crucible_assets.extractions.asking import all_of
from crucible_assets.extractions.document import extract_document, plan_document
from crucible_assets.extractions.means import Means
from crucible_assets.extractions.plan import Asked, Row, Source
from crucible_assets.learning.labels import CellKey, Judged
from resources.project import Project
from resources.vocabulary import CellState, PromptRow, Variable


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A document with the rows that are asked about, and the version of the parser that read it."""

    source: Source
    version: str
    rows: tuple[Row, ...]


def alone(means: Means, variable: Variable, prompt: PromptRow) -> Means:
    """The same means for one variable by itself: nothing it depends on, no rules over other variables."""
    free = replace(variable, depends_on=(), validation=replace(variable.validation, expressions=()))
    project: Project = replace(
        means.project, variables=(free,), settings=replace(means.project.settings, variables_per_call=1)
    )
    return replace(means, project=project, asked={free.name: Asked(free, prompt)})


async def answers(means: Means, documents: Sequence[ToAsk]) -> dict[CellKey, Judged]:
    """The cells that the variable of `means` gets. What the ledger holds is free; the gateway bounds the rest."""
    planned = [
        [plan_document(means, document.source, document.version, row) for row in document.rows]
        for document in documents
    ]
    await means.gateway.remember([key for plans in planned for plan in plans for key in plan.keys])
    outcomes = await all_of([extract_document(means, plans[0].source, plans) for plans in planned if plans])
    found: Mapping[CellKey, Judged] = {
        (row["document_id"], row["row_key"], row["variable"]): Judged(CellState(row["state"]), row["value"])
        for outcome in outcomes
        for row in outcome.rows
    }
    return dict(found)
