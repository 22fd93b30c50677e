"""From a document to its entities: search every stretch, resolve what was found, and hold it against the source."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from uuid import UUID

from crucible_assets.extractions.answer import InvalidAnswer
from crucible_assets.extractions.asking import all_of
from crucible_assets.extractions.entities.ask import parse_same, rows_request, same_request
from crucible_assets.extractions.entities.keys import row_keys
from crucible_assets.extractions.entities.listing import Listing, counts_in, listing_of, placed_in_items
from crucible_assets.extractions.entities.mention import Count, Entity, Found, Mention
from crucible_assets.extractions.entities.names import name_of
from crucible_assets.extractions.entities.placing import regex_mentions
from crucible_assets.extractions.entities.resolve import Compared, Judgement, Pair, compare_mentions, decide
from crucible_assets.extractions.entities.search import Asks, Search, Searched
from crucible_assets.extractions.entities.territory import territories
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.plan import Chunk, Source
from resources.models.errors import CredentialError, ModelError, ModelMissingError
from resources.models.ledger import Call
from resources.models.request import ModelRequest
from resources.patterns import PatternError
from resources.project import ENTITY_REGEX, Project
from resources.vocabulary import CallPurpose, EvidenceStatus

SEARCH_VERSION = "1"
"""Raised whenever the same answers may give other rows (placing, counting, resolution, keys)."""

_MOST_ASKED = 60  # pairs of names that a model is asked about, in one document
_SURROUNDINGS = 400  # characters shown on each side of a name that is compared
_SHOWN = 5  # names in a warning


def first_requests(project: Project, source: Source, spans: Sequence[Chunk]) -> tuple[ModelRequest, ...]:
    """The requests with which a search begins: what it is made from, and what to look up in the ledger beforehand."""
    if (project.entity_pattern or "").startswith(ENTITY_REGEX):
        return ()
    return tuple(rows_request(project, source, span.start, span.end) for span in spans)


async def find_entities(
    route: Asks,
    project: Project,
    source: Source,
    spans: Sequence[Chunk],
    *,
    task_id: UUID | None = None,
    executor: Executor | None = None,
) -> Found:
    """Every entity of a document that the project's pattern names, each once, in the order of the document.

    `spans` are the stretches to search, which may overlap. Raises only what concerns the whole run (a lost key, a
    reached budget, a stop, DeferredError for calls that wait for a batch); what else went wrong is in the result.
    """
    pattern = project.entity_pattern or ""
    document = PreparedText(source.text)
    if pattern.startswith(ENTITY_REGEX):
        return await _by_regex(route, project, source, document, task_id)
    listing = listing_of(source.text, source.segments, pattern)
    search = Search(route, project, source, listing, document, task_id, executor)
    parts = await all_of([search.stretch((span.start, span.end)) for span in spans])
    return await _resolved(route, project, source, listing, search, parts)


async def _by_regex(
    route: Asks, project: Project, source: Source, document: PreparedText, task_id: UUID | None
) -> Found:
    pattern = (project.entity_pattern or "").removeprefix(ENTITY_REGEX).strip()
    try:
        mentions = regex_mentions(pattern, source.text)
    except PatternError as error:
        return Found((), (), (), (), failure=str(error))
    listing = Listing(source.text, (), frozenset())
    search = Search(route, project, source, listing, document, task_id, None)
    return await _resolved(route, project, source, listing, search, [Searched(mentions)])


async def _resolved(
    route: Asks, project: Project, source: Source, listing: Listing, search: Search, parts: Sequence[Searched]
) -> Found:
    mentions = [mention for part in parts for mention in part.mentions]
    items = placed_in_items(listing, mentions)
    mentions = [replace(mention, item=items.get(index)) for index, mention in enumerate(mentions)]
    compared = compare_mentions(mentions)
    asked = compared.open[:_MOST_ASKED]
    judged = await all_of([_judged(route, project, source, search, compared, pair) for pair in asked])
    groups, decisions = decide(
        compared, {pair: judgement for pair, (judgement, _) in zip(asked, judged, strict=True)}
    )
    entities = _entities(listing, source, [[compared.mentions[index] for index in group] for group in groups])
    counts = counts_in(listing, compared.mentions, source.language)
    counts = tuple(_stated(count, len(entities)) for count in counts)
    problems = [problem for part in parts for problem in part.problems]
    return Found(
        entities=entities,
        decisions=decisions,
        counts=counts,
        calls=tuple(c for part in parts for c in part.calls) + tuple(c for _, calls in judged for c in calls),
        warnings=_warnings(entities, counts, len(compared.open) - len(asked)),
        failure="a part of the document could not be searched for rows: " + "; ".join(problems) if problems else None,
    )


def _stated(count: Count, entities: int) -> Count:
    """A count in words is one of entities, not of mentions."""
    return (
        count
        if count.missing or count.what != "stated in words"
        else replace(count, found=min(entities, count.expected))
    )


def _entities(listing: Listing, source: Source, groups: Sequence[Sequence[Mention]]) -> tuple[Entity, ...]:
    names = [_fullest(group) for group in groups]
    spans = territories(listing, groups, source.segments)
    return tuple(
        Entity(key, name, tuple(group), own)
        for key, name, group, own in zip(row_keys(names), names, groups, spans, strict=True)
    )


def _fullest(group: Sequence[Mention]) -> str:
    """The spelling with the most words; of equal ones the first in the document."""
    return max(
        group, key=lambda mention: len(name_of(mention.name).words) + len(name_of(mention.name).identifiers)
    ).name


async def _judged(
    route: Asks, project: Project, source: Source, search: Search, compared: Compared, pair: Pair
) -> tuple[Judgement, list[Call]]:
    """What a model says about a pair of names that no rule decides."""
    left, right = (compared.mentions[index] for index in pair)
    shown = [(mention.name, _surroundings(source.text, mention)) for mention in (left, right)]
    request = same_request(project, shown[0], shown[1], source.language)
    context = replace(search.context, purpose=CallPurpose.COMPARE_ENTITIES)
    try:
        call = await route.ask(request, context, route.keys(request))
    except (CredentialError, ModelMissingError):
        raise
    except ModelError as error:
        return Judgement(None, f"the model could not be asked: {error}"), []
    try:
        same, reason = parse_same(call.reply.text)
    except InvalidAnswer as error:
        return Judgement(None, f"the model's answer could not be read: {error}", call.key), [call]
    return Judgement(same, reason, call.key), [call]


def _surroundings(text: str, mention: Mention) -> str:
    """The words round a mention; of one that was not found, what was quoted."""
    start, end = mention.placement.start, mention.placement.end
    if start is None or end is None:
        return mention.quote
    return text[max(0, start - _SURROUNDINGS) : end + _SURROUNDINGS]


def _warnings(entities: Sequence[Entity], counts: Sequence[Count], not_asked: int) -> tuple[str, ...]:
    said = [
        f"the source has {count.expected} ({count.what}, from character {count.start}), of which {count.found} "
        "were found as rows"
        for count in counts
        if count.differs
    ]
    lost = [entity.name for entity in entities if entity.status is EvidenceStatus.NOT_FOUND]
    if lost:
        more = ", …" if len(lost) > _SHOWN else ""
        said.append(f"{len(lost)} rows are not named in the document: {', '.join(lost[:_SHOWN])}{more}")
    if not_asked > 0:
        said.append(f"{not_asked} pairs of similar names were left apart, because no model was asked about them")
    return tuple(said)
