"""A document whose rows are entities: find them, then plan the questions of each."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from crucible_assets.extractions.document import Planned, Searched, plan_document
from crucible_assets.extractions.entities.find import SEARCH_VERSION, find_entities, first_requests
from crucible_assets.extractions.entities.mention import Entity
from crucible_assets.extractions.entities.stored import entity_rows, resolution_rows, search_row
from crucible_assets.extractions.means import Means
from crucible_assets.extractions.plan import Row, Source, stretches
from resources.models.ledger import Call

_WORDS = 3  # passages that name an entity, shown with its questions


@dataclass(frozen=True, slots=True)
class EntityRows:
    """The rows of one document. `failure` says why some may be missing."""

    searched: Searched
    planned: tuple[Planned, ...]
    calls: tuple[Call, ...]
    failure: str | None


def first_keys(means: Means, source: Source) -> list[str]:
    """The ledger's keys with which the search for a document's entities begins."""
    route = means.gateway.route(str(source.id))
    spans = stretches(source, whole=route.reads_whole_documents)
    return [key for request in first_requests(means.project, source, spans) for key in route.keys(request)]


async def find_rows(means: Means, source: Source, source_version: str) -> EntityRows:
    """Find the entities of a document; finished calls come from the ledger. Raises what concerns the whole run."""
    route = means.gateway.route(str(source.id))
    spans = stretches(source, whole=route.reads_whole_documents)
    found = await find_entities(route, means.project, source, spans, task_id=means.task_id, executor=means.executor)
    parts = [SEARCH_VERSION, source_version, sorted(found.keys), means.project.entity_pattern]
    fingerprint = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    searched = Searched(search_row(found, fingerprint), entity_rows(found, source), resolution_rows(found))
    planned = tuple(plan_document(means, source, source_version, row) for row in _rows(found.entities))
    return EntityRows(searched, planned, found.calls, found.failure)


def _rows(entities: Sequence[Entity]) -> list[Row]:
    rows = []
    for entity in entities:
        placed = [mention.placement for mention in entity.mentions]
        places = tuple((p.start, p.end) for p in placed if p.start is not None and p.end is not None)
        rows.append(Row(entity.row_key, entity.name, places, entity.spans, entity.words[:_WORDS]))
    return rows
