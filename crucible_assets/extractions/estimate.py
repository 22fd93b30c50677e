"""What a full run would cost: the real prompts of documents, counted, and corrected by what finished ones took.

Every request is rendered and its tokens are counted. Where documents of the project are finished with the present
prompts, what they really took (repeats, second looks, what the provider read from its cache, how it counts tokens)
is held against their count, and the others are corrected by it: a sample makes the estimate an honest one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa

from crucible_assets.chunks.tokens import count_tokens
from crucible_assets.extractions.asset import asked_variables, spread
from crucible_assets.extractions.load import load
from crucible_assets.extractions.plan import Ask, Asked, Source, grouped, make_ask, stretches
from crucible_assets.partitions import ProjectKey
from resources.database.engine import TenantSession
from resources.database.repositories.documents import list_documents
from resources.database.tables import calls, cells
from resources.installation import Installation
from resources.models.ledger import Ledger, call_key
from resources.models.prices import cost_of
from resources.models.providers.choose import make_provider
from resources.models.request import Provider, Usage
from resources.project import LongDocuments, Project, waves
from resources.vocabulary import CallMode, DocumentStatus

ASSUMED_OUTPUT_TOKENS = 60
"""Per variable, when no document is finished to learn from: an object with a short quote."""
_GROUPED = 10  # variables in a call, for the comparison
_LEARNT_FROM = 50  # finished documents at most
_WITH_ANY_KEY = {"ANTHROPIC_API_KEY": "none", "OPENAI_API_KEY": "none"}
"""Nothing is asked of the model, so an estimate needs no key."""
_WRAPPING_TOKENS = 12  # roles and separators that providers add to a request
_CACHED_FROM, _CACHED_BY = 1024, 128
"""Tokens from which on, and steps in which, providers cache a prefix (OpenAI, guide "Prompt caching")."""


@dataclass(frozen=True, slots=True)
class Count:
    """Calls and tokens. `input` includes `cached`, the tokens that a provider reads from its cache."""

    calls: float = 0
    input: float = 0
    cached: float = 0
    output: float = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.calls + other.calls, self.input + other.input, self.cached + other.cached, self.output + other.output
        )


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run what is left. The cost is None when the model's price is not known."""

    name: str
    count: Count
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """Figures for what is left of the corpus; the first of `ways` is as the project is configured."""

    documents: int
    finished: int
    counted: int
    basis: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class _Correction:
    """What finished documents took, against their count. `output` are tokens per variable asked."""

    calls: float = 1.0
    input: float = 1.0
    cached_share: float | None = None  # of the input; None: as counted
    output: float = ASSUMED_OUTPUT_TOKENS


def estimate(
    installation: Installation, key: ProjectKey, project: Project, spec: str, most_documents: int
) -> Estimate:
    """Count what up to `most_documents` unfinished documents would take, and scale to all of them by length."""
    provider = make_provider(spec, timeout_seconds=installation.settings.call_timeout_seconds, env=_WITH_ANY_KEY)
    ledger = Ledger(installation.database, key.tenant)
    with installation.database.transaction(key.tenant) as session:
        rows = [r for r in list_documents(session, key.project) if r.status is not DocumentStatus.FAILED]
        asked = asked_variables(session, project)
        touched = _touched(session, project.id)
        chosen = {
            r.id: r for r in [*[r for r in rows if r.id in touched][:_LEARNT_FROM], *spread(rows, most_documents)]
        }
        sources = load(session, project.id, list(chosen.values()), project.language, None).sources
    plans = {id_: _asks(source, project, asked, provider) for id_, source in sources.items()}
    keys = {id_: [call_key(key.tenant, provider, ask.request) for ask in asks] for id_, asks in plans.items()}
    known = ledger.find([k for some in keys.values() for k in some])
    finished = {id_ for id_, some in keys.items() if id_ in touched and all(k in known for k in some)}
    correction, basis = _learn(installation, key, project, {id_: plans[id_] for id_ in finished})
    everything = [r for r in rows if r.id not in finished]
    counted = [sources[r.id] for r in everything if r.id in sources][:most_documents]
    words = sum(r.word_count or 1 for r in everything)
    measured = sum(r.word_count or 1 for r in everything if r.id in {s.id for s in counted})
    scale = words / measured if measured else 0.0
    ways = _ways(project, asked, provider, counted, correction, scale)
    return Estimate(len(rows), len(finished), len(counted), basis, ways)


def _touched(session: TenantSession, project_id: str) -> set[object]:
    query = sa.select(cells.c.document_id).where(cells.c.project_id == project_id).distinct()
    return set(session.scalars(query))


def _asks(
    source: Source, project: Project, asked: Mapping[str, Asked], provider: Provider, size: int | None = None
) -> list[Ask]:
    """The first requests of a document, `size` variables in each."""
    settings = project.settings
    spans = stretches(source, whole=provider.reads_whole_documents)
    made = []
    for wave in waves(project.variables):
        for group in grouped([asked[v.name] for v in wave], size or settings.variables_per_call):
            some = settings.long_documents is LongDocuments.RETRIEVE and not any(i.variable.multiple for i in group)
            made += [make_ask(source, group, span) for span in (spans[: settings.retrieve_chunks] if some else spans)]
    return made


