"""One document from its text to its cells: plan every request, then fill each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crucible_assets.extractions.asking import Asking, all_of
from crucible_assets.extractions.expressions import names_in
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.means import Means
from crucible_assets.extractions.plan import (
    DOCUMENT_ROW,
    Ask,
    Chunk,
    Row,
    Source,
    about,
    fingerprint,
    grouped,
    make_ask,
    options_of,
    stretches,
)
from crucible_assets.extractions.retrieve import Ranker
from crucible_assets.extractions.row import RowWork
from crucible_assets.extractions.stored import cell_row
from resources.models.ledger import Call
from resources.models.route import Route
from resources.project import waves
from resources.vocabulary import CellState


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search for entities found in a document, as the database keeps it."""

    search: dict[str, Any]
    entities: list[dict[str, Any]]
    resolutions: list[dict[str, Any]]


KeyedAsk = tuple[Ask, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Planned:
    """All first requests of a row, made before any is sent, with their keys in the ledger."""

    source: Source
    route: Route
    row: Row
    spans: tuple[Chunk, ...]
    asks: Mapping[str, tuple[KeyedAsk, ...]]  # by variable: every stretch of its group
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
    lost: str | None = None  # why nothing at all could be answered, where that is so
    search: Searched | None = None  # for the rows, where they are entities
    unchanged: tuple[str, ...] = ()  # states of cells of this document that were up to date


def plan_document(means: Means, source: Source, source_version: str, row: Row = DOCUMENT_ROW) -> Planned:
    """Make every request that a row may need at first, and the fingerprint of every cell."""
    settings, variables = means.project.settings, means.project.variables
    route = means.gateway.route(str(source.id))
    spans = about(row, stretches(source, whole=route.reads_whole_documents))
    asks: dict[str, tuple[KeyedAsk, ...]] = {}
    prints: dict[str, str] = {}
    for wave in waves(variables):
        for group in grouped([means.asked[v.name] for v in wave], settings.variables_per_call):
            made = tuple(make_ask(source, group, chunk, row) for chunk in spans)
            keyed = tuple((ask, route.keys(ask.request)) for ask in made)
            first_keys = [keys[0] for _, keys in keyed]
            for item in group:
                name = item.variable.name
                upstream = [prints[d.variable] for d in item.variable.depends_on]
                asks[name] = keyed
                options = options_of(settings, means.curves.version(name), several=len(spans) > 1)
                prints[name] = fingerprint(item.variable, first_keys, source_version, upstream, options)
    final = dict(prints)
    for variable in variables:
        for named in sorted({n for text in variable.validation.expressions for n in names_in(text)}):
            if named != variable.name and named in prints:  # the rule is judged anew when the other value may change
                final[variable.name] += prints[named][:16]
    return Planned(source, route, row, spans, asks, final)


async def extract_document(means: Means, source: Source, planned: Sequence[Planned]) -> Outcome:
    """Ask what the ledger does not hold and decide every cell of a document's rows, given as `planned`.

    Raises only what concerns the whole run, and DeferredError when requests wait for a provider batch.
    """
    route = means.gateway.route(str(source.id))
    asking = Asking(route, source, means.project.id, means.task_id)
    verifier = route if means.verifier is None else means.verifier.route(str(source.id))
    prepared = PreparedText(source.text)
    ranker = Ranker(source)
    works = [RowWork(means, asking, verifier, prepared, plan.row, plan.spans, plan.asks, ranker) for plan in planned]
    await all_of([work.fill() for work in works])
    rows = [
        cell_row(
            source, plan.row.key, means.asked[name], cell, work.used[name], plan.fingerprints[name], means.task_id
        )
        for plan, work in zip(planned, works, strict=True)
        for name, cell in ((v.name, work.cells[v.name]) for v in means.project.variables)
    ]
    paid = {call.key: call for work in works for used in work.used.values() for call in used.calls if call.paid}
    failed = [cell for work in works for cell in work.cells.values() if cell.state is CellState.FAILED]
    answered = any(used.calls for work in works for used in work.used.values())
    lost = failed[0].reasons[0] if failed and not answered else None
    return Outcome(source.id, source.name, source.batch, rows, tuple(paid.values()), len(failed), lost)