def _learn(
    installation: Installation, key: ProjectKey, project: Project, plans: Mapping[object, Sequence[Ask]]
) -> tuple[_Correction, str]:
    if not plans:
        return _Correction(), f"counted; {ASSUMED_OUTPUT_TOKENS} output tokens per variable are assumed"
    with installation.database.transaction(key.tenant) as session:
        used = (
            sa.select(sa.func.unnest(cells.c.call_keys).label("key"))
            .where(cells.c.project_id == project.id, cells.c.document_id.in_(list(plans)))
            .distinct()
            .subquery()
        )
        taken = session.execute(
            sa.select(
                sa.func.count(),
                sa.func.sum(calls.c.input_tokens),
                sa.func.sum(calls.c.cached_tokens),
                sa.func.sum(calls.c.output_tokens),
            ).where(calls.c.key.in_(sa.select(used.c.key)))
        ).one()
    counted = sum((_count(asks, 0.0) for asks in plans.values()), Count())
    variables = sum(len(ask.variables) for asks in plans.values() for ask in asks)
    if not taken[1] or not counted.input:
        return _Correction(output=0.0), f"{len(plans)} finished documents, which took no tokens"
    correction = _Correction(
        calls=taken[0] / counted.calls,
        input=int(taken[1]) / counted.input,
        cached_share=int(taken[2]) / int(taken[1]),
        output=int(taken[3]) / variables,
    )
    return correction, f"counted, and corrected by what {len(plans)} finished documents took"


def _ways(
    project: Project,
    asked: Mapping[str, Asked],
    provider: Provider,
    sources: Sequence[Source],
    correction: _Correction,
    scale: float,
) -> tuple[Way, ...]:
    settings, number = project.settings, len(project.variables)
    other = min(_GROUPED, number) if settings.variables_per_call == 1 else 1

    def counted(size: int) -> Count:
        total = Count()
        for source in sources:
            total += _count(_asks(source, project, asked, provider, size), correction.output)
        return _corrected(total, correction, size == settings.variables_per_call, scale)

    here, grouped_count = counted(settings.variables_per_call), counted(other)
    as_it_is = "as configured"
    named = f"{other} variables in a call" if other > 1 else "one variable in a call"
    batch = settings.calls is CallMode.BATCH
    ways = [
        _way(as_it_is, _uncached(here) if batch else here, provider, batch=batch),
        _way(named, _uncached(grouped_count) if batch else grouped_count, provider, batch=batch),
        _way("without the provider's cache", _uncached(here), provider, batch=False),
    ]
    # Of a batch nobody knows which requests meet in a cache, so nothing is counted on.
    ways.append(
        _way("live", here, provider, batch=False)
        if batch
        else _way("in provider batches", _uncached(here), provider, batch=True)
    )
    return tuple(ways)


def _count(asks: Iterable[Ask], output_per_variable: float) -> Count:
    """What requests take when each is asked once; the first of those that share a prefix fills the cache."""
    total = Count()
    prefixes: dict[tuple[str, str, str], int] = {}
    for ask in asks:
        request = ask.request
        prefix = (request.system, request.fence, str(request.schema))
        cached = 0
        if prefix in prefixes:
            whole = prefixes[prefix]
            cached = whole // _CACHED_BY * _CACHED_BY if whole >= _CACHED_FROM else 0
        else:
            parts = (request.system, request.document_message)
            prefixes[prefix] = sum(map(count_tokens, parts))
        input_tokens = prefixes[prefix] + count_tokens(request.question) + _WRAPPING_TOKENS
        total += Count(1, input_tokens, cached, output_per_variable * len(ask.variables))
    return total


def _corrected(count: Count, correction: _Correction, as_learnt: bool, scale: float) -> Count:
    """A count for all documents. What was learnt of the cache holds only for the size of group it was learnt with."""
    input_tokens = count.input * correction.input
    share = correction.cached_share if as_learnt and correction.cached_share is not None else None
    cached = input_tokens * share if share is not None else count.cached * correction.input
    return Count(count.calls * correction.calls * scale, input_tokens * scale, cached * scale, count.output * scale)


def _uncached(count: Count) -> Count:
    return replace(count, cached=0)


def _way(name: str, count: Count, provider: Provider, *, batch: bool) -> Way:
    usage = Usage(
        input_tokens=round(count.input), cached_tokens=round(count.cached), output_tokens=round(count.output)
    )
    if not count.calls:
        return Way(name, count, Decimal(0))
    # A price that rises with the length of a call is applied to the mean call.
    calls_made = max(1, round(count.calls))
    mean = Usage(
        input_tokens=usage.input_tokens // calls_made,
        cached_tokens=usage.cached_tokens // calls_made,
        output_tokens=usage.output_tokens // calls_made,
    )
    day = datetime.now(UTC).date()
    dear = cost_of(provider.name, provider.model, mean, day, batch=batch)[0]
    return Way(name, count, None if dear is None else dear * calls_made)
